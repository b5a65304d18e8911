//! Which protection an encryption dictionary states, and what of the file can be read under it
//! (ISO 32000-2, 7.6; reference/label-formats.md §5.3).

use std::sync::Arc;

use crate::input::Parsed;
use crate::pdf::decryption::{Decryption, KeyMaterial, Method};
use crate::pdf::document::Document;
use crate::pdf::object::{Dictionary, Object};
use crate::reading::{Findings, Protection, ProtectionKind};
use crate::refusal::Refusal;
use crate::source::Purpose;

/// What of a file can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Everything.
    Full,
    /// The metadata stream, which is in clear; no string and no other stream.
    ClearMetadata,
    /// Nothing that carries a label.
    None,
}

/// Notes the protection, and unlocks the document where the empty user password does it.
pub(super) fn apply(document: &mut Document<'_, '_>, findings: &mut Findings) -> Parsed<Access> {
    let Some(encrypt) = document.trailer_entry(b"Encrypt")? else {
        return Ok(Access::Full);
    };
    let Some(dictionary) = encrypt.dictionary() else {
        return Err(Refusal::corrupt("its encryption dictionary is none").into());
    };
    let name = dictionary.name(b"Filter").unwrap_or_default();
    match name {
        b"Standard" => standard(document, dictionary, findings),
        b"MicrosoftIRMServices" => {
            let scheme = crate::pdf::irm_wrapper::payload_scheme(dictionary);
            findings.protection = Protection {
                kind: ProtectionKind::Rms,
                scheme: Some(scheme),
                licence: None,
            };
            crate::pdf::irm_wrapper::record_licence(document.input(), dictionary, findings)?;
            Ok(closed(dictionary))
        }
        b"Adobe.PubSec" | b"Adobe.PPKLite" | b"Entrust.PPKEF" => {
            note(
                findings,
                ProtectionKind::Certificate,
                String::from_utf8_lossy(name).into_owned(),
            );
            Ok(closed(dictionary))
        }
        other => {
            let scheme =
                String::from_utf8_lossy(other.get(..other.len().min(64)).unwrap_or_default());
            note(findings, ProtectionKind::Other, scheme.into_owned());
            Ok(closed(dictionary))
        }
    }
}

fn note(findings: &mut Findings, kind: ProtectionKind, scheme: String) {
    findings.protection = Protection {
        kind,
        scheme: Some(scheme),
        licence: None,
    };
}

/// What a file that does not open still shows.
fn closed(encrypt: &Dictionary) -> Access {
    let in_filter =
        crypt_filter(encrypt, b"StmF").and_then(|filter| filter.get(b"EncryptMetadata"));
    let flag = in_filter.or_else(|| encrypt.get(b"EncryptMetadata"));
    match flag {
        Some(Object::Boolean(false)) if version(encrypt) >= 4 => Access::ClearMetadata,
        _ => Access::None,
    }
}

fn standard(
    document: &mut Document<'_, '_>,
    encrypt: &Dictionary,
    findings: &mut Findings,
) -> Parsed<Access> {
    let revision = encrypt
        .unsigned(b"R")
        .and_then(|revision| u8::try_from(revision).ok());
    let scheme = format!("R{}", revision.unwrap_or(0));
    let (Some(revision @ 2..=6), 1 | 2 | 4 | 5) = (revision, version(encrypt)) else {
        note(findings, ProtectionKind::Other, scheme);
        return Ok(Access::None);
    };
    let (streams, strings) = (method(encrypt, b"StmF"), method(encrypt, b"StrF"));
    // Only attachments are encrypted, if anything: the document opens without a password.
    if streams == Method::Identity && strings == Method::Identity {
        return Ok(Access::Full);
    }
    let key = file_key(document, encrypt, revision)?;
    if key.is_empty() {
        note(findings, ProtectionKind::Password, scheme);
        return Ok(closed(encrypt));
    }
    note(findings, ProtectionKind::OwnerPassword, scheme);
    document.unlock(Decryption {
        key: key.to_vec(),
        strings,
        streams,
        filters: named_filters(encrypt),
        encrypt_metadata: encrypts_metadata(encrypt),
    });
    Ok(Access::Full)
}

