//! Cross-reference sections: where the objects of a PDF stand (ISO 32000-2, 7.5.4 to 7.5.8).
//!
//! Sections are read from the newest to the oldest, and only as far as an answer needs them. Of a
//! classic table only the entries asked for are looked at.

mod newest;

use std::collections::BTreeMap;

pub(super) use newest::Kind;

use crate::input::{Input, Parsed};
use crate::pdf::characters::decimal;
use crate::pdf::cross_reference_stream::StreamRows;
use crate::pdf::object::Dictionary;
use crate::pdf::parser::{Fault, Lexed, Parser};
use crate::pdf::window;
use crate::refusal::Refusal;

/// Bytes of an entry of a classic table (ISO 32000-2, 7.5.4).
pub(super) const ENTRY: u64 = 20;
/// Sections of one file: each revision has one or two.
const MOST_SECTIONS: usize = 1024;

/// What a section says of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    Free,
    /// In the file, at an offset counted from the header.
    InUse {
        offset: u64,
        generation: u32,
    },
    /// In an object stream.
    Compressed {
        container: u32,
        index: u32,
    },
}

/// A run of entries of a classic table.
#[derive(Debug)]
struct Run {
    first: u32,
    count: u32,
    /// Where in the file its first entry stands.
    entries: u64,
}

#[derive(Debug)]
enum Rows {
    Table(Vec<Run>),
    /// A table whose entries are not 20 bytes long, read whole.
    Irregular(BTreeMap<u32, Entry>),
    Stream(StreamRows),
}

/// One section with its trailer.
#[derive(Debug)]
pub(super) struct Section {
    rows: Rows,
    /// The stream section that a hybrid file hides behind a classic one.
    hidden: Option<StreamRows>,
    pub(super) trailer: Dictionary,
    /// Where in the file its trailer stands: the word, or the stream that is both.
    trailer_position: u64,
    offset: u64,
    /// Counted from the newest, which is 0. Sections that were written together share a number.
    pub(super) revision: u32,
}

/// An entry and the revision that says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) entry: Entry,
    pub(super) revision: u32,
}

/// All sections of a file, read as needed.
pub(super) struct CrossReferences<'i, 'a> {
    input: &'i Input<'a>,
    /// Where the header stands, from which offsets are counted.
    base: u64,
    sections: Vec<Section>,
    visited: Vec<u64>,
    /// The next section to read.
    next: Option<u64>,
}

impl<'i, 'a> CrossReferences<'i, 'a> {
    /// Begins with the section at `start`, whose offsets count from `base`.
    pub(super) fn open(input: &'i Input<'a>, start: u64, base: u64) -> Parsed<Self> {
        let mut references = Self {
            input,
            base,
            sections: Vec::new(),
            visited: Vec::new(),
            next: Some(start),
        };
        references.section(0)?;
        Ok(references)
    }

    /// Where in the file an offset of a table points.
    pub(super) fn position(&self, offset: u64) -> u64 {
        self.base.saturating_add(offset)
    }

    /// The section with this index; `None` after the oldest.
    pub(super) fn section(&mut self, index: usize) -> Parsed<Option<&Section>> {
        while self.sections.len() <= index {
            let Some(offset) = self.next.take() else {
                return Ok(None);
            };
            // A loop ends the chain, as in the viewers.
            if self.visited.contains(&offset) {
                return Ok(None);
            }
            if self.visited.len() >= MOST_SECTIONS {
                return Err(Refusal::Limit("it has too many revisions").into());
            }
            self.visited.push(offset);
            let section = self.read_section(offset)?;
            self.next = section.trailer.unsigned(b"Prev").filter(|prev| *prev != 0);
            self.sections.push(section);
        }
        Ok(self.sections.get(index))
    }

    /// The newest entry for an object; `None` where no section knows it.
    pub(super) fn lookup(&mut self, number: u32) -> Parsed<Option<Found>> {
        let input = self.input;
        let mut index = 0;
        while let Some(section) = self.section(index)? {
            input.step(1)?;
            if let Some(entry) = section.lookup(input, number)? {
                return Ok(Some(Found {
                    entry,
                    revision: section.revision,
                }));
            }
            index += 1;
        }
        Ok(None)
    }

