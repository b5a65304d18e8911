//! The parts of a package.

use std::collections::BTreeMap;
use std::io::{Cursor, Read as _, Write as _};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// The most bytes that a part which is read may have.
const PART: u64 = 1024 * 1024;

/// The most entries of a package that is looked at.
const ENTRIES: usize = 20_000;

/// A package, and what of it is to be changed.
pub(super) struct Parts<'a> {
    archive: ZipArchive<Cursor<&'a [u8]>>,
    changed: BTreeMap<String, String>,
}

impl<'a> Parts<'a> {
    /// Opens a package. `None` for what is none.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        if !bytes.starts_with(b"PK") {
            return None;
        }
        let archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
        let parts = Self {
            archive,
            changed: BTreeMap::new(),
        };
        (parts.archive.len() <= ENTRIES && parts.has(super::TYPES_PART)).then_some(parts)
    }

    /// Whether there is such a part.
    pub(super) fn has(&self, name: &str) -> bool {
        self.changed.contains_key(name) || self.archive.index_for_name(name).is_some()
    }

    /// The text of a part, when it is UTF-8 and not long.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        if let Some(text) = self.changed.get(name) {
            return Some(text.clone());
        }
        let mut archive = self.archive.clone();
        let mut text = String::new();
        archive
            .by_name(name)
            .ok()?
            .take(PART)
            .read_to_string(&mut text)
            .ok()?;
        Some(text.trim_start_matches('\u{feff}').to_owned())
    }

    /// Changes or adds a part.
    pub(super) fn set(&mut self, name: &str, text: String) {
        self.changed.insert(name.to_owned(), text);
    }

    /// The package with the changes; parts that were not changed are copied as they are.
    pub(super) fn write(mut self) -> Option<Vec<u8>> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for at in 0..self.archive.len() {
            let entry = self.archive.by_index_raw(at).ok()?;
            let name = entry.name().ok()?.into_owned();
            match self.changed.remove(&name) {
                None => writer.raw_copy_file(entry).ok()?,
                Some(text) => put(&mut writer, &name, &text)?,
            }
        }
        for (name, text) in std::mem::take(&mut self.changed) {
            put(&mut writer, &name, &text)?;
        }
        Some(writer.finish().ok()?.into_inner())
    }
}

fn put(writer: &mut ZipWriter<Cursor<Vec<u8>>>, name: &str, text: &str) -> Option<()> {
    // A fixed time: the same change of the same package gives the same bytes.
    let options = SimpleFileOptions::default().last_modified_time(zip::DateTime::default());
    writer.start_file(name, options).ok()?;
    writer.write_all(text.as_bytes()).ok()
}
