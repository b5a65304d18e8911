//! Objects as they are written, and what a further revision has to follow.

use super::{Directory, Document, Location};
use crate::input::Parsed;
use crate::pdf::cross_reference::Kind;
use crate::pdf::object::ObjectId;
use crate::pdf::parser::{Fault, SourceDictionary};
use crate::pdf::window;
use crate::refusal::Refusal;

/// Object numbers above are beyond what readers must take (ISO 32000-1, annex C.2).
const HIGHEST_NUMBER: u64 = 8_388_607;

/// What the last revision of a file says to the next one.
pub(in crate::pdf) struct Ending {
    pub(in crate::pdf) trailer: SourceDictionary,
    /// The offset of the newest section, as `startxref` has it.
    pub(in crate::pdf) section: u64,
    /// Where the header stands, from which offsets are counted.
    pub(in crate::pdf) base: u64,
    pub(in crate::pdf) kind: Kind,
    /// A number that no object has, nor any above it.
    pub(in crate::pdf) free_number: u32,
}

impl Document<'_, '_> {
    /// The dictionary that an object is, or that begins it; `None` where it is none, or where there is
    /// no object.
    pub(in crate::pdf) fn source(&mut self, id: ObjectId) -> Parsed<Option<SourceDictionary>> {
        match self.locate(id)? {
            None => Ok(None),
            Some((Location::Place(place), _)) => window::parse_at(self.input, place, |parser| {
                match parser.indirect_header()? {
                    Some(found) if found.number == id.number => parser.source_dictionary(),
                    _ => Err(Fault::Malformed("its objects are not where its table says")),
                }
            }),
            Some((Location::Compressed { container, index }, _)) => {
                let stream = self.object_stream(container)?;
                let bytes = stream.source(id.number, index)?;
                SourceDictionary::parse(self.input, bytes)
            }
        }
    }

    /// What a further revision has to follow. A file whose tables are damaged can have none.
    pub(in crate::pdf) fn ending(&mut self) -> Parsed<Ending> {
        let Directory::Tables(references) = &mut self.directory else {
            return Err(Refusal::corrupt("its own tables do not lead to its objects").into());
        };
        let end = references.end_of_numbers()?;
        if end > HIGHEST_NUMBER {
            return Err(Refusal::Limit("it has too many objects").into());
        }
        let (section, kind) = references.newest()?;
        Ok(Ending {
            trailer: references.trailer_source(self.trailer_section)?,
            section,
            base: references.position(0),
            kind,
            free_number: (end as u32).max(1),
        })
    }

    /// Where the objects stand that the newest section names; `None` where they are more than a few.
    pub(in crate::pdf) fn newest_places(&mut self) -> Parsed<Option<Vec<u64>>> {
        match &mut self.directory {
            Directory::Tables(references) => references.newest_places(),
            Directory::Found(_) => Ok(None),
        }
    }
}
