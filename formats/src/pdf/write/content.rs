//! What of a PDF a label touches: information dictionary, XMP packet, catalog.

use crate::input::{Input, Parsed};
use crate::msip::Collector;
use crate::pdf::document::{Document, Ending};
use crate::pdf::labels;
use crate::pdf::object::{Object, ObjectId};
use crate::pdf::parser::SourceDictionary;
use crate::reading::{Findings, LabelGroup, Place};
use crate::refusal::Refusal;

/// A document with what of it a label touches.
pub(super) struct Content<'i, 'a> {
    pub(super) document: Document<'i, 'a>,
    pub(super) ending: Ending,
    pub(super) root: ObjectId,
    pub(super) catalog: SourceDictionary,
    pub(super) info: Option<Info>,
    pub(super) metadata: Option<Metadata>,
}

/// The information dictionary.
pub(super) struct Info {
    /// `None` for one that stands in the trailer.
    pub(super) id: Option<ObjectId>,
    pub(super) source: SourceDictionary,
    pub(super) groups: Vec<LabelGroup>,
}

/// The metadata stream.
pub(super) struct Metadata {
    pub(super) id: ObjectId,
    pub(super) dictionary: SourceDictionary,
    /// The packet, decoded.
    pub(super) packet: Vec<u8>,
}

impl<'i, 'a> Content<'i, 'a> {
    pub(super) fn open(input: &'i Input<'a>) -> Parsed<Self> {
        let mut document = Document::open(input)?;
        if document.trailer().get(b"Encrypt").is_some() {
            return Err(Refusal::Password("parts of it are encrypted").into());
        }
        let ending = document.ending()?;
        let root = document.trailer().reference(b"Root");
        let root = root.ok_or_else(|| Refusal::corrupt("its trailer does not name a catalog"))?;
        let catalog = document.source(root)?;
        let catalog = catalog.ok_or_else(|| Refusal::corrupt("its catalog is none"))?;
        let info = info(&mut document, &ending)?;
        let metadata = metadata(&mut document, &catalog)?;
        Ok(Self {
            document,
            ending,
            root,
            catalog,
            info,
            metadata,
        })
    }
}

/// An information dictionary that the trailer names and that is not there is as good as not named.
fn info(document: &mut Document<'_, '_>, ending: &Ending) -> Parsed<Option<Info>> {
    let Some(found) = document.trailer_entry(b"Info")? else {
        return Ok(None);
    };
    let no_dictionary = || Refusal::corrupt("its information dictionary is none");
    let (id, source) = match ending.trailer.get(b"Info") {
        Some(Object::Reference(id)) => (Some(*id), document.source(*id)?),
        Some(_) => {
            let source = ending.trailer.source_of(b"Info").unwrap_or_default();
            (None, SourceDictionary::parse(document.input(), source)?)
        }
        None => return Err(no_dictionary().into()),
    };
    let source = source.ok_or_else(no_dictionary)?;
    let limit = document.input().limits().labels;
    let mut collector = Collector::new(Place::PdfInfo, 1, limit);
    labels::read_info(document, &found, &mut collector)?;
    let mut findings = Findings::default();
    collector.finish(&mut findings);
    Ok(Some(Info {
        id,
        source,
        groups: findings.groups,
    }))
}

/// A metadata stream that the catalog names and that is not there is as good as not named
/// (reference/label-formats.md §5.4).
fn metadata(
    document: &mut Document<'_, '_>,
    catalog: &SourceDictionary,
) -> Parsed<Option<Metadata>> {
    let id = match catalog.get(b"Metadata") {
        None => return Ok(None),
        Some(entry) => entry.as_reference(),
    };
    let damaged = || Refusal::corrupt("its metadata is no stream");
    let id = id.ok_or_else(damaged)?;
    let Some(found) = document.fetch(id)? else {
        return Ok(None);
    };
    let dictionary = document.source(id)?.ok_or_else(damaged)?;
    let decoded = document.stream(&found)?.ok_or_else(damaged)?;
    if !decoded.complete {
        return Err(Refusal::corrupt("its metadata does not decompress").into());
    }
    Ok(Some(Metadata {
        id,
        dictionary,
        packet: decoded.bytes,
    }))
}
