//! Real files against what is known of them: `shared/corpus/MANIFEST.csv` where the corpus lies
//! beside the repository, and the repository's own `testdata/documents` always.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is the failure report"
)]

mod ranged;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use labeld_formats::{
    Limits, Place, ProtectionKind, RangeStrategy, ReadOptions, Reading, TenantKnowledge, read,
};
use serde_json::Value;

fn options(known: &TenantKnowledge) -> ReadOptions<'_> {
    ReadOptions {
        limits: Limits::default(),
        known,
    }
}

fn read_whole(bytes: &[u8]) -> Reading {
    read(&bytes, options(&TenantKnowledge::default())).unwrap()
}

fn read_in_ranges(bytes: &[u8], strategy: RangeStrategy) -> (Reading, u64) {
    let known = TenantKnowledge::default();
    let (reading, ranges) = ranged::read_in_ranges(bytes, strategy, options(&known));
    let bytes_read = ranges.iter().map(|range| range.end - range.start).sum();
    (reading, bytes_read)
}

/// One row of the manifest.
struct Expected {
    path: PathBuf,
    name: String,
    container: String,
    labels: Vec<Value>,
    effective: String,
    protection: String,
    features: BTreeSet<String>,
}

fn manifest() -> Vec<Expected> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let corpus = root.join("../shared/corpus");
    let mut expected = rows(
        &root.join("testdata/MANIFEST.csv"),
        &root.join("testdata/documents"),
    );
    if corpus.exists() {
        expected.extend(rows(&corpus.join("MANIFEST.csv"), &corpus));
    }
    expected
}

fn rows(manifest: &Path, folder: &Path) -> Vec<Expected> {
    let mut manifest = csv::Reader::from_path(manifest).unwrap();
    let header = manifest.headers().unwrap().clone();
    let column = |name: &str| header.iter().position(|column| column == name).unwrap();
    let rows: Vec<csv::StringRecord> = manifest.records().map(Result::unwrap).collect();
    rows.iter()
        .map(|row| Expected {
            path: folder.join(&row[column("path")]),
            name: row[column("path")].to_owned(),
            container: row[column("container")].to_owned(),
            labels: match &row[column("expected_labels")] {
                "" => Vec::new(),
                json => serde_json::from_str(json).unwrap(),
            },
            effective: row[column("expected_effective")].to_owned(),
            protection: row[column("expected_protection")].to_owned(),
            features: row[column("features")]
                .split(' ')
                .map(str::to_owned)
                .collect(),
        })
        .collect()
}

/// Checks every manifest row of the given containers and reports all disagreements at once.
fn check_containers(containers: &[&str]) {
    let mut complaints = Vec::new();
    let mut checked = 0;
    for expected in manifest() {
        if !containers.contains(&expected.container.as_str()) {
            continue;
        }
        let bytes = fs::read(&expected.path).unwrap();
        let reading = read_whole(&bytes);
        checked += 1;
        for complaint in disagreements(&expected, &reading)
            .into_iter()
            .chain(range_trouble(&bytes, &reading))
        {
            complaints.push(format!("{}: {complaint}", expected.name));
        }
    }
    assert!(checked > 0, "no file with {containers:?}");
    assert!(
        complaints.is_empty(),
        "{} of {checked} files:\n{}",
        complaints.len(),
        complaints.join("\n")
    );
}

