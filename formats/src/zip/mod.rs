//! ZIP archives, read from their directory without trusting it.
//!
//! Only what documents need: entries stored or deflated, ZIP64, data descriptors, an archive comment,
//! bytes before the first entry. Nothing is read but the end, the directory, and the parts asked for;
//! a [`Directory`](directory::Directory) also keeps where each entry's own bytes are, which is what
//! copying entries unchanged takes.

mod directory;
mod end;
mod name;
mod part;
mod rewrite;

use std::borrow::Cow;
use std::ops::Range;

use directory::Directory;
pub(crate) use directory::Entry;
pub(crate) use end::find_near_end;
pub(crate) use name::PartName;
use name::comparable;
pub(crate) use rewrite::{Changes, is_copy_but_for, rewrite};

use crate::input::{Input, Parsed};
use crate::refusal::Refusal;

/// Length of a local header without name and extra fields.
const LOCAL_HEADER: u64 = 30;

/// An archive of which the directory has been read.
pub(crate) struct Archive<'i, 'a> {
    input: &'i Input<'a>,
    directory: Directory<'a>,
    end: end::EndRecord,
}

impl<'i, 'a> Archive<'i, 'a> {
    /// Finds and reads the directory.
    pub(crate) fn open(input: &'i Input<'a>) -> Parsed<Self> {
        let end = end::find(input)?
            .ok_or_else(|| Refusal::corrupt("its archive has no directory at its end"))?;
        Ok(Self {
            input,
            directory: Directory::read(input, &end)?,
            end,
        })
    }

    pub(crate) fn input(&self) -> &'i Input<'a> {
        self.input
    }

    /// Whether bytes stand before or after the archive that are not its own.
    pub(crate) fn has_foreign_bytes(&self) -> bool {
        self.end.bytes_follow || self.end.start > 0
    }

    /// Whether there are entries and all of them are encrypted.
    pub(crate) fn is_encrypted(&self) -> bool {
        let mut files = self.files().peekable();
        files.peek().is_some() && files.all(Entry::is_encrypted)
    }

    /// Whether any entry is encrypted.
    pub(crate) fn has_encrypted_entry(&self) -> bool {
        self.files().any(Entry::is_encrypted)
    }

    /// Refuses an archive in which two entries have the same name for a package.
    pub(crate) fn refuse_duplicate_names(&self) -> Parsed<()> {
        if self.directory.has_duplicate_names() {
            return Err(Refusal::corrupt("two of its parts have the same name").into());
        }
        Ok(())
    }

    /// The entry of this name.
    pub(crate) fn find(&self, name: &PartName) -> Option<&Entry> {
        self.directory.find(name)
    }

    /// The entry of this well-known name.
    pub(crate) fn find_named(&self, name: &str) -> Option<&Entry> {
        self.directory.find_named(name.as_bytes())
    }

    /// Names as they stand in the directory, folders left out.
    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.files().map(|entry| self.directory.name(entry))
    }

    /// The name of an entry as it stands in the directory.
    pub(crate) fn name(&self, entry: &Entry) -> &[u8] {
        self.directory.name(entry)
    }

    fn files(&self) -> impl Iterator<Item = &Entry> {
        let entries = self.directory.entries().iter();
        entries.filter(|entry| !self.directory.is_folder(entry))
    }

    /// Says that all of these entries will be read, so that they are fetched together.
    pub(crate) fn announce<'e>(&self, entries: impl IntoIterator<Item = &'e Entry>) -> Parsed<()> {
        let ranges: Vec<Range<u64>> = entries
            .into_iter()
            .filter(|entry| !entry.is_encrypted() && !part::is_oversized(self.input, entry))
            .map(part::range)
            .collect();
        self.input.announce(&ranges)
    }

    /// The content of an entry, checked against its length and checksum.
    pub(crate) fn read(&self, entry: &Entry) -> Parsed<Cow<'a, [u8]>> {
        part::read(self.input, entry)
    }
}

fn u16_at<const N: usize>(bytes: &[u8; N], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at<const N: usize>(bytes: &[u8; N], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at<const N: usize>(bytes: &[u8; N], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
