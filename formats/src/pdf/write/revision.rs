//! One more revision behind a file (ISO 32000-2, 7.5.6; reference/label-formats.md §5.5).
//!
//! The file's own bytes are not touched. Spacing is what PDF/A-1 asks for (ISO 19005-1,
//! 6.1.4 and 6.1.8).

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::input::Parsed;
use crate::pdf::cross_reference::Kind;
use crate::pdf::document::Ending;
use crate::pdf::object::{Object, ObjectId};
use crate::refusal::Refusal;

/// What the trailer takes besides its old entries, more or less, and the rest of a revision too.
const ROOM: usize = 2 << 10;
/// Entries that a revision has values of its own for, or that belong to one kind of section only.
const OWN_ENTRIES: [&[u8]; 11] = [
    b"Prev",
    b"Size",
    b"XRefStm",
    b"ID",
    b"Type",
    b"W",
    b"Index",
    b"Length",
    b"Filter",
    b"DecodeParms",
    b"DL",
];

/// A revision being written.
pub(super) struct Revision {
    bytes: Vec<u8>,
    /// Where it begins.
    start: u64,
    /// How its trailer begins. It tells whether the end of line before the revision is the file's or
    /// the revision's, so that taking the revision back leaves what was there.
    opening: &'static str,
    base: u64,
    objects: Vec<(ObjectId, u64)>,
}

impl Revision {
    /// Begins after `file`; `room` is what its objects take.
    pub(super) fn after(file: &[u8], base: u64, room: usize) -> Self {
        let mut bytes = Vec::with_capacity(room + ROOM);
        let ends_line = matches!(file.last(), Some(b'\n' | b'\r'));
        if !ends_line {
            bytes.push(b'\n');
        }
        Self {
            bytes,
            start: file.len() as u64,
            opening: if ends_line { "<<" } else { "<<\n" },
            base,
            objects: Vec::new(),
        }
    }

    fn offset(&self) -> u64 {
        (self.start + self.bytes.len() as u64).saturating_sub(self.base)
    }

    pub(super) fn object(&mut self, id: ObjectId, body: &[u8]) {
        self.begin(id);
        self.bytes.extend_from_slice(body);
        self.bytes.extend_from_slice(b"\nendobj\n");
    }

    pub(super) fn stream(&mut self, id: ObjectId, dictionary: &[u8], data: &[u8]) {
        self.begin(id);
        self.bytes.extend_from_slice(dictionary);
        self.bytes.extend_from_slice(b"\nstream\n");
        self.bytes.extend_from_slice(data);
        self.bytes.extend_from_slice(b"\nendstream\nendobj\n");
    }

    fn begin(&mut self, id: ObjectId) {
        self.objects.push((id, self.offset()));
        let header = format!("{} {} obj\n", id.number, id.generation);
        self.bytes.extend(header.into_bytes());
    }

    /// Writes the section and the trailer, and gives the revision.
    ///
    /// `info` is the information dictionary where the trailer does not name it yet; `free_number` is
    /// one that no object has.
    pub(super) fn finish(
        mut self,
        ending: &Ending,
        info: Option<ObjectId>,
        free_number: u32,
    ) -> Parsed<Vec<u8>> {
        let section = self.offset();
        let size = match ending.kind {
            Kind::Table => free_number,
            Kind::Stream => free_number + 1,
        };
        let trailer = self.trailer(ending, info, size);
        self.objects.sort_unstable();
        match ending.kind {
            Kind::Table => self.table(&trailer)?,
            Kind::Stream => self.stream_section(&trailer, section, free_number)?,
        }
        let end = format!("startxref\n{section}\n%%EOF\n");
        self.bytes.extend(end.into_bytes());
        Ok(self.bytes)
    }