    /// Says that the entries of these objects will be looked up.
    pub(super) fn announce(&mut self, numbers: &[u32]) -> Parsed<()> {
        let Some(section) = self.section(0)? else {
            return Ok(());
        };
        let ranges: Vec<_> = numbers
            .iter()
            .filter_map(|number| section.rows.entry_position(*number))
            .map(|at| at..at + ENTRY)
            .collect();
        self.input.announce(&ranges)
    }

    fn read_section(&self, offset: u64) -> Parsed<Section> {
        let position = self.position(offset);
        let is_table = window::parse_at(self.input, position, |parser| parser.keyword(b"xref"))?;
        let mut section = if is_table {
            self.read_table(position)?
        } else {
            let (rows, trailer) = StreamRows::read(self.input, position)?;
            Section {
                rows: Rows::Stream(rows),
                hidden: None,
                trailer,
                trailer_position: position,
                offset,
                revision: 0,
            }
        };
        section.offset = offset;
        section.revision = self
            .sections
            .last()
            .map_or(0, |newer| newer.revision_of_previous(offset));
        Ok(section)
    }

    fn read_table(&self, position: u64) -> Parsed<Section> {
        let (rows, trailer_at) = match self.read_runs(position)? {
            Some((runs, trailer_at)) => (Rows::Table(runs), trailer_at),
            None => {
                let (entries, length) = window::parse_at(self.input, position, irregular_table)?;
                (Rows::Irregular(entries), position + length)
            }
        };
        let trailer = window::parse_at(self.input, trailer_at, trailer)?;
        let hidden = match trailer.unsigned(b"XRefStm") {
            Some(offset) => Some(StreamRows::read(self.input, self.position(offset))?.0),
            None => None,
        };
        Ok(Section {
            rows,
            hidden,
            trailer,
            trailer_position: trailer_at,
            offset: 0,
            revision: 0,
        })
    }

    /// The runs of a table of 20-byte entries and where its trailer stands; `None` where the lengths do
    /// not work out.
    fn read_runs(&self, position: u64) -> Parsed<Option<(Vec<Run>, u64)>> {
        let mut runs: Vec<Run> = Vec::new();
        let mut at = position;
        loop {
            self.input.step(1)?;
            let first = runs.is_empty();
            let header = window::parse_at(self.input, at, |parser| run_header(parser, first));
            let header = match header {
                Err(crate::input::Stop::Refused(Refusal::Corrupt(_))) => return Ok(None),
                header => header?,
            };
            let Some(header) = header else {
                return Ok(Some((runs, at)));
            };
            let entries = at + header.length;
            at = entries + u64::from(header.count) * ENTRY;
            if at > self.input.len() {
                return Ok(None);
            }
            runs.push(Run {
                first: header.first,
                count: header.count,
                entries,
            });
        }
    }
}

impl Section {
    fn lookup(&self, input: &Input<'_>, number: u32) -> Parsed<Option<Entry>> {
        let entry = self.rows.lookup(input, number)?;
        // What a hybrid file hides is free in its table (ISO 32000-2, 7.5.8.4).
        if let (None | Some(Entry::Free), Some(hidden)) = (entry, &self.hidden)
            && let Some(hidden) = hidden.lookup(input, number)?
        {
            return Ok(Some(hidden));
        }
        Ok(entry)
    }

    /// The revision of the section that this one names as its previous, at `offset`.
    ///
    /// It is this one's own revision in two cases: a linearised file's first section points forward to
    /// its main one, and an Office export ends in an empty section that only adds the stream hidden
    /// from old readers.
    fn revision_of_previous(&self, offset: u64) -> u32 {
        let is_empty =
            matches!(&self.rows, Rows::Table(runs) if runs.iter().all(|run| run.count == 0));
        if offset > self.offset || is_empty {
            self.revision
        } else {
            self.revision + 1
        }
    }
}

impl Rows {
    /// Where in the file the entry of an object stands, for a classic table.
    fn entry_position(&self, number: u32) -> Option<u64> {
        let Self::Table(runs) = self else {
            return None;
        };
        runs.iter().find_map(|run| {
            let index = number
                .checked_sub(run.first)
                .filter(|index| *index < run.count)?;
            Some(run.entries + u64::from(index) * ENTRY)
        })
    }

