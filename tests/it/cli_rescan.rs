//! `labeld rescan` and the commands that list what it found, as a person runs them, on both stores.

mod acting;
mod example;
mod interleaved;
mod interrupted;
mod label_list;
mod listings;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;

use crate::workspace::{Ended, GENERAL, Store, Workspace, docx, run, walk, without_root_powers};

/// What a rescan says at its end, over all apps.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Account {
    pub(crate) in_scope: u64,
    pub(crate) outcomes: BTreeMap<String, u64>,
    pub(crate) listed: u64,
    pub(crate) read: u64,
    pub(crate) reads: u64,
}

impl Account {
    #[track_caller]
    pub(crate) fn of(ended: &Ended) -> Self {
        let number = |text: &str| text.replace(',', "").parse().unwrap();
        let mut account = Self::default();
        for line in ended.err.lines() {
            if let Some((scope, terms)) = line.split_once(" files in scope = ") {
                account.in_scope += number(scope.split_once(": ").unwrap().1);
                for term in terms.split(" + ").filter(|terms| *terms != "0") {
                    let (count, outcome) = term.split_once(' ').unwrap();
                    *account.outcomes.entry(outcome.to_owned()).or_default() += number(count);
                }
            }
            if let Some((listed, rest)) = line.split_once(" listed as new or changed, ") {
                account.listed = number(listed);
                account.read = number(rest.split_once(" read: ").unwrap().0);
                let reads = rest.trim_end_matches(" reads").rsplit_once(' ').unwrap().1;
                account.reads = number(reads);
            }
        }
        account
    }

    /// The accounting identity (rules §5), against a walk that knows nothing of the program.
    #[track_caller]
    fn balances(&self, workspace: &Workspace) {
        let there = walk(&workspace.docs()).len() as u64;
        assert_eq!(self.in_scope, there, "{self:?}");
        assert_eq!(self.outcomes.values().sum::<u64>(), there, "{self:?}");
    }
}

#[track_caller]
fn rescan(workspace: &Workspace, arguments: &[&str]) -> Account {
    let ended = workspace.run([&["rescan"], arguments].concat()).expect(0);
    Account::of(&ended)
}

#[test]
fn every_file_has_one_outcome_and_an_unchanged_one_is_not_read_again() {
    for store in Store::each() {
        let workspace = Workspace::on(store).with_samples();
        workspace.write("notes.txt", "text");
        let pipe = workspace.docs().join("pipe.docx");
        rustix::fs::mkfifoat(rustix::fs::CWD, pipe, 0o600.into()).unwrap();
        let name = std::ffi::OsStr::from_bytes(b"caf\xe9.docx");
        workspace.write(name, docx(Some(GENERAL)));

        let first = rescan(&workspace, &[]);
        first.balances(&workspace);
        // All but the empty file, the text and the pipe, which need no byte read.
        assert_eq!(first.read, first.in_scope - 3, "{first:?}");
        assert!(first.reads >= first.read && first.outcomes["ok"] > 30);

        let second = rescan(&workspace, &["--format", "json"]);
        let unread = Account {
            listed: 0,
            read: 0,
            reads: 0,
            outcomes: first.outcomes.clone(),
            ..first
        };
        assert_eq!(second, unread);
        let all = rescan(&workspace, &["--reread"]);
        assert_eq!((all.read, all.listed), (first.read, 0));
        assert_eq!(all.outcomes, first.outcomes);
    }
}

#[test]
fn new_modified_renamed_and_deleted_files() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        for name in ["kept", "modified", "renamed", "deleted"] {
            workspace.write(format!("a/{name}.docx"), docx(None));
        }
        rescan(&workspace, &[]).balances(&workspace);

        workspace.write("b/new.docx", docx(Some(GENERAL)));
        workspace.write("a/modified.docx", docx(Some(GENERAL)));
        let docs = workspace.docs();
        fs::rename(docs.join("a/renamed.docx"), docs.join("b/moved.docx")).unwrap();
        fs::remove_file(docs.join("a/deleted.docx")).unwrap();
        let account = rescan(&workspace, &[]);
        account.balances(&workspace);
        assert_eq!(account.listed, 3, "{account:?}");

        let inventory = workspace.inventory();
        let there: Vec<&str> = inventory.keys().map(String::as_str).collect();
        let expected = [
            "a/kept.docx",
            "a/modified.docx",
            "b/moved.docx",
            "b/new.docx",
        ];
        assert_eq!(there, expected);
        for (path, row) in &inventory {
            let labelled = path.contains("new") || path.contains("modified");
            let label = row["labels"][0]["id"].as_str();
            assert_eq!(label, labelled.then_some(GENERAL), "{path}");
            assert_eq!(row["current"], true, "{path}");
        }
        let removed: Vec<String> = workspace
            .rows(["files", "--removed"])
            .iter()
            .map(|row| row["path"].as_str().unwrap().to_owned())
            .collect();
        assert!(
            removed.contains(&"a/deleted.docx".to_owned()),
            "{removed:?}"
        );
        assert!(!removed.contains(&"a/kept.docx".to_owned()), "{removed:?}");
    }
}

