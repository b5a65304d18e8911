//! `labeld explain`: what the policies make of a file, and with `--why-not-scanned` the row of rules §7, the state, the next
//! step.

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
fn all_formats() {
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
}

const SECRETS: &str = r#"
[[policy]]
name = "secrets"
mode = "enforce"
folders = { in = ["plans/**"] }
filter = { name = { contains = "secret" } }
actions = { apply_label = "General" }
[[policy]]
name = "watch"
filter = { extension = "docx" }
actions = { remove_label = true }
"#;

/// Every policy, gate and row; the words that a person needs.
#[test]
fn what_the_policies_make_of_a_file() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        workspace.write("plans/secret.docx", docx(Some(crate::workspace::GENERAL)));
        workspace.write("plans/open.docx", docx(None));
        workspace.write("notes.txt", "no label fits in here");
        let settings = workspace.path("labeld.toml");
        let mut text = fs::read_to_string(&settings).unwrap();
        text.push_str(SECRETS);
        fs::write(&settings, text).unwrap();
        workspace.run(["rescan", "--observe"]).expect(0);
        let ask = |target: &str| workspace.rows(["explain", target]).remove(0);

        let secret = ask("share:plans/secret.docx");
        let expected = [
            ("verdict", "no_op"),
            ("reason", "label.same"),
            ("policy", "secrets"),
            ("mode", "enforce"),
            ("decided_by", "row A3"),
        ];
        for (key, value) in expected {
            assert_eq!(secret[key], value, "{key} in {secret}");
        }
        assert_eq!(secret["lost"][0]["policy"], "watch", "{secret}");
        assert_eq!(
            secret["rows"].as_array().unwrap().last().unwrap()["row"],
            "A3"
        );
        let gates = secret["gates"].as_array().unwrap();
        assert!(gates.len() > 10 && gates.iter().all(|gate| gate["reason"].is_null()));

        let open = ask("share:plans/open.docx");
        assert_eq!(
            (&open["policy"], &open["reason"]),
            (&"watch".into(), &"label.none".into())
        );
        let near = &open["policies"][0];
        assert_eq!(
            (&near["policy"], &near["near_miss"]),
            (&"secrets".into(), &true.into())
        );
        assert_eq!(near["conditions"][0]["holds"], "no");
        assert_eq!(near["conditions"][1]["wanted"], "folders.in = \"plans/**\"");

        let notes = ask("share:notes.txt");
        assert!(notes["verdict"].is_null(), "{notes}");
        let gates = notes["gates"].as_array().unwrap();
        let stopped = gates.iter().find(|gate| !gate["reason"].is_null());
        assert_eq!(
            stopped.unwrap()["reason"],
            "file.type_unsupported",
            "{notes}"
        );
        let human = workspace
            .run(["explain", "share:plans/secret.docx"])
            .expect(0)
            .out;
        for words in [
            "verdict   no_op, label.same: policy secrets, mode enforce",
            "because   row A3",
            "lost      policy watch to secrets (policy.lost_to)",
            "row A3    decides",
            "gate 1    passed",
        ] {
            assert!(human.contains(words), "{words} in {human}");
        }
    }
}
