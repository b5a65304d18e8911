//! Writes the file structure of PDF: objects, object streams, cross-reference tables and streams,
//! trailers (ISO 32000-2, 7.5).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::ZlibEncoder;

use super::pdf_encryption::FileKey;
use super::random::Random;

/// An indirect object.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) number: u32,
    pub(crate) body: Body,
    /// Belongs to the logical structure of the pages, which Office hides from old readers.
    pub(crate) structure: bool,
}

/// What an object is.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Value(String),
    /// Dictionary entries without `Length`, and the data as they stand in the file.
    Stream(String, Vec<u8>),
}

/// Where the cross-reference says that an object is.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Offset(usize),
    InStream { stream: u32, index: usize },
}

/// What every trailer of a file repeats.
#[derive(Debug)]
pub(crate) struct Trailer {
    pub(crate) root: u32,
    pub(crate) info: u32,
    /// Both halves of the file identifier, in hexadecimal.
    pub(crate) id: String,
    /// Value of `Encrypt`.
    pub(crate) encrypt: Option<u32>,
}

/// A PDF file while it is written.
#[derive(Debug)]
pub(crate) struct PdfFile {
    bytes: Vec<u8>,
    entries: BTreeMap<u32, Entry>,
    trailer: Trailer,
    size: u32,
    previous: Option<usize>,
    key: Option<FileKey>,
}

/// A cross-reference stream's row layout: one type byte, four offset bytes, two index bytes.
const ROW: usize = 7;

