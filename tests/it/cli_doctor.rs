//! `labeld doctor` where everything is on this machine.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::workspace::{Ended, Workspace, docx};

/// Health, finding and fix of each subject.
fn findings(ended: &Ended) -> BTreeMap<String, Vec<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    ended
        .json_lines()
        .iter()
        .map(|row| {
            let told = ["health", "found", "fix"].map(|key| text(&row[key]));
            (text(&row["subject"]), told.to_vec())
        })
        .collect()
}

#[track_caller]
fn check(workspace: &Workspace, code: i32, subject: &str, expected: [&str; 3]) {
    let ended = workspace.run(["doctor", "--format", "jsonl"]).expect(code);
    let findings = findings(&ended);
    let found = &findings[subject];
    assert_eq!(found[0], expected[0], "{findings:#?}");
    assert!(found[1].contains(expected[1]), "{findings:#?}");
    assert!(found[2].contains(expected[2]), "{findings:#?}");
}

#[test]
fn a_folder_and_a_label_file() {
    let workspace = Workspace::new();
    workspace.write("a.docx", docx(None));
    check(
        &workspace,
        0,
        "configuration",
        ["passed", "1 tenant, 1 app", ""],
    );
    check(
        &workspace,
        0,
        "store",
        ["warning", "no store", "labeld rescan"],
    );
    check(&workspace, 0, "label list", ["passed", "7 labels", ""]);

    workspace.run(["rescan"]).expect(0);
    check(&workspace, 0, "store", ["passed", "labeld.db", ""]);
    let age = "age of the label list";
    check(&workspace, 0, age, ["passed", "last read", ""]);

    fs::write(workspace.path("labels.json"), "[7]").unwrap();
    check(
        &workspace,
        1,
        "label list",
        ["failed", "label 1", "export the label list again"],
    );
    workspace.run(["labels", "sync"]).expect(1);
    check(
        &workspace,
        1,
        age,
        ["warning", "the last sync failed", "labeld labels sync"],
    );

    fs::rename(workspace.docs(), workspace.path("away")).unwrap();
    let subject = format!("folder {}", "docs");
    check(&workspace, 1, &subject, ["failed", "not found", "`root`"]);
}

#[test]
fn a_tenant_or_app_that_is_not_there() {
    let workspace = Workspace::new();
    for arguments in [["--tenant", "umbrella"], ["--app", "box"]] {
        let arguments = [&["doctor"], &arguments[..]].concat();
        workspace.run(arguments).expect(2).says(&["acme/share"]);
    }
    workspace
        .run(["doctor", "--tenant", "acme", "--app", "share"])
        .expect(0);
}

#[test]
fn a_secret_that_is_not_there() {
    let workspace = Workspace::new();
    let text = fs::read_to_string(workspace.path("labeld.toml")).unwrap();
    let text = text.replace(
        "sqlite = \"data/labeld.db\"",
        "postgres = { env = \"LABELD_NOT_SET\" }",
    );
    fs::write(workspace.path("labeld.toml"), text).unwrap();
    check(
        &workspace,
        1,
        "store",
        ["failed", "`LABELD_NOT_SET`: it is not set", "`postgres`"],
    );
}
