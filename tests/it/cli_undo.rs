//! `labeld undo`: what a run has written is taken back to the byte, and what people have edited since is left alone.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::workspace::{Store, Workspace, documents, manifest, parts};

/// Files that are labelled and taken back; `tests/run --long` does it with 500.
fn files() -> usize {
    std::env::var("LABELD_UNDO_FILES").map_or(40, |count| count.parse().unwrap())
}

/// Files that somebody edits in between.
const EDITED: usize = 10;

/// Sample documents that a label may be written to.
fn sources() -> Vec<PathBuf> {
    let writable = ["docx", "xlsx", "pptx", "pdf", "xlsm", "docm"];
    manifest()
        .into_iter()
        .filter(|row| row["expected_labels"].is_empty() && row["expected_protection"] == "none")
        .filter(|row| !["broken", "signed"].contains(&row["kind"].as_str()))
        .filter(|row| !row["features"].contains("sign"))
        .map(|row| documents().join(&row["path"]))
        .filter(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            extension.is_some_and(|extension| writable.contains(&extension))
        })
        .collect()
}

/// Outcome by the app's name of the file, and the run.
fn by_file(rows: &[Value]) -> (BTreeMap<String, String>, String) {
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let outcomes = rows
        .iter()
        .map(|row| (text(row, "file"), text(row, "outcome")));
    (outcomes.collect(), rows[0]["run"].to_string())
}

/// What somebody saves who has added something to an Office file.
fn with_another_part(bytes: Vec<u8>) -> Vec<u8> {
    let mut archive = ZipWriter::new_append(Cursor::new(bytes)).unwrap();
    let options = SimpleFileOptions::default();
    archive.start_file("docProps/edited.xml", options).unwrap();
    archive.write_all(b"<edited/>").unwrap();
    archive.finish().unwrap().into_inner()
}

fn is_pdf(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|it| it == "pdf")
}

#[test]
fn a_run_is_taken_back_and_edited_files_are_left_alone() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        let path = workspace.path("labeld.toml");
        let config = fs::read_to_string(&path).unwrap() + "cap = 100_000\n";
        fs::write(&path, config).unwrap();
        let sources = sources();
        assert!(sources.len() > 8, "{sources:?}");
        let mut originals = BTreeMap::new();
        for (number, source) in sources.iter().cycle().take(files()).enumerate() {
            let extension = source.extension().unwrap().to_str().unwrap();
            let name = format!("{number:04}.{extension}");
            let bytes = fs::read(source).unwrap();
            workspace.write(&name, &bytes);
            originals.insert(name, bytes);
        }
        check(&workspace, &originals);
    }
}

fn check(workspace: &Workspace, originals: &BTreeMap<String, Vec<u8>>) {
    let now = |name: &str| fs::read(workspace.docs().join(name)).unwrap();
    let mut arguments = vec!["label".to_owned(), "set".to_owned()];
    arguments.extend(["--label", "General", "--format", "jsonl"].map(str::to_owned));
    arguments.extend(originals.keys().map(|name| format!("share:{name}")));
    let (labelled, run) = by_file(&workspace.run(arguments).expect(0).json_lines());
    assert_eq!(labelled.len(), originals.len());
    // Some documents may not be written to, a PDF with an owner's password among them.
    let (originals, refused): (BTreeMap<_, _>, BTreeMap<_, _>) = originals
        .clone()
        .into_iter()
        .partition(|(name, _)| labelled[name] == "applied");
    assert!(originals.len() > 2 * refused.len(), "{labelled:?}");
    for (name, original) in &refused {
        assert!(labelled[name].starts_with("file."), "{name}: {labelled:?}");
        assert_eq!(&now(name), original, "{name}");
    }
    for name in originals.keys() {
        let (before, after) = (&originals[name], now(name));
        assert_ne!(&after, before, "{name}");
        assert!(!is_pdf(name) || after.starts_with(before), "{name}");
    }

    let preview = workspace.rows(["undo", &run, "--dry-run"]);
    let would = preview
        .iter()
        .filter(|row| row["outcome"] == "would_restore");
    assert_eq!(would.count(), originals.len());

    // Somebody adds something to every so manieth.
    let step = originals.len() / EDITED;
    let edited: Vec<&String> = originals.keys().step_by(step).take(EDITED).collect();
    let mut saved = BTreeMap::new();
    for name in &edited {
        let mut bytes = now(name);
        if is_pdf(name) {
            bytes.extend(b"% saved by somebody\n");
        } else {
            bytes = with_another_part(bytes);
        }
        workspace.write(name, &bytes);
        saved.insert(name.as_str(), bytes);
    }

    let ended = workspace.run(["undo", &run, "--format", "jsonl"]).expect(0);
    let (undone, _) = by_file(&ended.json_lines());
    ended.says(&[&format!(
        "{} files are as they were before, {EDITED} left alone",
        originals.len() - EDITED
    )]);
    for (name, original) in &originals {
        let present = now(name);
        match saved.get(name.as_str()) {
            Some(saved) => {
                assert_eq!(undone[name], "undo.changed", "{name}");
                assert_eq!(&present, saved, "{name}");
            }
            None => {
                assert_eq!(undone[name], "restored", "{name}");
                expect_original(name, original, &present);
            }
        }
    }
    // Undoing costs no place of the day.
    let cap = &workspace.rows(["cap"])[0];
    assert_eq!(cap["used"], originals.len(), "{cap}");

    let again = workspace.run(["undo", &run, "--format", "jsonl"]).expect(0);
    let (again, _) = by_file(&again.json_lines());
    assert!(
        again.values().all(|outcome| outcome != "restored"),
        "{again:?}"
    );
    workspace
        .run(["undo", "999"])
        .expect(2)
        .says(&["there is no run 999"]);
    workspace.run(["audit", "verify"]).expect(0);
}

/// A PDF is cut back to what it was, byte by byte; every part that an Office file had is there and the same, and no other.
fn expect_original(name: &str, original: &[u8], present: &[u8]) {
    if is_pdf(name) {
        assert!(
            original == present,
            "{name}: {} bytes became {}",
            original.len(),
            present.len()
        );
        return;
    }
    let (before, after) = (parts(original), parts(present));
    assert!(
        before == after,
        "{name}: {:?} became {:?}",
        before.keys(),
        after.keys()
    );
}
