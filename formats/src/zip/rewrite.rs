//! A copy of an archive in which some entries have other content, are new, or are left out.
//!
//! Everything else stays as it is: entries keep their local headers, data, descriptors and what stands
//! between them, their order in the file and in the directory, and of their records only the offset
//! changes. The archive comment and the ZIP64 records stay. A general writer would lose the comment
//! and some extra fields.

mod entry;
mod records;

use std::ops::Range;

use crate::input::Parsed;
use crate::refusal::Refusal;
use crate::source::Source;
use crate::write::{Content, are_same};
use crate::zip::directory::Entry;
use crate::zip::{Archive, comparable};

use entry::Packed;

/// What shall be different.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Names as the directory has them, and the content to put in place.
    pub(crate) replaced: Vec<(Vec<u8>, Vec<u8>)>,
    /// Names, in ASCII, and content of entries to add at the end.
    pub(crate) added: Vec<(String, Vec<u8>)>,
    /// Names as the directory has them.
    pub(crate) removed: Vec<Vec<u8>>,
}

impl Changes {
    fn of(&self, name: &[u8]) -> Change<'_> {
        if let Some((_, content)) = self.replaced.iter().find(|(known, _)| known == name) {
            return Change::Replaced(content);
        }
        match self.removed.iter().any(|known| known == name) {
            true => Change::Removed,
            false => Change::None,
        }
    }
}

/// What the records of an entry take, more or less.
const ROOM: usize = 256;

enum Change<'c> {
    None,
    Replaced(&'c [u8]),
    Removed,
}

/// Where an entry of the old archive is in the new one.
enum Fate {
    Copied(u64),
    Packed(u64, Packed),
    Removed,
}

/// The archive, which is all of `file`, with `changes` made.
///
/// An archive whose records could not be kept true is damage: one with bytes that are not its own, of
/// several volumes, or with a signed directory.
pub(crate) fn rewrite(
    archive: &Archive<'_, '_>,
    file: &[u8],
    changes: &Changes,
) -> Parsed<Content> {
    let directory = &archive.directory;
    if archive.has_foreign_bytes() || directory.has_more_than_records() {
        return Err(Refusal::corrupt("its archive has bytes that are not its own").into());
    }
    let mut content = Content::default();
    let fates = copy_entries(archive, file, changes, &mut content)?;
    let mut added = Vec::with_capacity(changes.added.len());
    for (name, bytes) in &changes.added {
        let offset = content.len();
        let (entry, packed) = entry::new(name, bytes, usual_method(archive));
        content.push(entry);
        added.push((name.as_str(), offset, packed));
    }

    let start = content.len();
    let mut records = Vec::with_capacity(directory.length() + ROOM * (1 + added.len()));
    let mut count = added.len() as u64;
    for (old, fate) in directory.entries().iter().zip(&fates) {
        let record = directory.record(old);
        match fate {
            Fate::Copied(offset) => records::moved(&mut records, record, *offset)?,
            Fate::Packed(offset, packed) => {
                records::replaced(&mut records, record, *offset, packed)?;
            }
            Fate::Removed => continue,
        }
        count += 1;
    }
    for (name, offset, packed) in &added {
        records::new(&mut records, name, *offset, packed)?;
    }
    records::end(&mut records, file, &archive.end, start, count)?;
    content.push(records);
    Ok(content)
}

/// Copies, replaces or leaves out each entry in the order of the file.
fn copy_entries(
    archive: &Archive<'_, '_>,
    file: &[u8],
    changes: &Changes,
    content: &mut Content,
) -> Parsed<Vec<Fate>> {
    let directory = &archive.directory;
    let entries = directory.entries();
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_unstable_by_key(|index| entries.get(*index).map(|entry| entry.extent.start));
    let mut fates: Vec<Fate> = entries.iter().map(|_| Fate::Removed).collect();
    let first = order.first().and_then(|index| entries.get(*index));
    let before = first.map_or(0, |entry| entry.extent.start);
    content.push_original(within(file, &(0..before))?);
    for index in order {
        let (Some(old), Some(fate)) = (entries.get(index), fates.get_mut(index)) else {
            continue;
        };
        let offset = content.len();
        *fate = match changes.of(directory.name(old)) {
            Change::None => {
                content.push_original(within(file, &old.extent)?);
                Fate::Copied(offset)
            }
            Change::Replaced(bytes) => {
                let header = slice(file, &old.extent)?;
                let (entry, packed) = entry::replacing(header, bytes, old.method)?;
                content.push(entry);
                Fate::Packed(offset, packed)
            }
            Change::Removed => Fate::Removed,
        };
    }
    Ok(fates)
}

/// Deflate, but in an archive that compresses nothing.
fn usual_method(archive: &Archive<'_, '_>) -> u16 {
    let is_stored = |entry: &Entry| entry.method == entry::STORED;
    match archive.files().all(is_stored) {
        true => entry::STORED,
        false => entry::DEFLATED,
    }
}

/// Whether `new`, which is all of `new_file`, has the entries of `old` byte for byte and in their
/// order, but for those whose names are in `changed`.
pub(crate) fn is_copy_but_for(
    (old, old_file): (&Archive<'_, '_>, &dyn Source),
    (new, new_file): (&Archive<'_, '_>, &dyn Source),
    changed: &[&[u8]],
) -> Parsed<bool> {
    let untouched = |archive: &'_ Archive<'_, '_>, entry: &Entry| {
        let name = archive.directory.name(entry);
        !changed
            .iter()
            .any(|known| comparable(known).eq(comparable(name)))
    };
    let mut of_new = new.directory.entries().iter();
    let mut of_new = of_new.by_ref().filter(|entry| untouched(new, entry));
    for entry in old.directory.entries() {
        if !untouched(old, entry) {
            continue;
        }
        let Some(copy) = of_new.next() else {
            return Ok(false);
        };
        let is_same_record =
            records::differ_in_offset_only(old.directory.record(entry), new.directory.record(copy));
        if !is_same_record || !have_same(old_file, &entry.extent, new_file, &copy.extent)? {
            return Ok(false);
        }
    }
    // The comment, with its length.
    let comment = |archive: &Archive<'_, '_>, file: &dyn Source| {
        archive.end.position.saturating_add(20)..file.len()
    };
    let (of_old, of_new_file) = (comment(old, old_file), comment(new, new_file));
    Ok(of_new.next().is_none() && have_same(old_file, &of_old, new_file, &of_new_file)?)
}

fn have_same(
    file: &dyn Source,
    range: &Range<u64>,
    other: &dyn Source,
    range_of_other: &Range<u64>,
) -> Parsed<bool> {
    let (one, other) = (
        file.view(range.clone())?,
        other.view(range_of_other.clone())?,
    );
    Ok(are_same(&one, &other))
}

/// A range that is inside the file.
fn within(file: &[u8], range: &Range<u64>) -> Parsed<Range<usize>> {
    let range = usize::try_from(range.start)
        .ok()
        .zip(usize::try_from(range.end).ok())
        .map(|(start, end)| start..end)
        .filter(|range| file.get(range.clone()).is_some());
    Ok(range.ok_or_else(|| Refusal::corrupt("it points outside itself"))?)
}

fn slice<'f>(file: &'f [u8], range: &Range<u64>) -> Parsed<&'f [u8]> {
    Ok(file.get(within(file, range)?).unwrap_or_default())
}
