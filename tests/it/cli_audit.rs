//! `labeld audit`: a log that tells what was configured, and in which whatever was done to it shows.

use std::fs;

use ring::digest::{SHA256, digest};
use serde_json::Value;

use crate::workspace::{Store, Workspace};

/// A store in which two configurations were used, one after the other.
fn used(store: Store) -> Workspace {
    let workspace = Workspace::on(store);
    workspace.run(["rescan"]).expect(0);
    workspace.run(["rescan"]).expect(0);
    append(&workspace, "poll = \"1h\"\n");
    workspace.run(["rescan"]).expect(0);
    workspace
}

fn append(workspace: &Workspace, text: &str) {
    let path = workspace.path("labeld.toml");
    let config = fs::read_to_string(&path).unwrap() + text;
    fs::write(path, config).unwrap();
}

fn entries(workspace: &Workspace) -> Vec<Value> {
    workspace.run(["audit", "export"]).expect(0).json_lines()
}

fn head(workspace: &Workspace) -> String {
    let ended = workspace.run(["audit", "head"]).expect(0);
    ended.out.trim().to_owned()
}

#[test]
fn another_configuration_is_noted_once() {
    for store in Store::each() {
        let workspace = used(store);
        let entries = entries(&workspace);
        assert_eq!(entries.len(), 2, "{entries:#?}");
        for entry in &entries {
            assert_eq!(entry["kind"], "config.used");
            assert_eq!(entry["tenant"], Value::Null);
            assert_eq!(entry["document"]["by"], "command");
            assert_eq!(entry["document"]["file"], "labeld.toml");
        }
        let digest = |entry: &Value| entry["document"]["digest"].as_str().unwrap().to_owned();
        assert_ne!(digest(&entries[0]), digest(&entries[1]));
        let behind = workspace.run(["audit", "export", "--after", "1"]);
        assert_eq!(behind.expect(0).json_lines(), entries[1..]);
        let ended = workspace.run(["audit", "verify"]).expect(0);
        assert_eq!(ended.out, "");
        ended.says(&[
            "is sound",
            "2 entries",
            "no head from elsewhere",
            &head(&workspace),
        ]);
    }
}

/// With nothing but docs/audit.md at hand.
#[test]
fn an_export_is_enough_to_verify_the_chain() {
    let workspace = used(Store::Sqlite);
    let export = workspace.run(["audit", "export"]).expect(0).out;
    let mut before = [0_u8; 32];
    for (line, entry) in export.lines().zip(entries(&workspace)) {
        let at = chrono::DateTime::parse_from_rfc3339(entry["at"].as_str().unwrap()).unwrap();
        let kind = entry["kind"].as_str().unwrap();
        let document = line.split_once("\"document\":").unwrap().1;
        let document = document.rsplit_once(",\"hash\":").unwrap().0;
        let mut bytes = b"labeld audit 1\0".to_vec();
        bytes.extend(before);
        bytes.extend(entry["sequence"].as_u64().unwrap().to_be_bytes());
        bytes.extend(at.timestamp_millis().to_be_bytes());
        bytes.extend((kind.len() as u64).to_be_bytes());
        bytes.extend(kind.as_bytes());
        bytes.push(0);
        bytes.extend((document.len() as u64).to_be_bytes());
        bytes.extend(document.as_bytes());
        before.copy_from_slice(digest(&SHA256, &bytes).as_ref());
        let hash: String = before.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(entry["hash"], hash.as_str());
    }
    assert_ne!(before, [0; 32]);
}

#[test]
fn what_was_done_to_the_log_is_told_with_its_entry() {
    let workspace = used(Store::Sqlite);
    let head = head(&workspace);
    let database = rusqlite::Connection::open(workspace.database()).unwrap();
    workspace
        .run(["audit", "verify", "--expect", &head])
        .expect(0)
        .says(&["compared with the head of entry 2"]);
    for expect in ["", "2", "2:abc", "two"] {
        workspace
            .run(["audit", "verify", "--expect", expect])
            .expect(2)
            .says(&["COUNT:HASH"]);
    }

    // Cut off, and the store's own note of the head mended: only a head from elsewhere shows it.
    database
        .execute_batch(
            "DELETE FROM audit_entry WHERE sequence = 2;
             UPDATE audit_head SET sequence = 1, hash = (SELECT hash FROM audit_entry)",
        )
        .unwrap();
    workspace.run(["audit", "verify"]).expect(0);
    expect_finding(&workspace, &["--expect", &head], 2, "cut_off");

    // The service's file serves in place of the option.
    append(&workspace, "[audit]\nhead_file = \"kept/head\"\n");
    workspace.run(["audit", "verify"]).expect(0);
    fs::create_dir(workspace.path("kept")).unwrap();
    fs::write(workspace.path("kept/head"), &head).unwrap();
    expect_finding(&workspace, &[], 2, "cut_off");
    fs::write(workspace.path("kept/head"), "nonsense").unwrap();
    workspace
        .run(["audit", "verify"])
        .expect(1)
        .says(&["cannot read the head of the audit log from", "kept/head"]);

    database
        .execute_batch("UPDATE audit_entry SET document = '{}'")
        .unwrap();
    fs::remove_file(workspace.path("kept/head")).unwrap();
    expect_finding(&workspace, &[], 1, "changed");
    let ended = workspace.run(["audit", "verify"]).expect(10);
    assert!(
        ended.out.contains("entry 1 does not agree with its hash"),
        "{ended:#?}"
    );
    ended.says(&["has 1 thing wrong"]);
}

fn expect_finding(workspace: &Workspace, options: &[&str], entry: u64, code: &str) {
    let arguments = [&["audit", "verify", "--format", "jsonl"], options].concat();
    let rows = workspace.run(arguments).expect(10).json_lines();
    assert_eq!(rows.len(), 1, "{rows:#?}");
    assert_eq!(rows[0]["entry"], entry);
    assert_eq!(rows[0]["code"], code);
}

#[test]
fn a_store_that_is_missing_is_told() {
    let workspace = Workspace::new();
    for command in ["verify", "export", "head"] {
        workspace.run(["audit", command]).expect(10);
    }
}
