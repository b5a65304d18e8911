//! `labeld label set` and `labeld label remove`: by hand, by the rules.

use std::fs;

use serde_json::{Value, json};

use crate::workspace::{GENERAL, Store, Workspace, docx};

/// Below [`GENERAL`].
const PUBLIC: &str = "87867195-f2b8-4ac2-b0b6-6bb73cb33afc";

/// Outcome of each row.
#[track_caller]
fn outcomes(workspace: &Workspace, arguments: &[&str], code: i32) -> Vec<String> {
    let arguments = [&["label"], arguments, &["--format", "jsonl"]].concat();
    let rows = workspace.run(arguments).expect(code).json_lines();
    let outcome = |row: &Value| row["outcome"].as_str().unwrap().to_owned();
    rows.iter().map(outcome).collect()
}

/// What the file itself says: the GUID of its label and the Method.
fn on_file(workspace: &Workspace, name: &str) -> Option<(String, String)> {
    let path = workspace.docs().join(name);
    let mut rows = workspace.rows(["inspect".as_ref(), path.as_os_str()]);
    let labels = rows.remove(0)["labels"].take();
    let labels = labels.as_array().unwrap();
    let mut effective = labels.iter().filter(|label| label["effective"] == true);
    let label = effective.next()?;
    let text = |key: &str| label[key].as_str().unwrap().to_owned();
    Some((text("id"), text("method")))
}

fn general() -> Option<(String, String)> {
    Some((GENERAL.to_owned(), "Privileged".to_owned()))
}

#[test]
fn a_label_is_set_and_removed_however_the_file_is_named() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        for name in ["a.docx", "plans/b.docx", "c.docx", "d.docx"] {
            workspace.write(name, docx(None));
        }
        // Nothing was ever listed, and no label list was read: the file is looked up, and so is the label.
        assert_eq!(
            outcomes(&workspace, &["set", "--label", "general", "docs/a.docx"], 0),
            ["applied"]
        );
        assert_eq!(on_file(&workspace, "a.docx"), general());
        workspace.run(["rescan"]).expect(0);
        let number = workspace.inventory()["c.docx"]["id"].to_string();
        let targets = [
            "share:plans/b.docx",
            &number,
            "acme/share:d.docx",
            "docs/a.docx",
            "docs/d.docx",
        ];
        let set = [&["set", "--label", GENERAL], &targets[..]].concat();
        assert_eq!(
            outcomes(&workspace, &set, 0),
            ["applied", "applied", "applied", "label.same"]
        );
        for name in ["plans/b.docx", "c.docx", "d.docx"] {
            assert_eq!(on_file(&workspace, name), general(), "{name}");
        }
        // The inventory knows without another scan.
        let labels = &workspace.inventory()["d.docx"]["labels"];
        assert_eq!(labels[0]["id"], GENERAL, "{labels}");

        assert_eq!(
            outcomes(&workspace, &["remove", "docs/a.docx", "share:d.docx"], 0),
            ["removed", "removed"]
        );
        assert_eq!(on_file(&workspace, "a.docx"), None);
        assert_eq!(
            outcomes(&workspace, &["remove", "docs/a.docx"], 0),
            ["label.none"]
        );

        let entries = workspace.run(["audit", "export"]).expect(0).json_lines();
        let asked = entries
            .iter()
            .filter(|entry| entry["kind"] == "action.asked");
        assert_eq!(asked.count(), 8);
        workspace.run(["audit", "verify"]).expect(0);
        let cap = &workspace.rows(["cap"])[0];
        assert_eq!(cap["used"], 4, "{cap}");
    }
}

