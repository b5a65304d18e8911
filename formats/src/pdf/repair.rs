//! Finding the objects of a file whose own tables are damaged, by searching all of it.

use std::collections::BTreeMap;
use std::ops::Range;

use memchr::memmem::Finder;

use crate::input::{Input, Parsed};
use crate::pdf::characters::{decimal, is_white_space};
use crate::pdf::cross_reference;
use crate::pdf::document::Location;
use crate::pdf::object::{Dictionary, Object, ObjectId};
use crate::pdf::parser::Parser;
use crate::refusal::Refusal;

/// Bytes of an object in which its type is looked for.
const TYPE_WINDOW: usize = 2 << 10;

/// Where the objects of a file were found. Of two with one number the later in the file counts.
#[derive(Debug, Default)]
pub(super) struct FoundObjects {
    places: BTreeMap<u32, u64>,
    compressed: BTreeMap<u32, Compressed>,
    /// Number and place, in file order.
    object_streams: Vec<(u32, u64)>,
    most: u64,
}

#[derive(Debug, Clone, Copy)]
struct Compressed {
    container: u32,
    index: u32,
    /// Where the container stands.
    place: u64,
}

impl FoundObjects {
    pub(super) fn locate(&self, number: u32) -> Option<Location> {
        let place = self.places.get(&number).copied();
        let compressed = self.compressed.get(&number);
        match (place, compressed) {
            (place, Some(inside)) if place.is_none_or(|place| place < inside.place) => {
                let Compressed {
                    container, index, ..
                } = *inside;
                Some(Location::Compressed { container, index })
            }
            (place, _) => place.map(Location::Place),
        }
    }

    /// The object streams that no later object replaces.
    pub(super) fn object_streams(&self) -> Vec<(u32, u64)> {
        let newest = |(number, place): &&(u32, u64)| self.places.get(number) == Some(place);
        self.object_streams.iter().filter(newest).copied().collect()
    }

    /// The catalog to take in place of the one that the trailers name; `None` where that one is, or may
    /// be, good.
    fn root(&self, named: Option<ObjectId>, catalogs: &[ObjectId]) -> Parsed<Option<ObjectId>> {
        let is_seen = |id: &ObjectId| self.places.contains_key(&id.number);
        let may_be_compressed = |id: &ObjectId| !is_seen(id) && !self.object_streams.is_empty();
        if named.is_some_and(|id| catalogs.contains(&id) || may_be_compressed(&id)) {
            return Ok(None);
        }
        match catalogs.last() {
            Some(last) => Ok(Some(*last)),
            None if named.as_ref().is_some_and(is_seen) => Ok(None),
            None => Err(Refusal::corrupt("no catalog is found in it").into()),
        }
    }

    pub(super) fn add_compressed(
        &mut self,
        container: u32,
        place: u64,
        numbers: &[u32],
    ) -> Parsed<()> {
        if self.compressed.len() as u64 + numbers.len() as u64 > self.most {
            return Err(Refusal::Limit("it has too many objects").into());
        }
        for (number, index) in numbers.iter().zip(0..) {
            self.compressed.insert(
                *number,
                Compressed {
                    container,
                    index,
                    place,
                },
            );
        }
        Ok(())
    }
}

/// Searches the whole file. Gives the objects and what its trailers say together, the last saying
/// most.
pub(super) fn search(input: &Input<'_>) -> Parsed<(FoundObjects, Dictionary)> {
    if input.len() > input.limits().repair {
        return Err(Refusal::Limit("it is damaged and too large to be searched").into());
    }
    let bytes = input.bytes(0..input.len())?;
    let mut search = Search::new(input, &bytes);
    search.objects()?;
    search.trailers()?;
    let Search {
        mut trailer,
        catalogs,
        found,
        ..
    } = search;
    if let Some(root) = found.root(trailer.reference(b"Root"), &catalogs)? {
        trailer.0.push((b"Root".to_vec(), Object::Reference(root)));
    }
    Ok((found, trailer))
}

struct Search<'b, 'a> {
    input: &'b Input<'a>,
    bytes: &'b [u8],
    found: FoundObjects,
    /// Data of streams, in which nothing counts: an embedded PDF has objects and trailers of its own.
    streams: Vec<Range<usize>>,
    trailer: Dictionary,
    catalogs: Vec<ObjectId>,
    end_of_object: NextHit<'b>,
    stream: NextHit<'b>,
    end_of_stream: NextHit<'b>,
}

impl<'b, 'a> Search<'b, 'a> {
    fn new(input: &'b Input<'a>, bytes: &'b [u8]) -> Self {
        let most = input.limits().entries;
        Self {
            input,
            bytes,
            found: FoundObjects {
                most,
                ..FoundObjects::default()
            },
            streams: Vec::new(),
            trailer: Dictionary::default(),
            catalogs: Vec::new(),
            end_of_object: NextHit::new(bytes, b"endobj"),
            stream: NextHit::new(bytes, b"stream"),
            end_of_stream: NextHit::new(bytes, b"endstream"),
        }
    }

    fn objects(&mut self) -> Parsed<()> {
        let mut word = NextHit::new(self.bytes, b"obj");
        let mut at = 0;
        while let Some(hit) = word.from(at) {
            self.input.step(1)?;
            at = hit + 3;
            let Some((id, start)) = header_before(self.bytes, hit) else {
                continue;
            };
            self.found.places.insert(id.number, start as u64);
            if self.found.places.len() as u64 > self.found.most {
                return Err(Refusal::Limit("it has too many objects").into());
            }
            if let Some(data) = self.object(id, start, at)? {
                at = data.end;
                self.streams.push(data);
            }
        }
        Ok(())
    }

