//! The bytes of one entry: local header, decompression, checksum (PKWARE APPNOTE 4.3.7).

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::Range;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use crate::input::{Input, Parsed};
use crate::refusal::Refusal;
use crate::zip::directory::Entry;
use crate::zip::{LOCAL_HEADER, u16_at};

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Deflate makes at most 1032 bytes of one.
const HIGHEST_RATIO: u64 = 1032;
/// Free bytes behind its output without which the decompressor goes byte by byte.
const ROOM_FOR_SPEED: usize = 320;
/// What a local header may have beyond the directory's record to be fetched together with the data:
/// Office pads its first parts by some 500 bytes. It also covers a data descriptor.
const USUAL_SLACK: u64 = 1024;

thread_local! {
    /// Kept, as making one costs almost as much as decompressing a label part.
    static INFLATER: RefCell<Decompress> = RefCell::new(Decompress::new(false));
}

/// Whether no reading could take the entry in.
pub(crate) fn is_oversized(input: &Input<'_>, entry: &Entry) -> bool {
    entry.size.max(entry.compressed) > input.limits().piece
}

/// The range to fetch for an entry.
pub(crate) fn range(entry: &Entry) -> Range<u64> {
    let usual = entry.least_length().saturating_add(USUAL_SLACK);
    let end = entry.extent.start.saturating_add(usual);
    entry.extent.start..end.min(entry.extent.end)
}

/// The content of an entry, checked against its length and checksum.
pub(crate) fn read<'a>(input: &Input<'a>, entry: &Entry) -> Parsed<Cow<'a, [u8]>> {
    if entry.is_encrypted() {
        return Err(Refusal::Password("its archive is encrypted").into());
    }
    if entry.size > input.inflate_allowance() || is_oversized(input, entry) {
        return Err(Refusal::Limit("a part of it is too large").into());
    }
    let data = compressed(input, entry)?;
    let content = match entry.method {
        STORED => data,
        DEFLATED => Cow::Owned(inflate(&data, entry.size)?),
        method => {
            let what = format!("a part uses compression method {method}, which packages must not");
            return Err(Refusal::corrupt(what).into());
        }
    };
    if content.len() as u64 != entry.size {
        return Err(Refusal::corrupt("a part is not as long as it says").into());
    }
    input.spend_inflated(entry.size)?;
    let mut crc = Crc::new();
    crc.update(&content);
    if crc.sum() != entry.crc {
        return Err(Refusal::corrupt("the checksum of a part is wrong").into());
    }
    Ok(content)
}

/// Decompresses to little more than `size` at most.
fn inflate(data: &[u8], size: u64) -> Parsed<Vec<u8>> {
    if size > (data.len() as u64).saturating_mul(HIGHEST_RATIO) {
        return Err(Refusal::corrupt("a part is shorter than it says").into());
    }
    let mut content = Vec::with_capacity(size as usize + ROOM_FOR_SPEED);
    let status = INFLATER.with_borrow_mut(|inflater| {
        inflater.reset(false);
        inflater.decompress_vec(data, &mut content, FlushDecompress::Finish)
    });
    match status {
        Ok(Status::StreamEnd) => Ok(content),
        _ => Err(Refusal::corrupt("a part does not decompress").into()),
    }
}

/// The bytes of an entry as they stand in the file.
fn compressed<'a>(input: &Input<'a>, entry: &Entry) -> Parsed<Cow<'a, [u8]>> {
    let usual = range(entry);
    let view = input.bytes(usual.clone())?;
    let header = view
        .first_chunk::<{ LOCAL_HEADER as usize }>()
        .filter(|header| header.starts_with(b"PK\x03\x04"))
        .ok_or_else(|| Refusal::corrupt("a part is not where its archive says"))?;
    let before = LOCAL_HEADER + u64::from(u16_at(header, 26)) + u64::from(u16_at(header, 28));
    let start = usual.start.saturating_add(before);
    let end = start.saturating_add(entry.compressed);
    if end > entry.extent.end {
        return Err(Refusal::corrupt("parts of its archive overlap").into());
    }
    if end > usual.end {
        return input.bytes(start..end);
    }
    let data = (start - usual.start) as usize..(end - usual.start) as usize;
    Ok(match view {
        Cow::Borrowed(view) => Cow::Borrowed(view.get(data).unwrap_or_default()),
        Cow::Owned(mut view) => {
            view.truncate(data.end);
            view.drain(..data.start);
            Cow::Owned(view)
        }
    })
}
