//! Finding and reading single objects of a PDF, decrypted where that is possible.

mod source;

use std::rc::Rc;

pub(super) use source::Ending;

use crate::input::{Input, Parsed};
use crate::pdf::cross_reference::{CrossReferences, Entry};
use crate::pdf::decryption::Decryption;
use crate::pdf::filters::{self, Decoded, Filter};
use crate::pdf::object::{Dictionary, Object, ObjectId};
use crate::pdf::object_stream::ObjectStream;
use crate::pdf::repair::FoundObjects;
use crate::pdf::{trailer, window};
use crate::refusal::Refusal;
use crate::source::Purpose;

/// References followed from one to the next before a loop is assumed.
const LONGEST_CHAIN: u32 = 16;
/// Objects read of one file. What this reader needs is ten objects and the fields of a form.
const MOST_OBJECTS: u32 = 4_000;
/// Object streams of which one is needed to open the other. One is usual, two are strange.
const DEEPEST_NESTING: u32 = 4;

/// Where an object stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Location {
    /// At this place of the file.
    Place(u64),
    Compressed {
        container: u32,
        index: u32,
    },
}

/// An object together with what is needed to go on from it.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    pub(super) object: Object,
    pub(super) origin: Origin,
    /// Where in the file the data of its stream begins, if it is one.
    stream: Option<u64>,
}

/// Where an object, or the object that it is a part of, comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    /// The indirect object whose strings are encrypted under its number; `None` in a trailer and in an
    /// object stream, which is encrypted as a whole.
    encrypted_as: Option<ObjectId>,
    /// Counted from the newest revision, which is 0.
    pub(super) revision: u32,
}

impl Fetched {
    /// The object as a dictionary; a stream is one, too.
    pub(super) fn dictionary(&self) -> Option<&Dictionary> {
        self.object.as_dictionary()
    }
}

enum Directory<'i, 'a> {
    Tables(CrossReferences<'i, 'a>),
    Found(FoundObjects),
}

/// A PDF of which single objects are read.
pub(super) struct Document<'i, 'a> {
    input: &'i Input<'a>,
    directory: Directory<'i, 'a>,
    trailer: Dictionary,
    trailer_revision: u32,
    /// The index of the section whose trailer it is.
    trailer_section: usize,
    decryption: Option<Decryption>,
    object_streams: Vec<(u32, Rc<ObjectStream>)>,
    objects_left: u32,
    /// Object streams being opened: the length of one may stand in another.
    nesting: u32,
}

impl<'i, 'a> Document<'i, 'a> {
    /// Opens a file by its own tables.
    pub(super) fn open(input: &'i Input<'a>) -> Parsed<Self> {
        let mut references = trailer::cross_references(input)?;
        let mut index = 0;
        while let Some(section) = references.section(index)? {
            input.step(1)?;
            if section.trailer.get(b"Root").is_some() {
                let (trailer, revision) = (section.trailer.clone(), section.revision);
                let mut document =
                    Self::new(input, Directory::Tables(references), trailer, revision);
                document.trailer_section = index;
                return Ok(document);
            }
            index += 1;
        }
        Err(Refusal::corrupt("none of its trailers names the catalog").into())
    }

    /// Opens a file whose tables are damaged by searching all of it.
    pub(super) fn repaired(input: &'i Input<'a>) -> Parsed<Self> {
        let (found, trailer) = crate::pdf::repair::search(input)?;
        Ok(Self::new(input, Directory::Found(found), trailer, 0))
    }

    fn new(
        input: &'i Input<'a>,
        directory: Directory<'i, 'a>,
        trailer: Dictionary,
        trailer_revision: u32,
    ) -> Self {
        Self {
            input,
            directory,
            trailer,
            trailer_revision,
            trailer_section: 0,
            decryption: None,
            object_streams: Vec::new(),
            objects_left: MOST_OBJECTS,
            nesting: 0,
        }
    }

    pub(super) fn input(&self) -> &'i Input<'a> {
        self.input
    }

    /// Whether its objects were found by a search.
    pub(super) fn is_searched(&self) -> bool {
        matches!(self.directory, Directory::Found(_))
    }

    /// The newest trailer that names a catalog.
    pub(super) fn trailer(&self) -> &Dictionary {
        &self.trailer
    }

