//! What is no ordinary file, and paths that lead elsewhere.

#![allow(
    clippy::unwrap_used,
    reason = "a panic in a harness is the failure report"
)]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use labeld_connector::{Connector, ErrorKind, FileKind, FileRef, ReadOptions, WriteOptions};
use labeld_connector_local::{Local, LocalFolder, LocalOptions, PathFilter, file_ref_of, path_of};
use rustix::fs::{
    AtFlags, CWD, FileType, Mode, OFlags, makedev, mkdirat, mknodat, openat, unlinkat,
};

use support::{Folder, block_on, explain, poll};

fn special_folder() -> Folder {
    let folder = Folder::new();
    let outside = folder.root().parent().unwrap().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("secret.docx"), b"secret").unwrap();
    folder.write("file.docx", b"file");
    folder.write("folder/inner.docx", b"inner");
    let links = [
        ("link inside", "file.docx"),
        ("link into folder", "folder/inner.docx"),
        ("folder/link up and inside", "../file.docx"),
        ("link to folder", "folder"),
        ("folder/link to its parent", ".."),
        ("link dangling", "nowhere"),
        ("link to itself", "link to itself"),
        ("link out", "../outside/secret.docx"),
        ("link to folder out", "../outside"),
        ("link absolute", "/etc/hostname"),
        ("link by folder out", "link to folder out/secret.docx"),
        ("link to process", "/proc/self/root"),
    ];
    for (link, target) in links {
        symlink(target, folder.path(link)).unwrap();
    }
    mknodat(CWD, folder.path("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
    UnixListener::bind(folder.path("socket")).unwrap();
    folder
}

#[test]
fn each_thing_is_listed_as_what_it_is_and_only_files_are_read() {
    use FileKind::{File, Shortcut, Special};
    let folder = special_folder();
    let mut expected = vec![
        ("fifo", Special),
        ("file.docx", File),
        ("folder/inner.docx", File),
        ("folder/link to its parent", Shortcut),
        ("folder/link up and inside", Shortcut),
        ("link absolute", Special),
        ("link by folder out", Special),
        ("link dangling", Special),
        ("link inside", Shortcut),
        ("link into folder", Shortcut),
        ("link out", Special),
        ("link to folder", Shortcut),
        ("link to folder out", Special),
        ("link to itself", Special),
        ("link to process", Special),
        ("socket", Special),
    ];
    let device = folder.path("device");
    match mknodat(
        CWD,
        &device,
        FileType::CharacterDevice,
        Mode::RUSR,
        makedev(1, 3),
    ) {
        Ok(()) => expected.push(("device", Special)),
        Err(why) => eprintln!("skipped: a device cannot be made here: {why}"),
    }

    let local = folder.local();
    let listed = poll(&local, &mut None).unwrap();
    expected.sort_by_key(|(path, _)| *path);
    let found: Vec<_> = listed
        .upserted
        .iter()
        .map(|(path, kind)| (path.as_str(), *kind))
        .collect();
    assert_eq!(found, expected);
    assert_eq!(listed.unreadable, []);
    for (path, kind) in expected {
        let file = FileRef(path.to_owned());
        assert_eq!(block_on(local.stat(&file)).unwrap().kind, kind, "{path}");
        let read = block_on(local.read(&file, ReadOptions::default()));
        match (kind, read) {
            (File, read) => assert!(read.is_ok(), "{path}"),
            // A socket cannot even be opened.
            (_, Err(error)) => assert_ne!(error.kind(), ErrorKind::NotFound, "{path}"),
            (_, Ok(_)) => panic!("{path} was read"),
        }
    }
}

#[test]
fn a_link_put_in_the_way_after_the_listing_is_refused() {
    let swaps: &[(&str, &str)] = &[
        ("folder/inner.docx", "../../outside/secret.docx"),
        ("folder/inner.docx", "../file.docx"),
        ("folder", "../outside"),
        ("folder", "other"),
    ];
    for (swapped, target) in swaps {
        let folder = special_folder();
        folder.write("other/inner.docx", b"other");
        fs::write(folder.root().join("../outside/inner.docx"), b"outside").unwrap();
        let local = folder.local();
        poll(&local, &mut None).unwrap();
        let file = FileRef("folder/inner.docx".to_owned());
        let version = block_on(local.stat(&file)).unwrap().version;

        fs::rename(folder.path(swapped), folder.path("moved away")).unwrap();
        symlink(target, folder.path(swapped)).unwrap();
        let read = block_on(local.read(&file, ReadOptions::default())).unwrap_err();
        assert_eq!(read.kind(), ErrorKind::Unsupported, "{swapped} to {target}");
        assert!(
            explain(&read).contains("symbolic link"),
            "{}",
            explain(&read)
        );
        let options = WriteOptions {
            expect: version,
            keep_modified: false,
        };
        let written = block_on(local.write(&file, Bytes::from_static(b"harm"), options));
        assert_eq!(
            written.unwrap_err().kind(),
            ErrorKind::Unsupported,
            "{swapped} to {target}"
        );
    }
}

#[test]
fn names_of_no_path_below_the_root_are_not_found() {
    let folder = special_folder();
    let local = folder.local();
    for name in [
        "",
        ".",
        "..",
        "/etc/passwd",
        "../outside/secret.docx",
        "folder/../file.docx",
        "folder",
    ] {
        let file = FileRef(name.to_owned());
        let outcome = block_on(local.stat(&file));
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NotFound, "{name:?}");
    }
    let read = block_on(local.read(
        &FileRef("../outside/secret.docx".into()),
        ReadOptions::default(),
    ));
    assert_eq!(read.unwrap_err().kind(), ErrorKind::NotFound);
}

