//! The change feed: whatever happens to the tree, the process and the answers, the caller's picture
//! comes to agree with the tree.

#![allow(
    clippy::unwrap_used,
    reason = "a panic in a harness is the failure report"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use labeld_connector::{Change, Connector, Cursor, ErrorKind, FeedRef, FileMeta, FileRef};
use labeld_connector_local::{Local, LocalOptions};
use proptest::prelude::*;
use proptest::sample::select;

use support::{Folder, block_on, poll};

/// Something that somebody does to the tree.
#[derive(Debug, Clone)]
enum Mutation {
    Put(String, u16),
    Remove(String),
    Rename(String, String),
    MakeFolder(String),
    Link(String),
}

fn any_path() -> impl Strategy<Value = String> {
    // Names that sort around the separator, so that order by folder and order by bytes differ.
    let names = select(vec!["a", "a!", "a-b", "b", "b.docx", "c"]);
    proptest::collection::vec(names, 1..4).prop_map(|names| names.join("/"))
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        6 => (any_path(), 0..100_u16).prop_map(|(path, size)| Mutation::Put(path, size)),
        3 => any_path().prop_map(Mutation::Remove),
        3 => (any_path(), any_path()).prop_map(|(from, to)| Mutation::Rename(from, to)),
        1 => any_path().prop_map(Mutation::MakeFolder),
        1 => any_path().prop_map(Mutation::Link),
    ]
}

impl Mutation {
    /// What cannot be done to the tree as it is, is not done.
    fn apply(&self, root: &Path) {
        let parent = |path: &Path| fs::create_dir_all(path.parent().unwrap());
        let _ = match self {
            Self::Put(path, size) => {
                let path = root.join(path);
                parent(&path).and_then(|()| fs::write(path, vec![b'x'; usize::from(*size)]))
            }
            Self::Remove(path) => {
                let path = root.join(path);
                fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path))
            }
            Self::Rename(from, to) => {
                let to = root.join(to);
                parent(&to).and_then(|()| fs::rename(root.join(from), to))
            }
            Self::MakeFolder(path) => fs::create_dir_all(root.join(path)),
            Self::Link(path) => {
                let path = root.join(path);
                parent(&path).and_then(|()| symlink("b", path))
            }
        };
    }
}

/// What happens between the connector and its caller around one page.
#[derive(Debug, Clone, Copy)]
enum Fate {
    Arrives,
    /// The caller stores nothing and asks again.
    Lost,
    /// The process ends after the caller has stored the page.
    KilledAfter,
    /// The process ends before.
    KilledBefore,
}

#[derive(Debug, Clone)]
struct Round {
    page_size: usize,
    mutations: Vec<Mutation>,
    /// For each page, what happens to it, and what somebody does to the tree before the next.
    pages: Vec<(Fate, Vec<Mutation>)>,
}

fn any_round() -> impl Strategy<Value = Round> {
    let fates = vec![
        Fate::Arrives,
        Fate::Arrives,
        Fate::Lost,
        Fate::KilledAfter,
        Fate::KilledBefore,
    ];
    let meanwhile = prop_oneof![
        3 => Just(Vec::new()),
        1 => proptest::collection::vec(any_mutation(), 1..4),
    ];
    (
        1..6_usize,
        proptest::collection::vec(any_mutation(), 0..25),
        proptest::collection::vec((select(fates), meanwhile), 0..8),
    )
        .prop_map(|(page_size, mutations, pages)| Round {
            page_size,
            mutations,
            pages,
        })
}

/// The caller: what it has stored.
#[derive(Debug, Default)]
struct Stored {
    files: BTreeMap<FileRef, FileMeta>,
    cursor: Option<Cursor>,
}

impl Stored {
    /// Gets one page and stores it; whether there are more.
    fn next_page(&mut self, local: &Local) -> bool {
        let page = block_on(local.changes(&FeedRef::whole(), self.cursor.as_ref())).unwrap();
        for change in page.changes {
            match change {
                Change::Upserted(meta) => {
                    self.files.insert(meta.file.clone(), meta);
                }
                Change::Removed(file) => {
                    self.files.remove(&file);
                }
                Change::FolderAt(_) | Change::FolderRemoved(_) => {}
            }
        }
        self.cursor = Some(page.next);
        page.more
    }

    fn finish(&mut self, local: &Local) {
        while self.next_page(local) {}
    }
}

/// Every path that is no folder, found without the connector.
fn true_paths(root: &Path, folder: &Path, paths: &mut BTreeSet<FileRef>) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            true_paths(root, &entry.path(), paths);
        } else {
            let path = entry.path();
            let name = path.strip_prefix(root).unwrap().to_str().unwrap();
            paths.insert(FileRef(name.to_owned()));
        }
    }
}

fn connect(folder: &Folder, page_size: usize) -> Local {
    Local::new(LocalOptions {
        page_size,
        ..folder.options()
    })
}

fn play(folder: &Folder, round: &Round, stored: &mut Stored) {
    for mutation in &round.mutations {
        mutation.apply(&folder.root());
    }
    let mut local = connect(folder, round.page_size);
    let mut more = true;
    for (fate, meanwhile) in &round.pages {
        if !more {
            break;
        }
        match fate {
            Fate::Lost | Fate::KilledBefore => {
                block_on(local.changes(&FeedRef::whole(), stored.cursor.as_ref())).unwrap();
            }
            Fate::Arrives | Fate::KilledAfter => more = stored.next_page(&local),
        }
        if matches!(fate, Fate::KilledBefore | Fate::KilledAfter) {
            drop(local);
            local = connect(folder, round.page_size);
        }
        for mutation in meanwhile {
            mutation.apply(&folder.root());
        }
    }
    if more {
        stored.finish(&local);
    }
    // What changed behind the walk is found by the next one.
    stored.finish(&local);
}

