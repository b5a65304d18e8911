//! `labeld explain --why-not-scanned`: the row of rules §7, the state, the next step.

use std::fs;

use serde_json::Value;

use crate::workspace::{Store, Workspace, docx};

fn explain(workspace: &Workspace, target: &str) -> Value {
    let mut rows = workspace.rows(["explain", target, "--why-not-scanned"]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}

#[track_caller]
fn says(row: &Value, state: &str, rule: &str, next: &str) {
    let text = |key: &str| row[key].as_str().unwrap();
    assert_eq!((text("state"), text("explanation")), (state, rule), "{row}");
    assert!(text("next").contains(next), "{row}");
}

const EXISTING: &str = "existing, unmodified since connect; no enabled policy looks inside";

const LABELLED_PLANS: &str = r#"
[[policy]]
name = "labelled-plans"
folders = { in = ["plans"] }
filter = { labelled = true }
alert = true
"#;

#[test]
fn each_file_has_its_row() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        for name in ["plans/a.docx", "plans/b.docx", "plans/c.docx", "d.docx"] {
            workspace.write(name, docx(None));
        }
        // Lists everything, and reads one file.
        let scope = ["rescan", "--path", "plans/a.docx"];
        workspace.run(scope).expect(0);
        let read = explain(&workspace, "share:plans/a.docx");
        says(&read, "read", EXISTING, "labeld files show");
        assert_eq!(read["rule"]["verdict"], "inventory_only");
        assert_eq!(read["last_read"]["current"], true);
        let rescan = "run `labeld rescan --tenant acme --app share --path 'plans/b.docx'`";
        says(
            &explain(&workspace, "share:plans/b.docx"),
            "not_queued",
            EXISTING,
            rescan,
        );

        workspace.write("plans/new.docx", docx(None));
        workspace.write("plans/c.docx", docx(Some(crate::workspace::GENERAL)));
        fs::remove_file(workspace.docs().join("d.docx")).unwrap();
        workspace.run(scope).expect(0);
        let since = |what: &str| format!("{what} since connect; no enabled policy looks inside");
        let new = explain(&workspace, "share:plans/new.docx");
        says(&new, "waiting", &since("new"), "labeld rescan");
        assert_eq!(new["rule"]["verdict"], "content_scan");
        let edited = explain(&workspace, "share:plans/c.docx");
        says(&edited, "waiting", &since("modified"), "labeld rescan");
        let gone = explain(&workspace, "share:d.docx");
        says(&gone, "removed", EXISTING, "the file is gone");

        // The command that was printed does it.
        workspace.run([
            "rescan",
            "--tenant",
            "acme",
            "--app",
            "share",
            "--path",
            "plans/b.docx",
        ]);
        let read = explain(&workspace, "share:plans/b.docx");
        says(&read, "read", EXISTING, "labeld files show");

        let settings = workspace.path("labeld.toml");
        let text = fs::read_to_string(&settings).unwrap();
        fs::write(
            &settings,
            text.replace("name = \"acme\"", "name = \"acme\"\nauto_scan = false"),
        )
        .unwrap();
        workspace.write("plans/later.docx", docx(None));
        workspace.run(scope).expect(0);
        let off = "new since connect; `auto_scan` is off and no enabled policy looks inside";
        let later = explain(&workspace, "share:plans/later.docx");
        says(&later, "not_queued", off, "labeld rescan");
        assert_eq!(later["rule"]["verdict"], "inventory_only");

        // A policy that looks inside wants files of its scope read, whenever they came.
        let mut text = fs::read_to_string(&settings).unwrap();
        text.push_str(LABELLED_PLANS);
        fs::write(&settings, text).unwrap();
        workspace.write("elsewhere.docx", docx(None));
        workspace.write("plans/latest.docx", docx(None));
        workspace.run(scope).expect(0);
        let inside = "new since connect; an enabled policy looks inside";
        let latest = explain(&workspace, "share:plans/latest.docx");
        says(&latest, "waiting", inside, "labeld rescan");
        let elsewhere = explain(&workspace, "share:elsewhere.docx");
        says(&elsewhere, "not_queued", off, "labeld rescan");
    }
}

#[test]
fn a_file_has_several_names() {
    let workspace = Workspace::new();
    workspace.write("plans/a b.docx", docx(None));
    workspace.run(["rescan"]).expect(0);
    let id = workspace.rows(["files"])[0]["id"].to_string();
    let path = workspace.docs().join("plans/a b.docx");
    for target in [
        &*id,
        "share:plans/a b.docx",
        "acme/share:plans/a b.docx",
        path.to_str().unwrap(),
        "docs/plans/../plans/a b.docx",
    ] {
        assert_eq!(
            explain(&workspace, target)["path"],
            "plans/a b.docx",
            "{target}"
        );
        let shown = workspace.rows(["files", "show", target]);
        assert_eq!(shown[0]["path"], "plans/a b.docx", "{target}");
    }
    for target in [
        "share:none.docx",
        "docs/none.docx",
        "999",
        "other:plans/a b.docx",
        "nonsense",
    ] {
        workspace
            .run(["explain", target, "--why-not-scanned"])
            .expect(2)
            .says(&["the inventory has no file", target]);
    }
}

#[test]
fn all_formats_and_a_question_that_is_not_asked() {
    let workspace = Workspace::new();
    workspace.write("a.docx", docx(None));
    workspace.run(["rescan"]).expect(0);
    let ask = |format: &str| {
        workspace
            .run([
                "explain",
                "share:a.docx",
                "--why-not-scanned",
                "--format",
                format,
            ])
            .expect(0)
    };
    let human = ask("human").out;
    for words in [
        "rule      existing, unmodified since connect",
        "state     read: this version",
        "next      ",
    ] {
        assert!(human.contains(words), "{human}");
    }
    let json: Value = serde_json::from_str(&ask("json").out).unwrap();
    assert_eq!(json[0]["state"], "read");
    let csv = ask("csv").csv();
    assert_eq!((csv.len(), &*csv[0]["state"]), (1, "read"));
    workspace
        .run(["explain", "share:a.docx"])
        .expect(2)
        .says(&["--why-not-scanned"]);
}