    /// The value of a trailer entry, as an object of the trailer's revision.
    pub(super) fn trailer_entry(&mut self, key: &[u8]) -> Parsed<Option<Fetched>> {
        let origin = Origin {
            encrypted_as: None,
            revision: self.trailer_revision,
        };
        let value = self.trailer.get(key).cloned();
        self.value(value.as_ref(), origin)
    }

    /// From now on strings and streams are decrypted.
    pub(super) fn unlock(&mut self, decryption: Decryption) {
        self.decryption = Some(decryption);
    }

    /// Makes a repaired file's compressed objects known. They can be told only when object streams can
    /// be decrypted. Does nothing for a file with good tables.
    pub(super) fn find_compressed(&mut self) -> Parsed<()> {
        let Directory::Found(found) = &self.directory else {
            return Ok(());
        };
        for (container, place) in found.object_streams() {
            let numbers = match self.object_stream_at(container, place) {
                Ok(stream) => stream.numbers(),
                Err(crate::input::Stop::Refused(Refusal::Corrupt(_))) => continue,
                Err(stop) => return Err(stop),
            };
            if let Directory::Found(found) = &mut self.directory {
                found.add_compressed(container, place, &numbers)?;
            }
        }
        Ok(())
    }

    /// Where an object stands; `None` where it is free, unknown, or of another generation.
    pub(super) fn locate(&mut self, id: ObjectId) -> Parsed<Option<(Location, u32)>> {
        let references = match &mut self.directory {
            Directory::Found(found) => return Ok(found.locate(id.number).map(|place| (place, 0))),
            Directory::Tables(references) => references,
        };
        let Some(found) = references.lookup(id.number)? else {
            return Ok(None);
        };
        Ok(match found.entry {
            Entry::InUse { offset, generation } if generation == id.generation => {
                Some((Location::Place(references.position(offset)), found.revision))
            }
            Entry::Compressed { container, index } if id.generation == 0 => {
                Some((Location::Compressed { container, index }, found.revision))
            }
            _ => None,
        })
    }

    /// Says that these objects will be fetched, so that they come in one round, each with the given
    /// number of bytes.
    pub(super) fn announce(&mut self, wanted: &[(ObjectId, u64)]) -> Parsed<()> {
        let numbers: Vec<u32> = wanted.iter().map(|(id, _)| id.number).collect();
        if let Directory::Tables(references) = &mut self.directory {
            references.announce(&numbers)?;
        }
        let mut ranges = Vec::with_capacity(wanted.len());
        for (id, length) in wanted {
            let place = match self.locate(*id)? {
                Some((Location::Place(place), _)) => Some(place),
                Some((Location::Compressed { container, .. }, _)) => {
                    let id = ObjectId {
                        number: container,
                        generation: 0,
                    };
                    match self.locate(id)? {
                        Some((Location::Place(place), _)) => Some(place),
                        _ => None,
                    }
                }
                None => None,
            };
            ranges.extend(place.map(|place| place..place.saturating_add(*length)));
        }
        self.input.announce(&ranges)
    }

    /// Reads an object; `None` where there is none.
    pub(super) fn fetch(&mut self, id: ObjectId) -> Parsed<Option<Fetched>> {
        let mut id = id;
        for _ in 0..LONGEST_CHAIN {
            let Some(fetched) = self.fetch_once(id)? else {
                return Ok(None);
            };
            match fetched.object {
                Object::Reference(next) => id = next,
                Object::Null => return Ok(None),
                _ => return Ok(Some(fetched)),
            }
        }
        Ok(None)
    }

    fn fetch_once(&mut self, id: ObjectId) -> Parsed<Option<Fetched>> {
        self.objects_left = self
            .objects_left
            .checked_sub(1)
            .ok_or(Refusal::Limit("it needs too many objects"))?;
        let Some((location, revision)) = self.locate(id)? else {
            return Ok(None);
        };
        match location {
            Location::Place(place) => {
                let placed = window::object_at(self.input, place)?;
                if placed.id.number != id.number {
                    return Err(Refusal::corrupt("its objects are not where its table says").into());
                }
                Ok(Some(Fetched {
                    object: placed.object,
                    origin: Origin {
                        encrypted_as: Some(placed.id),
                        revision,
                    },
                    stream: placed.stream,
                }))
            }
            Location::Compressed { container, index } => {
                let stream = self.object_stream(container)?;
                let object = stream.object(self.input, id.number, index)?;
                Ok(object.map(|object| Fetched {
                    object,
                    origin: Origin {
                        encrypted_as: None,
                        revision,
                    },
                    stream: None,
                }))
            }
        }
    }

