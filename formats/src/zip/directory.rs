//! The central directory: all that is known of the entries without looking at any
//! (PKWARE APPNOTE 4.3.12).

use std::borrow::Cow;
use std::ops::Range;

use crate::input::{Input, Parsed};
use crate::refusal::Refusal;
use crate::zip::end::EndRecord;
use crate::zip::name::{self, PartName, comparable};
use crate::zip::{LOCAL_HEADER, u16_at, u32_at, u64_at};

pub(super) const HEADER: usize = 46;
/// Signs the directory as a whole; nobody writes it any more (APPNOTE 4.3.13).
const DIGITAL_SIGNATURE: &[u8] = b"PK\x05\x05";
pub(super) const ZIP64_EXTRA: u16 = 1;

/// One entry. Offsets are counted from the start of the file.
#[derive(Debug)]
pub(crate) struct Entry {
    /// Its record in the directory.
    record: Range<usize>,
    name: Range<usize>,
    /// Of the name, see [`name::hash`].
    hash: u64,
    flags: u16,
    pub(crate) method: u16,
    pub(crate) crc: u32,
    pub(crate) compressed: u64,
    pub(crate) size: u64,
    /// From the local header to the next entry's, or to the directory. Whatever belongs to the entry
    /// is in it.
    pub(crate) extent: Range<u64>,
}

impl Entry {
    pub(crate) fn is_encrypted(&self) -> bool {
        self.flags & 1 != 0
    }

    /// The least that local header and data take.
    pub(crate) fn least_length(&self) -> u64 {
        let header = LOCAL_HEADER + self.name.len() as u64;
        header.saturating_add(self.compressed)
    }
}

/// A central directory.
#[derive(Debug)]
pub(crate) struct Directory<'a> {
    bytes: Cow<'a, [u8]>,
    entries: Vec<Entry>,
}

impl<'a> Directory<'a> {
    /// Reads the directory that `end` points at. Entries that overlap each other or the directory are
    /// damage.
    pub(crate) fn read(input: &Input<'a>, end: &EndRecord) -> Parsed<Self> {
        if end.entries > input.limits().entries {
            return Err(Refusal::Limit("its archive has too many entries").into());
        }
        let bytes = input.bytes(end.directory.clone())?;
        let mut entries = entries(input, &bytes, end)?;
        set_extents(&mut entries, end.directory.start)?;
        Ok(Self { bytes, entries })
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The name of an entry of this directory, as it stands there.
    pub(crate) fn name(&self, entry: &Entry) -> &[u8] {
        self.bytes.get(entry.name.clone()).unwrap_or_default()
    }

    /// The record of an entry of this directory.
    pub(crate) fn record(&self, entry: &Entry) -> &[u8] {
        self.bytes.get(entry.record.clone()).unwrap_or_default()
    }

    /// In bytes.
    pub(crate) fn length(&self) -> usize {
        self.bytes.len()
    }

    /// Whether anything follows the records, which a signature of the directory would.
    pub(crate) fn has_more_than_records(&self) -> bool {
        let end = self.entries.last().map_or(0, |last| last.record.end);
        end < self.bytes.len()
    }

    /// Whether an entry only says that a folder exists.
    pub(crate) fn is_folder(&self, entry: &Entry) -> bool {
        matches!(self.name(entry), [.., b'/' | b'\\']) && entry.size == 0
    }

    /// Whether two entries have names that packages take for the same (OPC M1.12, M3.3): programs
    /// then disagree on which one counts.
    pub(crate) fn has_duplicate_names(&self) -> bool {
        let files = self.entries.iter().filter(|entry| !self.is_folder(entry));
        let mut files: Vec<&Entry> = files.collect();
        files.sort_unstable_by_key(|entry| entry.hash);
        files
            .chunk_by(|entry, other| entry.hash == other.hash)
            .filter(|alike| alike.len() > 1)
            .any(|alike| {
                let names = alike.iter().map(|entry| self.name(entry));
                let mut names: Vec<Vec<u8>> =
                    names.map(|name| comparable(name).collect()).collect();
                names.sort_unstable();
                names
                    .windows(2)
                    .any(|pair| matches!(pair, [name, other] if name == other))
            })
    }

    /// The entry of this name.
    pub(crate) fn find(&self, name: &PartName) -> Option<&Entry> {
        let mut alike = self.with_hash(name.hash());
        alike.find(|entry| name.is(self.name(entry)))
    }

    /// The entry of this name, as it might stand in a directory.
    pub(crate) fn find_named(&self, name: &[u8]) -> Option<&Entry> {
        let mut alike = self.with_hash(name::hash(name));
        alike.find(|entry| comparable(self.name(entry)).eq(comparable(name)))
    }

    fn with_hash(&self, hash: u64) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.hash == hash)
    }
}

