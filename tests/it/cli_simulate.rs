//! `labeld policy simulate` and `labeld policy diff`: what policies would do, by what is stored.

use std::fs;

use serde_json::{Value, json};

use crate::workspace::{GENERAL, Store, Workspace, docx};

const POLICIES: &str = r#"
[[policy]]
name = "finance"
mode = "enforce"
priority = 5
filter = { folder = "finance/**" }
actions = { apply_label = "Public" }

[[policy]]
name = "everything"
filter = { all = [{ name = { ends_with = ".docx" } }, { labelled = false }] }
actions = { apply_label = "General" }

[[policy]]
name = "watch"
filter = { name = { contains = "secret" } }
alert = true

[[policy]]
name = "off"
enabled = false
filter = { name = { contains = "plan" } }
actions = { apply_label = "General" }
"#;

/// An inventory of five files, and the policies.
fn scanned(store: Store) -> Workspace {
    let workspace = Workspace::on(store);
    for (path, label) in [
        ("finance/a.docx", None),
        ("finance/b.docx", Some(GENERAL)),
        ("plans/plan.docx", None),
        ("secret.docx", None),
    ] {
        workspace.write(path, docx(label));
    }
    workspace.write("finance/notes.txt", "text");
    append(&workspace, POLICIES);
    workspace.run(["rescan", "--observe"]).expect(0);
    // Whoever asks for the files now finds none.
    fs::remove_dir_all(workspace.docs()).unwrap();
    workspace
}

fn append(workspace: &Workspace, text: &str) {
    let path = workspace.path("labeld.toml");
    let config = fs::read_to_string(&path).unwrap() + text;
    fs::write(path, config).unwrap();
}

fn write_other(workspace: &Workspace, name: &str, change: (&str, &str)) {
    let config = fs::read_to_string(workspace.path("labeld.toml")).unwrap();
    assert!(config.contains(change.0));
    fs::write(workspace.path(name), config.replace(change.0, change.1)).unwrap();
}

/// Policy, mode, verdict, reason and files of each row.
fn rows(workspace: &Workspace, arguments: &[&str], code: i32) -> Vec<Value> {
    let arguments = [&["policy", "simulate", "--format", "jsonl"], arguments].concat();
    let rows = workspace.run(arguments).expect(code).json_lines();
    let keys = ["policy", "mode", "verdict", "reason", "files"];
    rows.iter()
        .map(|row| keys.iter().map(|key| row[key].clone()).collect())
        .collect()
}

#[test]
fn a_simulation_counts_what_becomes_of_the_files() {
    for store in Store::each() {
        let workspace = scanned(store);
        let all = [
            json!(["finance", "enforce", "apply", null, 1]),
            json!(["finance", "enforce", "block", "file.type_unsupported", 1]),
            json!(["finance", "enforce", "block", "label.downgrade", 1]),
            json!(["everything", "observe", "apply", null, 2]),
            json!(["everything", "observe", "block", "policy.lost_to", 1]),
            json!(["watch", "observe", "alert", null, 1]),
        ];
        assert_eq!(rows(&workspace, &[], 5), all);
        assert_eq!(rows(&workspace, &["everything"], 5), all[3..5]);
        assert_eq!(rows(&workspace, &["watch"], 0), all[5..]);
        // One that is switched off is looked at as if it were on.
        let off = json!(["off", "observe", "agrees", null, 1]);
        assert_eq!(rows(&workspace, &["off"], 0), [off]);
        let ended = workspace.run(["policy", "simulate"]).expect(5);
        ended.says(&[
            "5 files looked at",
            "no policy matches 0",
            "3 would be written",
            "acme, local: 3 labels to apply, 1 of them by policies in enforce; 100 a day, 0 used today: all applied on",
        ]);
        let finish = workspace.run(["policy", "simulate", "--format", "jsonl"]);
        let finish = finish.expect(5).json_lines();
        assert!(finish[0]["finish"].is_string());
        assert!(finish[1]["finish"].is_null());
        for (arguments, words) in [
            (
                &["nothing"][..],
                "no policy is called `nothing`; there is finance, everything, watch, off",
            ),
            (&["--app", "nothing"], "no such tenant or app is configured"),
            (
                &["--tenant", "nothing"],
                "no such tenant or app is configured",
            ),
        ] {
            let ended = workspace.run([&["policy", "simulate"], arguments].concat());
            ended.expect(2).says(&[words]);
        }
    }
}

