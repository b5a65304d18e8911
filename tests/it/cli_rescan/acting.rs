//! A rescan that decides and acts: outcomes, the accounting identity, exit codes.

use std::fs;

use serde_json::Value;

use super::{Account, rescan};
use crate::workspace::{GENERAL, Store, Workspace, docx};

/// A workspace with these policies.
fn workspace(store: Store, policies: &str, cap: &str) -> Workspace {
    let workspace = Workspace::on(store);
    let settings = workspace.path("labeld.toml");
    let text = fs::read_to_string(&settings).unwrap();
    let text = text.replace("name = \"acme\"", &format!("name = \"acme\"\n{cap}"));
    fs::write(&settings, format!("{text}{policies}")).unwrap();
    workspace
}

fn general(mode: &str, more: &str) -> String {
    format!(
        "[[policy]]\nname = \"general\"\nmode = \"{mode}\"\nactions = {{ apply_label = \"{GENERAL}\" }}\n{more}\n"
    )
}

#[track_caller]
fn outcomes(account: &Account, expected: &[(&str, u64)]) {
    let expected = expected
        .iter()
        .map(|(outcome, files)| ((*outcome).to_owned(), *files));
    assert_eq!(account.outcomes, expected.collect());
}

fn is_labelled(file: &Value) -> bool {
    !file["labels"].as_array().unwrap().is_empty()
}

#[test]
fn observing_writes_nothing_and_says_what_it_would_do() {
    for store in Store::each() {
        let workspace = workspace(store, &general("enforce", ""), "");
        workspace.write("a.docx", docx(None));
        workspace.write("b.docx", docx(None));
        workspace.write("c.docx", docx(Some(GENERAL)));
        workspace.write("d.txt", "text");
        let before = fs::read(workspace.docs().join("a.docx")).unwrap();
        for _ in 0..2 {
            let ended = workspace.run(["rescan", "--observe"]).expect(0);
            assert!(
                ended.err.contains("2 files would get a label"),
                "{}",
                ended.err
            );
            let account = Account::of(&ended);
            account.balances(&workspace);
            let expected = [("ok", 2), ("label.same", 1), ("file.type_unsupported", 1)];
            outcomes(&account, &expected);
            assert!(!ended.err.contains("labeld undo"), "{}", ended.err);
        }
        assert_eq!(fs::read(workspace.docs().join("a.docx")).unwrap(), before);
    }
}

#[test]
fn a_policy_that_observes_is_counted_apart() {
    for store in Store::each() {
        let workspace = workspace(store, &general("observe", ""), "");
        workspace.write("a.docx", docx(None));
        let ended = workspace.run(["rescan"]).expect(0);
        assert!(
            ended.err.contains("1 files would get a label"),
            "{}",
            ended.err
        );
        outcomes(&Account::of(&ended), &[("ok", 1)]);
    }
}

#[test]
fn labels_are_applied_once() {
    for store in Store::each() {
        let workspace = workspace(store, &general("enforce", ""), "");
        for name in ["a.docx", "b.docx", "c/d.docx"] {
            workspace.write(name, docx(None));
        }
        workspace.write("e.docx", docx(Some(GENERAL)));
        let ended = workspace.run(["rescan"]).expect(0);
        assert!(ended.err.contains("`labeld undo "), "{}", ended.err);
        let account = Account::of(&ended);
        account.balances(&workspace);
        outcomes(&account, &[("applied", 3), ("label.same", 1)]);
        let after = rescan(&workspace, &[]);
        after.balances(&workspace);
        outcomes(&after, &[("label.same", 4)]);
        assert!(workspace.inventory().values().all(is_labelled));
    }
}

#[test]
fn the_cap_stops_a_rescan_with_its_own_exit_code() {
    for store in Store::each() {
        let workspace = workspace(store, &general("enforce", ""), "cap = 2");
        for name in ["a.docx", "b.docx", "c.docx"] {
            workspace.write(name, docx(None));
        }
        let ended = workspace.run(["rescan"]).expect(4);
        assert!(ended.err.contains("the cap is reached"), "{}", ended.err);
        outcomes(&Account::of(&ended), &[("applied", 2), ("cap.reached", 1)]);
        let again = workspace.run(["rescan"]).expect(4);
        outcomes(
            &Account::of(&again),
            &[("label.same", 2), ("cap.reached", 1)],
        );
        // A narrower scope is about its own files.
        let labelled = workspace.inventory();
        let labelled = labelled.iter().find(|(_, file)| is_labelled(file));
        let path = labelled.unwrap().0.clone();
        workspace.run(["rescan", "--path", &path]).expect(0);
    }
}

#[test]
fn labels_are_removed_where_labeld_has_set_them() {
    for store in Store::each() {
        let workspace = workspace(store, &general("enforce", ""), "");
        workspace.write("a.docx", docx(None));
        workspace.write("b.docx", docx(Some(GENERAL)));
        rescan(&workspace, &[]);
        let settings = workspace.path("labeld.toml");
        let text = fs::read_to_string(&settings).unwrap();
        let removing = text.replace(
            &format!("apply_label = \"{GENERAL}\""),
            "remove_label = true",
        );
        fs::write(&settings, removing).unwrap();
        let account = rescan(&workspace, &[]);
        account.balances(&workspace);
        outcomes(&account, &[("removed", 1), ("label.outside", 1)]);
    }
}
