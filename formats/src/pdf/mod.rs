//! PDF: labels, protection and signatures, from the few objects that say them
//! (reference/label-formats.md §5, ISO 32000-2).
//!
//! Nothing is loaded that is not asked for: the last `startxref` leads to the newest cross-reference
//! section, sections lead to single objects, and of those only the catalog, the information dictionary,
//! the metadata stream, the encryption dictionary and the signature fields are read. A file whose own
//! tables do not lead there is searched once, within the limits.

mod characters;
mod cross_reference;
mod cross_reference_stream;
mod decryption;
mod document;
mod filters;
mod irm_wrapper;
mod labels;
mod lzw;
mod object;
mod object_stream;
mod parser;
mod predictor;
mod repair;
mod security_handler;
mod signatures;
mod text_string;
mod trailer;
mod window;
pub(crate) mod write;
mod xmp;

use crate::input::{Input, Parsed, Stop};
use crate::pdf::document::{Document, Fetched};
use crate::pdf::labels::Places;
use crate::pdf::security_handler::Access;
use crate::reading::{Findings, Format, Warning};
use crate::refusal::Refusal;

/// Bytes announced of the metadata stream: most packets fit with their padding.
const METADATA_WINDOW: u64 = 4 << 10;

/// Reads labels, protection and signatures of a PDF.
pub(crate) fn read(input: &Input<'_>, findings: &mut Findings) -> Parsed<()> {
    findings.format = Some(Format::Pdf);
    let damage = match Document::open(input).and_then(|document| read_document(document, findings))
    {
        Err(Stop::Refused(damage @ Refusal::Corrupt(_))) => damage,
        done => return done.and_then(refuse),
    };
    let by_tables = std::mem::take(findings);
    findings.format = Some(Format::Pdf);
    findings.warn(Warning::FullRead);
    let repaired = Document::repaired(input).and_then(|document| read_document(document, findings));
    if findings.groups.is_empty() {
        findings.groups = by_tables.groups;
    }
    match repaired {
        // The first damage tells more of the file than what the search stumbled over.
        Err(Stop::Refused(Refusal::Corrupt(_))) => Err(damage.into()),
        done => done.and_then(refuse),
    }
}

/// Whether the last trailer leads to a cross-reference section without repair.
pub(crate) fn has_plain_trailer(input: &Input<'_>) -> Parsed<bool> {
    trailer::leads_to_section(input)
}

fn refuse(refusal: Option<Refusal>) -> Parsed<()> {
    refusal.map_or(Ok(()), |refusal| Err(refusal.into()))
}

/// Reads what an opened document says. A returned refusal is about the content of an object, which a
/// search for other objects cannot mend; damage of the structure is an error.
fn read_document(
    mut document: Document<'_, '_>,
    findings: &mut Findings,
) -> Parsed<Option<Refusal>> {
    announce_first_objects(&mut document)?;
    match security_handler::apply(&mut document, findings)? {
        Access::Full => {}
        Access::ClearMetadata => return read_clear_metadata(&mut document, findings),
        Access::None => return Ok(None),
    }
    document.find_compressed()?;
    let catalog = catalog(&mut document)?;
    announce_facts(&mut document, &catalog)?;
    irm_wrapper::detect(&mut document, &catalog, findings)?;
    let places = Places {
        info: document.trailer_entry(b"Info")?,
        metadata: metadata(&mut document, &catalog)?,
    };
    signatures::read(&mut document, &catalog, findings)?;
    labels::read(&mut document, &places, findings)
}

/// Reads the packet of a file that does not open. That it can be reached is luck: where the way to it
/// is encrypted, the file has no label to show.
fn read_clear_metadata(
    document: &mut Document<'_, '_>,
    findings: &mut Findings,
) -> Parsed<Option<Refusal>> {
    let packet = catalog(document).and_then(|catalog| {
        let metadata = metadata(document, &catalog)?;
        labels::read(
            document,
            &Places {
                info: None,
                metadata,
            },
            findings,
        )
    });
    match packet {
        Err(Stop::Refused(Refusal::Corrupt(_))) => Ok(None),
        done => done,
    }
}

/// The catalog. An object of another type means that the tables lead astray.
fn catalog(document: &mut Document<'_, '_>) -> Parsed<Fetched> {
    let catalog = document.trailer_entry(b"Root")?;
    let is_catalog = |found: &Fetched| {
        found
            .dictionary()
            .is_some_and(|entries| match entries.name(b"Type") {
                Some(name) => name == b"Catalog",
                None => entries.get(b"Pages").is_some(),
            })
    };
    catalog
        .filter(is_catalog)
        .ok_or_else(|| Refusal::corrupt("its trailer does not lead to a catalog").into())
}

fn metadata(document: &mut Document<'_, '_>, catalog: &Fetched) -> Parsed<Option<Fetched>> {
    let entry = catalog
        .dictionary()
        .and_then(|entries| entries.get(b"Metadata"));
    document.value(entry, catalog.origin)
}

/// Says which objects the trailer leads to.
fn announce_first_objects(document: &mut Document<'_, '_>) -> Parsed<()> {
    let trailer = document.trailer();
    let wanted: Vec<_> = [b"Root".as_slice(), b"Info", b"Encrypt"]
        .iter()
        .filter_map(|key| Some((trailer.reference(key)?, window::OBJECT_WINDOW)))
        .collect();
    document.announce(&wanted)
}

/// Says which objects the catalog leads to.
fn announce_facts(document: &mut Document<'_, '_>, catalog: &Fetched) -> Parsed<()> {
    let Some(entries) = catalog.dictionary() else {
        return Ok(());
    };
    let wanted: Vec<_> = [
        (b"Metadata".as_slice(), METADATA_WINDOW),
        (b"Names", window::OBJECT_WINDOW),
        (b"AF", window::OBJECT_WINDOW),
        (b"Perms", window::OBJECT_WINDOW),
        (b"AcroForm", window::OBJECT_WINDOW),
    ]
    .iter()
    .filter_map(|(key, length)| Some((entries.reference(key)?, *length)))
    .collect();
    document.announce(&wanted)
}
