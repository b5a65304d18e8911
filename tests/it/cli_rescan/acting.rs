//! A rescan that decides and acts: outcomes, the accounting identity, exit codes.

use std::fs;

use super::Account;
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

/// A bound counts the files of the apps that the command is not at, too: nothing is written.
#[test]
fn a_rescan_of_one_app_stops_at_a_bound_that_all_apps_count_for() {
    for store in Store::each() {
        let more = "max_matches = 2\n";
        let app = "[[tenant.local]]\nname = \"other\"\nroot = \"other\"\n";
        let workspace = workspace(store, &format!("{app}{}", general("enforce", more)), "");
        fs::create_dir(workspace.path("other")).unwrap();
        for name in ["b.docx", "c.docx"] {
            fs::write(workspace.path("other").join(name), docx(None)).unwrap();
        }
        workspace
            .run(["rescan", "--app", "other", "--observe"])
            .expect(0);
        workspace.write("a.docx", docx(None));
        let before = fs::read(workspace.docs().join("a.docx")).unwrap();
        let ended = workspace.run(["rescan", "--app", "share"]).expect(0);
        outcomes(&Account::of(&ended), &[("policy.suspended", 1)]);
        assert_eq!(fs::read(workspace.docs().join("a.docx")).unwrap(), before);
    }
}
