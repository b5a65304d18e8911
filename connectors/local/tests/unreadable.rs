//! Folders and files that may not be looked at, and a root that is not there.

#![allow(
    clippy::unwrap_used,
    reason = "a panic in a harness is the failure report"
)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use labeld_connector::{Connector, ErrorKind, FeedRef, FileKind, FileRef, ReadOptions};
use labeld_connector_local::{Listed, Local, LocalFolder, LocalOptions};

use support::{Folder, block_on, poll, without_root_powers};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// More files than fit on a page, on both sides of the folder `m`.
fn folder_with_files() -> Folder {
    let folder = Folder::new();
    for number in 0..7 {
        for name in ["a", "m", "m/below", "z"] {
            folder.write(&format!("{name}/{number}.docx"), b"file");
        }
    }
    folder
}

#[test]
fn what_is_known_below_an_unreadable_folder_stays_known() {
    // Neither listing nor searching; listing alone; searching alone.
    for mode in [0o000, 0o400, 0o100] {
        without_root_powers(move || {
            let folder = folder_with_files();
            let mut cursor = None;
            poll(&folder.local(), &mut cursor).unwrap();

            set_mode(&folder.path("m"), mode);
            folder.write("z/0.docx", b"changed meanwhile");
            fs::remove_file(folder.path("a/0.docx")).unwrap();
            let polled = poll(&folder.local(), &mut cursor).unwrap();
            assert_eq!(polled.removed, ["a/0.docx"], "{mode:o}");
            assert_eq!(
                polled.upserted.keys().collect::<Vec<_>>(),
                ["z/0.docx"],
                "{mode:o}"
            );
            let [(path, error)] = polled.unreadable.as_slice() else {
                panic!("{mode:o}: {:?}", polled.unreadable);
            };
            assert_eq!(path, "m", "{mode:o}");
            assert!(error.starts_with("Denied"), "{mode:o}: {error}");

            set_mode(&folder.path("m"), 0o700);
            fs::remove_file(folder.path("m/below/3.docx")).unwrap();
            folder.write("m/8.docx", b"new");
            let polled = poll(&folder.local(), &mut cursor).unwrap();
            assert_eq!(polled.removed, ["m/below/3.docx"], "{mode:o}");
            assert_eq!(
                polled.upserted.keys().collect::<Vec<_>>(),
                ["m/8.docx"],
                "{mode:o}"
            );
            assert_eq!(polled.unreadable, [], "{mode:o}");
        });
    }
}

#[test]
fn a_folder_that_becomes_unreadable_during_the_walk_keeps_its_files() {
    for pages_before in 0..8 {
        for restarts in [false, true] {
            without_root_powers(move || {
                let folder = folder_with_files();
                let mut cursor = None;
                poll(&folder.local(), &mut cursor).unwrap();
                for entry in ["a", "m", "z"] {
                    for number in 0..7 {
                        folder.write(&format!("{entry}/{number}.docx"), b"changed");
                    }
                }
                let mut local = folder.local();
                for _ in 0..pages_before {
                    let page = block_on(local.changes(&FeedRef::whole(), cursor.as_ref())).unwrap();
                    cursor = Some(page.next);
                }
                set_mode(&folder.path("m"), 0);
                if restarts {
                    drop(local);
                    local = folder.local();
                }
                poll(&local, &mut cursor).unwrap();
                set_mode(&folder.path("m"), 0o700);
                fs::remove_dir_all(folder.path("m")).unwrap();
                let polled = poll(&local, &mut cursor).unwrap();
                assert_eq!(polled.removed.len(), 14, "{pages_before} {restarts}");
            });
        }
    }
}

#[test]
fn a_file_in_the_place_of_an_unreadable_folder_is_gone() {
    without_root_powers(|| {
        let folder = Folder::new();
        folder.write("m", b"a file");
        let mut cursor = None;
        poll(&folder.local(), &mut cursor).unwrap();
        fs::remove_file(folder.path("m")).unwrap();
        fs::create_dir(folder.path("m")).unwrap();
        set_mode(&folder.path("m"), 0);
        let polled = poll(&folder.local(), &mut cursor).unwrap();
        set_mode(&folder.path("m"), 0o700);
        assert_eq!(polled.removed, ["m"]);
        assert_eq!(polled.unreadable.len(), 1);
    });
}

