//! The targets: each makes a document of fuzz input and checks how it is read, or written into.

mod check;
pub mod compound;
mod package;
mod pdf;
mod written;

use check::check_document;
use written::check_written;

/// Makes documents of one input.
type Documents = fn(&[u8]) -> Vec<Vec<u8>>;

/// All targets by name.
const TARGETS: [(&str, Documents); 13] = [
    ("zip_archive", |input| vec![package::archive(input)]),
    ("ooxml_parts", |input| vec![package::office_package(input)]),
    ("odf_meta", |input| vec![package::open_document(input)]),
    ("pdf", |input| vec![with_magic(b"%PDF-", input)]),
    ("pdf_xmp", |input| vec![pdf::with_metadata(input)]),
    ("pdf_encrypt", |input| vec![pdf::with_encryption(input)]),
    ("compound_file", |input| {
        vec![with_magic(&compound::MAGIC, input)]
    }),
    ("compound_streams", |input| {
        vec![compound::with_streams(input)]
    }),
    ("property_set", |input| {
        vec![compound::with_property_set(input)]
    }),
    // A licence stands in three containers, which look for it in different ways.
    ("licence", |input| {
        vec![
            compound::pfile(input),
            compound::rights_managed(input),
            pdf::with_licence(input),
        ]
    }),
    ("pfile", |input| vec![with_magic(b".pfile", input)]),
    ("whole", |input| vec![input.to_vec()]),
    (WRITE, |input| match input {
        [b'P', b'K', ..] | [b'%', b'P', b'D', b'F', ..] => vec![input.to_vec()],
        parts => vec![package::office_package(parts), pdf::with_metadata(parts)],
    }),
];

/// The target whose documents are written into.
const WRITE: &str = "write";

/// The documents that a target makes of an input.
///
/// # Panics
///
/// When there is no target of this name.
pub fn documents(target: &str, input: &[u8]) -> Vec<Vec<u8>> {
    let found = TARGETS.iter().find(|(name, _)| *name == target);
    let (_, documents) = found.unwrap_or_else(|| panic!("no target is called {target}"));
    documents(input)
}

/// Runs a target over an input.
///
/// # Panics
///
/// When a reading or a write breaks a promise, or when there is no target of this name.
pub fn check(target: &str, input: &[u8]) {
    for document in documents(target, input) {
        match target {
            WRITE => check_written(&document),
            _ => check_document(&document),
        }
    }
}

/// Stands between the parts of an input that fills several places of a document.
pub const SEPARATOR: &[u8] = b"\n--part--\n";

/// The parts of an input. A document takes a valid part of its own for one that is missing or empty.
fn parts(mut input: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let end = input
            .windows(SEPARATOR.len())
            .position(|window| window == SEPARATOR);
        let part = &input[..end.unwrap_or(input.len())];
        done = end.is_none();
        input = &input[end.map_or(input.len(), |end| end + SEPARATOR.len())..];
        Some(part)
    })
}

/// The next part, or `otherwise` where it is missing or empty.
fn part_or<'a>(parts: &mut impl Iterator<Item = &'a [u8]>, otherwise: &'a [u8]) -> &'a [u8] {
    parts
        .next()
        .filter(|part| !part.is_empty())
        .unwrap_or(otherwise)
}

/// The input with its first bytes overwritten, so that a raw mutation never leaves the parser at hand.
fn with_magic(magic: &[u8], input: &[u8]) -> Vec<u8> {
    let mut document = magic.to_vec();
    document.extend(input.iter().skip(magic.len()));
    document
}