#[test]
fn a_rehearsal_tries_the_writes_and_writes_nothing() {
    let workspace = Workspace::new();
    append(&workspace, POLICIES);
    let healthy = docx(None);
    for path in ["finance/a.docx", "b.docx", "c.docx"] {
        workspace.write(path, &healthy);
    }
    workspace.run(["rescan", "--observe"]).expect(0);
    // One is gone, and one is another one by now.
    fs::remove_file(workspace.docs().join("c.docx")).unwrap();
    workspace.write("b.docx", b"changed");
    let rehearsed = |sample: &str| {
        let all = rows(&workspace, &["--sample", sample], 5);
        let rehearsed = all.into_iter().filter(|row| row[1] == "rehearsal");
        rehearsed.collect::<Vec<Value>>()
    };
    assert_eq!(rehearsed("0"), [] as [Value; 0]);
    assert_eq!(
        rehearsed("100"),
        [
            json!(["-", "rehearsal", "done", null, 1]),
            json!(["-", "rehearsal", "stopped", "file.deleted", 1]),
            json!(["-", "rehearsal", "stopped", "write.conflict", 1]),
        ]
    );
    let present = fs::read(workspace.docs().join("finance/a.docx")).unwrap();
    assert!(present == healthy);
}

#[test]
fn a_diff_tells_policies_and_files() {
    for store in Store::each() {
        let workspace = scanned(store);
        write_other(
            &workspace,
            "new.toml",
            ("mode = \"enforce\"", "allow_downgrade = true"),
        );
        let diff = |arguments: &[&str]| {
            let arguments = [&["policy", "diff", "--format", "jsonl"], arguments].concat();
            workspace.run(arguments)
        };
        let same = diff(&["labeld.toml"]).expect(0);
        assert_eq!(same.out, "");
        same.says(&["0 policies are different; of 5 files 0 would come to something else"]);

        let ended = diff(&["labeld.toml", "new.toml"]).expect(5);
        ended.has_changes(&[
            json!(["policy", "finance", "mode", "enforce", "observe"]),
            json!(["policy", "finance", "allow_downgrade", "false", "true"]),
            json!([
                "file",
                "finance/a.docx",
                "verdict",
                "enforce finance: apply Public",
                "observe finance: apply Public"
            ]),
            json!([
                "file",
                "finance/b.docx",
                "verdict",
                "enforce finance: block label.downgrade",
                "observe finance: apply Public"
            ]),
            json!([
                "file",
                "finance/notes.txt",
                "verdict",
                "enforce finance: block file.type_unsupported",
                "observe finance: block file.type_unsupported"
            ]),
        ]);
        let back = diff(&["new.toml", "labeld.toml", "--limit", "1"]).expect(5);
        assert_eq!(back.json_lines().len(), 3);
        back.says(&[
            "1 policies are different; of 5 files 3 would come to something else, 1 of them listed",
        ]);

        write_other(
            &workspace,
            "renamed.toml",
            ("name = \"watch\"", "name = \"look\""),
        );
        diff(&["renamed.toml"]).expect(5).has_changes(&[
            json!(["policy", "look", "removed", "", ""]),
            json!(["policy", "watch", "added", "", ""]),
        ]);
        diff(&["missing.toml"]).expect(78).says(&["missing.toml"]);
    }
}

/// What the next start or reload would change; the policies were taken over by a rescan.
#[test]
fn a_diff_with_what_is_in_force_tells_policies() {
    for store in Store::each() {
        let workspace = scanned(store);
        let diff = |arguments: &[&str]| {
            let arguments = [&["policy", "diff", "--format", "jsonl"], arguments].concat();
            workspace.run(arguments)
        };
        let same = diff(&[]).expect(0);
        assert_eq!(same.out, "");
        same.says(&["0 policies are different from those in force"]);
        for (old, new) in [
            (
                "mode = \"enforce\"",
                "signed = \"allow_uncovered\"\nalert = true\nmax_matches = 9",
            ),
            ("name = \"watch\"", "name = \"look\""),
        ] {
            let settings = workspace.path("labeld.toml");
            let text = fs::read_to_string(&settings).unwrap();
            assert!(text.contains(old), "{text}");
            fs::write(&settings, text.replacen(old, new, 1)).unwrap();
        }
        diff(&[]).expect(5).has_changes(&[
            json!(["policy", "finance", "alert", "false", "true"]),
            json!(["policy", "finance", "max_matches", "", "9"]),
            json!(["policy", "finance", "mode", "enforce", "observe"]),
            json!(["policy", "finance", "signed", "refuse", "allow_uncovered"]),
            json!(["policy", "look", "added", "", ""]),
            json!(["policy", "watch", "removed", "", ""]),
        ]);
        diff(&["--app", "share"])
            .expect(2)
            .says(&["name the old one"]);
    }
}

impl crate::workspace::Ended {
    /// Kind, name, change, before and after of each row.
    #[track_caller]
    fn has_changes(&self, expected: &[Value]) {
        let keys = ["kind", "name", "change", "before", "after"];
        let rows = self.json_lines();
        let mut rows: Vec<Value> = rows
            .iter()
            .map(|row| keys.iter().map(|key| row[key].clone()).collect())
            .collect();
        // Files come in the order in which they were listed.
        rows.sort_by_key(|row| row[0] == "file");
        let files = rows
            .iter()
            .position(|row| row[0] == "file")
            .unwrap_or(rows.len());
        rows[files..].sort_by_key(|row| row[1].to_string());
        assert_eq!(rows, expected);
    }
}
