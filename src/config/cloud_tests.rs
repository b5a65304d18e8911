//! Box and Google Drive as they are read.

use super::tests::{CAP, PACE, parse_text};
use super::*;

/// A tenant with an app of each, and nothing that could be left out.
pub(super) const CLOUDS: &str = r#"[store]
sqlite = "db"
[[tenant]]
name = "contoso"
[[tenant.box]]
name = "boxes"
config = { file = "box.json" }
[[tenant.google]]
name = "drives"
service_account = { env = "KEY" }
admin = "admin@c.example"
"#;

fn url(text: &str) -> Option<url::Url> {
    Some(url::Url::parse(text).unwrap())
}

#[test]
fn defaults_of_box_and_google() {
    let config = parse_text(CLOUDS).unwrap();
    let tenant = &config.tenants[0];
    let boxes = BoxConfig {
        name: "boxes".into(),
        credential: BoxCredential::Config(Secret::File("conf/box.json".into())),
        token_url: None,
        api_url: None,
        upload_url: None,
        download_hosts: None,
        network: NetworkConfig::default(),
        calls_per_minute: 600,
        calls_per_day: None,
        parallel: 4,
        read_only: true,
        users: Vec::new(),
        exclude: Vec::new(),
        mirror_classification: false,
        internal_domains: Vec::new(),
        owner_groups: false,
        department_code: "department".into(),
        unit_code: None,
        retention_forbids_writing: false,
        primary_signature_key: None,
        secondary_signature_key: None,
        read_mode: ReadMode::Requests,
        size_limit: 31_457_280,
        cap: CAP,
        pace: PACE,
    };
    assert_eq!(tenant.boxes, [boxes]);
    let google = GoogleConfig {
        name: "drives".into(),
        service_account: Secret::Env("KEY".into()),
        admin: "admin@c.example".into(),
        domains: Vec::new(),
        token_url: None,
        drive_url: None,
        directory_url: None,
        labels_url: None,
        network: NetworkConfig::default(),
        units_per_minute: 950_000,
        user_units_per_minute: 308_000,
        units_per_day: 380_000_000,
        parallel: 16,
        quota: GoogleQuota {
            get: 5,
            list: 100,
            write: 50,
            download: 200,
            other: 5,
        },
        read_only: true,
        users: Vec::new(),
        exclude: Vec::new(),
        suspended_users: false,
        shared_drives: true,
        list_permissions: true,
        writes: GoogleWrites::V2,
        stamp_writes: true,
        owner_groups: false,
        expand_groups: false,
        listing_lag_seconds: 120,
        mirror_label: None,
        notification_url: None,
        read_mode: ReadMode::Requests,
        size_limit: 31_457_280,
        cap: CAP,
        pace: PACE,
    };
    assert_eq!(tenant.google, [google]);
    let kinds: Vec<_> = tenant
        .apps()
        .map(|app| (app.kind(), app.name().0.as_str()))
        .collect();
    assert_eq!(kinds, [("box", "boxes"), ("google", "drives")]);
}

#[test]
fn every_option_of_box_is_read() {
    let config = parse_text(
        r#"
        store.sqlite = "db"
        [[tenant]]
        name = "a"
        [[tenant.box]]
        name = "b"
        client_id = "client"
        client_secret = { credential = "box" }
        enterprise_id = "900100"
        token_url = "http://127.0.0.1:1/oauth2/token"
        api_url = "http://127.0.0.1:1"
        upload_url = "http://127.0.0.1:2"
        download_hosts = ["http://127.0.0.1:3"]
        ca = "ca.pem"
        proxy = "http://proxy.example:3128"
        calls_per_minute = 1
        calls_per_day = 2
        parallel = 3
        read_only = false
        users = ["mina@a.example"]
        exclude = ["kai@a.example"]
        mirror_classification = true
        internal_domains = ["A.example"]
        owner_groups = true
        department_code = "Dept"
        unit_code = "OU"
        retention_forbids_writing = true
        primary_signature_key = { env = "ONE" }
        secondary_signature_key = { env = "TWO" }
        read_mode = "bytes"
        size_limit = 5
        [[tenant.box]]
        name = "c"
        config = { env = "OTHER" }
        download_hosts = ["BoxCloud.com"]
        "#,
    )
    .unwrap();
    let [first, second] = config.tenants[0].boxes.as_slice() else {
        panic!("two apps")
    };
    let expected = BoxConfig {
        name: "b".into(),
        credential: BoxCredential::ClientSecret {
            client_id: "client".into(),
            client_secret: Secret::Credential("box".into()),
            enterprise_id: "900100".into(),
        },
        token_url: url("http://127.0.0.1:1/oauth2/token"),
        api_url: url("http://127.0.0.1:1"),
        upload_url: url("http://127.0.0.1:2"),
        download_hosts: url("http://127.0.0.1:3").map(|url| BoxDownloadHosts::Origins(vec![url])),
        network: NetworkConfig {
            ca: Some("conf/ca.pem".into()),
            proxy: url("http://proxy.example:3128").map(ProxyConfig::Url),
        },
        calls_per_minute: 1,
        calls_per_day: Some(2),
        parallel: 3,
        read_only: false,
        users: vec!["mina@a.example".into()],
        exclude: vec!["kai@a.example".into()],
        mirror_classification: true,
        internal_domains: vec!["a.example".into()],
        owner_groups: true,
        department_code: "Dept".into(),
        unit_code: Some("OU".into()),
        retention_forbids_writing: true,
        primary_signature_key: Some(Secret::Env("ONE".into())),
        secondary_signature_key: Some(Secret::Env("TWO".into())),
        read_mode: ReadMode::Bytes,
        size_limit: 5,
        cap: CAP,
        pace: PACE,
    };
    assert_eq!(*first, expected);
    let domains = BoxDownloadHosts::Domains(vec!["boxcloud.com".into()]);
    assert_eq!(second.download_hosts, Some(domains));
}

