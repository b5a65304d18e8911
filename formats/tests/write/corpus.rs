//! Every real file: set, read back, set again, remove, restore, compare.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use labeld_formats::write::{Undo, WriteRefusal, label_parts};
use labeld_formats::{Coauthoring, Limits, Place, formats_of_extension};
use uuid::Uuid;

use crate::independent::{contents, differences};
use crate::support::{
    Done, LABEL, NAME, OTHER_LABEL, SETTINGS, TENANT, change, knowledge, live, options, reading,
    remove_label, restore, set_label,
};

/// A file of the corpus.
pub(crate) struct Sample {
    path: PathBuf,
    pub(crate) name: String,
    container: String,
    protection: String,
    features: BTreeSet<String>,
}

impl Sample {
    fn has(&self, feature: &str) -> bool {
        let mut features = self.features.iter();
        features.any(|known| known.starts_with(feature))
    }

    pub(crate) fn is_signed(&self) -> bool {
        ["opc-signature", "pdf-signatures", "docmdp", "ur3"]
            .iter()
            .any(|feature| self.has(feature))
    }

    /// Whether a label is to be written into it; `None` for a damaged file, of which only a clean answer
    /// is expected.
    fn is_writable(&self) -> Option<bool> {
        if self.name.starts_with("broken/") {
            return None;
        }
        let extension = self.name.rsplit('.').next().unwrap_or_default();
        let formats = formats_of_extension(extension).unwrap_or_default();
        let irregular = self.name.ends_with("phpspreadsheet__issue.3730.xlsx");
        Some(
            formats.iter().any(|format| format.is_writable())
                && ["zip", "pdf"].contains(&self.container.as_str())
                && self.protection == "none"
                && !self.name.ends_with("auth-event-ef-open.pdf")
                && !irregular
                && !self.is_signed(),
        )
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        fs::read(&self.path).unwrap()
    }
}

/// The repository's own files, and the corpus where it lies beside the repository.
pub(crate) fn samples() -> Vec<Sample> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let corpus = root.join("../shared/corpus");
    let mut samples = rows(
        &root.join("testdata/MANIFEST.csv"),
        &root.join("testdata/documents"),
    );
    if corpus.exists() {
        samples.extend(rows(&corpus.join("MANIFEST.csv"), &corpus));
    }
    samples
}

fn rows(manifest: &Path, folder: &Path) -> Vec<Sample> {
    let mut manifest = csv::Reader::from_path(manifest).unwrap();
    let header = manifest.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    manifest
        .records()
        .map(Result::unwrap)
        .map(|row| Sample {
            path: folder.join(&row[column("path")]),
            name: row[column("path")].to_owned(),
            container: row[column("container")].to_owned(),
            protection: row[column("expected_protection")].to_owned(),
            features: row[column("features")]
                .split(' ')
                .map(str::to_owned)
                .collect(),
        })
        .collect()
}

/// Runs `complaints` over the files that may be written, and reports all complaints at once.
fn check(complaints: impl Fn(&Sample, &[u8]) -> Vec<String>) {
    let mut all = Vec::new();
    let mut checked = 0;
    for sample in samples() {
        if sample.is_writable() == Some(true) {
            checked += 1;
            let found = complaints(&sample, &sample.bytes());
            all.extend(
                found
                    .iter()
                    .map(|found| format!("{}: {found}", sample.name)),
            );
        }
    }
    // So many of the repository's own; more where the corpus lies beside it.
    assert!(checked >= 30, "only {checked} files");
    assert!(
        all.is_empty(),
        "{} complaints about {checked} files:\n{}",
        all.len(),
        all.join("\n")
    );
}

/// What is wrong with a result as such: everything but the label is as it was.
pub(crate) fn trouble(sample: &Sample, old: &[u8], written: &Done) -> Vec<String> {
    let mut complaints = Vec::new();
    if sample.container == "zip" {
        complaints.extend(differences(old, &written.bytes));
    } else if !written.bytes.starts_with(old) {
        complaints.push("the old bytes are no prefix".to_owned());
    }
    let parts = label_parts(&written.bytes, Limits::default()).unwrap();
    if parts != written.label_parts {
        complaints.push(format!(
            "label parts {:?} are {parts:?}",
            written.label_parts
        ));
    }
    // One more packet of metadata, and what goes with it.
    let growth = written.bytes.len() as i64 - old.len() as i64;
    let allowed = 8 << 10;
    if growth > allowed && sample.container == "zip" {
        complaints.push(format!("it grew by {growth} bytes"));
    }
    complaints
}

/// Differences between the parts of two files; a PDF is one part.
fn unequal_parts(sample: &Sample, one: &[u8], other: &[u8]) -> Vec<String> {
    if sample.container != "zip" {
        let equal = one == other;
        return (!equal)
            .then(|| "the bytes differ".to_owned())
            .into_iter()
            .collect();
    }
    let (one, other) = (contents(one), contents(other));
    let names: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    names
        .into_iter()
        .filter(|name| one.get(*name) != other.get(*name))
        .map(|name| format!("part {} differs", String::from_utf8_lossy(name)))
        .collect()
}

