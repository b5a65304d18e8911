//! Generated documents read back as what they were made to be, however they are fetched.

#![allow(
    clippy::unwrap_used,
    reason = "a panic in a test is the failure report"
)]

use labeld_bench::documents::{Document, Set, TrueLabel};
use labeld_bench::reading::{Measured, read_bytes};
use labeld_formats::RangeStrategy;

/// Labels and state as a reading has them, in the words of the truth.
fn found(measured: &Measured) -> (Vec<TrueLabel>, String) {
    let reading = &measured.reading;
    let labels = reading.labels.iter().map(|label| TrueLabel {
        site_id: label.site_id.unwrap(),
        id: label.id,
        places: serde_json::from_value(serde_json::to_value(&label.places).unwrap()).unwrap(),
    });
    let state = match &reading.refusal {
        None => "ok",
        Some(refusal) => refusal.code().trim_start_matches("file."),
    };
    (labels.collect(), state.to_owned())
}

fn check(document: &Document, strategy: RangeStrategy) {
    let truth = &document.truth;
    let measured = read_bytes(&document.bytes, strategy).unwrap();
    let expected = (truth.labels.clone(), truth.state.clone());
    assert_eq!(found(&measured), expected, "{truth:?}");
    assert_eq!(measured.reading.warnings, [], "{truth:?}");
}

#[test]
fn every_document_reads_back() {
    const MEAN: u64 = 96 << 10;
    let set = Set::new(300, MEAN, 3);
    for index in 0..set.count() {
        let document = set.document(index).unwrap();
        for strategy in [
            RangeStrategy::LOCAL,
            RangeStrategy::REQUESTS,
            RangeStrategy::BYTES,
        ] {
            check(&document, strategy);
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_documents() {
    let make = || Set::new(50, 16 << 10, 9).document(17).unwrap();
    let (first, second) = (make(), make());
    assert_eq!(first.truth, second.truth);
    assert!(first.bytes == second.bytes);
}
