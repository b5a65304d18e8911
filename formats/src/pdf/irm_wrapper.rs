//! Microsoft rights management in PDF: the readable wrapper around an encrypted payload, and the bare
//! payload (ISO 32000-2, 7.6.7; reference/label-formats.md §5.2, label-migration-and-rms.md §9.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::input::{Input, Parsed};
use crate::pdf::document::{Document, Fetched};
use crate::pdf::filters::{self, Filter};
use crate::pdf::object::{Dictionary, Object};
use crate::pdf::predictor::Predictor;
use crate::pdf::text_string;
use crate::reading::{Findings, Protection, ProtectionKind};
use crate::rms;

const HANDLER: &[u8] = b"MicrosoftIRMServices";
/// Name of the embedded payload of version 1 (and of the others that were seen).
const PAYLOAD_NAME: &str = "MicrosoftIRMServices Protected PDF.pdf";
/// Associated files and embedded files looked at; a wrapper has one.
const MOST_FILES: usize = 8;

/// The scheme of a payload that is not wrapped, or wrapped in version 1.
pub(super) fn payload_scheme(encrypt: &Dictionary) -> String {
    scheme(encrypt.unsigned(b"MicrosoftIRMVersion").unwrap_or(1))
}

fn scheme(version: u64) -> String {
    format!("MicrosoftIRMServices v{version}")
}

/// Reads the publishing licence of a payload: text, or in version 1 its Base64 of zlib data.
pub(super) fn record_licence(
    input: &Input<'_>,
    encrypt: &Dictionary,
    findings: &mut Findings,
) -> Parsed<()> {
    let Some(licence) = encrypt.string(b"PublishingLicense") else {
        return Ok(());
    };
    match packed_licence(licence) {
        Some(packed) => {
            let filters = [Filter::Flate(Predictor::None)];
            let decoded = filters::decode(input, &filters, packed.into())?;
            let licence = decoded.map(|decoded| decoded.bytes).unwrap_or_default();
            rms::record_licence(input, &licence, findings)
        }
        None => rms::record_licence(input, licence, findings),
    }
}

/// The bytes of a licence that is written in Base64; XML has characters that Base64 has not.
fn packed_licence(licence: &[u8]) -> Option<Vec<u8>> {
    let is_digit = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'=';
    let digits: Vec<u8> = licence.iter().copied().filter(is_digit).collect();
    STANDARD_NO_PAD.decode(digits).ok()
}

/// Whether the catalog may be a wrapper's, so that its files are worth a look.
fn may_wrap(catalog: &Dictionary) -> bool {
    [b"Collection".as_slice(), b"AF", b"Names"]
        .iter()
        .any(|key| catalog.get(key).is_some())
}

/// Notes the protection of a wrapper. `catalog` stands in a document without encryption of its own.
pub(super) fn detect(
    document: &mut Document<'_, '_>,
    catalog: &Fetched,
    findings: &mut Findings,
) -> Parsed<()> {
    let Some(entries) = catalog.dictionary().filter(|entries| may_wrap(entries)) else {
        return Ok(());
    };
    let version = match version_of_trailer(document.trailer()) {
        Some(version) => Some(version),
        None => match version_of_files(document, entries.get(b"AF"), catalog)? {
            Some(version) => Some(version),
            None => version_of_names(document, entries.get(b"Names"), catalog)?,
        },
    };
    if let Some(version) = version {
        findings.protection = Protection {
            kind: ProtectionKind::Rms,
            scheme: Some(scheme(version)),
            licence: None,
        };
    }
    Ok(())
}

/// Version 1 marks its wrapper in the trailer.
fn version_of_trailer(trailer: &Dictionary) -> Option<u64> {
    (trailer.get(b"Wrapper").is_some() && trailer.get(b"WrapperOffset").is_some()).then_some(1)
}

fn version_of_files(
    document: &mut Document<'_, '_>,
    files: Option<&Object>,
    catalog: &Fetched,
) -> Parsed<Option<u64>> {
    let Some(files) = document.value(files, catalog.origin)? else {
        return Ok(None);
    };
    for file in files
        .object
        .as_array()
        .unwrap_or_default()
        .iter()
        .take(MOST_FILES)
    {
        if let Some(version) = version_of_file(document, file, &files)? {
            return Ok(Some(version));
        }
    }
    Ok(None)
}

/// The version that a file specification states for an encrypted payload of Microsoft's.
fn version_of_file(
    document: &mut Document<'_, '_>,
    file: &Object,
    parent: &Fetched,
) -> Parsed<Option<u64>> {
    let Some(file) = document.value(Some(file), parent.origin)? else {
        return Ok(None);
    };
    let Some(entries) = file.dictionary() else {
        return Ok(None);
    };
    if let Some(payload) = document.value(entries.get(b"EP"), file.origin)?
        && let Some(payload) = payload.dictionary()
        && payload.name(b"Subtype") == Some(HANDLER)
    {
        let version = payload.get(b"Version").map_or(2, |version| match version {
            Object::Name(name) | Object::String(name) => std::str::from_utf8(name)
                .ok()
                .and_then(|text| text.parse().ok())
                .unwrap_or(2),
            number => number.as_unsigned().unwrap_or(2),
        });
        return Ok(Some(version));
    }
    let is_payload = [b"UF".as_slice(), b"F"].iter().any(|key| {
        entries
            .string(key)
            .is_some_and(|name| text_string::decode(name) == PAYLOAD_NAME)
    });
    Ok(is_payload.then_some(1))
}

/// Embedded files: version 1 is known by its payload's name alone.
fn version_of_names(
    document: &mut Document<'_, '_>,
    names: Option<&Object>,
    catalog: &Fetched,
) -> Parsed<Option<u64>> {
    let Some(names) = document.value(names, catalog.origin)? else {
        return Ok(None);
    };
    let embedded = names
        .dictionary()
        .and_then(|names| names.get(b"EmbeddedFiles"));
    let Some(mut node) = document.value(embedded, names.origin)? else {
        return Ok(None);
    };
    // A wrapper embeds one file, so the first leaf of the name tree is all of it.
    if let Some(kids) = node.dictionary().and_then(|node| node.array(b"Kids")) {
        let Some(first) = document.value(kids.first(), node.origin)? else {
            return Ok(None);
        };
        node = first;
    }
    let Some(leaf) = document.value(
        node.dictionary().and_then(|node| node.get(b"Names")),
        node.origin,
    )?
    else {
        return Ok(None);
    };
    let pairs = leaf.object.as_array().unwrap_or_default();
    for pair in pairs.chunks_exact(2).take(MOST_FILES) {
        let [name, file] = pair else {
            continue;
        };
        if let Some(version) = version_of_file(document, file, &leaf)? {
            return Ok(Some(version));
        }
        if name
            .as_string()
            .is_some_and(|name| text_string::decode(name) == PAYLOAD_NAME)
        {
            return Ok(Some(1));
        }
    }
    Ok(None)
}
