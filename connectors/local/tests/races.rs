//! Somebody edits a file while it is read or replaced. When exactly is up to the scheduler, so each
//! test tries until the edit falls into the moment that it is about.

#![allow(
    clippy::unwrap_used,
    reason = "a panic in a harness is the failure report"
)]

mod support;

use std::fs::{self, File};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use labeld_connector::{Connector, ErrorKind, FileRef, ReadOptions, WriteOptions};

use support::{Folder, block_on};

const ATTEMPTS: usize = 200;

#[test]
fn an_edit_during_a_read_is_noticed() {
    let folder = Folder::new();
    let path = folder.path("large.pdf");
    File::create(&path).unwrap().set_len(32 << 20).unwrap();
    let local = folder.local();
    let file = FileRef("large.pdf".to_owned());
    let is_done = AtomicBool::new(false);
    let noticed = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                File::options()
                    .append(true)
                    .open(&path)
                    .unwrap()
                    .write_all(b"x")
                    .unwrap();
                thread::sleep(Duration::from_millis(1));
            }
        });
        let noticed = (0..ATTEMPTS).any(|_| {
            let read = block_on(local.read(&file, ReadOptions::default()));
            read.is_err_and(|error| error.kind() == ErrorKind::Changed)
        });
        is_done.store(true, Ordering::Relaxed);
        noticed
    });
    assert!(noticed);
}

/// Edits `report.docx` as soon as its replacement is begun; whether the write noticed.
fn edit_during_write(folder: &Folder) -> bool {
    let path = folder.path("report.docx");
    fs::write(&path, b"old").unwrap();
    let local = folder.local();
    let file = FileRef("report.docx".to_owned());
    let options = WriteOptions {
        expect: block_on(local.stat(&file)).unwrap().version,
        keep_modified: false,
    };
    let is_done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                if fs::read_dir(folder.root()).unwrap().count() > 1 {
                    fs::write(&path, b"edited by a person").unwrap();
                    return;
                }
            }
        });
        let written = block_on(local.write(&file, Bytes::from(vec![b'n'; 8 << 20]), options));
        is_done.store(true, Ordering::Relaxed);
        written.is_err_and(|error| error.kind() == ErrorKind::Changed)
    })
}

#[test]
fn an_edit_during_a_write_is_kept() {
    let folder = Folder::new();
    let noticed = (0..ATTEMPTS).any(|_| edit_during_write(&folder));
    assert!(noticed);
    assert_eq!(
        fs::read(folder.path("report.docx")).unwrap(),
        b"edited by a person"
    );
    assert_eq!(fs::read_dir(folder.root()).unwrap().count(), 1);
}
