//! Signatures, certification and usage rights (ISO 32000-2, 12.7 and 12.8;
//! reference/label-formats.md §5.6).

use crate::input::Parsed;
use crate::pdf::document::{Document, Fetched};
use crate::pdf::object::{Dictionary, Object, ObjectId};
use crate::reading::{Findings, Warning};

/// Fields of a form looked at. A form of more fields seldom has signatures and no flag that says so.
const MOST_FIELDS: usize = 1_000;
/// Fields waiting to be looked at; what bounds the memory of a form that is all kids.
const MOST_WAITING: usize = 4 * MOST_FIELDS;
/// Fields fetched in one round.
const BATCH: usize = 64;
/// Bytes announced of a field; what a window needs beyond them is fetched when it is needed.
const FIELD_WINDOW: u64 = 512;
/// Bit 1 of `SigFlags`: the form has signature fields.
const SIGNATURES_EXIST: i64 = 1;

/// Notes what the catalog says of signatures.
pub(super) fn read(
    document: &mut Document<'_, '_>,
    catalog: &Fetched,
    findings: &mut Findings,
) -> Parsed<()> {
    let Some(entries) = catalog.dictionary() else {
        return Ok(());
    };
    if let Some(permissions) = document.value(entries.get(b"Perms"), catalog.origin)? {
        read_permissions(document, &permissions, findings)?;
    }
    if !findings.signatures.signed
        && let Some(form) = document.value(entries.get(b"AcroForm"), catalog.origin)?
        && let Some(entries) = form.dictionary()
    {
        read_form(document, &form, entries, findings)?;
    }
    Ok(())
}

fn read_permissions(
    document: &mut Document<'_, '_>,
    permissions: &Fetched,
    findings: &mut Findings,
) -> Parsed<()> {
    let Some(entries) = permissions.dictionary() else {
        return Ok(());
    };
    for key in [b"UR3".as_slice(), b"UR"] {
        findings.signatures.usage_rights |= exists(document, entries.get(key))?;
    }
    if let Some(signature) = document.value(entries.get(b"DocMDP"), permissions.origin)? {
        findings.signatures.signed = true;
        findings.signatures.doc_mdp = Some(certification_level(document, &signature)?);
    }
    Ok(())
}

/// What a certification allows; 2 where it does not say (ISO 32000-2, table 257).
fn certification_level(document: &mut Document<'_, '_>, signature: &Fetched) -> Parsed<u8> {
    const DEFAULT: u8 = 2;
    let entry = signature
        .dictionary()
        .and_then(|signature| signature.get(b"Reference"));
    let Some(references) = document.value(entry, signature.origin)? else {
        return Ok(DEFAULT);
    };
    for reference in references
        .object
        .as_array()
        .unwrap_or_default()
        .iter()
        .take(BATCH)
    {
        let Some(reference) = document.value(Some(reference), references.origin)? else {
            continue;
        };
        let Some(entries) = reference.dictionary() else {
            continue;
        };
        if entries.name(b"TransformMethod") != Some(b"DocMDP") {
            continue;
        }
        let Some(parameters) = document.value(entries.get(b"TransformParams"), reference.origin)?
        else {
            continue;
        };
        let level = parameters
            .dictionary()
            .and_then(|parameters| parameters.get(b"P"));
        let level = document.value(level, parameters.origin)?;
        let level = level.and_then(|level| level.object.as_unsigned());
        return Ok(level
            .and_then(|level| u8::try_from(level).ok())
            .filter(|level| (1..=3).contains(level))
            .unwrap_or(DEFAULT));
    }
    Ok(DEFAULT)
}

/// Whether an entry holds something, or refers to an object that exists; the object is not read.
fn exists(document: &mut Document<'_, '_>, entry: Option<&Object>) -> Parsed<bool> {
    match entry {
        None | Some(Object::Null) => Ok(false),
        Some(Object::Reference(id)) => Ok(document.locate(*id)?.is_some()),
        Some(_) => Ok(true),
    }
}

/// A field not looked at yet, with what it inherits.
#[derive(Clone)]
struct Waiting {
    field: Object,
    is_signature: bool,
    has_value: bool,
}

fn read_form(
    document: &mut Document<'_, '_>,
    form: &Fetched,
    entries: &Dictionary,
    findings: &mut Findings,
) -> Parsed<()> {
    let flags = document.value(entries.get(b"SigFlags"), form.origin)?;
    let flags = flags.and_then(|flags| flags.object.as_integer());
    if flags.is_some_and(|flags| flags & SIGNATURES_EXIST == 0) {
        return Ok(());
    }
    let Some(fields) = document.value(entries.get(b"Fields"), form.origin)? else {
        return Ok(());
    };
    let mut left = MOST_FIELDS;
    let fields = fields.object.as_array().unwrap_or_default();
    let mut waiting = waiting_fields(fields, false, false);
    while !waiting.is_empty() {
        // Signing appends a field, so the last ones come first.
        let batch = waiting.split_off(waiting.len().saturating_sub(BATCH));
        if batch.len() > left || waiting.len() > MOST_WAITING {
            findings.warn(Warning::SignaturesNotSettled);
            findings.signatures.signed = true;
            return Ok(());
        }
        left -= batch.len();
        let ids: Vec<(ObjectId, u64)> = batch
            .iter()
            .filter_map(|waiting| Some((waiting.field.as_reference()?, FIELD_WINDOW)))
            .collect();
        document.announce(&ids)?;
        for field in batch.iter().rev() {
            if look_at(document, form, field, &mut waiting)? {
                findings.signatures.signed = true;
                return Ok(());
            }
        }
    }
    Ok(())
}

fn waiting_fields(fields: &[Object], is_signature: bool, has_value: bool) -> Vec<Waiting> {
    let latest = fields.get(fields.len().saturating_sub(MOST_FIELDS + 1)..);
    latest
        .unwrap_or_default()
        .iter()
        .map(|field| Waiting {
            field: field.clone(),
            is_signature,
            has_value,
        })
        .collect()
}

/// Whether a field is a signature with a value; its kids are added to those waiting.
fn look_at(
    document: &mut Document<'_, '_>,
    form: &Fetched,
    field: &Waiting,
    waiting: &mut Vec<Waiting>,
) -> Parsed<bool> {
    let Some(found) = document.value(Some(&field.field), form.origin)? else {
        return Ok(false);
    };
    let Some(entries) = found.dictionary() else {
        return Ok(false);
    };
    let is_signature = match entries.name(b"FT") {
        Some(kind) => kind == b"Sig",
        None => field.is_signature,
    };
    let has_value = exists(document, entries.get(b"V"))? || field.has_value;
    if is_signature && has_value {
        return Ok(true);
    }
    if let Some(kids) = document.value(entries.get(b"Kids"), found.origin)? {
        let kids = kids.object.as_array().unwrap_or_default();
        waiting.extend(waiting_fields(kids, is_signature, has_value));
    }
    Ok(false)
}