fn entries(input: &Input<'_>, bytes: &[u8], end: &EndRecord) -> Parsed<Vec<Entry>> {
    let most = (bytes.len() / HEADER) as u64;
    let mut entries = Vec::with_capacity(end.entries.min(most) as usize);
    let mut at = 0;
    while at < bytes.len() {
        let rest = bytes.get(at..).unwrap_or_default();
        if rest.starts_with(DIGITAL_SIGNATURE) {
            break;
        }
        if entries.len() as u64 == end.entries {
            return Err(wrong_count());
        }
        input.step(1)?;
        let (entry, length) = entry(rest, at, end.start)?;
        entries.push(entry);
        at += length;
    }
    if entries.len() as u64 != end.entries {
        return Err(wrong_count());
    }
    Ok(entries)
}

fn wrong_count() -> crate::input::Stop {
    Refusal::corrupt("its archive does not have the entries that it says").into()
}

/// The entry at the start of `rest`, which is at `at` in the directory, and the length of its record.
fn entry(rest: &[u8], at: usize, archive_start: u64) -> Parsed<(Entry, usize)> {
    let damaged = || Refusal::corrupt("its archive's directory is damaged");
    let (header, variable) = rest.split_first_chunk::<HEADER>().ok_or_else(damaged)?;
    if !header.starts_with(b"PK\x01\x02") {
        return Err(damaged().into());
    }
    let name_length = usize::from(u16_at(header, 28));
    let extra_length = usize::from(u16_at(header, 30));
    let comment_length = usize::from(u16_at(header, 32));
    if name_length + extra_length + comment_length > variable.len() {
        return Err(damaged().into());
    }
    let (name, variable) = variable.split_at(name_length);
    let (extra, _) = variable.split_at(extra_length);
    let mut size = u64::from(u32_at(header, 24));
    let mut compressed = u64::from(u32_at(header, 20));
    let mut offset = u64::from(u32_at(header, 42));
    widen([&mut size, &mut compressed, &mut offset], extra);
    let start = archive_start.checked_add(offset).ok_or_else(damaged)?;
    let length = HEADER + name_length + extra_length + comment_length;
    let entry = Entry {
        record: at..at + length,
        name: at + HEADER..at + HEADER + name_length,
        hash: name::hash(name),
        flags: u16_at(header, 8),
        method: u16_at(header, 10),
        crc: u32_at(header, 16),
        compressed,
        size,
        extent: start..start,
    };
    Ok((entry, length))
}

/// Replaces each value that says "too big for 32 bits" by the next one of the ZIP64 extra field
/// (APPNOTE 4.5.3).
fn widen(values: [&mut u64; 3], mut extra: &[u8]) {
    if values.iter().all(|value| **value != 0xFFFF_FFFF) {
        return;
    }
    while let Some((field, rest)) = extra.split_first_chunk::<4>() {
        let length = usize::from(u16_at(field, 2)).min(rest.len());
        let (mut data, after) = rest.split_at(length);
        extra = after;
        if u16_at(field, 0) != ZIP64_EXTRA {
            continue;
        }
        for value in values {
            if *value == 0xFFFF_FFFF
                && let Some((wide, rest)) = data.split_first_chunk::<8>()
            {
                *value = u64_at(wide, 0);
                data = rest;
            }
        }
        return;
    }
}

/// Gives each entry all up to the next one.
fn set_extents(entries: &mut [Entry], directory_start: u64) -> Parsed<()> {
    let mut order: Vec<(u64, usize)> = entries
        .iter()
        .enumerate()
        .map(|(index, entry)| (entry.extent.start, index))
        .collect();
    order.sort_unstable();
    let mut end = directory_start;
    for (start, index) in order.into_iter().rev() {
        let Some(entry) = entries.get_mut(index) else {
            continue;
        };
        if start.saturating_add(entry.least_length()) > end {
            return Err(Refusal::corrupt("parts of its archive overlap").into());
        }
        entry.extent.end = end;
        end = start;
    }
    Ok(())
}
