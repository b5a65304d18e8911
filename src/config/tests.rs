use proptest::prelude::*;

use super::*;
use crate::model::cap::{CapReset, CapRule};

/// A configuration without a problem.
pub(super) const GOOD: &str = r#"[store]
sqlite = "db"
[[tenant]]
name = "contoso"
id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
[[tenant.local]]
name = "finance"
root = "docs"
"#;

/// The pace of an app that says nothing of it.
pub(super) const PACE: PaceConfig = PaceConfig {
    poll: std::time::Duration::from_secs(300),
    calls_per_month: None,
};

/// The cap of an app that says nothing of it.
pub(super) const CAP: CapRule = CapRule {
    limit: 100,
    reset: CapReset::Noon,
};

pub(super) fn parse_text(text: &str) -> Result<Config, Problems> {
    let source = Source::new(PathBuf::from("conf/labeld.toml"), text.to_owned());
    parse(&source).0
}

#[test]
fn defaults_and_paths() {
    let config = parse_text(GOOD).unwrap();
    assert_eq!(config.store, StoreConfig::Sqlite("conf/db".into()));
    assert_eq!(config.log, LogConfig::default());
    let tenant = &config.tenants[0];
    assert_eq!(tenant.coauthoring, Coauthoring::Unknown);
    assert_eq!(
        (tenant.only_this_tenant, tenant.size_limit),
        (false, 31_457_280)
    );
    assert!(tenant.auto_scan);
    assert_eq!(tenant.microsoft, None);
    let app = &tenant.local[0];
    assert_eq!((tenant.cap, app.cap), (CAP, CAP));
    assert_eq!(app.root, Path::new("conf/docs"));
    assert_eq!(app.read_mode, ReadMode::Local);
}

#[test]
fn every_option_is_read() {
    let config = parse_text(
        r#"
        log = { format = "json", level = "debug" }
        store.postgres = { credential = "url" }
        [[tenant]]
        name = "a"
        id = "{72F988BF-86F1-41AF-91AB-2D7CD011DB47}"
        labels.file = "/etc/labels.json"
        coauthoring = "on"
        only_this_tenant = true
        auto_scan = false
        size_limit = 0x1000
        cap = 0
        cap_reset = "midnight"
        local = [
            { name = "x", root = "/x", copy_from = "/y", size_limit = "2 kB", read_mode = "bytes", exclude = ["*.tmp"] },
            { name = "y", root = "../y/./z", cap = 0 },
        ]
        box = [{ name = "z", config = { env = "X" }, cap = 1_000, cap_reset = "noon" }]
        "#,
    )
    .unwrap();
    assert_eq!(
        config.log,
        LogConfig {
            format: LogFormat::Json,
            level: Some(LogLevel::Debug)
        }
    );
    assert_eq!(
        config.store,
        StoreConfig::Postgres(Secret::Credential("url".into()))
    );
    let tenant = &config.tenants[0];
    assert_eq!(
        tenant.labels,
        Some(LabelSource::File("/etc/labels.json".into()))
    );
    assert_eq!(tenant.coauthoring, Coauthoring::On);
    assert!(tenant.only_this_tenant);
    assert!(!tenant.auto_scan);
    let [x, y] = tenant.local.as_slice() else {
        panic!("two apps")
    };
    assert_eq!((x.size_limit, y.size_limit), (2_000, 4_096));
    let caps: Vec<_> = tenant.apps().map(AppConfig::cap).collect();
    let none = CapRule {
        limit: 0,
        reset: CapReset::Midnight,
    };
    let thousand = CapRule {
        limit: 1_000,
        ..CAP
    };
    assert_eq!((tenant.cap, caps), (none, vec![none, none, thousand]));
    assert_eq!(x.copy_from.as_deref(), Some(Path::new("/y")));
    assert_eq!(x.exclude.patterns(), ["*.tmp"]);
    assert_eq!(
        (x.read_mode, y.read_mode),
        (ReadMode::Bytes, ReadMode::Local)
    );
}

/// [`GOOD`] with Microsoft 365.
pub(super) const CLOUD: &str = r#"[store]
sqlite = "db"
[[tenant]]
name = "contoso"
id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
labels = { graph = true }
[tenant.microsoft]
client_id = "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77"
client_secret = { env = "SECRET" }
[[tenant.sharepoint]]
name = "sites"
[[tenant.onedrive]]
name = "people"
"#;

#[test]
fn defaults_of_microsoft() {
    let config = parse_text(CLOUD).unwrap();
    let tenant = &config.tenants[0];
    assert_eq!(tenant.labels, Some(LabelSource::Graph));
    let microsoft = tenant.microsoft.as_ref().unwrap();
    assert_eq!(
        *microsoft,
        MicrosoftConfig {
            tenant_id: "72f988bf-86f1-41af-91ab-2d7cd011db47".parse().unwrap(),
            client_id: "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77".parse().unwrap(),
            credential: MicrosoftCredential::Secret(Secret::Env("SECRET".into())),
            cloud: MicrosoftCloud::Global,
            login_url: None,
            graph_url: None,
            sharepoint_urls: Vec::new(),
            network: NetworkConfig::default(),
            operator: None,
            units_per_minute: 750,
            units_per_day: 720_000,
            parallel: 4,
            read_only: true,
            assign_labels: false,
            label_order: LabelOrder::Ascending,
            internal_domains: Vec::new(),
            owner_groups: false,
            notification_url: None,
            lifecycle_url: None,
        }
    );
    let apps: Vec<_> = tenant
        .apps()
        .map(|app| {
            (
                app.kind(),
                app.name().0.as_str(),
                app.read_mode(),
                app.size_limit(),
            )
        })
        .collect();
    assert_eq!(
        apps,
        [
            ("sharepoint", "sites", ReadMode::Requests, 31_457_280),
            ("onedrive", "people", ReadMode::Requests, 31_457_280),
        ]
    );
}

