//! The service decides as files come, and as policies are switched and configured.

use std::fs;
use std::time::Instant;

use rustix::process::Signal;
use serde_json::Value;

use super::{LOOK, PATIENCE, Service, append, config, workspace};
use crate::workspace::{GENERAL, Store, docx};

const POLICY: &str = "[[policy]]\nname = \"secrets\"\nfilter = { name = { contains = \"secret\" } }\n\
    actions = { remove_label = true }\nmode = \"enforce\"\n";

/// Waits until what is explained of a file is as wanted.
#[track_caller]
fn until_explained(
    service: &Service<'_>,
    target: &str,
    what: &str,
    wanted: impl Fn(&Value) -> bool,
) {
    let begun = Instant::now();
    loop {
        let ended = service
            .workspace
            .run(["explain", target, "--format", "jsonl"]);
        let rows = if ended.code == Some(0) {
            ended.json_lines()
        } else {
            Vec::new()
        };
        if rows.first().is_some_and(&wanted) {
            return;
        }
        assert!(
            begun.elapsed() < PATIENCE,
            "never {what}: {rows:#?}\n{}",
            service.log()
        );
        std::thread::sleep(LOOK);
    }
}

/// A label that somebody else has set is never removed (row R6): nothing here depends on writing.
#[test]
fn decisions_come_with_files_switches_and_configurations() {
    for store in Store::each() {
        let workspace = workspace(store, "1s");
        append(&workspace, POLICY);
        let service = Service::started(&workspace);
        service.until_polled("acme/share");
        workspace.write("secret.docx", docx(Some(GENERAL)));
        let decided =
            |row: &Value| row["reason"] == "label.outside" && row["waits_for_decision"] == false;
        until_explained(&service, "share:secret.docx", "decided", decided);

        workspace.run(["policy", "disable", "secrets"]).expect(0);
        let is_off = |row: &Value| row["verdict"].is_null() && row["waits_for_decision"] == false;
        until_explained(&service, "share:secret.docx", "decided without it", is_off);
        let ended = workspace
            .run(["policy", "enable", "secrets", "--mode", "observe"])
            .expect(0);
        assert_eq!(ended.out, "acme: policy secrets is enabled, mode observe\n");
        let observed = |row: &Value| row["mode"] == "observe" && row["waits_for_decision"] == false;
        until_explained(&service, "share:secret.docx", "observed", observed);
        let refused = workspace.run(["policy", "enable", "secrets", "--tenant", "none"]);
        refused
            .expect(1)
            .says(&["policy secrets is in no such tenant"]);

        let text = fs::read_to_string(config(&workspace)).unwrap();
        fs::write(config(&workspace), text.replace("secrets", "others")).unwrap();
        service.signal(Signal::HUP);
        let by_another =
            |row: &Value| row["policy"] == "others" && row["waits_for_decision"] == false;
        until_explained(
            &service,
            "share:secret.docx",
            "decided by another policy",
            by_another,
        );
        service.stop();
        let entries = workspace.run(["audit", "export"]).expect(0).json_lines();
        let changes = entries
            .iter()
            .filter(|entry| entry["kind"] == "config.policies");
        let removed: Vec<_> = changes
            .map(|entry| entry["document"]["removed"].clone())
            .collect();
        assert_eq!(
            removed,
            [serde_json::json!([]), serde_json::json!(["secrets"])]
        );
        workspace.run(["audit", "verify"]).expect(0);
    }
}