    /// Looks at the object after its header; gives the data of its stream, if it is one.
    fn object(&mut self, id: ObjectId, start: usize, at: usize) -> Parsed<Option<Range<usize>>> {
        let end = self.end_of_object.from(at).unwrap_or(self.bytes.len());
        let mut from = at;
        while let Some(word) = self.stream.from(from).filter(|word| *word < end) {
            self.input.step(1)?;
            from = word + 6;
            let data = match self.bytes.get(from..) {
                Some([b'\r', b'\n', ..]) => from + 2,
                Some([b'\n' | b'\r', ..]) => from + 1,
                _ => continue,
            };
            let Some(dictionary) = self.dictionary(at..word) else {
                continue;
            };
            match dictionary.name(b"Type") {
                Some(b"ObjStm") => self.found.object_streams.push((id.number, start as u64)),
                Some(b"XRef") => self.take_trailer(&dictionary),
                _ => {}
            }
            return Ok(Some(
                data..self.end_of_data(data, dictionary.unsigned(b"Length")),
            ));
        }
        let head = at..end.min(at + TYPE_WINDOW);
        let names_catalog = self
            .bytes
            .get(head)
            .is_some_and(|head| memchr::memmem::find(head, b"/Catalog").is_some());
        if names_catalog
            && let Some(dictionary) = self.dictionary(at..end)
            && dictionary.name(b"Type") == Some(b"Catalog")
        {
            self.catalogs.push(id);
        }
        Ok(None)
    }

    fn dictionary(&self, range: Range<usize>) -> Option<Dictionary> {
        let bytes = self.bytes.get(range)?;
        match Parser::new(bytes, true, self.input).object() {
            Ok(Object::Dictionary(dictionary)) => Some(dictionary),
            _ => None,
        }
    }

    fn end_of_data(&mut self, data: usize, length: Option<u64>) -> usize {
        let said = length
            .and_then(|length| data.checked_add(usize::try_from(length).ok()?))
            .filter(|end| {
                let after = self.bytes.get(*end..).unwrap_or_default();
                after.trim_ascii_start().starts_with(b"endstream")
            });
        said.or_else(|| self.end_of_stream.from(data))
            .unwrap_or(self.bytes.len())
    }

    fn trailers(&mut self) -> Parsed<()> {
        let mut word = NextHit::new(self.bytes, b"trailer");
        let mut at = 0;
        while let Some(hit) = word.from(at) {
            self.input.step(1)?;
            at = hit + 1;
            let before = self.streams.partition_point(|data| data.start <= hit);
            let last = before
                .checked_sub(1)
                .and_then(|index| self.streams.get(index));
            if last.is_some_and(|data| hit < data.end) {
                continue;
            }
            let mut parser = Parser::new(self.bytes, true, self.input);
            parser.seek(hit);
            if let Ok(trailer) = cross_reference::trailer(&mut parser) {
                self.take_trailer(&trailer);
            }
        }
        Ok(())
    }

    fn take_trailer(&mut self, trailer: &Dictionary) {
        for key in [b"Root".as_slice(), b"Info", b"Encrypt", b"ID"] {
            if let Some(value) = trailer.get(key) {
                self.trailer.0.retain(|(known, _)| known != key);
                self.trailer.0.push((key.to_vec(), value.clone()));
            }
        }
    }
}

/// `N G` before the word `obj` at `word`: the id, and where the number begins.
fn header_before(bytes: &[u8], word: usize) -> Option<(ObjectId, usize)> {
    let (generation, start) = number_before(bytes, word)?;
    let (number, start) = number_before(bytes, start)?;
    Some((ObjectId { number, generation }, start))
}

/// The number before `at`, with white space between.
fn number_before(bytes: &[u8], at: usize) -> Option<(u32, usize)> {
    let before = bytes.get(..at)?;
    let white = before
        .iter()
        .rev()
        .take_while(|byte| is_white_space(**byte))
        .take(16)
        .count();
    let before = before.get(..at - white)?;
    let digits = before
        .iter()
        .rev()
        .take_while(|byte| byte.is_ascii_digit())
        .take(16)
        .count();
    let start = before.len() - digits;
    let number = decimal(before.get(start..)?)?;
    (white > 0).then_some((u32::try_from(number).ok()?, start))
}

/// The next occurrence of a word, found once for all places before it.
struct NextHit<'b> {
    bytes: &'b [u8],
    finder: Finder<'static>,
    known: Option<(usize, Option<usize>)>,
}

impl<'b> NextHit<'b> {
    fn new(bytes: &'b [u8], word: &'static [u8]) -> Self {
        Self {
            bytes,
            finder: Finder::new(word),
            known: None,
        }
    }

    /// Where the word next occurs at or after `at`. Later questions ask further on.
    fn from(&mut self, at: usize) -> Option<usize> {
        if let Some((asked, hit)) = self.known
            && asked <= at
            && hit.is_none_or(|hit| at <= hit)
        {
            return hit;
        }
        let rest = self.bytes.get(at..).unwrap_or_default();
        let hit = self.finder.find(rest).map(|found| at + found);
        self.known = Some((at, hit));
        hit
    }
}
