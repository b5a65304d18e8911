//! Parts of files (RFC 9110 §14), with everything checked that a server or a proxy in between may get
//! wrong.

use std::ops::Range;

use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG};

use super::answer::Answer;
use crate::error::{Error, ErrorKind, Result};

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeAnswer {
    /// The bytes: those asked for, fewer only at the end of the file.
    pub bytes: Bytes,
    /// Where in the file they begin.
    pub start: u64,
    /// Size of the whole file, where the service tells.
    pub total: Option<u64>,
    /// The validator of the content, where the service tells.
    pub etag: Option<String>,
}

impl RangeAnswer {
    /// Whether this part is of the same content as `before`, as far as both tell: the same size and the
    /// same validator.
    #[must_use]
    pub fn continues(&self, before: &Self) -> bool {
        fn agree<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_none_or(|(one, other)| one == other)
        }
        agree(self.total.as_ref(), before.total.as_ref())
            && agree(self.etag.as_ref(), before.etag.as_ref())
    }
}

/// The part that was asked for, out of the answer to a call with [`Call::range`](super::Call::range).
///
/// - 206 must bring what was asked for, to the byte.
/// - 200 brings the whole file although a part was asked for (the service ignores ranges, or streams):
///   the part is cut out of it.
/// - 416 is an empty part when the range begins at or after the end of the file.
///
/// # Errors
///
/// [`ErrorKind::Malformed`] when the answer is something else: another range, a length that does not
/// fit, a page in HTML, an encoding that was not asked for.
pub fn checked_range(answer: &Answer, asked: &Range<u64>) -> Result<RangeAnswer> {
    examine(answer, asked).map_err(|what| answer.malformed(what))
}

/// As [`checked_range`], for two parts of one file: `before` is the one read first.
///
/// # Errors
///
/// Also [`ErrorKind::Changed`] when this part is of other content.
pub fn checked_next_range(
    answer: &Answer,
    asked: &Range<u64>,
    before: &RangeAnswer,
) -> Result<RangeAnswer> {
    let part = checked_range(answer, asked)?;
    if part.continues(before) {
        Ok(part)
    } else {
        let changed: Error = answer.error(ErrorKind::Changed);
        Err(changed
            .with_source(answer.not_as_asked("is of another content than the part before it")))
    }
}

/// The part, or what is wrong with the answer.
pub(super) fn examine(
    answer: &Answer,
    asked: &Range<u64>,
) -> std::result::Result<RangeAnswer, &'static str> {
    let (bytes, start, total) = match answer.status {
        StatusCode::PARTIAL_CONTENT => partial(answer, asked)?,
        StatusCode::OK => whole(answer, asked)?,
        StatusCode::RANGE_NOT_SATISFIABLE => beyond(answer, asked)?,
        _ => return Err("is no answer to a range"),
    };
    Ok(RangeAnswer {
        bytes,
        start,
        total,
        etag: answer.header(ETAG).map(str::to_owned),
    })
}

type Part = (Bytes, u64, Option<u64>);

fn partial(answer: &Answer, asked: &Range<u64>) -> std::result::Result<Part, &'static str> {
    unencoded(answer)?;
    let text = answer
        .header(CONTENT_RANGE)
        .ok_or("does not say which range it is")?;
    let (got, total) = content_range(text).ok_or("has an unreadable Content-Range")?;
    let got = got.ok_or("has no range in its Content-Range")?;
    // The end of the file is the only reason to bring less.
    let end = total.map_or(asked.end, |total| asked.end.min(total));
    let ends_well = got.end == end || (total.is_none() && got.end < end);
    if got.start != asked.start || !ends_well {
        return Err("brings another range than was asked for");
    }
    if got.end - got.start != answer.body.len() as u64 {
        return Err("brings another number of bytes than its Content-Range says");
    }
    Ok((answer.body.clone(), got.start, total))
}

fn whole(answer: &Answer, asked: &Range<u64>) -> std::result::Result<Part, &'static str> {
    unencoded(answer)?;
    no_page(answer)?;
    let body = &answer.body;
    // No more than the end of the range was read, so the body does not tell the size unless it ended
    // before.
    let read = body.len() as u64;
    let announced = answer
        .header(CONTENT_LENGTH)
        .and_then(|text| text.parse().ok());
    let total = announced.or((read < asked.end).then_some(read));
    let start = usize::try_from(asked.start).map_or(body.len(), |start| start.min(body.len()));
    let end = usize::try_from(asked.end).map_or(body.len(), |end| end.min(body.len()));
    let bytes = if start < end {
        body.slice(start..end)
    } else {
        Bytes::new()
    };
    Ok((bytes, asked.start, total))
}

fn beyond(answer: &Answer, asked: &Range<u64>) -> std::result::Result<Part, &'static str> {
    let text = answer
        .header(CONTENT_RANGE)
        .ok_or("does not say how large the file is")?;
    match content_range(text) {
        Some((None, Some(total))) if asked.start >= total => {
            Ok((Bytes::new(), asked.start, Some(total)))
        }
        Some((None, Some(_))) => Err("refuses a range that the file has"),
        _ => Err("has an unreadable Content-Range"),
    }
}

/// A page in place of a file: a sign-in, an error of a proxy, an error in JSON. A `Content-Disposition`
/// says that the page is the file.
pub(super) fn no_page(answer: &Answer) -> std::result::Result<(), &'static str> {
    let is_file = answer.headers.contains_key(CONTENT_DISPOSITION);
    if !is_file && (answer.is_html() || answer.is_json()) {
        return Err("is a page instead of a file");
    }
    Ok(())
}

/// The bytes of a file are counted as they are.
pub(super) fn unencoded(answer: &Answer) -> std::result::Result<(), &'static str> {
    match answer.header(CONTENT_ENCODING) {
        Some(coding) if !coding.trim().eq_ignore_ascii_case("identity") => {
            Err("has a content coding that was not asked for")
        }
        _ => Ok(()),
    }
}

/// Reads `bytes 0-9/100`, `bytes 0-9/*` and `bytes */100`.
fn content_range(text: &str) -> Option<(Option<Range<u64>>, Option<u64>)> {
    let (unit, rest) = text.trim().split_once(' ')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (range, total) = rest.trim().split_once('/')?;
    let total = match total.trim() {
        "*" => None,
        number => Some(number.parse::<u64>().ok()?),
    };
    let range = match range.trim() {
        "*" => None,
        range => {
            let (first, last) = range.split_once('-')?;
            let (first, last) = (first.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
            let end = last.checked_add(1)?;
            if first > last || total.is_some_and(|total| end > total) {
                return None;
            }
            Some(first..end)
        }
    };
    Some((range, total))
}
