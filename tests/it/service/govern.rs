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

/// What comes is labelled until the cap is reached; a rescan beside the service says that work remains.
#[test]
fn files_are_labelled_as_they_come_and_the_cap_holds() {
    for store in Store::each() {
        let workspace = workspace(store, "1s");
        let text = fs::read_to_string(config(&workspace)).unwrap();
        let text = text.replace("name = \"acme\"", "name = \"acme\"\ncap = 1");
        let policy = format!(
            "[[policy]]\nname = \"general\"\nmode = \"enforce\"\nactions = {{ apply_label = \"{GENERAL}\" }}\n"
        );
        fs::write(config(&workspace), format!("{text}{policy}")).unwrap();
        let service = Service::started(&workspace);
        service.until_polled("acme/share");
        workspace.write("one.docx", docx(None));
        let is_labelled =
            |row: &Value| row["reason"] == "label.same" && row["waits_for_decision"] == false;
        until_explained(&service, "share:one.docx", "labelled", is_labelled);
        let action = |row: &Value, state: &str| row["action"]["state"] == state;
        until_explained(&service, "share:one.docx", "done", |row| {
            action(row, "done")
        });

        workspace.write("two.docx", docx(None));
        until_explained(&service, "share:two.docx", "waiting for the cap", |row| {
            let next = row["next"].to_string();
            action(row, "waiting") && next.contains("cap.reached")
        });
        let ended = workspace.run(["rescan"]).expect(4);
        let account = crate::cli_rescan::Account::of(&ended);
        let outcomes: Vec<_> = account.outcomes.into_iter().collect();
        assert_eq!(
            outcomes,
            [("cap.reached".to_owned(), 1), ("label.same".to_owned(), 1)]
        );
        service.stop();
    }
}
