//! Replays the seeds and the findings of the fuzz targets (`fuzz/README.md`), each with the check of
//! the target that found it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    reason = "a panic is the failure report, and the fuzz crate shows its modules"
)]

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use labeld_formats::{Limits, ReadOptions, TenantKnowledge, read};

#[path = "../../fuzz/src/targets/mod.rs"]
mod targets;

/// An input of a fuzz target: `testdata/fuzz/<kind>/<target>/<name>`.
struct Input {
    target: String,
    path: PathBuf,
    bytes: Vec<u8>,
}

/// All inputs of a kind: `seeds`, or `regressions`, of which there may be none.
fn inputs(kind: &str) -> Vec<Input> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../testdata/fuzz")
        .join(kind);
    let mut inputs = Vec::new();
    for folder in entries(&root) {
        for path in entries(&folder) {
            inputs.push(Input {
                target: folder.file_name().unwrap().to_str().unwrap().to_owned(),
                bytes: fs::read(&path).unwrap(),
                path,
            });
        }
    }
    inputs
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    if !folder.exists() {
        return Vec::new();
    }
    let entries = fs::read_dir(folder).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn seeds_and_regressions() {
    let mut inputs_of_all = inputs("seeds");
    assert!(!inputs_of_all.is_empty(), "the seeds are missing");
    inputs_of_all.extend(inputs("regressions"));
    let mut failed = Vec::new();
    for input in inputs_of_all {
        if catch_unwind(|| targets::check(&input.target, &input.bytes)).is_err() {
            failed.push(input.path);
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// The seed `labelled` of each target is a document with a label: were it refused, the fuzzer would
/// knock at a door that is never open.
#[test]
fn labelled_seeds_are_read() {
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits: Limits::default(),
        known: &known,
    };
    let mut unread = Vec::new();
    let labelled = inputs("seeds")
        .into_iter()
        .filter(|input| input.path.ends_with("labelled"));
    for input in labelled {
        for document in targets::documents(&input.target, &input.bytes) {
            let reading = read(&document.as_slice(), options).unwrap();
            if reading.labels.is_empty() {
                unread.push((input.target.clone(), reading));
            }
        }
    }
    assert!(unread.is_empty(), "{unread:#?}");
}