#[test]
fn the_rules_hold_for_a_person_too() {
    let workspace = Workspace::new();
    workspace.write("outside.docx", docx(Some(GENERAL)));
    workspace.write("plain.docx", docx(None));
    workspace.write("notes.txt", "text");
    let set = |label: &str, more: &[&str]| {
        let arguments = [&["set", "--label", label], more].concat();
        outcomes(&workspace, &arguments, 0)
    };
    assert_eq!(set("Public", &["docs/outside.docx"]), ["label.downgrade"]);
    assert_eq!(
        outcomes(&workspace, &["remove", "docs/outside.docx"], 0),
        ["label.outside"]
    );
    assert_eq!(
        set("Public", &["docs/outside.docx", "--allow-downgrade"]),
        ["applied"]
    );
    let public = Some((PUBLIC.to_owned(), "Privileged".to_owned()));
    assert_eq!(on_file(&workspace, "outside.docx"), public);
    // What labeld has set is final until it is removed.
    assert_eq!(
        set("General", &["docs/outside.docx", "--override"]),
        ["label.by_labeld"]
    );
    assert_eq!(
        set("General", &["docs/notes.txt"]),
        ["file.type_unsupported"]
    );
    assert_eq!(
        outcomes(
            &workspace,
            &[
                "set",
                "--label",
                "General",
                "docs/gone.docx",
                "docs/plain.docx"
            ],
            3
        ),
        ["file.deleted", "applied"]
    );
}

#[test]
fn what_makes_no_sense_is_a_usage_error() {
    let workspace = Workspace::new();
    workspace.write("a.docx", docx(None));
    fs::write(workspace.path("elsewhere.docx"), docx(None)).unwrap();
    add_namesake(&workspace);
    for (arguments, words) in [
        (
            &["set", "--label", "Generall", "docs/a.docx"][..],
            "no label of the tenant is called `Generall`",
        ),
        (
            &["set", "--label", "Any User (No Protection)", "docs/a.docx"],
            "several labels are called `Any User (No Protection)`",
        ),
        (
            &["set", "--label", "General", "elsewhere.docx"],
            "\"elsewhere.docx\" is no file of a configured app",
        ),
        (
            &["set", "--label", "General", "999"],
            "the inventory has no file 999",
        ),
        (&["set", "--label", "General"], "TARGET"),
        (&["set", "docs/a.docx"], "--label"),
        (
            &["remove", "--tenant", "none", "docs/a.docx"],
            "is no file of a configured app",
        ),
    ] {
        let ended = workspace.run([&["label"], arguments].concat());
        ended.expect(2).says(&[words]);
    }
    assert_eq!(on_file(&workspace, "a.docx"), None);
}

/// A second label with the name of a sublabel, below another parent.
fn add_namesake(workspace: &Workspace) {
    let path = workspace.path("labels.json");
    let mut list: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let labels = list["labels"].as_array_mut().unwrap();
    let parent = labels
        .iter()
        .find(|label| label["name"] == "Highly Confidential");
    let parent = parent.unwrap()["id"].clone();
    labels.push(json!({
        "id": "00000000-0000-0000-0000-00000000005e", "name": "Any User (No Protection)", "parent": parent, "rank": 90,
        "applies_to_files": true, "needs_protection": false,
    }));
    fs::write(path, list.to_string()).unwrap();
}

#[test]
fn what_the_cap_holds_up_waits_for_its_time() {
    let workspace = Workspace::new();
    for name in ["a.docx", "b.docx"] {
        workspace.write(name, docx(None));
    }
    let path = workspace.path("labeld.toml");
    let config = fs::read_to_string(&path).unwrap() + "cap = 1\n";
    fs::write(&path, config).unwrap();
    let arguments = ["set", "--label", "General", "docs/a.docx", "docs/b.docx"];
    assert_eq!(
        outcomes(&workspace, &arguments, 4),
        ["applied", "cap.reached"]
    );
    let waiting = workspace.rows(["actions", "list", "--state", "waiting"]);
    assert_eq!(waiting.len(), 1, "{waiting:#?}");
    assert_eq!(waiting[0]["path"], "b.docx");
    let cap = &workspace.rows(["cap"])[0];
    assert_eq!(
        (cap["left"].as_i64(), cap["waiting"].as_i64()),
        (Some(0), Some(1)),
        "{cap}"
    );
}
