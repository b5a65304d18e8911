//! Office documents and other Open Packaging Conventions packages.
//!
//! Parts are found through relationships, never by name (reference/label-formats.md §1.1, §2.1). The
//! usual names serve only to fetch in one go what the relationships will most likely lead to.

mod content_types;
mod custom_properties;
mod relationships;
pub(crate) mod write;

use content_types::ContentTypes;
use relationships::PackageRelationships;

use crate::input::{Parsed, Stop};
use crate::label_info;
use crate::reading::{Findings, Format, Place, Warning};
use crate::refusal::Refusal;
use crate::zip::{Archive, Entry, PartName};

const CONTENT_TYPES: &str = "[Content_Types].xml";
const RELATIONSHIPS: &str = "_rels/.rels";
/// Where Office puts the parts that carry labels.
const USUAL_LABEL_PARTS: [&str; 2] = ["docProps/custom.xml", "docMetadata/LabelInfo.xml"];
/// Folders that only Office documents have.
const OFFICE_FOLDERS: [&str; 4] = ["word/", "xl/", "ppt/", "visio/"];
/// Label parts are smaller (reference/label-formats.md §9); a bigger one is fetched only when it is
/// certain to be needed.
const LARGEST_GUESS: u64 = 64 << 10;

/// Whether an archive is, or was meant to be, a package.
pub(crate) fn is_package(archive: &Archive<'_, '_>) -> bool {
    archive.find_named(CONTENT_TYPES).is_some()
        || archive.find_named(RELATIONSHIPS).is_some()
        || has_office_parts(archive)
}

fn has_office_parts(archive: &Archive<'_, '_>) -> bool {
    archive.names().any(|name| {
        let starts_with = |folder: &str| {
            let head = name.iter().map(|byte| match byte {
                b'\\' => b'/',
                byte => byte.to_ascii_lowercase(),
            });
            name.len() > folder.len() && folder.bytes().eq(head.take(folder.len()))
        };
        OFFICE_FOLDERS.into_iter().any(starts_with)
    })
}

/// Reads a package. What can be read beside a damaged part is read before the damage is reported.
pub(crate) fn read(archive: &Archive<'_, '_>, findings: &mut Findings) -> Parsed<()> {
    let content_types = archive.find_named(CONTENT_TYPES);
    let relationships = archive.find_named(RELATIONSHIPS);
    let guesses = USUAL_LABEL_PARTS.map(|name| archive.find_named(name));
    let guesses = guesses
        .into_iter()
        .flatten()
        .filter(|entry| entry.least_length() <= LARGEST_GUESS);
    archive.announce(
        [content_types, relationships]
            .into_iter()
            .flatten()
            .chain(guesses),
    )?;

    let parts = match relationships {
        Some(part) => PackageRelationships::read(archive.input(), &archive.read(part)?)?,
        None if content_types.is_some() && !has_office_parts(archive) => {
            PackageRelationships::default()
        }
        None => return Err(Refusal::corrupt("it has no relationships").into()),
    };
    if let Some(warning) = parts.warning() {
        findings.warn(warning);
    }
    let mut refusal = FirstRefusal::default();
    refusal.keep(read_labels(archive, &parts, findings))?;
    refusal.keep(read_type(archive, content_types, &parts, findings))?;
    refusal.keep(read_signatures(archive, &parts, findings))?;
    refusal.into_outcome()
}

/// Lets a reading go on after damage, to the end of which the first damage is reported.
#[derive(Default)]
struct FirstRefusal(Option<Refusal>);

impl FirstRefusal {
    fn keep(&mut self, outcome: Parsed<()>) -> Parsed<()> {
        match outcome {
            Err(Stop::Refused(refusal)) => {
                self.0.get_or_insert(refusal);
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn into_outcome(self) -> Parsed<()> {
        self.0.map_or(Ok(()), |refusal| Err(refusal.into()))
    }
}

fn read_labels(
    archive: &Archive<'_, '_>,
    parts: &PackageRelationships,
    findings: &mut Findings,
) -> Parsed<()> {
    let label_info = present(archive, parts.label_info.as_ref(), findings);
    let custom = present(archive, parts.custom_properties.as_ref(), findings);
    archive.announce([label_info, custom].into_iter().flatten())?;
    let input = archive.input();
    let mut refusal = FirstRefusal::default();
    if let Some(part) = label_info {
        let outcome = archive
            .read(part)
            .and_then(|bytes| label_info::read(input, &bytes, Place::LabelInfo, findings));
        refusal.keep(outcome)?;
    }
    if let Some(part) = custom {
        let outcome = archive
            .read(part)
            .and_then(|bytes| custom_properties::read(input, &bytes, findings));
        refusal.keep(outcome)?;
    }
    refusal.into_outcome()
}

/// The entry of a part that a relationship names. One that is not there is as good as not named.
fn present<'r>(
    archive: &'r Archive<'_, '_>,
    name: Option<&PartName>,
    findings: &mut Findings,
) -> Option<&'r Entry> {
    let name = name?;
    let entry = archive.find(name);
    if entry.is_none() {
        findings.warn(Warning::IrregularPackage);
    }
    entry
}

fn read_type(
    archive: &Archive<'_, '_>,
    content_types: Option<&Entry>,
    parts: &PackageRelationships,
    findings: &mut Findings,
) -> Parsed<()> {
    let part = content_types.ok_or_else(|| Refusal::corrupt("it has no content types"))?;
    let main = parts.main.as_ref();
    let types = ContentTypes::read(archive.input(), &archive.read(part)?, main)?;
    findings.format = Some(types.format.unwrap_or(Format::Opc));
    findings.signatures.macro_signed = types.has_macro_signature;
    present(archive, main, findings);
    Ok(())
}

/// Notes whether the document is signed: Office leaves the origin when it takes the last signature
/// away, so only a signature that is there counts.
fn read_signatures(
    archive: &Archive<'_, '_>,
    parts: &PackageRelationships,
    findings: &mut Findings,
) -> Parsed<()> {
    let Some(origin) = &parts.signature_origin else {
        return Ok(());
    };
    let Some(part) = archive.find(&origin.relationships()) else {
        return Ok(());
    };
    let bytes = archive.read(part)?;
    let signatures = relationships::signatures(archive.input(), &bytes, origin.folder())?;
    findings.signatures.signed = signatures.iter().any(|name| archive.find(name).is_some());
    Ok(())
}