#[test]
fn every_option_of_microsoft_is_read() {
    let config = parse_text(
        r#"
        store.sqlite = "db"
        [[tenant]]
        name = "a"
        id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
        size_limit = 1000
        [tenant.microsoft]
        client_id = "{2C9A7B14-88F3-4D43-8F0E-6B1F4F0D2A77}"
        certificate = "app.pem"
        private_key = { file = "app.key" }
        passphrase = { credential = "pass" }
        cloud = "us-gov-l4"
        login_url = "http://127.0.0.1:8001"
        graph_url = "http://[::1]:8002/"
        sharepoint_urls = ["http://localhost:8003", "https://sp.example"]
        ca = "ca.pem"
        proxy = { env = "PROXY" }
        operator = "Contoso Ltd"
        units_per_minute = 1
        units_per_day = 1_000
        parallel = 64
        read_only = false
        label_order = "descending"
        internal_domains = ["Contoso.example", "fabrikam.co.uk"]
        owner_groups = true
        notification_url = "https://l.example/n"
        lifecycle_url = "https://l.example/l"
        [[tenant.sharepoint]]
        name = "s"
        sites = ["https://contoso.sharepoint.com/sites/a b"]
        exclude = ["https://contoso.sharepoint.com/sites/c/"]
        checkout_required = ["https://contoso.sharepoint.com/sites/a/Contracts"]
        read_mode = "bytes"
        size_limit = 5
        [[tenant.onedrive]]
        name = "o"
        users = ["mina@contoso.example", "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77"]
        exclude = ["kai@contoso.example"]
        "#,
    )
    .unwrap();
    let tenant = &config.tenants[0];
    let microsoft = tenant.microsoft.as_ref().unwrap();
    let url = |text: &str| url::Url::parse(text).unwrap();
    assert_eq!(
        *microsoft,
        MicrosoftConfig {
            tenant_id: "72f988bf-86f1-41af-91ab-2d7cd011db47".parse().unwrap(),
            client_id: "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77".parse().unwrap(),
            credential: MicrosoftCredential::Certificate {
                certificate: "conf/app.pem".into(),
                private_key: Secret::File("conf/app.key".into()),
                passphrase: Some(Secret::Credential("pass".into())),
            },
            cloud: MicrosoftCloud::UsGovL4,
            login_url: Some(url("http://127.0.0.1:8001")),
            graph_url: Some(url("http://[::1]:8002/")),
            sharepoint_urls: vec![url("http://localhost:8003"), url("https://sp.example")],
            network: NetworkConfig {
                ca: Some("conf/ca.pem".into()),
                proxy: Some(ProxyConfig::Secret(Secret::Env("PROXY".into()))),
            },
            operator: Some("Contoso Ltd".into()),
            units_per_minute: 1,
            units_per_day: 1_000,
            parallel: 64,
            read_only: false,
            assign_labels: false,
            label_order: LabelOrder::Descending,
            internal_domains: vec!["contoso.example".into(), "fabrikam.co.uk".into()],
            owner_groups: true,
            notification_url: Some(url("https://l.example/n")),
            lifecycle_url: Some(url("https://l.example/l")),
        }
    );
    let site = |name: &str| url(&format!("https://contoso.sharepoint.com/sites/{name}"));
    assert_eq!(
        tenant.sharepoint,
        [SharePointConfig {
            name: "s".into(),
            sites: vec![site("a%20b")],
            exclude: vec![site("c/")],
            checkout_required: vec![site("a/Contracts")],
            read_mode: ReadMode::Bytes,
            size_limit: 5,
            cap: CAP,
            pace: PACE,
        }]
    );
    let OneDriveConfig {
        users,
        exclude,
        size_limit,
        ..
    } = &tenant.onedrive[0];
    assert_eq!((users.len(), exclude.len(), *size_limit), (2, 1, 1_000));
}

#[test]
fn files_that_cannot_be_loaded() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let table = [
        (folder.path().join("none.toml"), "cannot be read"),
        (folder.path().to_owned(), "cannot be read"),
        (
            write("latin.toml", b"[store]\n# \xE9"),
            "not UTF-8 text from byte 10 on",
        ),
        (
            write("large.toml", &vec![b'\n'; 1 << 21]),
            "larger than 1 MiB",
        ),
    ];
    for (path, expected) in table {
        let problems = Config::load(&path).unwrap_err();
        assert_eq!(problems.file, path);
        assert!(
            problems.problems[0].message.starts_with(expected),
            "{problems}"
        );
    }
    // Editors on Windows put a byte order mark in front.
    let marked = write("mark.toml", format!("\u{feff}{GOOD}").as_bytes());
    Config::load(&marked).unwrap();
}

#[test]
fn a_named_file_is_taken_as_it_is() {
    let named = Path::new("no/such.toml");
    assert_eq!(Config::find(Some(named)).unwrap(), named);
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC*") {
        if let Err(problems) = parse_text(&text) {
            prop_assert!(!problems.to_string().is_empty());
        }
    }

    #[test]
    fn no_damage_to_a_good_file_panics(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), "[\\[\\]{}=\"'.,#\n a-z0-9é\u{7f}]{0,4}"), 1..6),
    ) {
        let mut text = EXAMPLE.replace("\n#", "\n").chars().collect::<Vec<_>>();
        for (index, insert) in edits {
            let at = index.index(text.len());
            text.splice(at..(at + 2).min(text.len()), insert.chars());
        }
        if let Err(problems) = parse_text(&String::from_iter(text)) {
            prop_assert!(!problems.problems.is_empty());
            prop_assert!(!problems.to_string().is_empty());
        }
    }
}
