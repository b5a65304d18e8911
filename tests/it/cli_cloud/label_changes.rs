//! A label list that changes between syncs (rules §8), and what remains known of it.

use labeld_emulator::microsoft::{Label, LabelShape};
use serde_json::Value;
use uuid::Uuid;

use super::Cloud;
use crate::workspace::{Store, docx};

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x4c00_0000_0000_4000_8000_0000_0000_0000 + number)
}

fn label(number: u128, name: &str, edit: impl FnOnce(&mut Label)) -> Label {
    let mut label = Label {
        id: id(number),
        name: name.to_owned(),
        priority: i32::try_from(number).unwrap(),
        enabled: true,
        applicable_to: "file,email".to_owned(),
        ..Label::default()
    };
    edit(&mut label);
    label
}

/// Public, General, Secret, and below Secret: Finance.
fn four() -> Vec<Label> {
    vec![
        label(1, "Public", |_| {}),
        label(2, "General", |_| {}),
        label(3, "Secret", |_| {}),
        label(4, "Finance", |it| it.parent = Some(id(3))),
    ]
}

/// With a list that tells everything of its labels.
fn cloud(store: Store) -> Cloud {
    let cloud = Cloud::on(store);
    cloud
        .microsoft()
        .switch(|switches| switches.label_shape = LabelShape::Docs);
    cloud
}

/// Syncs with these labels; the changes as they are told, by word and name.
fn sync(cloud: &Cloud, labels: Vec<Label>) -> Vec<String> {
    cloud.microsoft().set_labels(labels);
    let ended = cloud.workspace.run(["labels", "sync"]).expect(0);
    let changes = ended.out.lines().filter(|line| line.starts_with("  "));
    let mut told: Vec<String> = changes
        .map(|line| line.split('(').next().unwrap().trim().to_owned())
        .collect();
    told.sort();
    told
}

/// Labels by name: state, and reason code where it cannot be applied.
fn states(cloud: &Cloud, options: &[&str]) -> Vec<(String, String, Option<String>)> {
    let arguments = [&["labels"], options].concat();
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let mut states: Vec<_> = cloud
        .workspace
        .rows(arguments)
        .iter()
        .map(|row| {
            (
                text(&row["name"]).unwrap(),
                text(&row["state"]).unwrap(),
                text(&row["reason"]),
            )
        })
        .collect();
    states.sort();
    states
}

fn history(cloud: &Cloud, arguments: &[&str]) -> Vec<(String, String, String)> {
    let arguments = [&["labels", "history"], arguments].concat();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = cloud.workspace.rows(arguments);
    let line = |row: &Value| {
        (
            text(&row["change"]),
            text(&row["name"]),
            text(&row["state"]),
        )
    };
    rows.iter().map(line).collect()
}

fn owned<const N: usize>(rows: [(&str, &str, &str); N]) -> Vec<(String, String, String)> {
    rows.map(|(one, two, three)| (one.to_owned(), two.to_owned(), three.to_owned()))
        .to_vec()
}

#[test]
fn each_change_is_told_and_kept() {
    for store in Store::each() {
        let cloud = cloud(store);
        let all = [
            "created Finance",
            "created General",
            "created Public",
            "created Secret",
        ];
        assert_eq!(sync(&cloud, four()), all);
        let mut labels = four();
        labels[1].name = "Internal".to_owned();
        labels[3].parent = None;
        assert_eq!(
            sync(&cloud, labels.clone()),
            ["moved Finance", "renamed Internal"]
        );
        labels[0].enabled = false;
        assert_eq!(sync(&cloud, labels.clone()), ["disabled Public"]);
        labels.remove(2);
        assert_eq!(sync(&cloud, labels.clone()), ["deleted Secret"]);
        let shown = states(&cloud, &[]);
        let expected = [
            ("Finance", "active", None),
            ("Internal", "active", None),
            ("Public", "disabled", Some("label.disabled")),
        ];
        assert_eq!(
            shown,
            expected.map(|(name, state, reason)| (
                name.to_owned(),
                state.to_owned(),
                reason.map(str::to_owned)
            ))
        );
        let deleted = states(&cloud, &["--show-deleted"]);
        assert!(
            deleted.contains(&(
                "Secret".to_owned(),
                "deleted".to_owned(),
                Some("label.deleted".to_owned())
            )),
            "{deleted:?}"
        );
        // And back.
        labels.insert(2, label(3, "Secret", |_| {}));
        labels[0].enabled = true;
        assert_eq!(sync(&cloud, labels), ["created Secret", "enabled Public"]);

        let secret = owned([
            ("created", "Secret", "active"),
            ("deleted", "Secret", "deleted"),
            ("created", "Secret", "active"),
        ]);
        assert_eq!(history(&cloud, &[&id(3).to_string()]), secret);
        // By the old name as by the new one, and by the name below a parent that it no longer has.
        let general = owned([
            ("created", "General", "active"),
            ("renamed", "Internal", "active"),
        ]);
        assert_eq!(history(&cloud, &["general"]), general);
        assert_eq!(history(&cloud, &["Internal"]), general);
        let finance = owned([
            ("created", "Secret \\ Finance", "active"),
            ("moved", "Finance", "active"),
        ]);
        assert_eq!(history(&cloud, &["Secret \\ Finance"]), finance);
    }
}