#[test]
fn scopes_limit_what_is_read_and_the_identity_is_of_the_scope() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        for number in 0..5 {
            workspace.write(format!("old/{number}.docx"), docx(None));
            workspace.write(format!("new/{number}.docx"), docx(Some(GENERAL)));
        }
        let long_ago = std::time::SystemTime::now() - std::time::Duration::from_secs(30 * 86_400);
        for file in walk(&workspace.docs().join("old")) {
            let file = fs::File::options().write(true).open(file).unwrap();
            file.set_modified(long_ago).unwrap();
        }
        // Arguments, files in scope, files read.
        for (arguments, in_scope, read) in [
            (&["--path", "old/1.*"][..], 1, 1),
            (&["--path", "none/*"], 0, 0),
            (&["--modified-since", "7d"], 5, 5),
            (&["--modified-since", "7d"], 5, 0),
            (&["--modified-since", "7d", "--reread"], 5, 5),
            // Not known to have a label: those of "old", of which one was read.
            (&["--unlabelled"], 5, 4),
            (&["--unlabelled", "--reread"], 5, 5),
            (&["--tenant", "acme", "--app", "share"], 10, 0),
        ] {
            let account = rescan(&workspace, arguments);
            assert_eq!(
                (account.in_scope, account.read),
                (in_scope, read),
                "{arguments:?}"
            );
            let sum: u64 = account.outcomes.values().sum();
            assert_eq!(sum, in_scope, "{arguments:?}");
        }
    }
}

#[test]
fn a_folder_that_cannot_be_listed_keeps_its_files() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        for path in [
            "a/1.docx",
            "closed/2.docx",
            "closed/below/3.docx",
            "z/4.docx",
        ] {
            workspace.write(path, docx(Some(GENERAL)));
        }
        rescan(&workspace, &[]).balances(&workspace);
        let closed = workspace.docs().join("closed");
        fs::remove_file(workspace.docs().join("a/1.docx")).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
        let ended = without_root_powers(&workspace).map(|mut command| {
            command.arg("rescan");
            run(command)
        });
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
        let Some(ended) = ended else { return };
        let words = ["acme/share: folder \"closed\" could not be listed: access.denied"];
        let account = Account::of(&ended.expect(3).says(&words));
        assert_eq!(account.in_scope, 3, "{account:?}");
        let there: Vec<String> = workspace.inventory().into_keys().collect();
        assert_eq!(there, ["closed/2.docx", "closed/below/3.docx", "z/4.docx"]);

        // Open again: what went meanwhile is found missing.
        fs::remove_file(workspace.docs().join("closed/2.docx")).unwrap();
        rescan(&workspace, &[]).balances(&workspace);
    }
}

#[test]
fn a_root_that_is_missing_removes_nothing() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        workspace.write("a.docx", docx(None));
        rescan(&workspace, &[]);
        let before = workspace.inventory();
        fs::rename(workspace.docs(), workspace.path("away")).unwrap();
        for _ in 0..2 {
            workspace.run(["rescan"]).expect(1).says(&[
                "acme/share: ",
                "root folder",
                "docs",
                "not found",
            ]);
        }
        // An empty folder where a mount was.
        fs::create_dir(workspace.docs()).unwrap();
        workspace.run(["rescan"]).expect(1).says(&["docs"]);
        fs::remove_dir(workspace.docs()).unwrap();
        assert_eq!(workspace.inventory(), before);
        fs::rename(workspace.path("away"), workspace.docs()).unwrap();
        let account = rescan(&workspace, &[]);
        account.balances(&workspace);
        assert_eq!(account.read, 0, "{account:?}");
        assert_eq!(
            workspace.rows(["files", "--removed"]),
            Vec::<serde_json::Value>::new()
        );
    }
}

#[test]
fn samples_are_copied_once_and_never_changed() {
    let workspace = Workspace::new();
    fs::rename(workspace.docs(), workspace.path("samples")).unwrap();
    fs::write(workspace.path("samples/a.docx"), docx(None)).unwrap();
    let mut text = fs::read_to_string(workspace.path("labeld.toml")).unwrap();
    text.push_str("copy_from = \"samples\"\n");
    fs::write(workspace.path("labeld.toml"), text).unwrap();
    rescan(&workspace, &[]).balances(&workspace);
    workspace.write("b.docx", docx(None));
    let account = rescan(&workspace, &[]);
    account.balances(&workspace);
    assert_eq!(account.in_scope, 2);
    assert_eq!(walk(&workspace.path("samples")).len(), 1);
}
