//! What a further revision, or one to be taken back, asks of the sections.

use super::{CrossReferences, Entry, Rows, Section, trailer_word};
use crate::input::Parsed;
use crate::pdf::parser::{Fault, SourceDictionary};
use crate::pdf::window;
use crate::refusal::Refusal;

/// Entries of a section that a revision of this writer may have.
const MOST_ENTRIES: usize = 8;

/// How a section is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::pdf) enum Kind {
    /// A classic table; also where a stream is hidden behind it.
    Table,
    Stream,
}

impl CrossReferences<'_, '_> {
    /// Offset and kind of the newest section.
    pub(in crate::pdf) fn newest(&mut self) -> Parsed<(u64, Kind)> {
        let section = self.section(0)?.ok_or_else(missing)?;
        let kind = match section.rows {
            Rows::Stream(_) => Kind::Stream,
            _ => Kind::Table,
        };
        Ok((section.offset, kind))
    }

    /// A number above those of all objects that any section knows, or has room for.
    pub(in crate::pdf) fn end_of_numbers(&mut self) -> Parsed<u64> {
        let (mut index, mut end) = (0, 0);
        while let Some(section) = self.section(index)? {
            end = end.max(section.end_of_numbers());
            index += 1;
        }
        Ok(end)
    }

    /// The trailer of a section as it is written.
    pub(in crate::pdf) fn trailer_source(&mut self, index: usize) -> Parsed<SourceDictionary> {
        let input = self.input;
        let section = self.section(index)?.ok_or_else(missing)?;
        let is_stream = matches!(section.rows, Rows::Stream(_));
        window::parse_at(input, section.trailer_position, |parser| {
            if is_stream {
                parser.indirect_header()?;
            } else {
                trailer_word(parser)?;
            }
            parser
                .source_dictionary()?
                .ok_or(Fault::Malformed("its trailer is damaged"))
        })
    }

    /// Where the objects stand that the newest section names; `None` where they are more than a few.
    pub(in crate::pdf) fn newest_places(&mut self) -> Parsed<Option<Vec<u64>>> {
        let (base, input) = (self.position(0), self.input);
        let section = self.section(0)?.ok_or_else(missing)?;
        let runs = match &section.rows {
            Rows::Table(runs) => runs.iter().map(|run| (run.first, run.count)).collect(),
            Rows::Stream(rows) => rows.runs().to_vec(),
            Rows::Irregular(_) => return Ok(None),
        };
        let count: u64 = runs.iter().map(|(_, count)| u64::from(*count)).sum();
        if count > MOST_ENTRIES as u64 {
            return Ok(None);
        }
        let numbers = runs
            .into_iter()
            .flat_map(|(first, count)| first..first.saturating_add(count));
        let mut places = Vec::new();
        for number in numbers {
            if let Some(Entry::InUse { offset, .. }) = section.rows.lookup(input, number)? {
                places.push(base.saturating_add(offset));
            }
        }
        Ok(Some(places))
    }
}

impl Section {
    fn end_of_numbers(&self) -> u64 {
        let rows = match &self.rows {
            Rows::Table(runs) => end_of_runs(runs.iter().map(|run| (run.first, run.count))),
            Rows::Irregular(entries) => {
                let last = entries.last_key_value();
                last.map_or(0, |(number, _)| u64::from(*number) + 1)
            }
            Rows::Stream(rows) => end_of_runs(rows.runs().iter().copied()),
        };
        let hidden = self.hidden.as_ref();
        let hidden = hidden.map_or(0, |rows| end_of_runs(rows.runs().iter().copied()));
        let size = self.trailer.unsigned(b"Size").unwrap_or(0);
        rows.max(hidden).max(size)
    }
}

fn end_of_runs(runs: impl Iterator<Item = (u32, u32)>) -> u64 {
    let ends = runs.map(|(first, count)| u64::from(first) + u64::from(count));
    ends.max().unwrap_or(0)
}

fn missing() -> Refusal {
    Refusal::corrupt("it has no cross-reference section")
}