fn expect_agreement(folder: &Folder, stored: &Stored) {
    let mut paths = BTreeSet::new();
    true_paths(&folder.root(), &folder.root(), &mut paths);
    assert!(
        stored.files.keys().eq(&paths),
        "{:?} against {paths:?}",
        stored.files.keys()
    );
    let mut fresh = Stored::default();
    let elsewhere = folder.state().join("another");
    fresh.finish(&Local::new(LocalOptions::new(
        "fresh",
        folder.root(),
        elsewhere,
    )));
    assert_eq!(stored.files, fresh.files);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_caller_comes_to_agree_with_the_tree(
        rounds in proptest::collection::vec(any_round(), 1..4),
    ) {
        let folder = Folder::new();
        let mut stored = Stored::default();
        for round in &rounds {
            play(&folder, round, &mut stored);
            expect_agreement(&folder, &stored);
        }
    }
}

fn put_files(folder: &Folder) {
    for number in 0..17 {
        folder.write(&format!("{}/{number}.docx", number % 3), b"file");
    }
}

#[test]
fn a_lost_snapshot_expires_the_cursor_and_a_full_enumeration_helps() {
    type Damage = fn(&Path);
    let damages: &[(&str, Damage)] = &[
        ("missing", |path| fs::remove_file(path).unwrap()),
        ("empty", |path| fs::write(path, b"").unwrap()),
        ("cut", |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() - 1]).unwrap();
        }),
        ("changed", |path| {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        }),
    ];
    for (what, damage) in damages {
        let folder = Folder::new();
        put_files(&folder);
        let mut cursor = None;
        poll(&folder.local(), &mut cursor).unwrap();
        for entry in fs::read_dir(folder.state()).unwrap() {
            let path = entry.unwrap().path();
            if path
                .extension()
                .is_some_and(|extension| extension == "snapshot")
            {
                damage(&path);
            }
        }
        // Damage at the end of a long snapshot is met after some pages.
        let error = poll(&folder.local(), &mut cursor).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CursorExpired, "{what}");
        let listed = poll(&folder.local(), &mut None).unwrap();
        assert_eq!(listed.upserted.len(), 17, "{what}");
    }
}

#[test]
fn a_cursor_that_was_overtaken_is_expired() {
    let folder = Folder::new();
    put_files(&folder);
    let local = folder.local();
    let mut first = None;
    poll(&local, &mut first).unwrap();
    let mut second = first.clone();
    poll(&local, &mut second).unwrap();
    // Until the second is used, the first one works too: the answer may have been lost.
    let mut again = first.clone();
    poll(&local, &mut again).unwrap();
    let mut third = again;
    poll(&local, &mut third).unwrap();
    assert_eq!(
        poll(&local, &mut first).unwrap_err().kind(),
        ErrorKind::CursorExpired
    );
    assert_eq!(
        poll(&local, &mut second).unwrap_err().kind(),
        ErrorKind::CursorExpired
    );
    poll(&local, &mut third).unwrap();
}

#[test]
fn a_dropped_full_enumeration_leaves_the_stored_cursor_alone() {
    let folder = Folder::new();
    put_files(&folder);
    let mut cursor = None;
    poll(&folder.local(), &mut cursor).unwrap();
    block_on(folder.local().changes(&FeedRef::whole(), None)).unwrap();
    folder.write("new.docx", b"new");
    let polled = poll(&folder.local(), &mut cursor).unwrap();
    assert_eq!(polled.upserted.keys().collect::<Vec<_>>(), ["new.docx"]);
}

#[test]
fn snapshots_do_not_pile_up() {
    let folder = Folder::new();
    put_files(&folder);
    let count = || fs::read_dir(folder.state()).unwrap().count();
    let mut cursor = None;
    for _ in 0..10 {
        poll(&folder.local(), &mut None).unwrap();
        assert!(count() <= 4, "{} files after full enumerations", count());
    }
    for _ in 0..10 {
        poll(&folder.local(), &mut cursor).unwrap();
        assert!(count() <= 4, "{} files after polls", count());
    }
}

#[test]
fn two_enumerations_at_once_do_not_mix() {
    let folder = Folder::new();
    put_files(&folder);
    let (first, second) = (folder.local(), folder.local());
    let page = block_on(first.changes(&FeedRef::whole(), None)).unwrap();
    assert!(page.more);
    let refused = block_on(second.changes(&FeedRef::whole(), None)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Locked);
    assert!(refused.kind().is_retryable());
    drop(first);
    assert_eq!(poll(&second, &mut None).unwrap().upserted.len(), 17);
}

#[test]
fn a_page_ends_also_where_nothing_changed() {
    let folder = Folder::new();
    for number in 0..200 {
        folder.write(&format!("{number}.docx"), b"");
    }
    let local = connect(&folder, 1);
    let mut stored = Stored::default();
    stored.finish(&local);
    let mut pages = 1;
    while stored.next_page(&local) {
        pages += 1;
    }
    assert_eq!(pages, 4);
}