#[test]
fn every_option_of_google_is_read() {
    let config = parse_text(
        r#"
        store.sqlite = "db"
        [[tenant]]
        name = "a"
        size_limit = 1000
        [[tenant.google]]
        name = "g"
        service_account = { command = ["pass", "show", "google"] }
        admin = "admin@a.example"
        domains = ["a.example"]
        token_url = "http://127.0.0.1:1/token"
        drive_url = "http://127.0.0.1:2"
        directory_url = "http://127.0.0.1:3"
        labels_url = "http://127.0.0.1:4"
        ca = "ca.pem"
        proxy = { env = "PROXY" }
        units_per_minute = 1
        user_units_per_minute = 7
        units_per_day = 2
        parallel = 3
        quota = { get = 1, list = 2, write = 3, download = 4, other = 5 }
        read_only = false
        users = ["mina@a.example"]
        exclude = ["kai@a.example", "Archive"]
        suspended_users = true
        shared_drives = false
        list_permissions = false
        writes = "v2-then-v3"
        stamp_writes = false
        owner_groups = true
        expand_groups = true
        listing_lag_seconds = 60
        notification_url = "https://l.example/n"
        read_mode = "bytes"
        [tenant.google.mirror_label]
        label = "L"
        field = "F"
        choices = { F42AA342-8706-4288-BD11-EBB85995028C = "C" }
        "#,
    )
    .unwrap();
    let label = "f42aa342-8706-4288-bd11-ebb85995028c".parse().unwrap();
    let expected = GoogleConfig {
        name: "g".into(),
        service_account: Secret::Command {
            program: "pass".into(),
            arguments: vec!["show".into(), "google".into()],
            folder: "conf".into(),
        },
        admin: "admin@a.example".into(),
        domains: vec!["a.example".into()],
        token_url: url("http://127.0.0.1:1/token"),
        drive_url: url("http://127.0.0.1:2"),
        directory_url: url("http://127.0.0.1:3"),
        labels_url: url("http://127.0.0.1:4"),
        network: NetworkConfig {
            ca: Some("conf/ca.pem".into()),
            proxy: Some(ProxyConfig::Secret(Secret::Env("PROXY".into()))),
        },
        units_per_minute: 1,
        user_units_per_minute: 7,
        units_per_day: 2,
        parallel: 3,
        quota: GoogleQuota {
            get: 1,
            list: 2,
            write: 3,
            download: 4,
            other: 5,
        },
        read_only: false,
        users: vec!["mina@a.example".into()],
        exclude: vec!["kai@a.example".into(), "Archive".into()],
        suspended_users: true,
        shared_drives: false,
        list_permissions: false,
        writes: GoogleWrites::V2ThenV3,
        stamp_writes: false,
        owner_groups: true,
        expand_groups: true,
        listing_lag_seconds: 60,
        mirror_label: Some(GoogleMirrorLabel {
            label: "L".into(),
            field: "F".into(),
            choices: [(label, "C".to_owned())].into(),
        }),
        notification_url: url("https://l.example/n"),
        read_mode: ReadMode::Bytes,
        size_limit: 1_000,
        cap: CAP,
        pace: PACE,
    };
    assert_eq!(config.tenants[0].google, [expected]);
}
