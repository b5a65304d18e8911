//! All kinds of apps in one configuration, the one that the emulator writes.

use std::collections::BTreeMap;
use std::fs;

use labeld_emulator::frame::Entry;

use super::scanning::library_files;
use super::{Cloud, LOCAL, MINA};
use crate::cli_rescan::Account;
use crate::workspace::Store;

const APPS: [&str; 5] = ["sharepoint", "onedrive", "box", "google", "share"];

/// The same documents in every app.
fn seeded(store: Store, tls: bool) -> Cloud {
    let cloud = Cloud::serving(store, tls);
    for (path, body, _) in library_files() {
        cloud.workspace.write(path, &body);
        cloud.microsoft().put(&cloud.onedrive, path, body, MINA);
    }
    for provider in cloud.emulator.providers() {
        provider.seed(&cloud.workspace.docs()).unwrap();
    }
    let config = cloud
        .emulator
        .config_toml(&cloud.workspace.path(""))
        .unwrap();
    let config = match cloud.workspace.store() {
        Store::Sqlite => config,
        Store::Postgres(_) => {
            let is_store = |line: &&str| line.starts_with("sqlite = ");
            let line = config.lines().find(is_store).unwrap();
            config.replace(line, "postgres = { env = \"LABELD_TEST_STORE\" }")
        }
    };
    let text = format!("{config}\n{LOCAL}");
    fs::write(cloud.workspace.path("labeld.toml"), text).unwrap();
    cloud
}

/// What became of each document, by app.
fn outcomes(cloud: &Cloud) -> BTreeMap<String, BTreeMap<&'static str, String>> {
    let mut outcomes: BTreeMap<String, BTreeMap<&str, String>> = BTreeMap::new();
    for row in cloud.workspace.rows(["files", "--limit", "0"]) {
        let path = row["path"].as_str().unwrap();
        let document = library_files()
            .map(|(document, ..)| document)
            .into_iter()
            .find(|document| path.ends_with(document));
        let outcome = row["reason"].as_str().unwrap_or("ok").to_owned();
        let labels = &row["labels"];
        outcomes
            .entry(row["app"].as_str().unwrap().to_owned())
            .or_default()
            .insert(document.unwrap(), format!("{outcome} {}", labels[0]["id"]));
    }
    outcomes
}

/// Whether a request is for the bytes of a file.
fn fetches_content(entry: &Entry) -> bool {
    let is_content = match entry.provider {
        "box" => entry.host == "download" || entry.path().ends_with("/content"),
        "google" => entry.query().contains("alt=media"),
        _ => super::is_download(entry),
    };
    is_content && entry.method == "GET"
}

#[test]
fn the_same_documents_come_out_equal_in_every_app() {
    let stores = Store::each().into_iter().map(|store| (store, false));
    for (store, tls) in stores.chain([(Store::Sqlite, true)]) {
        let cloud = seeded(store, tls);
        cloud.workspace.run(["check"]).expect(0);
        let first = Account::of(&cloud.rescan(0));
        assert_eq!(first.in_scope, 5 * APPS.len() as u64, "{first:?}");
        let found = outcomes(&cloud);
        let expected = &found["share"];
        for (path, _, outcome) in library_files() {
            assert!(expected[path].starts_with(outcome), "{expected:?}");
        }
        for app in APPS {
            assert_eq!(&found[app], expected, "{app}");
        }
        for provider in ["microsoft", "box", "google"] {
            let entries = cloud.emulator.journal().since(0);
            let is_wanted = |entry: &Entry| entry.provider == provider && fetches_content(entry);
            assert!(entries.iter().any(is_wanted), "{provider}");
        }

        let before = cloud.emulator.journal().last();
        let second = Account::of(&cloud.rescan(0));
        assert_eq!(second.read, 0, "{second:?}");
        let entries = cloud.emulator.journal().since(before);
        let fetched: Vec<&Entry> = entries
            .iter()
            .filter(|entry| fetches_content(entry))
            .collect();
        assert_eq!(fetched.len(), 0, "{fetched:#?}");
        assert_eq!(outcomes(&cloud), found);
    }
}

