//! From the end of a file to its newest cross-reference section (ISO 32000-2, 7.5.5).

use std::borrow::Cow;
use std::{iter, slice};

use crate::input::{Input, Parsed};
use crate::pdf::cross_reference::{self, CrossReferences, ENTRY};
use crate::pdf::object::Dictionary;
use crate::pdf::parser::Parser;
use crate::pdf::window;
use crate::refusal::Refusal;

/// Bytes of the end in which `startxref` is looked for first, and if it is not there: some writers and
/// gateways append to a file.
const TAILS: [u64; 2] = [1024, 32 << 10];
/// Bytes of the head in which the header is looked for; what viewers do.
const HEAD: u64 = 1024;
/// A newest section that begins this near to the end is read in one piece with its trailer.
const NEAR_END: u64 = 6 << 10;
/// Bytes tried first of a section further away.
const SECTION_WINDOW: u64 = 4 << 10;

/// Whether the last `startxref` leads to a cross-reference section, offsets counted from the first
/// byte.
pub(super) fn leads_to_section(input: &Input<'_>) -> Parsed<bool> {
    match last_start(input, TAILS[0])? {
        Some((start, tail)) => {
            announce_section(input, start, &tail)?;
            is_section(input, start)
        }
        None => Ok(false),
    }
}

/// The file's own cross-references.
pub(super) fn cross_references<'i, 'a>(input: &'i Input<'a>) -> Parsed<CrossReferences<'i, 'a>> {
    for length in TAILS {
        let Some((start, tail)) = last_start(input, length)? else {
            continue;
        };
        announce_section(input, start, &tail)?;
        if is_section(input, start)? {
            return CrossReferences::open(input, start, 0);
        }
        // Many writers count offsets from the header, which need not be the first byte.
        let head = input.bytes_up_to(0, HEAD)?;
        let base = memchr::memmem::find(&head, b"%PDF-").unwrap_or(0) as u64;
        return CrossReferences::open(input, start, base);
    }
    Err(Refusal::corrupt("it has no trailer").into())
}

/// The offset after the last `startxref` of the last `length` bytes, and those bytes.
fn last_start<'a>(input: &Input<'a>, length: u64) -> Parsed<Option<(u64, Cow<'a, [u8]>)>> {
    let tail = input.bytes(input.len().saturating_sub(length)..input.len())?;
    let word = b"startxref";
    // It is the last word but two, so looking back byte by byte is the fastest way.
    let Some(at) = tail.windows(word.len()).rposition(|window| window == word) else {
        return Ok(None);
    };
    let mut parser = Parser::new(&tail, true, input);
    parser.seek(at + word.len());
    let start = parser.unsigned().ok().flatten();
    drop(parser);
    Ok(start.map(|start| (start, tail)))
}

fn is_section(input: &Input<'_>, start: u64) -> Parsed<bool> {
    if start >= input.len() {
        return Ok(false);
    }
    window::parse_at(input, start, |parser| {
        Ok(parser.keyword(b"xref")? || matches!(parser.indirect_header(), Ok(Some(_))))
    })
}

/// Says what will be needed of the newest section: all of it where it is near the end, else its head
/// and, for a classic table, the entries that its trailer names. Wrong guesses cost a read, no more.
fn announce_section(input: &Input<'_>, start: u64, tail: &[u8]) -> Parsed<()> {
    let len = input.len();
    if start >= len {
        return Ok(());
    }
    if len - start <= NEAR_END {
        return input.announce(slice::from_ref(&(start..len)));
    }
    let tail_start = len - tail.len() as u64;
    let trailer = memchr::memmem::rfind(tail, b"trailer").and_then(|at| {
        let mut parser = Parser::new(tail, true, input);
        parser.seek(at);
        let trailer = cross_reference::trailer(&mut parser).ok()?;
        Some((tail_start + at as u64, trailer))
    });
    let Some((trailer_at, trailer)) = trailer.filter(|(at, _)| *at > start) else {
        return input.announce(slice::from_ref(&(start..start + SECTION_WINDOW)));
    };
    let head = start..start + window::OBJECT_WINDOW;
    let guesses = [b"Root".as_slice(), b"Info", b"Encrypt"]
        .into_iter()
        .filter_map(|key| entry_guess(&trailer, trailer_at, key))
        .map(|at| at..at + ENTRY);
    let ranges: Vec<_> = iter::once(head).chain(guesses).collect();
    input.announce(&ranges)
}

/// Where the table entry of the object that a trailer names stands, if the table is one run of all
/// objects right before the trailer.
fn entry_guess(trailer: &Dictionary, trailer_at: u64, key: &[u8]) -> Option<u64> {
    let number = u64::from(trailer.reference(key)?.number);
    let after = trailer.unsigned(b"Size")?.checked_sub(number)?;
    trailer_at.checked_sub(after.checked_mul(ENTRY)?)
}
