//! The label catalogue from a file: what is taken over at once, and what waits for a second sync (rules §8).

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::workspace::{Ended, Store, Workspace};

fn list() -> Value {
    let text = fs::read(crate::workspace::testdata().join("labels.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// A sync with the labels of the sample list for which `keep` holds, by their position.
fn sync(workspace: &Workspace, keep: impl Fn(usize) -> bool) -> Ended {
    let mut list = list();
    let mut position = 0;
    list["labels"].as_array_mut().unwrap().retain(|_| {
        position += 1;
        keep(position - 1)
    });
    fs::write(workspace.path("labels.json"), list.to_string()).unwrap();
    workspace.run(["labels", "sync"]).expect(0)
}

/// Labels by state, deleted ones too.
fn states(workspace: &Workspace) -> BTreeMap<String, usize> {
    let mut states = BTreeMap::new();
    for row in workspace.rows(["labels", "--show-deleted"]) {
        let state = row["state"].as_str().unwrap().to_owned();
        *states.entry(state).or_default() += 1;
    }
    states
}

fn deleted(workspace: &Workspace) -> usize {
    states(workspace).get("deleted").copied().unwrap_or(0)
}

const KEPT: &str = "they are kept until a second sync misses them too";

#[test]
fn an_empty_or_halved_list_deletes_nothing_without_a_second_sync() {
    let all = list()["labels"].as_array().unwrap().len();
    for store in Store::each() {
        let workspace = Workspace::on(store);
        let first = sync(&workspace, |_| true);
        assert!(
            first
                .out
                .contains(&format!("acme: {all} labels, {all} changes")),
            "{first:?}"
        );
        assert_eq!(states(&workspace)["active"], 5);
        assert!(sync(&workspace, |_| true).out.contains("0 changes"));

        sync(&workspace, |_| false).says(&["7 labels are no longer in the list", KEPT]);
        assert_eq!(deleted(&workspace), 0);
        // Back again: the confirmation has to begin anew.
        sync(&workspace, |_| true);
        sync(&workspace, |_| false).says(&[KEPT]);
        assert_eq!(deleted(&workspace), 0);
        let confirmed = sync(&workspace, |_| false);
        assert!(confirmed.out.contains("7 changes"), "{confirmed:?}");
        assert_eq!(deleted(&workspace), all);
        assert_eq!(workspace.rows(["labels"]), Vec::<Value>::new());

        sync(&workspace, |_| true);
        assert_eq!(deleted(&workspace), 0);
        sync(&workspace, |position| position < all / 2).says(&[KEPT]);
        assert_eq!(deleted(&workspace), 0);
        sync(&workspace, |position| position < all / 2);
        assert_eq!(deleted(&workspace), all - all / 2);
        // One label less is nothing to be careful about.
        sync(&workspace, |_| true);
        let less = sync(&workspace, |position| position > 0);
        assert!(less.out.contains("deleted Non-Business"), "{less:?}");
        assert_eq!(deleted(&workspace), 1);
    }
}

#[test]
fn a_list_that_cannot_be_read_leaves_the_last_good_one_in_force() {
    let workspace = Workspace::new();
    sync(&workspace, |_| true);
    let before = workspace.rows(["labels"]);
    for (content, words) in [
        ("", &["empty: export the labels again"][..]),
        ("{\"value\":[", &["not valid JSON at line 1"]),
        (
            "{\"value\":[],\"@odata.nextLink\":\"x\"}",
            &["only a part of the list"],
        ),
    ] {
        fs::write(workspace.path("labels.json"), content).unwrap();
        workspace
            .run(["labels", "sync"])
            .expect(1)
            .says(words)
            .says(&["labels.json", "stays in force"]);
        workspace.run(["rescan"]).expect(0).says(words);
        workspace
            .run(["labels"])
            .expect(0)
            .says(&["the last sync failed"]);
        assert_eq!(workspace.rows(["labels"]), before);
    }
}

#[test]
fn each_kind_of_list_makes_the_same_catalogue() {
    let own = list();
    let labels = own["labels"].as_array().unwrap();
    let plain: Vec<&Value> = labels
        .iter()
        .filter(|label| label["parent"].is_null())
        .collect();
    let graph: Vec<Value> = plain
        .iter()
        .map(|label| json!({"id": label["id"], "name": label["name"], "isActive": true}))
        .collect();
    let workspace = Workspace::new();
    for text in [
        json!({"value": graph}).to_string(),
        json!({"labels": plain}).to_string(),
    ] {
        fs::write(workspace.path("labels.json"), text).unwrap();
        workspace.run(["labels", "sync"]).expect(0);
        let mut names: Vec<String> = workspace
            .rows(["labels"])
            .iter()
            .map(|row| row["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        let expected = [
            "Confidential",
            "General",
            "Highly Confidential",
            "Non-Business",
            "Public",
        ];
        assert_eq!(names, expected);
    }
}