fn encrypts_metadata(encrypt: &Dictionary) -> bool {
    encrypt.get(b"EncryptMetadata") != Some(&Object::Boolean(false))
}

/// The file key that the empty password gives; empty where it does not open the file.
fn file_key(
    document: &mut Document<'_, '_>,
    encrypt: &Dictionary,
    revision: u8,
) -> Parsed<Arc<[u8]>> {
    let first_id = document.trailer_entry(b"ID")?;
    let first_id = first_id
        .as_ref()
        .and_then(|ids| ids.object.as_array()?.first()?.as_string())
        .unwrap_or_default();
    let material = |key_length| KeyMaterial {
        revision,
        key_length,
        owner: encrypt.string(b"O").unwrap_or_default(),
        user: encrypt.string(b"U").unwrap_or_default(),
        user_key: encrypt.string(b"UE").unwrap_or_default(),
        owner_key: encrypt.string(b"OE").unwrap_or_default(),
        permissions: encrypt.integer(b"P").unwrap_or_default(),
        first_id,
        encrypt_metadata: encrypts_metadata(encrypt),
    };
    let purpose = if document.is_searched() {
        Purpose::SearchedFileKey
    } else {
        Purpose::FileKey
    };
    // Finding the key is the dearest thing that this reader does.
    document.input().remembered(purpose, 0, || {
        let key = key_lengths(encrypt)
            .into_iter()
            .find_map(|length| material(length).open_with_empty_password());
        Ok(key.unwrap_or_default().into())
    })
}

fn version(encrypt: &Dictionary) -> u64 {
    encrypt.unsigned(b"V").unwrap_or(0)
}

/// The key lengths in bytes that the dictionary may mean. Writers disagree on whether the length of
/// version 4 stands in the dictionary or in the crypt filter, and on bits and bytes.
fn key_lengths(encrypt: &Dictionary) -> Vec<usize> {
    let bytes = |length: u64| match length {
        5..=16 => Some(length as usize),
        40..=128 => Some((length / 8) as usize),
        _ => None,
    };
    let stated = encrypt.unsigned(b"Length").and_then(bytes);
    match version(encrypt) {
        1 => vec![5],
        2 => vec![stated.unwrap_or(5)],
        4 => {
            let filter = crypt_filter(encrypt, b"StmF").or_else(|| crypt_filter(encrypt, b"StrF"));
            let of_filter = filter
                .and_then(|filter| filter.unsigned(b"Length"))
                .and_then(bytes);
            let mut lengths = vec![16];
            for length in [stated, of_filter].into_iter().flatten() {
                if !lengths.contains(&length) {
                    lengths.push(length);
                }
            }
            lengths
        }
        _ => vec![32],
    }
}

/// The crypt filter that `key` (`StmF`, `StrF`) names; `None` for the identity.
fn crypt_filter<'b>(encrypt: &'b Dictionary, key: &[u8]) -> Option<&'b Dictionary> {
    encrypt.dictionary(b"CF")?.dictionary(encrypt.name(key)?)
}

fn method(encrypt: &Dictionary, key: &[u8]) -> Method {
    if version(encrypt) < 4 {
        return Method::Rc4;
    }
    crypt_filter(encrypt, key).map_or(Method::Identity, method_of)
}

fn method_of(filter: &Dictionary) -> Method {
    match filter.name(b"CFM") {
        Some(b"V2") => Method::Rc4,
        Some(b"AESV2") => Method::Aes128,
        Some(b"AESV3") => Method::Aes256,
        _ => Method::Identity,
    }
}

fn named_filters(encrypt: &Dictionary) -> Vec<(Vec<u8>, Method)> {
    let Some(Dictionary(filters)) = encrypt.dictionary(b"CF") else {
        return Vec::new();
    };
    filters
        .iter()
        .filter_map(|(name, filter)| Some((name.clone(), method_of(filter.as_dictionary()?))))
        .collect()
}