#[test]
fn odd_names_are_listed_and_read() {
    let names: &[&[u8]] = &[
        b"two\nlines.docx",
        b"back\\slash.docx",
        b"back\\x41.docx",
        b"caf\xe9.docx",
        b"fold\xff/\xfe.docx",
        b"-rf *",
        " \u{202e}xcod".as_bytes(),
        &[b'n'; 255],
    ];
    let folder = Folder::new();
    for name in names {
        let path = folder.root().join(OsStr::from_bytes(name));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    let local = folder.local();
    let listed = poll(&local, &mut None).unwrap();
    assert_eq!(listed.upserted.len(), names.len());
    for name in names {
        let file = file_ref_of(name);
        assert!(listed.upserted.contains_key(&file.0), "{file}");
        assert_eq!(
            block_on(local.read(&file, ReadOptions::default())).unwrap(),
            *name
        );
        assert_eq!(path_of(&file).unwrap().as_os_str().as_bytes(), *name);
    }
}

/// Folders within folders, made and removed without ever naming the whole path.
struct Deep {
    bottom: OwnedFd,
    name: String,
    depth: usize,
}

impl Deep {
    fn new(root: &Path, name: &str, depth: usize) -> Self {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let mut bottom = openat(CWD, root, flags, Mode::empty()).unwrap();
        for _ in 0..depth {
            mkdirat(&bottom, name, Mode::RWXU).unwrap();
            bottom = openat(&bottom, name, flags, Mode::empty()).unwrap();
        }
        let flags = OFlags::CREATE | OFlags::WRONLY;
        let file = openat(&bottom, "bottom.docx", flags, Mode::RUSR | Mode::WUSR).unwrap();
        rustix::io::write(&file, b"deep").unwrap();
        Self {
            bottom,
            name: name.to_owned(),
            depth,
        }
    }

    fn path_of_file(&self) -> String {
        format!(
            "{}bottom.docx",
            format!("{}/", self.name).repeat(self.depth)
        )
    }
}

impl Drop for Deep {
    fn drop(&mut self) {
        unlinkat(&self.bottom, "bottom.docx", AtFlags::empty()).unwrap();
        for _ in 0..self.depth {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY;
            let parent = openat(&self.bottom, "..", flags, Mode::empty()).unwrap();
            unlinkat(&parent, self.name.as_str(), AtFlags::REMOVEDIR).unwrap();
            self.bottom = parent;
        }
    }
}

#[test]
fn a_path_longer_than_the_kernel_takes_is_walked_read_and_written() {
    let folder = Folder::new();
    folder.write("zz.docx", b"beside");
    let deep = Deep::new(&folder.root(), "dd", 2_001);
    let file = FileRef(deep.path_of_file());
    assert!(file.0.len() > 4_096);

    let local = folder.local();
    let mut cursor = None;
    let listed = poll(&local, &mut cursor).unwrap();
    let found: Vec<_> = listed.upserted.keys().map(String::as_str).collect();
    assert_eq!(found, [file.0.as_str(), "zz.docx"]);
    assert_eq!(
        block_on(local.read(&file, ReadOptions::default())).unwrap(),
        &b"deep"[..]
    );
    let options = WriteOptions {
        expect: block_on(local.stat(&file)).unwrap().version,
        keep_modified: false,
    };
    block_on(local.write(&file, Bytes::from_static(b"deeper"), options)).unwrap();
    assert_eq!(
        block_on(local.read(&file, ReadOptions::default())).unwrap(),
        &b"deeper"[..]
    );
    let polled = poll(&folder.local(), &mut cursor).unwrap();
    assert_eq!(polled.upserted.keys().collect::<Vec<_>>(), [&file.0]);
}

#[test]
fn a_path_longer_than_the_limit_is_reported() {
    let folder = Folder::new();
    folder.write("zz.docx", b"beside");
    let deep = Deep::new(&folder.root(), &"d".repeat(200), 100);
    let listed = poll(&folder.local(), &mut None).unwrap();
    assert_eq!(listed.upserted.keys().collect::<Vec<_>>(), ["zz.docx"]);
    let [(path, error)] = listed.unreadable.as_slice() else {
        panic!("{:?}", listed.unreadable);
    };
    assert!(deep.path_of_file().starts_with(path) && path.len() < 16_384);
    assert!(
        error.starts_with("TooLarge") && error.contains("16384 bytes"),
        "{error}"
    );
}

#[derive(Debug)]
struct Leaves(&'static str);

impl PathFilter for Leaves {
    fn excludes(&self, path: &Path, is_folder: bool) -> bool {
        path.starts_with(self.0) && (is_folder || path != Path::new(self.0))
    }
}

#[test]
fn what_is_left_out_is_not_listed() {
    let folder = Folder::new();
    for path in [
        "a.docx",
        "b/c.docx",
        "b/d/e.docx",
        ".labeld-unfinished-0123456789abcdef",
    ] {
        folder.write(path, path);
    }
    folder.write(".labeld-unfinished-by-a-user", b"listed");
    let mut cursor = None;
    // The state folder below the root, too.
    let options = LocalOptions {
        exclude: Some(Arc::new(Leaves("b/d"))),
        ..LocalOptions::new("test", folder.root(), folder.path("state"))
    };
    let listed = poll(&Local::new(options.clone()), &mut cursor).unwrap();
    let found: Vec<_> = listed.upserted.keys().map(String::as_str).collect();
    assert_eq!(
        found,
        [".labeld-unfinished-by-a-user", "a.docx", "b/c.docx"]
    );

    // What is left out from now on is out of reach.
    let options = LocalOptions {
        exclude: Some(Arc::new(Leaves("b"))),
        ..options
    };
    let polled = poll(&Local::new(options), &mut cursor).unwrap();
    assert_eq!(
        (polled.upserted.len(), polled.removed),
        (0, vec!["b/c.docx".to_owned()])
    );
}

#[test]
fn an_open_file_notices_a_change() {
    let folder = Folder::new();
    folder.write("a.docx", b"one");
    let opened = LocalFolder::open(&folder.root(), None).unwrap();
    let file = opened.open_file(&FileRef("a.docx".into())).unwrap();
    assert_eq!(file.read(1..10).unwrap(), &b"ne"[..]);
    let mut buffer = [0; 8];
    assert_eq!(file.read_at(2, &mut buffer).unwrap(), 1);
    file.verify_unchanged().unwrap();
    folder.write("a.docx", b"another");
    assert_eq!(
        file.verify_unchanged().unwrap_err().kind(),
        ErrorKind::Changed
    );
}

#[test]
fn a_huge_sparse_file_is_read_in_ranges_only() {
    let folder = Folder::new();
    fs::File::create(folder.path("huge.pdf"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let local = folder.local();
    let file = FileRef("huge.pdf".into());
    let whole = block_on(local.read(&file, ReadOptions::default()));
    assert_eq!(whole.unwrap_err().kind(), ErrorKind::TooLarge);
    let options = ReadOptions {
        range: Some((1 << 40) - 4..u64::MAX),
        if_match: None,
    };
    assert_eq!(block_on(local.read(&file, options)).unwrap(), &[0; 4][..]);
}
