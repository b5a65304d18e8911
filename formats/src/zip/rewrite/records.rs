//! Writing the directory: records as they were, but for what has moved (PKWARE APPNOTE 4.3.12 to
//! 4.3.16).

use crate::input::Parsed;
use crate::refusal::Refusal;
use crate::zip::directory::{HEADER, ZIP64_EXTRA};
use crate::zip::end::EndRecord;
use crate::zip::{u16_at, u32_at};

use super::entry::{DATE, FLAGS_OF_DATA, Packed, VERSION, without_zip64};
use super::slice;

/// Says that a number stands in the ZIP64 extra field.
const ELSEWHERE: u32 = 0xFFFF_FFFF;
/// Says that a count stands in the ZIP64 record.
const MANY: u16 = 0xFFFF;
/// Where in a record its offset stands.
const OFFSET: usize = 42;

fn damaged() -> Refusal {
    Refusal::corrupt("its archive's directory is damaged")
}

/// The record of an entry that now stands at `offset`.
pub(super) fn moved(out: &mut Vec<u8>, record: &[u8], offset: u64) -> Parsed<()> {
    let start = out.len();
    out.extend_from_slice(record);
    let place = offset_place(record).ok_or_else(damaged)?;
    let number = offset.to_le_bytes();
    let number = match place.len() {
        4 if offset >= u64::from(ELSEWHERE) => {
            return Err(Refusal::Limit("its archive is too large").into());
        }
        length => number.get(..length).unwrap_or_default(),
    };
    put(out, start + place.start, number)
}

/// Where in a record its offset stands: 4 bytes of the record, or 8 of the ZIP64 extra field.
fn offset_place(record: &[u8]) -> Option<std::ops::Range<usize>> {
    let header = record.first_chunk::<HEADER>()?;
    if u32_at(header, OFFSET) != ELSEWHERE {
        return Some(OFFSET..OFFSET + 4);
    }
    let mut at = HEADER + usize::from(u16_at(header, 28));
    let end = at + usize::from(u16_at(header, 30));
    // Size and compressed size come first where they are there, too.
    let before = [24, 20].map(|field| u32_at(header, field) == ELSEWHERE);
    let before = 8 * before.iter().filter(|is_there| **is_there).count();
    while let Some(field) = record.get(at..end)?.first_chunk::<4>() {
        let length = usize::from(u16_at(field, 2));
        if u16_at(field, 0) != ZIP64_EXTRA {
            at += 4 + length;
            continue;
        }
        let start = at + 4 + before;
        return match before + 8 <= length && start + 8 <= end {
            true => Some(start..start + 8),
            // A field too short to say it: the number is meant as it stands.
            false => Some(OFFSET..OFFSET + 4),
        };
    }
    Some(OFFSET..OFFSET + 4)
}

/// The record of an entry that now stands at `offset` and has other content.
pub(super) fn replaced(
    out: &mut Vec<u8>,
    record: &[u8],
    offset: u64,
    packed: &Packed,
) -> Parsed<()> {
    let (header, rest) = record.split_first_chunk::<HEADER>().ok_or_else(damaged)?;
    let (name_length, extra_length) = (u16_at(header, 28), u16_at(header, 30));
    let (name, rest) = rest
        .split_at_checked(usize::from(name_length))
        .ok_or_else(damaged)?;
    let (extra, comment) = rest
        .split_at_checked(usize::from(extra_length))
        .ok_or_else(damaged)?;
    let extra = without_zip64(extra);
    let mut header = *header;
    let mut set = |at: usize, bytes: &[u8]| {
        if let Some(field) = header.get_mut(at..at + bytes.len()) {
            field.copy_from_slice(bytes);
        }
    };
    let flags = u16_at(record.first_chunk::<HEADER>().ok_or_else(damaged)?, 8);
    set(8, &(flags & !FLAGS_OF_DATA).to_le_bytes());
    set(10, &packed.method.to_le_bytes());
    set(16, &packed.crc.to_le_bytes());
    set(20, &packed.compressed.to_le_bytes());
    set(24, &packed.size.to_le_bytes());
    set(30, &(extra.len() as u16).to_le_bytes());
    set(OFFSET, &short(offset)?.to_le_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(name);
    out.extend(extra);
    out.extend_from_slice(comment);
    Ok(())
}

/// The record of a new entry.
pub(super) fn new(out: &mut Vec<u8>, name: &str, offset: u64, packed: &Packed) -> Parsed<()> {
    out.extend(b"PK\x01\x02");
    for field in [VERSION, VERSION, 0, packed.method, 0, DATE] {
        out.extend(field.to_le_bytes());
    }
    for field in [packed.crc, packed.compressed, packed.size] {
        out.extend(field.to_le_bytes());
    }
    // Lengths of name, extra and comment; volume; internal attributes.
    for field in [name.len() as u16, 0, 0, 0, 0] {
        out.extend(field.to_le_bytes());
    }
    out.extend(0u32.to_le_bytes());
    out.extend(short(offset)?.to_le_bytes());
    out.extend_from_slice(name.as_bytes());
    Ok(())
}

/// The records at the end, behind those of a directory of `count` entries that begins at `start`.
pub(super) fn end(
    out: &mut Vec<u8>,
    file: &[u8],
    old: &EndRecord,
    start: u64,
    count: u64,
) -> Parsed<()> {
    let size = out.len() as u64;
    let record = slice(file, &(old.position..file.len() as u64))?;
    let header = record.first_chunk::<22>().ok_or_else(damaged)?;
    if u16_at(header, 4) != 0 && u16_at(header, 4) != MANY {
        return Err(Refusal::corrupt("its archive is one of several volumes").into());
    }
    if let Some(zip64) = old.zip64 {
        let at = out.len();
        out.extend_from_slice(slice(file, &(zip64..old.position))?);
        for (field, number) in [(24, count), (32, count), (40, size), (48, start)] {
            put(out, at + field, &number.to_le_bytes())?;
        }
        let locator = out.len().checked_sub(20).ok_or_else(damaged)?;
        put(out, locator + 8, &(start + at as u64).to_le_bytes())?;
    }
    let at = out.len();
    out.extend_from_slice(record);
    for field in [8, 10] {
        if old.zip64.is_none() || u16_at(header, field) != MANY {
            let count = u16::try_from(count).ok().filter(|count| *count != MANY);
            let count = count.ok_or(Refusal::Limit("its archive has too many entries"))?;
            put(out, at + field, &count.to_le_bytes())?;
        }
    }
    for (field, number) in [(12, size), (16, start)] {
        if old.zip64.is_none() || u32_at(header, field) != ELSEWHERE {
            put(out, at + field, &short(number)?.to_le_bytes())?;
        }
    }
    Ok(())
}

/// A number that stands in 32 bits.
fn short(number: u64) -> Parsed<u32> {
    let number = u32::try_from(number).ok();
    let number = number.filter(|number| *number != ELSEWHERE);
    Ok(number.ok_or(Refusal::Limit("its archive is too large"))?)
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) -> Parsed<()> {
    let field = at
        .checked_add(bytes.len())
        .and_then(|end| out.get_mut(at..end));
    field.ok_or_else(damaged)?.copy_from_slice(bytes);
    Ok(())
}

/// Whether two records say the same but for where the entry stands.
pub(super) fn differ_in_offset_only(record: &[u8], other: &[u8]) -> bool {
    let (Some(place), Some(place_of_other)) = (offset_place(record), offset_place(other)) else {
        return false;
    };
    place == place_of_other
        && record.get(..place.start) == other.get(..place.start)
        && record.get(place.end..) == other.get(place.end..)
}