    /// The entries of the trailer: the old ones as they are written, and those of the revision.
    fn trailer(&self, ending: &Ending, info: Option<ObjectId>, size: u32) -> Vec<u8> {
        let old = &ending.trailer;
        let mut trailer = format!("/Size {size}\n/Prev {}", ending.section).into_bytes();
        let is_own = |key: &[u8]| {
            OWN_ENTRIES.contains(&key) || (info.is_some() && key == b"Info".as_slice())
        };
        for entry in old.entries_but_for(is_own) {
            trailer.push(b'\n');
            trailer.extend_from_slice(entry);
        }
        if let Some(ObjectId { number, generation }) = info {
            trailer.extend(format!("\n/Info {number} {generation} R").into_bytes());
        }
        match old.get(b"ID").map(|ids| ids.as_array().unwrap_or_default()) {
            Some([Object::String(first), Object::String(second)]) => {
                let second = self.identifier(second);
                let (first, second) = (hexadecimal(first), hexadecimal(&second));
                trailer.extend(format!("\n/ID [<{first}> <{second}>]").into_bytes());
            }
            // What is not understood stays as it is.
            Some(_) => {
                trailer.extend_from_slice(b"\n/ID ");
                trailer.extend_from_slice(old.source_of(b"ID").unwrap_or_default());
            }
            None => {}
        }
        trailer
    }

    /// A new identifier of this state of the file. It follows from what is written, so that the same
    /// revision can be made again, and be known by that.
    fn identifier(&self, old: &[u8]) -> Vec<u8> {
        let mut digest = Sha256::new();
        digest.update(old);
        digest.update(&self.bytes);
        let digest = digest.finalize();
        digest.iter().copied().take(16).collect()
    }

    fn table(&mut self, trailer: &[u8]) -> Parsed<()> {
        let mut table = String::from("xref\n");
        for run in runs(&self.objects) {
            let first = run.first().map_or(0, |(id, _)| id.number);
            // Writing to a string does not fail.
            let _ = writeln!(table, "{first} {}", run.len());
            for (id, offset) in run {
                if *offset > 9_999_999_999 || id.generation > 65_535 {
                    return Err(Refusal::Limit("it is too large for its table").into());
                }
                let _ = writeln!(table, "{offset:010} {:05} n ", id.generation);
            }
        }
        self.bytes.extend(table.into_bytes());
        self.bytes.extend_from_slice(b"trailer\n");
        self.bytes.extend_from_slice(self.opening.as_bytes());
        self.bytes.extend_from_slice(trailer);
        self.bytes.extend_from_slice(b"\n>>\n");
        Ok(())
    }

    fn stream_section(&mut self, trailer: &[u8], section: u64, number: u32) -> Parsed<()> {
        let id = ObjectId {
            number,
            generation: 0,
        };
        self.objects.push((id, section));
        self.objects.sort_unstable();
        let mut rows = Vec::new();
        let mut index = String::new();
        for run in runs(&self.objects) {
            let first = run.first().map_or(0, |(id, _)| id.number);
            let _ = write!(index, "{first} {} ", run.len());
            for (id, offset) in run {
                let too_large = || Refusal::Limit("it is too large for its table");
                let offset = u32::try_from(*offset).map_err(|_| too_large())?;
                let generation = u16::try_from(id.generation).map_err(|_| too_large())?;
                rows.push(1);
                rows.extend(offset.to_be_bytes());
                rows.extend(generation.to_be_bytes());
            }
        }
        let mut dictionary = format!(
            "{}/Type /XRef\n/W [1 4 2]\n/Index [{}]\n/Length {}\n",
            self.opening,
            index.trim_end(),
            rows.len()
        )
        .into_bytes();
        dictionary.extend_from_slice(trailer);
        dictionary.extend_from_slice(b"\n>>");
        let head = format!("{number} 0 obj\n");
        self.bytes.extend(head.into_bytes());
        self.bytes.extend(dictionary);
        self.bytes.extend_from_slice(b"\nstream\n");
        self.bytes.extend(rows);
        self.bytes.extend_from_slice(b"\nendstream\nendobj\n");
        Ok(())
    }
}

/// Runs of objects whose numbers follow each other.
fn runs(objects: &[(ObjectId, u64)]) -> impl Iterator<Item = &[(ObjectId, u64)]> {
    objects.chunk_by(|(one, _), (next, _)| one.number.checked_add(1) == Some(next.number))
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(text, "{byte:02X}");
    }
    text
}
