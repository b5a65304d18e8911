//! Reading indirect objects and stream data at a place of the file.

use std::borrow::Cow;

use crate::input::{Input, Parsed};
use crate::pdf::object::{Object, ObjectId};
use crate::pdf::parser::{Fault, Lexed, Parser};
use crate::refusal::Refusal;

/// Bytes tried first for an object; most catalogs and information dictionaries fit.
pub(super) const OBJECT_WINDOW: u64 = 1024;
/// By how much the window grows when the object does not end in it.
const GROWTH: u64 = 4;
/// Bytes after the data of a stream in which `endstream` must begin.
const AFTER_STREAM: u64 = 32;

/// An indirect object found at a place of the file.
pub(super) struct Placed {
    pub(super) id: ObjectId,
    pub(super) object: Object,
    /// Where in the file the data of its stream begins, if it is one.
    pub(super) stream: Option<u64>,
}

/// Parses with `parse` at `offset`, over windows that grow until they suffice.
pub(super) fn parse_at<T>(
    input: &Input<'_>,
    offset: u64,
    parse: impl Fn(&mut Parser<'_, '_>) -> Lexed<T>,
) -> Parsed<T> {
    let mut length = OBJECT_WINDOW;
    loop {
        let bytes = input.bytes_up_to(offset, length)?;
        let whole = offset.saturating_add(length) >= input.len();
        match parse(&mut Parser::new(&bytes, whole, input)) {
            Ok(parsed) => return Ok(parsed),
            Err(Fault::Incomplete) if length < input.limits().piece => {
                length = (length * GROWTH).min(input.limits().piece);
            }
            Err(Fault::Incomplete) => {
                return Err(Refusal::Limit("an object of it is too large").into());
            }
            Err(fault) => return Err(fault.into_stop()),
        }
    }
}

/// The indirect object at `offset`.
pub(super) fn object_at(input: &Input<'_>, offset: u64) -> Parsed<Placed> {
    parse_at(input, offset, |parser| {
        let found = parser.indirect()?;
        Ok(Placed {
            id: found.id,
            object: found.object,
            stream: found.stream.map(|at| offset + at as u64),
        })
    })
}

/// The data of a stream that begins at `start`.
///
/// `length` is what its dictionary says. It is believed where `endstream` follows; otherwise the data
/// ends at the next `endstream`.
pub(super) fn stream_data<'a>(
    input: &Input<'a>,
    start: u64,
    length: Option<u64>,
) -> Parsed<Cow<'a, [u8]>> {
    let said = length
        .and_then(|length| start.checked_add(length))
        .filter(|end| *end <= input.len());
    if let Some(end) = said {
        if end - start > input.limits().piece {
            return Err(Refusal::Limit("a stream of it is too large").into());
        }
        let data = input.bytes_up_to(start, end - start + AFTER_STREAM)?;
        let length = (end - start) as usize;
        if is_end_of_stream(data.get(length..).unwrap_or_default()) {
            return Ok(shortened(data, length));
        }
    }
    let range = match (search_end(input, start)?, said) {
        (Some(end), _) | (None, Some(end)) => start..end,
        (None, None) => return Err(Refusal::corrupt("a stream of it does not end").into()),
    };
    input.bytes(range)
}

fn shortened(data: Cow<'_, [u8]>, length: usize) -> Cow<'_, [u8]> {
    match data {
        Cow::Borrowed(data) => Cow::Borrowed(data.get(..length).unwrap_or_default()),
        Cow::Owned(mut data) => {
            data.truncate(length);
            Cow::Owned(data)
        }
    }
}

fn is_end_of_stream(after: &[u8]) -> bool {
    let after = after.trim_ascii_start();
    after.starts_with(b"endstream") || after.starts_with(b"endobj")
}

/// Where the data before the next `endstream` ends, its end of line left out.
fn search_end(input: &Input<'_>, start: u64) -> Parsed<Option<u64>> {
    let mut length = OBJECT_WINDOW;
    loop {
        let window = input.bytes_up_to(start, length)?;
        if let Some(at) = memchr::memmem::find(&window, b"endstream") {
            let data = window.get(..at).unwrap_or_default();
            let data = data.strip_suffix(b"\n").unwrap_or(data);
            let data = data.strip_suffix(b"\r").unwrap_or(data);
            return Ok(Some(start + data.len() as u64));
        }
        if (window.len() as u64) < length || length >= input.limits().piece {
            return Ok(None);
        }
        length = (length * GROWTH).min(input.limits().piece);
    }
}