    fn lookup(&self, input: &Input<'_>, number: u32) -> Parsed<Option<Entry>> {
        match self {
            Self::Table(runs) => {
                input.step(steps_of_search(runs.len()))?;
                let Some(at) = self.entry_position(number) else {
                    return Ok(None);
                };
                let bytes = input.bytes(at..at + ENTRY)?;
                match table_entry(&bytes) {
                    Some(entry) => Ok(Some(entry)),
                    None => Err(Refusal::corrupt("its cross-reference table is damaged").into()),
                }
            }
            Self::Irregular(entries) => Ok(entries.get(&number).copied()),
            Self::Stream(rows) => rows.lookup(input, number),
        }
    }
}

/// Steps that looking through `runs` runs counts as; a run is far cheaper than a token.
pub(super) fn steps_of_search(runs: usize) -> u64 {
    1 + runs as u64 / 32
}

/// `oooooooooo ggggg n`, as the 20 bytes of an entry begin.
fn table_entry(bytes: &[u8]) -> Option<Entry> {
    let offset = decimal(bytes.get(..10)?)?;
    let generation = u32::try_from(decimal(bytes.get(11..16)?)?).ok()?;
    match (bytes.get(10)?, bytes.get(16)?, bytes.get(17)?) {
        (b' ', b' ', b'n') => Some(in_use(offset, generation)),
        (b' ', b' ', b'f') => Some(Entry::Free),
        _ => None,
    }
}

/// An entry in use at offset 0 is one that a writer forgot to free.
fn in_use(offset: u64, generation: u32) -> Entry {
    if offset == 0 {
        Entry::Free
    } else {
        Entry::InUse { offset, generation }
    }
}

/// `first count` before a run of entries.
struct RunHeader {
    first: u32,
    count: u32,
    /// Bytes up to the first entry.
    length: u64,
}

/// The header of the next run; `None` before the trailer.
fn run_header(parser: &mut Parser<'_, '_>, first_run: bool) -> Lexed<Option<RunHeader>> {
    if first_run {
        parser.keyword(b"xref")?;
    }
    if parser.keyword(b"trailer")? {
        return Ok(None);
    }
    let mut number = || {
        let number = parser
            .unsigned()?
            .and_then(|number| u32::try_from(number).ok());
        number.ok_or(Fault::Malformed("its cross-reference table is damaged"))
    };
    let (first, count) = (number()?, number()?);
    parser.skip_white_space()?;
    Ok(Some(RunHeader {
        first,
        count,
        length: parser.position() as u64,
    }))
}

/// A table with entries of any length, and the bytes up to its trailer.
fn irregular_table(parser: &mut Parser<'_, '_>) -> Lexed<(BTreeMap<u32, Entry>, u64)> {
    const DAMAGED: Fault = Fault::Malformed("its cross-reference table is damaged");
    let mut entries = BTreeMap::new();
    let mut first_run = true;
    loop {
        let before = parser.position() as u64;
        let Some(header) = run_header(parser, first_run)? else {
            return Ok((entries, before));
        };
        first_run = false;
        for index in 0..header.count {
            parser.spend()?;
            let offset = parser.unsigned()?.ok_or(DAMAGED)?;
            let generation = parser
                .unsigned()?
                .and_then(|number| u32::try_from(number).ok());
            let generation = generation.ok_or(DAMAGED)?;
            let entry = if parser.keyword(b"n")? {
                in_use(offset, generation)
            } else if parser.keyword(b"f")? {
                Entry::Free
            } else {
                return Err(DAMAGED);
            };
            if let Some(number) = header.first.checked_add(index) {
                entries.entry(number).or_insert(entry);
            }
        }
    }
}

/// `trailer` and its dictionary.
pub(super) fn trailer(parser: &mut Parser<'_, '_>) -> Lexed<Dictionary> {
    trailer_word(parser)?;
    match parser.object()? {
        crate::pdf::object::Object::Dictionary(trailer) => Ok(trailer),
        _ => Err(DAMAGED_TRAILER),
    }
}

const DAMAGED_TRAILER: Fault = Fault::Malformed("its trailer is damaged");

/// The word before a trailer's dictionary. The runs may have ended in white space only.
fn trailer_word(parser: &mut Parser<'_, '_>) -> Lexed<()> {
    match parser.keyword(b"trailer")? {
        true => Ok(()),
        false => Err(DAMAGED_TRAILER),
    }
}