    /// The object that an entry holds or refers to.
    pub(super) fn value(
        &mut self,
        entry: Option<&Object>,
        origin: Origin,
    ) -> Parsed<Option<Fetched>> {
        match entry {
            None | Some(Object::Null) => Ok(None),
            Some(Object::Reference(id)) => self.fetch(*id),
            Some(direct) => Ok(Some(Fetched {
                object: direct.clone(),
                origin,
                stream: None,
            })),
        }
    }

    fn object_stream(&mut self, container: u32) -> Parsed<Rc<ObjectStream>> {
        let id = ObjectId {
            number: container,
            generation: 0,
        };
        match self.locate(id)? {
            Some((Location::Place(place), _)) => self.object_stream_at(container, place),
            _ => Err(Refusal::corrupt("an object stream of it is missing").into()),
        }
    }

    fn object_stream_at(&mut self, container: u32, place: u64) -> Parsed<Rc<ObjectStream>> {
        if let Some((_, known)) = self
            .object_streams
            .iter()
            .find(|(number, _)| *number == container)
        {
            return Ok(Rc::clone(known));
        }
        if self.nesting >= DEEPEST_NESTING {
            return Err(Refusal::corrupt("its object streams need each other").into());
        }
        self.nesting += 1;
        let stream = self.open_object_stream(container, place);
        self.nesting -= 1;
        let stream = Rc::new(stream?);
        self.object_streams.push((container, Rc::clone(&stream)));
        Ok(stream)
    }

    fn open_object_stream(&mut self, container: u32, place: u64) -> Parsed<ObjectStream> {
        let placed = window::object_at(self.input, place)?;
        let is_it = placed.id.number == container
            && placed
                .object
                .as_dictionary()
                .is_some_and(|dictionary| dictionary.name(b"Type") == Some(b"ObjStm"));
        if !is_it {
            return Err(Refusal::corrupt("an object stream of it is none").into());
        }
        let fetched = Fetched {
            object: placed.object,
            origin: Origin {
                encrypted_as: Some(placed.id),
                revision: 0,
            },
            stream: placed.stream,
        };
        let input = self.input;
        let purpose = if self.is_searched() {
            Purpose::SearchedObjectStream
        } else {
            Purpose::ObjectStream
        };
        let decoded = input.remembered(purpose, place, || match self.stream(&fetched)? {
            Some(decoded) => Ok(decoded.bytes.into()),
            None => Err(Refusal::corrupt("an object stream of it has an unknown filter").into()),
        })?;
        let dictionary = fetched.dictionary().cloned().unwrap_or_default();
        ObjectStream::new(self.input, &dictionary, decoded)
    }

    /// The decrypted and decoded data of a stream; `None` where a filter is unknown or the object is
    /// no stream.
    pub(super) fn stream(&mut self, fetched: &Fetched) -> Parsed<Option<Decoded>> {
        let (Some(dictionary), Some(start)) = (fetched.dictionary(), fetched.stream) else {
            return Ok(None);
        };
        let filters = filters::chain(dictionary, &mut |object| self.followed(object))?;
        let length = match dictionary.get(b"Length") {
            Some(length) => self.followed(length)?.as_unsigned(),
            None => None,
        };
        let raw = window::stream_data(self.input, start, length)?;
        let raw = match (&self.decryption, fetched.origin.encrypted_as) {
            (Some(decryption), Some(id)) => {
                let named = filters.iter().find_map(|filter| match filter {
                    Filter::Crypt(name) => Some(name.as_slice()),
                    _ => None,
                });
                let is_metadata = dictionary.name(b"Type") == Some(b"Metadata");
                decryption.stream(id, named, is_metadata, raw)
            }
            _ => raw,
        };
        filters::decode(self.input, &filters, raw)
    }

    /// The object itself, or what it refers to.
    fn followed(&mut self, object: &Object) -> Parsed<Object> {
        match object {
            Object::Reference(id) => {
                Ok(self.fetch(*id)?.map_or(Object::Null, |found| found.object))
            }
            direct => Ok(direct.clone()),
        }
    }

    /// The decrypted bytes of a string that belongs to `origin`.
    pub(super) fn string(&self, origin: Origin, bytes: &[u8]) -> Vec<u8> {
        match (&self.decryption, origin.encrypted_as) {
            (Some(decryption), Some(id)) => decryption.string(id, bytes),
            _ => bytes.to_vec(),
        }
    }
}