#[test]
fn what_no_identity_reaches_is_reported_and_no_failure() {
    let cloud = seeded(Store::Sqlite, false);
    cloud.emulator.google().add_shared_drive("Nobody's");
    for _ in 0..2 {
        let ended = cloud.rescan(0).says(&[
            "box: \"admin@alder.example\" is not covered: access.not_covered",
            "google: \"Nobody's\" is not covered: access.not_covered",
            "2 places are not covered",
        ]);
        assert_eq!(Account::of(&ended).in_scope, 5 * APPS.len() as u64);
    }
    let ended = cloud
        .workspace
        .run(["doctor", "--format", "jsonl"])
        .expect(0);
    let rows = ended.json_lines();
    for (app, subject, found) in [
        ("box", "users", "1 administrator not covered"),
        ("google", "shared drives", "1 of 2 covered"),
    ] {
        let is_row = |row: &&serde_json::Value| row["app"] == app && row["subject"] == subject;
        let row = rows.iter().find(is_row).unwrap();
        assert_eq!(row["health"], "warning", "{row}");
        assert!(row["found"].as_str().unwrap().contains(found), "{row}");
    }
}

#[test]
fn doctor_passes_on_every_app() {
    let cloud = seeded(Store::Sqlite, false);
    cloud.rescan(0);
    let ended = cloud
        .workspace
        .run(["doctor", "--format", "jsonl"])
        .expect(0);
    let rows = ended.json_lines();
    for app in APPS {
        assert!(rows.iter().any(|row| row["app"] == app), "{app}: {rows:#?}");
    }
    let not_well: Vec<_> = rows
        .iter()
        .filter(|row| row["health"] == "failed")
        .collect();
    assert!(not_well.is_empty(), "{not_well:#?}");
    for secret in ["BEGIN", "eyJ", "client_secret\":"] {
        assert!(!format!("{ended:?}").contains(secret), "{ended:#?}");
    }
}

/// What is missing is named, with where to grant it.
#[test]
fn doctor_names_missing_scopes_and_refused_credentials() {
    type Change = fn(&Cloud);
    let table: [(&str, Change, i32, &str, [&str; 2]); 4] = [
        (
            "box",
            |cloud| {
                let scopes = ["root_readonly", "manage_managed_users", "manage_groups"];
                cloud.emulator.box_service().set_scopes(&scopes);
            },
            1,
            "scope to read events",
            ["Manage enterprise properties", "Box Developer Console"],
        ),
        (
            "box",
            |cloud| {
                edit(
                    cloud,
                    "box-app.json",
                    "\"clientSecret\":\"",
                    "\"clientSecret\":\"not",
                );
            },
            12,
            "token",
            ["invalid_client", "check the credential"],
        ),
        (
            "google",
            |cloud| {
                cloud
                    .emulator
                    .google()
                    .set_delegated("drive.readonly", false);
            },
            12,
            "scope drive.readonly",
            [
                "unauthorized_client",
                "grant https://www.googleapis.com/auth/drive.readonly",
            ],
        ),
        (
            "google",
            |cloud| {
                let key = "google-service-account.json";
                edit(cloud, key, "\"client_email\":\"", "\"client_email\":\"not-");
            },
            12,
            "scope drive.readonly",
            ["invalid_grant", ""],
        ),
    ];
    for (app, change, code, subject, [found, fix]) in table {
        let cloud = seeded(Store::Sqlite, false);
        change(&cloud);
        let arguments = ["doctor", "--app", app, "--format", "jsonl"];
        let ended = cloud.workspace.run(arguments).expect(code);
        let rows = ended.json_lines();
        let is_row = |row: &&serde_json::Value| row["subject"] == subject;
        let row = rows.iter().find(is_row);
        let row = row.unwrap_or_else(|| panic!("{app} {subject}: {rows:#?}"));
        assert_eq!(row["health"], "failed", "{rows:#?}");
        assert!(row["found"].as_str().unwrap().contains(found), "{row}");
        assert!(row["fix"].as_str().unwrap().contains(fix), "{row}");
    }
}

/// Changes a text in a credential file.
fn edit(cloud: &Cloud, name: &str, from: &str, to: &str) {
    let path = cloud.workspace.path(name);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{name}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}
