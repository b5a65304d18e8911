//! What holds of every reading, whatever the bytes.

use std::cell::Cell;
use std::io::Cursor;
use std::ops::Range;

use labeld_formats::{
    BlockCache, Limits, RangeStrategy, ReadOptions, Reading, StreamSource, TenantKnowledge, read,
    read_ranged,
};

/// Reads a document whole, as a stream, and in ranges, and compares.
///
/// # Panics
///
/// When a reading breaks a promise.
pub(super) fn check_document(document: &[u8]) {
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits: Limits::default(),
        known: &known,
    };
    let whole = read(&document, options).expect("memory has no errors of its own");
    check_reading(&whole, document.len() as u64);

    let stream = StreamSource::new(Cursor::new(document)).expect("memory can be sought");
    let streamed = read(&stream, options).expect("memory has no errors of its own");
    assert_eq!(streamed, whole, "read as a stream");

    for strategy in [stingy(document.len() as u64), RangeStrategy::LOCAL] {
        if document.len() as u64 <= strategy.whole_up_to {
            continue;
        }
        let ranged = read_in_ranges(document, strategy, options);
        assert_eq!(ranged, whole, "read in ranges, {strategy:?}");
    }
}

/// Fetches as little as it can. The parser starts over after each fetch, so the pieces grow with the
/// file, or a search through all of a large one would take for ever.
fn stingy(len: u64) -> RangeStrategy {
    RangeStrategy {
        whole_up_to: 0,
        tail: 0,
        least: 1 + len / 64,
        gap: 0,
    }
}

fn check_reading(reading: &Reading, len: u64) {
    assert_eq!(reading.size, len);
    let keys: Vec<_> = reading
        .labels
        .iter()
        .map(|label| (label.site_id, label.id))
        .collect();
    assert!(
        keys.is_sorted_by(|one, other| one < other),
        "labels are sorted, each once: {keys:?}"
    );
    assert!(reading.labels.len() <= Limits::default().labels);
    assert!(
        reading.warnings.is_sorted_by(|one, other| one < other),
        "warnings are sorted, each once: {:?}",
        reading.warnings
    );
    for label in &reading.labels {
        assert!(!label.places.is_empty(), "a label stands somewhere");
        assert!(
            !(label.effective && label.removed),
            "a removed label is not in effect"
        );
    }
}

fn read_in_ranges(document: &[u8], strategy: RangeStrategy, options: ReadOptions<'_>) -> Reading {
    let len = document.len() as u64;
    let mut cache = BlockCache::new(len, strategy);
    let fetched = Cell::new(0);
    let fetch = |range: Range<u64>| {
        assert!(
            range.start < range.end && range.end <= len,
            "asked for {range:?} of {len} bytes"
        );
        fetched.set(fetched.get() + (range.end - range.start));
        Ok(document[range.start as usize..range.end as usize].to_vec())
    };
    let reading = read_ranged(&mut cache, options, fetch).expect("every fetch succeeds");
    assert_eq!(cache.bytes_read(), fetched.get());
    assert!(fetched.get() <= len, "bytes were fetched twice");
    reading
}