#[test]
fn what_a_label_meant_on_a_day() {
    let cloud = cloud(Store::Sqlite);
    sync(&cloud, four());
    let mut labels = four();
    labels[1].name = "Internal".to_owned();
    sync(&cloud, labels);
    let rows = cloud.workspace.rows(["labels", "history", "General"]);
    let since = |index: usize| rows[index]["at"].as_str().unwrap().to_owned();
    let general = id(2).to_string();
    let at = |time: &str| history(&cloud, &[&general, "--at", time]);
    assert_eq!(at(&since(0)), owned([("created", "General", "active")]));
    assert_eq!(at(&since(1)), owned([("renamed", "Internal", "active")]));
    assert_eq!(at("2999-03-03"), owned([("renamed", "Internal", "active")]));
    cloud
        .workspace
        .run(["labels", "history", &general, "--at", "2001-03-03"])
        .expect(0)
        .says(&["was not known then"]);
    for (arguments, words) in [
        (&["nothing"][..], "no catalogue has or had"),
        (
            &["General", "--at", "3 March"],
            "give a day such as 2026-03-03",
        ),
        (&["General", "--tenant", "other"], "no tenant \"other\""),
    ] {
        let arguments = [&["labels", "history"], arguments].concat();
        cloud.workspace.run(arguments).expect(2).says(&[words]);
    }
}

#[test]
fn a_list_that_shrinks_and_comes_back_deletes_nothing() {
    let cloud = cloud(Store::Sqlite);
    sync(&cloud, four());
    let before = states(&cloud, &[]);
    let half = || four()[..2].to_vec();
    let other_half = || four()[2..].to_vec();
    // Each loss is another one than that before it, or was made good in between: nothing is confirmed.
    for list in [vec![], four(), half(), other_half(), vec![], four()] {
        let is_whole = list.len() == 4;
        assert_eq!(sync(&cloud, list), Vec::<String>::new());
        assert_eq!(states(&cloud, &[]), before);
        let listed = cloud.workspace.run(["labels"]).expect(0);
        let waits = listed.err.contains("were missing from the list");
        assert_ne!(waits, is_whole, "{listed:?}");
    }
    sync(&cloud, half());
    assert_eq!(sync(&cloud, half()), ["deleted Finance", "deleted Secret"]);
}

#[test]
fn files_are_found_and_shown_by_what_their_labels_are_now() {
    let cloud = cloud(Store::Sqlite);
    sync(&cloud, four());
    for (name, number) in [
        ("general.docx", 2),
        ("finance.docx", 4),
        ("unknown.docx", 99),
    ] {
        cloud
            .workspace
            .write(name, docx(Some(&id(number).to_string())));
    }
    let mut labels = four();
    labels[1].name = "Internal".to_owned();
    labels[1].enabled = false;
    cloud.microsoft().set_labels(labels);
    cloud.rescan(0);
    let found = |options: &[&str]| {
        let rows = cloud
            .workspace
            .rows([&["files", "--app", "share"], options].concat());
        let mut paths: Vec<_> = rows
            .iter()
            .map(|row| row["path"].as_str().unwrap().to_owned())
            .collect();
        paths.sort();
        paths
    };
    assert_eq!(found(&["--label", "Internal"]), ["general.docx"]);
    assert_eq!(found(&["--label", &id(2).to_string()]), ["general.docx"]);
    assert_eq!(found(&["--label", "Secret"]), Vec::<String>::new());
    assert_eq!(
        found(&["--label", "Secret", "--with-sublabels"]),
        ["finance.docx"]
    );
    cloud
        .workspace
        .run(["files", "--label", "General"])
        .expect(2)
        .says(&["it is \"Internal\" now"]);
    let human = cloud
        .workspace
        .run(["files", "--app", "share", "--format", "csv"])
        .expect(0);
    let shown: Vec<String> = human
        .csv()
        .iter()
        .map(|row| row["labels"].clone())
        .collect();
    let unknown = format!("{} (unknown, possibly deleted)", id(99));
    for expected in ["Internal (disabled)", "Secret \\ Finance", &unknown] {
        assert!(shown.iter().any(|it| it == expected), "{shown:?}");
    }
}
