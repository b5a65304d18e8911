//! Replacing files.

#![allow(
    clippy::unwrap_used,
    reason = "a panic in a harness is the failure report"
)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use bytes::Bytes;
use labeld_connector::{Connector, Error, ErrorKind, FileMeta, FileRef, WriteOptions};
use labeld_connector_local::copy_from;
use rustix::fs::{XattrFlags, getxattr, listxattr, setxattr};

use support::{Folder, block_on, explain, poll, without_root_powers};

const FILE: &str = "folder/file.docx";

fn replace(folder: &Folder) -> Result<FileMeta, Error> {
    let local = folder.local();
    let file = FileRef(FILE.to_owned());
    let options = WriteOptions {
        expect: block_on(local.stat(&file))?.version,
        keep_modified: false,
    };
    block_on(local.write(&file, Bytes::from_static(b"new"), options))
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn what_belongs_to_the_file_goes_with_it() {
    let folder = Folder::new();
    folder.write(FILE, b"old");
    let path = folder.path(FILE);
    fs::set_permissions(&path, Permissions::from_mode(0o4642)).unwrap();
    let can_give_away = chown(&path, Some(12_345), Some(23_456)).is_ok();
    // A change of owner took the set-user-id bit away.
    fs::set_permissions(&path, Permissions::from_mode(0o4642)).unwrap();
    let has_attributes = setxattr(&path, "user.note", b"kept", XattrFlags::empty()).is_ok();
    let before = fs::metadata(&path).unwrap();

    replace(&folder).unwrap();
    let after = fs::metadata(&path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(
        (after.mode(), after.uid(), after.gid()),
        (before.mode(), before.uid(), before.gid())
    );
    assert_eq!(names_in(path.parent().unwrap()), ["file.docx"]);
    if can_give_away {
        assert_eq!(after.uid(), 12_345);
    } else {
        eprintln!("skipped: not allowed to give files away here");
    }
    if has_attributes {
        let mut value = [0; 16];
        assert_eq!(getxattr(&path, "user.note", &mut value).unwrap(), 4);
        assert_eq!(&value[..4], b"kept");
    } else {
        eprintln!("skipped: no extended attributes here");
    }
}

/// An access list in the form of the kernel: version 2, then entries of tag, rights and number.
fn access_list(user: u32) -> Vec<u8> {
    let entries: [(u16, u16, u32); 5] = [
        (0x01, 6, u32::MAX),
        (0x02, 4, user),
        (0x04, 4, u32::MAX),
        (0x10, 4, u32::MAX),
        (0x20, 0, u32::MAX),
    ];
    let mut bytes = 2_u32.to_le_bytes().to_vec();
    for (tag, rights, number) in entries {
        bytes.extend_from_slice(&tag.to_le_bytes());
        bytes.extend_from_slice(&rights.to_le_bytes());
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes
}

#[test]
fn the_access_list_is_the_files_own() {
    const OWN: &str = "system.posix_acl_access";
    const FOR_NEW_FILES: &str = "system.posix_acl_default";
    for own in [None, Some(access_list(1_001))] {
        let folder = Folder::new();
        folder.write(FILE, b"old");
        let path = folder.path(FILE);
        let parent = path.parent().unwrap();
        if let Err(why) = setxattr(
            parent,
            FOR_NEW_FILES,
            &access_list(1_002),
            XattrFlags::empty(),
        ) {
            eprintln!("skipped: no access lists here: {why}");
            return;
        }
        if let Some(own) = &own {
            setxattr(&path, OWN, own, XattrFlags::empty()).unwrap();
        }
        let mode = fs::metadata(&path).unwrap().mode();
        replace(&folder).unwrap();
        let mut value = [0; 256];
        let held = getxattr(&path, OWN, &mut value)
            .ok()
            .map(|length| value[..length].to_vec());
        assert_eq!(held, own);
        assert_eq!(fs::metadata(&path).unwrap().mode(), mode);
        let mut list = [0; 1024];
        assert_eq!(listxattr(&path, &mut list).unwrap() > 0, own.is_some());
    }
}

#[test]
fn a_write_that_cannot_be_whole_is_refused_and_leaves_no_trace() {
    type Prepare = fn(&Folder);
    let table: &[(&str, Prepare, ErrorKind)] = &[
        (
            "several hard links",
            |folder| fs::hard_link(folder.path(FILE), folder.path("other.docx")).unwrap(),
            ErrorKind::Unsupported,
        ),
        (
            "a folder that may not be written to",
            |folder| {
                let parent = folder.path("folder");
                fs::set_permissions(parent, Permissions::from_mode(0o500)).unwrap();
            },
            ErrorKind::Denied,
        ),
    ];
    for &(what, prepare, kind) in table {
        without_root_powers(move || {
            let folder = Folder::new();
            folder.write(FILE, b"old");
            prepare(&folder);
            let error = replace(&folder).unwrap_err();
            assert_eq!(error.kind(), kind, "{what}: {}", explain(&error));
            fs::set_permissions(folder.path("folder"), Permissions::from_mode(0o700)).unwrap();
            assert_eq!(fs::read(folder.path(FILE)).unwrap(), b"old", "{what}");
            assert_eq!(names_in(&folder.path("folder")), ["file.docx"], "{what}");
        });
    }
}

#[test]
fn a_copy_is_made_once() {
    let from = Folder::new();
    from.write("a.docx", b"one");
    from.write("folder/b.docx", b"two");
    std::os::unix::fs::symlink("a.docx", from.path("link")).unwrap();
    let folder = Folder::new();
    let root = folder.path("made/here");
    assert!(copy_from(&root, &from.root()).unwrap());
    assert_eq!(names_in(&root), ["a.docx", "folder"]);
    assert_eq!(fs::read(root.join("folder/b.docx")).unwrap(), b"two");
    let modified = |path: &Path| fs::metadata(path).unwrap().modified().unwrap();
    assert_eq!(
        modified(&root.join("a.docx")),
        modified(&from.path("a.docx"))
    );
    assert_eq!(names_in(&folder.path("made")), ["here"]);

    fs::write(root.join("a.docx"), b"labelled").unwrap();
    assert!(!copy_from(&root, &from.root()).unwrap());
    assert_eq!(fs::read(root.join("a.docx")).unwrap(), b"labelled");
}

#[test]
fn half_a_copy_is_made_anew() {
    let from = Folder::new();
    from.write("a.docx", b"one");
    let folder = Folder::new();
    folder.write("made/.here.labeld-copy/half.docx", b"half");
    assert!(copy_from(&folder.path("made/here"), &from.root()).unwrap());
    assert_eq!(names_in(&folder.path("made")), ["here"]);
    assert_eq!(names_in(&folder.path("made/here")), ["a.docx"]);

    let missing = copy_from(&folder.path("other"), &from.path("nowhere")).unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::NotFound);
    assert_eq!(poll(&folder.local(), &mut None).unwrap().upserted.len(), 1);
}