#[test]
fn an_unreadable_file_is_listed_and_not_read() {
    without_root_powers(|| {
        let folder = Folder::new();
        folder.write("closed.docx", b"closed");
        set_mode(&folder.path("closed.docx"), 0);
        let local = folder.local();
        let listed = poll(&local, &mut None).unwrap();
        assert_eq!(listed.upserted.get("closed.docx"), Some(&FileKind::File));
        let read = block_on(local.read(&FileRef("closed.docx".into()), ReadOptions::default()));
        assert_eq!(read.unwrap_err().kind(), ErrorKind::Denied);
    });
}

#[test]
fn a_root_that_is_not_there_is_an_error_and_removes_nothing() {
    type Change = fn(&Folder);
    fn hide(folder: &Folder) {
        fs::rename(folder.root(), folder.state().join("hidden")).unwrap();
    }
    fn show(folder: &Folder) {
        fs::rename(folder.state().join("hidden"), folder.root()).unwrap();
    }
    let table: &[(&str, Change, Change, ErrorKind)] = &[
        ("missing", hide, show, ErrorKind::NotFound),
        (
            "a file",
            |folder| {
                hide(folder);
                fs::write(folder.root(), b"file").unwrap();
            },
            |folder| {
                fs::remove_file(folder.root()).unwrap();
                show(folder);
            },
            ErrorKind::NotFound,
        ),
        (
            "closed",
            |folder| set_mode(&folder.root(), 0),
            |folder| set_mode(&folder.root(), 0o700),
            ErrorKind::Denied,
        ),
        (
            "not to be searched",
            |folder| set_mode(&folder.root(), 0o400),
            |folder| set_mode(&folder.root(), 0o700),
            ErrorKind::Denied,
        ),
        (
            "an empty folder where a mount was",
            |folder| {
                hide(folder);
                fs::create_dir(folder.root()).unwrap();
            },
            |folder| {
                fs::remove_dir(folder.root()).unwrap();
                show(folder);
            },
            ErrorKind::NotFound,
        ),
    ];
    for &(what, break_it, repair, kind) in table {
        without_root_powers(move || {
            let folder = folder_with_files();
            let mut cursor = None;
            poll(&folder.local(), &mut cursor).unwrap();
            break_it(&folder);
            for _ in 0..2 {
                let error = poll(&folder.local(), &mut cursor).unwrap_err();
                assert_eq!(error.kind(), kind, "{what}");
                let root = folder.root().display().to_string();
                assert!(error.to_string().contains(&root), "{what}: {error}");
            }
            repair(&folder);
            let polled = poll(&folder.local(), &mut cursor).unwrap();
            assert_eq!(polled, support::Poll::default(), "{what}");
        });
    }
}

#[test]
fn a_root_that_was_emptied_is_no_missing_mount() {
    let folder = folder_with_files();
    let mut cursor = None;
    poll(&folder.local(), &mut cursor).unwrap();
    for name in ["a", "m", "z"] {
        fs::remove_dir_all(folder.path(name)).unwrap();
    }
    assert_eq!(
        poll(&folder.local(), &mut cursor).unwrap().removed.len(),
        28
    );
}

#[test]
fn an_app_comes_to_life_with_its_mount() {
    let folder = folder_with_files();
    let root = folder.state().join("later");
    let local = Local::new(LocalOptions::new("test", &root, folder.state()));
    assert_eq!(
        poll(&local, &mut None).unwrap_err().kind(),
        ErrorKind::NotFound
    );
    fs::rename(folder.root(), &root).unwrap();
    assert_eq!(poll(&local, &mut None).unwrap().upserted.len(), 28);
}

#[test]
fn the_plain_list_goes_on_past_an_unreadable_folder() {
    without_root_powers(|| {
        let folder = folder_with_files();
        set_mode(&folder.path("m"), 0);
        let opened = std::sync::Arc::new(LocalFolder::open(&folder.root(), None).unwrap());
        let mut files = Vec::new();
        let mut unreadable = Vec::new();
        for listed in opened.files() {
            match listed.unwrap() {
                Listed::File(meta) => files.push(meta.file.0),
                Listed::Unreadable(folder) => unreadable.push(folder.path),
            }
        }
        set_mode(&folder.path("m"), 0o700);
        assert_eq!(unreadable, ["m"]);
        assert_eq!((files.len(), files.is_sorted()), (14, true));
    });
}