#[test]
fn a_label_is_set_and_read_back() {
    check(|sample, original| {
        let mut complaints = Vec::new();
        for coauthoring in SETTINGS {
            let known = knowledge(TENANT, coauthoring);
            let wanted = change(TENANT, LABEL);
            let written = match set_label(original, &wanted, &options(&known)) {
                Ok(written) => written,
                Err(refusal) => {
                    complaints.push(format!("{coauthoring:?}: refused: {refusal}"));
                    continue;
                }
            };
            complaints.extend(trouble(sample, original, &written));
            let reading = reading(&written.bytes, &known);
            let [label] = live(&reading, TENANT)[..] else {
                complaints.push(format!("{coauthoring:?}: {:?}", reading.labels));
                continue;
            };
            let place = label.places.first().copied();
            let in_list = place == Some(Place::LabelInfo);
            if label.id != LABEL || !label.effective || label.method.as_deref() != Some("Standard")
            {
                complaints.push(format!("{coauthoring:?}: {label:?}"));
            }
            if sample.container == "zip" && in_list != (coauthoring == Coauthoring::On) {
                complaints.push(format!("{coauthoring:?}: it stands in {place:?}"));
            }
            if !in_list && label.name.as_deref() != Some(NAME) {
                complaints.push(format!("{coauthoring:?}: named {:?}", label.name));
            }
            let again = set_label(&written.bytes, &wanted, &options(&known)).unwrap();
            if !again.unchanged || again.bytes != written.bytes {
                complaints.push(format!("{coauthoring:?}: setting it again writes"));
            }
        }
        complaints
    });
}

#[test]
fn a_label_that_was_set_is_removed_without_a_trace() {
    check(|sample, original| {
        let mut complaints = Vec::new();
        for coauthoring in SETTINGS {
            let known = knowledge(TENANT, coauthoring);
            let set = set_label(original, &change(TENANT, LABEL), &options(&known)).unwrap();
            let removed = remove_label(&set.bytes, TENANT, &options(&known)).unwrap();
            if !live(&reading(&removed.bytes, &known), TENANT).is_empty() {
                complaints.push(format!("{coauthoring:?}: it still has a label"));
            }
            let again = remove_label(&removed.bytes, TENANT, &options(&known)).unwrap();
            if !again.unchanged {
                complaints.push(format!("{coauthoring:?}: removing it again writes"));
            }
            let unequal = unequal_parts(sample, original, &removed.bytes);
            // The label list keeps a record of the removal, and so the rows that lead to it.
            let is_allowed = |complaint: &String| {
                coauthoring == Coauthoring::On
                    && ["[Content_Types].xml", "_rels/.rels", "LabelInfo.xml"]
                        .iter()
                        .any(|name| complaint.contains(name))
            };
            complaints.extend(unequal.into_iter().filter(|found| !is_allowed(found)));
            let back = restore(&removed.bytes, &undo(&removed), &options(&known)).unwrap();
            complaints.extend(unequal_parts(sample, &set.bytes, &back.bytes));
        }
        complaints
    });
}

/// What undoes a write, after a stay in a store.
fn undo(written: &Done) -> Undo {
    let stored = serde_json::to_string(written.undo.as_ref().unwrap()).unwrap();
    serde_json::from_str(&stored).unwrap()
}

/// The tenants that have a label in a file, and one that has none.
fn tenants(original: &[u8]) -> BTreeSet<Uuid> {
    let reading = reading(original, &knowledge(TENANT, Coauthoring::Unknown));
    let tenants = reading.labels.iter().filter_map(|label| label.site_id);
    tenants.chain([TENANT]).collect()
}

#[test]
fn every_write_can_be_undone() {
    check(|sample, original| {
        let mut complaints = Vec::new();
        for tenant in tenants(original) {
            for coauthoring in SETTINGS {
                let known = knowledge(tenant, coauthoring);
                let options = options(&known);
                let before = reading(original, &known);
                let set = set_label(original, &change(tenant, OTHER_LABEL), &options).unwrap();
                complaints.extend(trouble(sample, original, &set));
                let restored = restore(&set.bytes, &undo(&set), &options).unwrap();
                complaints.extend(unequal_parts(sample, original, &restored.bytes));
                let after = reading(&restored.bytes, &known);
                if after.labels != before.labels {
                    complaints.push(format!("restored: {:?}", after.labels));
                }
                let removed = remove_label(original, tenant, &options).unwrap();
                if removed.unchanged {
                    continue;
                }
                complaints.extend(trouble(sample, original, &removed));
                let restored = restore(&removed.bytes, &undo(&removed), &options).unwrap();
                complaints.extend(unequal_parts(sample, original, &restored.bytes));
                let twice = restore(&restored.bytes, &undo(&removed), &options);
                if !matches!(twice, Err(WriteRefusal::NotAsLeft)) {
                    complaints.push(format!("undone twice: {twice:?}"));
                }
            }
        }
        complaints
    });
}

/// The reason for which each file is refused.
fn expected_refusals(sample: &Sample) -> &'static [&'static str] {
    match sample.protection.as_str() {
        "owner-password" => &["file.owner_password"],
        "password" | "certificate" => &["file.password"],
        "irm" => &["file.rms"],
        _ if sample.is_signed() => &["file.signed"],
        _ if sample.name.ends_with("auth-event-ef-open.pdf") => &["file.password"],
        _ if sample.name.ends_with("phpspreadsheet__issue.3730.xlsx") => &["file.corrupt"],
        _ => &["file.type_unsupported"],
    }
}

#[test]
fn other_files_are_refused_with_their_reason() {
    let known = knowledge(TENANT, Coauthoring::Unknown);
    let mut complaints = Vec::new();
    for sample in samples() {
        let outcome = set_label(&sample.bytes(), &change(TENANT, LABEL), &options(&known));
        match (sample.is_writable(), outcome) {
            (Some(false), Err(refusal)) if expected_refusals(&sample).contains(&refusal.code()) => {
            }
            (Some(false), outcome) => {
                let outcome = outcome.map(|written| written.bytes.len());
                complaints.push(format!("{}: {outcome:?}", sample.name));
            }
            (None | Some(true), _) => {}
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
