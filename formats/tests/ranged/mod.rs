//! Reading a file of which only the ranges asked for are there, in both ways that there are.

#![allow(
    clippy::unwrap_used,
    reason = "a panic in a test is the failure report"
)]

use std::io;
use std::ops::Range;

use labeld_formats::{
    BlockCache, MOST_FETCHED, MOST_ROUNDS, RangeStrategy, ReadOptions, Reading, read, read_ranged,
};

/// The reading, and the ranges fetched for it, in their order.
///
/// A disk is asked while the parser waits; for a cloud the parser is stopped and started again. Both
/// must ask for the same ranges and give the same answer.
pub(crate) fn read_in_ranges(
    file: &[u8],
    strategy: RangeStrategy,
    options: ReadOptions<'_>,
) -> (Reading, Vec<Range<u64>>) {
    let bytes = |range: Range<u64>| file[range.start as usize..range.end as usize].to_vec();
    let mut at_once = Vec::new();
    let mut cache = BlockCache::new(file.len() as u64, strategy);
    let reading = read_ranged(&mut cache, options, |range| {
        at_once.push(range.clone());
        Ok(bytes(range))
    })
    .unwrap();

    let mut by_restarts = Vec::new();
    let mut cache = BlockCache::new(file.len() as u64, strategy);
    for round in 0..MOST_ROUNDS {
        let missing = cache.missing();
        let wanted: u64 = missing.iter().map(|range| range.end - range.start).sum();
        if round > 0 && cache.bytes_read() + wanted > MOST_FETCHED {
            break;
        }
        for range in missing {
            by_restarts.push(range.clone());
            cache.insert(range.start, bytes(range));
        }
        match read(&cache, options) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => {
                assert_eq!(done.unwrap(), reading, "started again: {strategy:?}");
                break;
            }
        }
    }
    assert_eq!(by_restarts, at_once, "ranges asked for: {strategy:?}");
    (reading, at_once)
}