impl PdfFile {
    pub(crate) fn new(version: &str, trailer: Trailer, key: Option<FileKey>) -> Self {
        let mut bytes = format!("%PDF-{version}\r\n").into_bytes();
        bytes.extend_from_slice(b"%\xB5\xB5\xB5\xB5\r\n");
        Self {
            bytes,
            entries: BTreeMap::new(),
            trailer,
            size: 1,
            previous: None,
            key,
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The number that the next new object gets.
    pub(crate) fn next_number(&self) -> u32 {
        self.size
    }

    /// Overwrites bytes that were written as place holders.
    pub(crate) fn patch(&mut self, at: usize, bytes: &[u8]) {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(crate) fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    fn note(&mut self, number: u32, entry: Entry) {
        self.size = self.size.max(number + 1);
        self.entries.insert(number, entry);
    }

    /// Writes an object; streams are encrypted where the file has a key.
    pub(crate) fn put(&mut self, object: &Object, random: &mut Random) {
        match (&object.body, &self.key) {
            (Body::Stream(dictionary, data), Some(key)) => {
                let data = key.encrypt(data, random);
                self.put_stream(object.number, dictionary, &data);
            }
            (Body::Stream(dictionary, data), None) => {
                self.put_stream(object.number, dictionary, data);
            }
            (Body::Value(value), _) => {
                self.note(object.number, Entry::Offset(self.bytes.len()));
                self.push(&format!("{} 0 obj\r\n{value}\r\nendobj\r\n", object.number));
            }
        }
    }

    fn put_stream(&mut self, number: u32, dictionary: &str, data: &[u8]) {
        self.note(number, Entry::Offset(self.bytes.len()));
        let length = data.len();
        self.push(&format!(
            "{number} 0 obj\r\n<<{dictionary}/Length {length}>>\r\nstream\r\n"
        ));
        self.bytes.extend_from_slice(data);
        self.push("\r\nendstream\r\nendobj\r\n");
    }

    /// Puts objects that are no streams into an object stream.
    pub(crate) fn put_object_stream(
        &mut self,
        number: u32,
        objects: &[&Object],
        random: &mut Random,
    ) -> io::Result<()> {
        let mut index = String::new();
        let mut values = String::new();
        for (at, object) in objects.iter().enumerate() {
            let Body::Value(value) = &object.body else {
                continue;
            };
            let _ = write!(index, "{} {} ", object.number, values.len());
            values.push_str(value);
            values.push(' ');
            self.note(
                object.number,
                Entry::InStream {
                    stream: number,
                    index: at,
                },
            );
        }
        let dictionary = format!(
            "/Type/ObjStm/N {}/First {}/Filter/FlateDecode",
            objects.len(),
            index.len()
        );
        let data = deflate(format!("{index}{values}").as_bytes())?;
        let stream = Object {
            number,
            body: Body::Stream(dictionary, data),
            structure: false,
        };
        self.put(&stream, random);
        Ok(())
    }

    /// Ends a revision with a table and its trailer.
    pub(crate) fn end_with_table(&mut self) {
        let at = self.put_table("");
        self.end_revision(at);
    }

    /// Ends a revision with a cross-reference stream, its rows predicted from each other as most
    /// writers do that use them.
    pub(crate) fn end_with_stream(&mut self) -> io::Result<()> {
        let at = self.put_cross_reference_stream(true)?;
        self.end_revision(at);
        Ok(())
    }

    /// Ends the file as Office does: a cross-reference stream that knows all objects, a revision whose
    /// table hides those in object streams, and an empty revision that points at the stream.
    pub(crate) fn end_as_office(&mut self) -> io::Result<()> {
        let stream = self.put_cross_reference_stream(false)?;
        let hidden = std::mem::take(&mut self.entries);
        self.entries = hidden
            .iter()
            .filter(|(_, entry)| matches!(entry, Entry::Offset(_)))
            .map(|(number, entry)| (*number, *entry))
            .collect();
        let table = self.put_whole_table();
        self.end_revision(table);
        let at = self.bytes.len();
        let trailer = self.trailer_text(&format!("/XRefStm {stream}"));
        self.push(&format!("\r\nxref\r\n0 0\r\ntrailer\r\n<<{trailer}>>"));
        self.push(&format!("\r\nstartxref\r\n{}\r\n%%EOF", at + 2));
        Ok(())
    }

    fn end_revision(&mut self, at: usize) {
        self.push(&format!("\r\nstartxref\r\n{at}\r\n%%EOF"));
        self.previous = Some(at);
        self.entries.clear();
    }

    /// A table of the entries of this revision in as many subsections as needed, and the trailer.
    /// Returns where it stands.
    fn put_table(&mut self, extra: &str) -> usize {
        self.push("\r\n");
        let at = self.bytes.len();
        let table = self.table_text();
        let trailer = self.trailer_text(extra);
        self.push(&format!("{table}trailer\r\n<<{trailer}>>"));
        at
    }

    /// A table as Office writes it: one subsection, free entries linked to each other.
    fn put_whole_table(&mut self) -> usize {
        let at = self.bytes.len();
        let mut table = format!("xref\r\n0 {}\r\n", self.size);
        let free: Vec<u32> = (1..self.size)
            .filter(|number| !self.entries.contains_key(number))
            .chain([0])
            .collect();
        let mut next_free = free.iter();
        for number in 0..self.size {
            let _ = match self.entries.get(&number) {
                Some(Entry::Offset(offset)) => write!(table, "{offset:010} 00000 n\r\n"),
                _ => {
                    let next = next_free.next().copied().unwrap_or(0);
                    write!(table, "{next:010} 65535 f\r\n")
                }
            };
        }
        let trailer = self.trailer_text("");
        self.push(&format!("{table}trailer\r\n<<{trailer}>>"));
        at
    }

    fn table_text(&self) -> String {
        let first_revision = self.previous.is_none();
        let mut rows: BTreeMap<u32, String> = self
            .entries
            .iter()
            .filter_map(|(number, entry)| match entry {
                Entry::Offset(offset) => Some((*number, format!("{offset:010} 00000 n\r\n"))),
                Entry::InStream { .. } => None,
            })
            .collect();
        if first_revision {
            rows.insert(0, "0000000000 65535 f\r\n".to_owned());
        }
        let mut text = "xref\r\n".to_owned();
        for run in runs(rows.keys().copied()) {
            let _ = write!(text, "{} {}\r\n", run.start, run.len());
            text.extend(run.filter_map(|number| rows.get(&number).map(String::as_str)));
        }
        text
    }

    fn trailer_text(&self, extra: &str) -> String {
        let Trailer {
            root,
            info,
            id,
            encrypt,
        } = &self.trailer;
        let mut text = format!(
            "/Size {}/Root {root} 0 R/Info {info} 0 R/ID[<{id}><{id}>]{extra}",
            self.size
        );
        if let Some(number) = encrypt {
            let _ = write!(text, "/Encrypt {number} 0 R");
        }
        if let Some(previous) = self.previous {
            let _ = write!(text, "/Prev {previous}");
        }
        text
    }

    fn put_cross_reference_stream(&mut self, predicted: bool) -> io::Result<usize> {
        let number = self.size;
        let at = self.bytes.len();
        self.note(number, Entry::Offset(at));
        let mut numbers: Vec<u32> = self.entries.keys().copied().collect();
        if self.previous.is_none() {
            numbers.insert(0, 0);
        }
        let mut rows = Vec::with_capacity(numbers.len() * ROW);
        for number in &numbers {
            rows.extend_from_slice(&row(self.entries.get(number).copied()));
        }
        let mut index = String::new();
        for run in runs(numbers.into_iter()) {
            let _ = write!(index, "{} {} ", run.start, run.len());
        }
        let mut dictionary = format!(
            "/Type/XRef/W[1 4 2]/Index[{index}]{}/Filter/FlateDecode",
            self.trailer_text("")
        );
        if predicted {
            rows = up_predicted(&rows);
            let _ = write!(dictionary, "/DecodeParms<</Columns {ROW}/Predictor 12>>");
        }
        let data = deflate(&rows)?;
        self.put_stream(number, &dictionary, &data);
        Ok(at)
    }

    /// The parts of a linearised file that need its final shape: see
    /// [`linearised`](super::pdf::linearised).
    pub(crate) fn split_tables(&mut self, first_part: &[u32], first_at: usize) -> (String, usize) {
        let all = std::mem::take(&mut self.entries);
        let (first, main) = all
            .into_iter()
            .partition(|(number, _)| first_part.contains(number));
        self.entries = main;
        let main_at = self.put_table("");
        self.push(&format!("\r\nstartxref\r\n{first_at}\r\n%%EOF"));
        self.previous = Some(main_at);
        self.entries = first;
        let first = format!(
            "{}trailer\r\n<<{}>>\r\nstartxref\r\n0\r\n%%EOF\r\n",
            self.table_text(),
            self.trailer_text("")
        );
        (first, main_at)
    }
}

fn row(entry: Option<Entry>) -> [u8; ROW] {
    let (kind, second, third) = match entry {
        Some(Entry::Offset(offset)) => (1, offset as u32, 0),
        Some(Entry::InStream { stream, index }) => (2, stream, index as u16),
        None => (0, 0, u16::MAX),
    };
    let mut row = [kind; ROW];
    row[1..5].copy_from_slice(&second.to_be_bytes());
    row[5..].copy_from_slice(&third.to_be_bytes());
    row
}

/// Ascending numbers as runs without gaps.
fn runs(numbers: impl Iterator<Item = u32>) -> Vec<std::ops::Range<u32>> {
    let mut runs: Vec<std::ops::Range<u32>> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some(run) if run.end == number => run.end += 1,
            _ => runs.push(number..number + 1),
        }
    }
    runs
}

/// PNG "up" prediction, a filter byte before each row.
fn up_predicted(rows: &[u8]) -> Vec<u8> {
    let mut predicted = Vec::with_capacity(rows.len() + rows.len() / ROW);
    let mut above = [0; ROW];
    for row in rows.chunks_exact(ROW) {
        predicted.push(2);
        predicted.extend(
            row.iter()
                .zip(above)
                .map(|(byte, above)| byte.wrapping_sub(above)),
        );
        above.copy_from_slice(row);
    }
    predicted
}

pub(crate) fn deflate(data: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data)?;
    encoder.finish()
}
