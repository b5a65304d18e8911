//! `files`, `labels` and `skips` over the samples.

use std::collections::BTreeMap;

use serde_json::Value;

use super::rescan;
use crate::workspace::{GENERAL, Store, Workspace};

/// What a filter should let through, judged by what is printed.
type Wanted = fn(&Value) -> bool;

fn effective_ids(row: &Value) -> Vec<&str> {
    row["labels"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|label| label["effective"] == true)
        .map(|label| label["id"].as_str().unwrap())
        .collect()
}

const FILTERS: &[(&[&str], Wanted)] = &[
    (&["--tenant", "acme"], |_| true),
    (&["--app", "share"], |_| true),
    (&["--label", GENERAL], |row| {
        effective_ids(row).contains(&GENERAL)
    }),
    (&["--label", "General"], |row| {
        effective_ids(row).contains(&GENERAL)
    }),
    (
        &["--label", "Confidential \\ Any User (No Protection)"],
        |row| effective_ids(row).contains(&"1a19d03a-48bc-4359-8038-5b5f6d5847c3"),
    ),
    (&["--labelled"], |row| !effective_ids(row).is_empty()),
    (&["--state", "password"], |row| row["state"] == "password"),
    (&["--reason", "file.corrupt"], |row| {
        row["reason"] == "file.corrupt"
    }),
    (&["--folder", "labelled"], |row| {
        row["path"].as_str().unwrap().starts_with("labelled/")
    }),
    (&["--folder", "deep"], |row| {
        row["path"].as_str().unwrap().starts_with("deep/")
    }),
    (&["--folder", "deep", "--no-subfolders"], |row| {
        row["path"] == "deep/a.txt"
    }),
    (&["--name", "poi__*.doc?"], |row| {
        let path = row["path"].as_str().unwrap();
        path.contains("/poi__") && (path.ends_with(".docx") || path.ends_with(".docm"))
    }),
    (&["--type", "pdf"], |row| row["format"] == "pdf"),
    (&["--extension", "xlsx"], |row| {
        row["path"].as_str().unwrap().ends_with(".xlsx")
    }),
    (&["--size-from", "10000"], |row| {
        row["size"].as_u64() >= Some(10_000)
    }),
    (&["--size-below", "10000"], |row| {
        row["size"].as_u64() < Some(10_000)
    }),
    (&["--modified-since", "1d"], |_| true),
    (&["--modified-before", "1d"], |_| false),
    (&["--read-since", "1d"], |row| !row["read_at"].is_null()),
    (
        &["--labelled", "--type", "docx", "--size-below", "20000"],
        |row| {
            !effective_ids(row).is_empty()
                && row["format"] == "docx"
                && row["size"].as_u64() < Some(20_000)
        },
    ),
    (&["--removed"], |_| false),
];

fn scanned(store: Store) -> Workspace {
    let workspace = Workspace::on(store).with_samples();
    workspace.write("deep/a.txt", "text");
    workspace.write("deep/er/b.txt", "more text");
    rescan(&workspace, &[]).balances(&workspace);
    workspace
}

#[test]
fn each_filter_lets_through_what_its_name_says() {
    for store in Store::each() {
        let workspace = scanned(store);
        let inventory = workspace.inventory();
        for (arguments, wanted) in FILTERS {
            let found: Vec<Value> = workspace.rows([&["files"], *arguments].concat());
            let found: Vec<&str> = found
                .iter()
                .map(|row| row["path"].as_str().unwrap())
                .collect();
            let mut expected: Vec<&str> = inventory
                .values()
                .filter(|row| wanted(row))
                .map(|row| row["path"].as_str().unwrap())
                .collect();
            let mut sorted = found.clone();
            sorted.sort_unstable();
            expected.sort_unstable();
            assert_eq!(sorted, expected, "{arguments:?}");
        }
        // Read and without a label: what the states and labels of the others leave over.
        let unlabelled = workspace.rows(["files", "--unlabelled"]);
        assert!(unlabelled.len() > 20);
        assert!(unlabelled.iter().all(|row| effective_ids(row).is_empty()));
    }
}

#[test]
fn a_limit_is_told() {
    let workspace = scanned(Store::Sqlite);
    let all = workspace.inventory().len();
    let ended = workspace
        .run(["files", "--limit", "7", "--format", "csv"])
        .expect(0);
    assert_eq!(ended.csv().len(), 7);
    ended.says(&[&format!("7 of {all} files shown: --limit 0 shows all")]);
}

#[test]
fn a_file_is_shown_by_number_and_by_path() {
    for store in Store::each() {
        let workspace = scanned(store);
        let path = "labelled/markitdown__rlink.docx";
        let inventory = workspace.inventory();
        let row = &inventory[path];
        let number = row["id"].to_string();
        for id in [&*number, &format!("share:{path}")] {
            assert_eq!(
                workspace.rows(["files", "show", id]),
                std::slice::from_ref(row)
            );
            let human = workspace.run(["files", "show", id]).expect(0).out;
            for word in [path, "13,708 bytes", "docx", GENERAL, "none"] {
                assert!(human.contains(word), "{word} in {human}");
            }
        }
    }
}

/// Counts of the listings agree with the files.
#[test]
fn labels_and_skips_count_the_files() {
    for store in Store::each() {
        let workspace = scanned(store);
        let mut by_reason = BTreeMap::<String, u64>::new();
        let mut by_label = BTreeMap::<(String, String), u64>::new();
        for row in workspace.inventory().values() {
            if let Some(reason) = row["reason"].as_str() {
                *by_reason.entry(reason.to_owned()).or_default() += 1;
            }
            for label in row["labels"].as_array().unwrap() {
                let text = |key: &str| label[key].as_str().unwrap().to_owned();
                if label["effective"] == true {
                    *by_label.entry((text("site_id"), text("id"))).or_default() += 1;
                }
            }
        }
        let skips: BTreeMap<String, u64> = workspace
            .rows(["skips"])
            .iter()
            .map(|row| {
                (
                    row["reason"].as_str().unwrap().to_owned(),
                    row["files"].as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(skips, by_reason);
        let labels: BTreeMap<(String, String), u64> = workspace
            .rows(["labels"])
            .iter()
            .filter(|row| row["files"] != 0)
            .map(|row| {
                let text = |key: &str| row[key].as_str().unwrap().to_owned();
                (
                    (text("site_id"), text("id")),
                    row["files"].as_u64().unwrap(),
                )
            })
            .collect();
        assert_eq!(labels, by_label);
    }
}

#[test]
fn every_listing_says_the_same_in_all_formats() {
    let workspace = scanned(Store::Sqlite);
    for arguments in [
        &["files"][..],
        &["files", "show", "share:deep/a.txt"],
        &["labels"],
        &["skips"],
        &["rescan"],
    ] {
        let run = |format: &str| {
            let ended = workspace.run([arguments, &["--format", format]].concat());
            ended.expect(0)
        };
        let lines = run("jsonl").json_lines();
        assert!(!lines.is_empty());
        let array: Vec<Value> = serde_json::from_str(&run("json").out).unwrap();
        assert_eq!(array, lines, "{arguments:?}");
        assert_eq!(run("csv").csv().len(), lines.len(), "{arguments:?}");
        let table = run("human").out;
        assert!(
            table.lines().count() > lines.len(),
            "{arguments:?}: {table}"
        );
        assert_eq!(
            run("human").out,
            workspace.run(arguments).out,
            "{arguments:?}"
        );
    }
}