fn disagreements(expected: &Expected, reading: &Reading) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut compare = |what: &str, expected: String, found: String| {
        if expected != found {
            complaints.push(format!("{what}: expected {expected}, found {found}"));
        }
    };
    if !expected.name.starts_with("broken/") {
        compare(
            "protection",
            expected.protection.clone(),
            protection_word(reading),
        );
        let healthy = reading
            .refusal
            .as_ref()
            .map_or("none", |refusal| refusal.code());
        let reason = match expected.protection.as_str() {
            "none" | "owner-password" => "none",
            "irm" => "file.rms",
            _ => "file.password",
        };
        compare("refusal", reason.to_owned(), healthy.to_owned());
    }
    compare("effective", expected.effective.clone(), effective(reading));
    for label in &expected.labels {
        let place = place(label["where"].as_str().unwrap());
        let found = reading.labels.iter().find(|found| {
            found.id.to_string() == label["id"].as_str().unwrap()
                && found.site_id.map(|id| id.to_string()).as_deref() == label["site"].as_str()
                && found.places.contains(&place)
        });
        let Some(found) = found else {
            compare("label", label.to_string(), format!("{:?}", reading.labels));
            continue;
        };
        if found.places.len() > 1 {
            continue;
        }
        let text = |field: &str| {
            label[field]
                .as_str()
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        compare(
            "name",
            format!("{:?}", text("name")),
            format!("{:?}", found.name),
        );
        compare(
            "method",
            format!("{:?}", text("method")),
            format!("{:?}", found.method),
        );
        compare(
            "set_date",
            format!("{:?}", text("setdate")),
            format!("{:?}", found.set_date),
        );
        compare(
            "enabled",
            label["enabled"].to_string(),
            found.enabled.to_string(),
        );
        compare(
            "removed",
            label["removed"].to_string(),
            found.removed.to_string(),
        );
    }
    let has = |feature: &str| {
        expected
            .features
            .iter()
            .any(|known| known.starts_with(feature))
    };
    let signed = has("opc-signature") || has("pdf-signatures") || has("docmdp");
    compare(
        "signed",
        signed.to_string(),
        reading.signatures.signed.to_string(),
    );
    compare(
        "usage rights",
        has("ur3").to_string(),
        reading.signatures.usage_rights.to_string(),
    );
    compare(
        "macro signed",
        has("vba-signature").to_string(),
        reading.signatures.macro_signed.to_string(),
    );
    let level = (1..=3).find(|level| has(&format!("docmdp-P{level}")));
    compare(
        "DocMDP",
        format!("{level:?}"),
        format!("{:?}", reading.signatures.doc_mdp),
    );
    complaints
}

fn protection_word(reading: &Reading) -> String {
    match reading.protection.kind {
        ProtectionKind::None => "none",
        ProtectionKind::Password => "password",
        ProtectionKind::OwnerPassword => "owner-password",
        ProtectionKind::Certificate => "certificate",
        ProtectionKind::Rms => "irm",
        ProtectionKind::Other => "other",
    }
    .to_owned()
}

fn effective(reading: &Reading) -> String {
    let mut pairs: Vec<String> = Vec::new();
    for label in reading.labels.iter().filter(|label| label.effective) {
        pairs.push(format!(
            "{}={}",
            label.site_id.unwrap_or_default(),
            label.id
        ));
    }
    if reading.ambiguous {
        let rivals: Vec<String> = reading
            .labels
            .iter()
            .filter(|label| label.enabled)
            .map(|label| label.id.to_string())
            .collect();
        let site = reading.labels[0].site_id.unwrap_or_default();
        pairs.push(format!("{site}=AMBIGUOUS({})", rivals.join(",")));
    }
    pairs.join(";")
}

fn place(word: &str) -> Place {
    match word {
        "LabelInfo.xml" => Place::LabelInfo,
        "LabelInfo stream" => Place::RmsLabelInfo,
        "custom.xml" => Place::Custom,
        "DocumentSummaryInformation" => Place::DocSummary,
        "PDF Info" => Place::PdfInfo,
        "PDF XMP" => Place::PdfXmp,
        "ODF meta.xml" => Place::OdfMeta,
        other => panic!("the manifest names an unknown place: {other}"),
    }
}

/// Ranged reading must give the whole reading's answer, whatever the strategy.
fn range_trouble(bytes: &[u8], whole: &Reading) -> Vec<String> {
    let stingy = RangeStrategy {
        whole_up_to: 0,
        tail: 0,
        least: 1,
        gap: 0,
    };
    let mut complaints = Vec::new();
    for (name, strategy) in [
        ("local", RangeStrategy::LOCAL),
        ("requests", RangeStrategy::REQUESTS),
        ("bytes", RangeStrategy::BYTES),
        ("stingy", stingy),
    ] {
        let (ranged, bytes_read) = read_in_ranges(bytes, strategy);
        if ranged != *whole {
            complaints.push(format!(
                "read in ranges ({name}): {ranged:?} is not {whole:?}"
            ));
        }
        if bytes_read > bytes.len() as u64 {
            complaints.push(format!(
                "read in ranges ({name}): {bytes_read} bytes of {}",
                bytes.len()
            ));
        }
    }
    complaints
}

#[test]
fn packages() {
    check_containers(&["zip"]);
}

#[test]
fn pdf_files() {
    check_containers(&["pdf"]);
}

#[test]
fn compound_files_and_pfiles() {
    check_containers(&["cfb", "pfile"]);
}

#[test]
fn files_of_no_known_type() {
    check_containers(&["empty", "other"]);
}
