//! The end of an archive: where its directory is (PKWARE APPNOTE 4.3.14 to 4.3.16).

use std::ops::Range;

use crate::input::{Input, Parsed};
use crate::zip::{u16_at, u32_at, u64_at};

const SIGNATURE: &[u8] = b"PK\x05\x06";
const LENGTH: usize = 22;
const ZIP64_LOCATOR: u64 = 20;
const ZIP64_RECORD: u64 = 56;
/// An archive comment is at most this long, so the record starts this near to the end.
const LONGEST_COMMENT: u64 = 0xFFFF;
/// Where a record that ends the file is looked for without knowing yet that the file is an archive.
const NEAR_END: u64 = 1024;

/// What the end of an archive says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EndRecord {
    /// Where the directory is in the file.
    pub(crate) directory: Range<u64>,
    /// Where the archive starts in the file: all its offsets are counted from here.
    pub(crate) start: u64,
    /// Entries that the directory has.
    pub(crate) entries: u64,
    /// Whether bytes follow that are not the archive's.
    pub(crate) bytes_follow: bool,
    /// Where the record itself stands.
    pub(crate) position: u64,
    /// Where the ZIP64 record stands, if there is one. Its locator is right before the end record.
    pub(crate) zip64: Option<u64>,
}

/// The record with which the file ends, where its comment, if any, is short.
pub(crate) fn find_near_end(input: &Input<'_>) -> Parsed<Option<EndRecord>> {
    search(input, NEAR_END, |after, comment| after == comment)
}

/// The record of a file that is known to be an archive: the one that ends the file, else the last.
pub(crate) fn find(input: &Input<'_>) -> Parsed<Option<EndRecord>> {
    if let Some(record) = find_near_end(input)? {
        return Ok(Some(record));
    }
    let reach = LONGEST_COMMENT + LENGTH as u64;
    if let Some(record) = search(input, reach, |after, comment| after == comment)? {
        return Ok(Some(record));
    }
    let record = search(input, reach, |after, comment| after > comment)?;
    Ok(record.map(|record| EndRecord {
        bytes_follow: true,
        ..record
    }))
}

/// The last record in the last `reach` bytes that `fits`, which is told how many bytes follow the
/// record and how many of them it calls its comment.
fn search(
    input: &Input<'_>,
    reach: u64,
    fits: impl Fn(usize, usize) -> bool,
) -> Parsed<Option<EndRecord>> {
    let start = input.len().saturating_sub(reach);
    let tail = input.bytes(start..input.len())?;
    for position in memchr::memmem::rfind_iter(&tail, SIGNATURE) {
        input.step(1)?;
        let rest = tail.get(position..).unwrap_or_default();
        let Some((record, comment)) = rest.split_first_chunk::<LENGTH>() else {
            continue;
        };
        if !fits(comment.len(), usize::from(u16_at(record, 20))) {
            continue;
        }
        if let Some(found) = resolve(input, start + position as u64, record)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// `None` where the numbers cannot be those of an archive.
fn resolve(input: &Input<'_>, position: u64, record: &[u8; LENGTH]) -> Parsed<Option<EndRecord>> {
    let mut entries = u64::from(u16_at(record, 10));
    let mut size = u64::from(u32_at(record, 12));
    let mut offset = u64::from(u32_at(record, 16));
    let mut directory_end = position;
    let mut zip64_position = None;
    if let Some((at, zip64)) = zip64_record(input, position)? {
        directory_end = at;
        zip64_position = Some(at);
        if entries == 0xFFFF {
            entries = u64_at(&zip64, 32);
        }
        if size == 0xFFFF_FFFF {
            size = u64_at(&zip64, 40);
        }
        if offset == 0xFFFF_FFFF {
            offset = u64_at(&zip64, 48);
        }
    }
    let record = directory_end
        .checked_sub(size)
        .and_then(|start| Some((start, start.checked_sub(offset)?)))
        .map(|(directory_start, start)| EndRecord {
            directory: directory_start..directory_end,
            start,
            entries,
            bytes_follow: false,
            position,
            zip64: zip64_position,
        });
    Ok(record)
}

/// The ZIP64 record and its position, where a locator stands before the end record.
fn zip64_record(
    input: &Input<'_>,
    end_record: u64,
) -> Parsed<Option<(u64, [u8; ZIP64_RECORD as usize])>> {
    let Some(locator_start) = end_record.checked_sub(ZIP64_LOCATOR) else {
        return Ok(None);
    };
    let locator = input.bytes(locator_start..end_record)?;
    let Some(locator) = locator.first_chunk::<{ ZIP64_LOCATOR as usize }>() else {
        return Ok(None);
    };
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    // It stands right before its locator unless it carries data of its own; only then the locator's
    // offset, which misses what precedes the archive, is needed.
    let adjacent = locator_start.checked_sub(ZIP64_RECORD);
    for at in [adjacent, Some(u64_at(locator, 8))].into_iter().flatten() {
        if at.saturating_add(ZIP64_RECORD) > locator_start {
            continue;
        }
        let record = input.bytes(at..at + ZIP64_RECORD)?;
        if let Some(record) = record.first_chunk()
            && record.starts_with(b"PK\x06\x06")
        {
            return Ok(Some((at, *record)));
        }
    }
    Ok(None)
}
