//! OpenDocument files (OASIS OpenDocument 1.3, part 2).

use crate::input::{Input, Parsed};
use crate::msip::Collector;
use crate::reading::{Findings, Format, Place, ProtectionKind};
use crate::xml::{self, Node};
use crate::zip::{Archive, Entry};

const MIMETYPE: &str = "mimetype";
const MANIFEST: &str = "META-INF/manifest.xml";
const METADATA: &str = "meta.xml";
const MANIFEST_NAMESPACE: &str = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0";
const META_NAMESPACE: &str = "urn:oasis:names:tc:opendocument:xmlns:meta:1.0";
const TYPE_PREFIX: &str = "application/vnd.oasis.opendocument.";
/// Media types are shorter by far.
const LONGEST_TYPE: u64 = 256;
/// OpenDocument has a single place for labels.
const PRECEDENCE: u8 = 1;

/// Reads an OpenDocument file; `false` where the archive is none.
pub(crate) fn read(archive: &Archive<'_, '_>, findings: &mut Findings) -> Parsed<bool> {
    let mimetype = archive
        .find_named(MIMETYPE)
        .filter(|part| part.size <= LONGEST_TYPE);
    let manifest = archive.find_named(MANIFEST);
    let metadata = archive.find_named(METADATA);
    if mimetype.is_none() && manifest.is_none() {
        return Ok(false);
    }
    archive.announce([mimetype, manifest, metadata].into_iter().flatten())?;
    let stated = mimetype
        .map(|part| archive.read(part))
        .transpose()?
        .and_then(|bytes| format(&String::from_utf8_lossy(&bytes)));
    if mimetype.is_some() && stated.is_none() {
        return Ok(false);
    }
    let manifest = Manifest::read(archive, manifest, stated.is_none())?;
    let Some(format) = stated.or(manifest.format) else {
        return Ok(false);
    };
    archive.refuse_duplicate_names()?;
    findings.format = Some(format);
    if manifest.has_encrypted_content {
        findings.protection.kind = ProtectionKind::Password;
    }
    findings.signatures.signed = archive
        .find_named("META-INF/documentsignatures.xml")
        .is_some();
    findings.signatures.macro_signed = archive.find_named("META-INF/macrosignatures.xml").is_some();
    if let Some(part) = metadata
        && !manifest.has_encrypted_metadata
    {
        read_metadata(archive.input(), &archive.read(part)?, findings)?;
    }
    Ok(true)
}

/// The format of a media type; templates and the rarer kinds are all [`Format::Odf`].
fn format(media_type: &str) -> Option<Format> {
    let kind = media_type.trim().strip_prefix(TYPE_PREFIX)?;
    Some(match kind {
        "text" => Format::Odt,
        "spreadsheet" => Format::Ods,
        "presentation" => Format::Odp,
        "graphics" => Format::Odg,
        _ => Format::Odf,
    })
}

/// What the manifest says.
#[derive(Debug, Default)]
struct Manifest {
    format: Option<Format>,
    has_encrypted_content: bool,
    has_encrypted_metadata: bool,
}

impl Manifest {
    /// Reads the manifest. It is parsed only where it matters: the first OpenOffice versions gave it a
    /// document type, which the XML reader refuses.
    fn read(archive: &Archive<'_, '_>, part: Option<&Entry>, needs_format: bool) -> Parsed<Self> {
        let mut manifest = Self::default();
        let Some(part) = part else {
            return Ok(manifest);
        };
        let bytes = archive.read(part)?;
        let text = xml::decode(&bytes)?;
        if !needs_format && !text.contains("encryption-data") {
            return Ok(manifest);
        }
        let mut reader = xml::Reader::new(&text, archive.input());
        let mut path = String::new();
        while let Some(node) = reader.next()? {
            let Node::Start(element) = node else {
                continue;
            };
            if element.is(MANIFEST_NAMESPACE, "file-entry") {
                path = element
                    .attribute("full-path")?
                    .unwrap_or_default()
                    .into_owned();
                if path == "/" {
                    let media_type = element.attribute("media-type")?.unwrap_or_default();
                    manifest.format = format(&media_type);
                }
            } else if element.is(MANIFEST_NAMESPACE, "encryption-data") {
                manifest.has_encrypted_metadata |= path == METADATA;
                // `encrypted-package` holds the whole document where it is encrypted in one piece.
                manifest.has_encrypted_content |=
                    matches!(path.as_str(), "content.xml" | "encrypted-package");
            }
        }
        Ok(manifest)
    }
}

fn read_metadata(input: &Input<'_>, bytes: &[u8], findings: &mut Findings) -> Parsed<()> {
    let mut collector = Collector::new(Place::OdfMeta, PRECEDENCE, input.limits().labels);
    let outcome = collect(input, bytes, &mut collector);
    collector.finish(findings);
    outcome
}

fn collect(input: &Input<'_>, bytes: &[u8], collector: &mut Collector) -> Parsed<()> {
    let text = xml::decode(bytes)?;
    let mut reader = xml::Reader::new(&text, input);
    while let Some(node) = reader.next()? {
        let Node::Start(element) = node else {
            continue;
        };
        if !element.is(META_NAMESPACE, "user-defined") {
            continue;
        }
        let name = element.attribute("name")?.unwrap_or_default().into_owned();
        let value = reader.text_content()?;
        collector.property(&name, &value);
    }
    Ok(())
}
