//! CPU and memory of an unchanged second enumeration, per file.
//!
//! `cargo run --release -p labeld-connector-local --example rescan_cost -- [FILES] [FILES PER FOLDER]`

#![allow(clippy::unwrap_used, reason = "a measurement that fails has no figure")]

use std::fs;
use std::path::Path;

use labeld_connector::{Connector, Cursor, FeedRef, FileRef};
use labeld_connector_local::{Local, LocalOptions};
use tempfile::TempDir;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().unwrap());
    let files = arguments.next().unwrap_or(100_000);
    let files_per_folder = arguments.next().unwrap_or(100);
    let temporary = tempfile::tempdir().unwrap();
    make_files(temporary.path(), files, files_per_folder);

    let (cursor, changes) = measured("first enumeration", files, &temporary, None).await;
    assert_eq!(changes, files);
    let (_, changes) = measured("unchanged enumeration", files, &temporary, Some(cursor)).await;
    assert_eq!(changes, 0);
    measure_reads(files, files_per_folder, &temporary);
    println!("peak memory: {} KiB", peak_memory_kib());
}

fn make_files(temporary: &Path, files: usize, files_per_folder: usize) {
    for number in 0..files {
        let folder = temporary
            .join("root")
            .join(format!("folder {:06}", number / files_per_folder));
        if number % files_per_folder == 0 {
            fs::create_dir_all(&folder).unwrap();
        }
        fs::write(
            folder.join(format!("document {number:07}.docx")),
            b"content",
        )
        .unwrap();
    }
}

fn connect(temporary: &TempDir) -> Local {
    let folder = temporary.path();
    Local::new(LocalOptions::new(
        "cost",
        folder.join("root"),
        folder.join("state"),
    ))
}

async fn measured(
    what: &str,
    files: usize,
    temporary: &TempDir,
    mut cursor: Option<Cursor>,
) -> (Cursor, usize) {
    let local = connect(temporary);
    let before = cpu_microseconds();
    let mut changes = 0;
    loop {
        let page = local
            .changes(&FeedRef::whole(), cursor.as_ref())
            .await
            .unwrap();
        changes += page.changes.len();
        cursor = Some(page.next);
        if !page.more {
            break;
        }
    }
    report(what, cpu_microseconds() - before, files);
    (cursor.unwrap(), changes)
}

fn measure_reads(files: usize, files_per_folder: usize, temporary: &TempDir) {
    let local = connect(temporary);
    let before = cpu_microseconds();
    for number in 0..files {
        let folder = number / files_per_folder;
        let file = FileRef(format!("folder {folder:06}/document {number:07}.docx"));
        let opened = local.open_file(&file).unwrap();
        opened.read(0..65_536).unwrap();
        opened.verify_unchanged().unwrap();
    }
    report(
        "open, read, verify, close",
        cpu_microseconds() - before,
        files,
    );
}

fn report(what: &str, microseconds: u64, files: usize) {
    let each = microseconds as f64 / files as f64;
    println!("{what}: {each:.2} µs CPU a file, {files} files");
}

/// User and system time of this process so far.
fn cpu_microseconds() -> u64 {
    let statistics = fs::read_to_string("/proc/self/stat").unwrap();
    // Fields 14 and 15, counted after the name, which may have spaces.
    let after_name = statistics.rsplit_once(") ").unwrap().1;
    let ticks = after_name.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
    ticks * 1_000_000 / rustix::param::clock_ticks_per_second()
}

fn peak_memory_kib() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap();
    line.trim_start_matches(|letter: char| !letter.is_ascii_digit())
        .trim_end_matches(" kB")
        .to_owned()
}
