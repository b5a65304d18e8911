//! A result as pieces: what stays is not copied.

use std::borrow::Cow;
use std::io;
use std::ops::Range;

use crate::source::{Source, outside};

/// A file made of another: ranges of the original, and new bytes between them.
///
/// A caller that holds the original in shared memory sends it piece by piece without copying it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Content {
    pieces: Vec<Piece>,
    len: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Original(Range<usize>),
    New(Vec<u8>),
}

/// A piece of a [`Content`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment<'c> {
    /// This range of the original.
    Original(Range<usize>),
    /// New bytes.
    New(&'c [u8]),
}

impl Content {
    /// All of an original of this length.
    pub(crate) fn original(length: usize) -> Self {
        let mut content = Self::default();
        content.push_original(0..length);
        content
    }

    /// Length of the whole file in bytes.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether the file has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces in their order.
    pub fn segments(&self) -> impl Iterator<Item = Segment<'_>> {
        self.pieces.iter().map(|piece| match piece {
            Piece::Original(range) => Segment::Original(range.clone()),
            Piece::New(bytes) => Segment::New(bytes),
        })
    }

    /// The bytes of the pieces in their order; `original` is what the label was written into.
    pub fn slices<'c>(&'c self, original: &'c [u8]) -> impl Iterator<Item = &'c [u8]> {
        self.pieces.iter().map(|piece| piece.slice(original))
    }

    /// The whole file; `original` is what the label was written into.
    #[must_use]
    pub fn to_vec(&self, original: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.len).unwrap_or_default());
        for slice in self.slices(original) {
            bytes.extend_from_slice(slice);
        }
        bytes
    }

    pub(crate) fn push_original(&mut self, range: Range<usize>) {
        self.len += range.len() as u64;
        match self.pieces.last_mut() {
            Some(Piece::Original(last)) if last.end == range.start => last.end = range.end,
            _ => self.pieces.push(Piece::Original(range)),
        }
    }

    pub(crate) fn push(&mut self, bytes: Vec<u8>) {
        self.len += bytes.len() as u64;
        self.pieces.push(Piece::New(bytes));
    }

    /// Whether it is byte for byte this file. Bytes that are the original's own are not looked at.
    pub(crate) fn is(&self, original: &[u8], file: &[u8]) -> bool {
        let mut rest = file;
        for slice in self.slices(original) {
            let Some((head, after)) = rest.split_at_checked(slice.len()) else {
                return false;
            };
            if !are_same(head, slice) {
                return false;
            }
            rest = after;
        }
        rest.is_empty()
    }

    /// Whether it begins with all of the original, and goes on.
    pub(crate) fn extends(&self, original: &[u8]) -> bool {
        let first = self.slices(original).next();
        first.is_some_and(|first| are_same(first, original)) && self.len > original.len() as u64
    }

    /// The file, to be read.
    pub(crate) fn source<'c>(&'c self, original: &'c [u8]) -> Pieces<'c> {
        Pieces {
            content: self,
            original,
        }
    }
}

impl Piece {
    fn slice<'c>(&'c self, original: &'c [u8]) -> &'c [u8] {
        match self {
            Self::Original(range) => original.get(range.clone()).unwrap_or_default(),
            Self::New(bytes) => bytes,
        }
    }
}

/// Whether two slices have the same bytes; a slice need not be compared with itself.
pub(crate) fn are_same(one: &[u8], other: &[u8]) -> bool {
    std::ptr::eq(one, other) || one == other
}

/// A file in pieces as a source.
pub(crate) struct Pieces<'c> {
    content: &'c Content,
    original: &'c [u8],
}

impl Source for Pieces<'_> {
    fn len(&self) -> u64 {
        self.content.len
    }

    fn view(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        if range.start > range.end || range.end > self.content.len {
            return Err(outside(&range));
        }
        let wanted = (range.end - range.start) as usize;
        let mut joined = Vec::new();
        let mut start = 0u64;
        for slice in self.content.slices(self.original) {
            let end = start + slice.len() as u64;
            if range.start < end {
                let from = range.start.saturating_sub(start) as usize;
                let to = (range.end.min(end) - start) as usize;
                let part = slice.get(from..to).unwrap_or_default();
                if part.len() == wanted {
                    return Ok(Cow::Borrowed(part));
                }
                joined.extend_from_slice(part);
                if range.end <= end {
                    break;
                }
            }
            start = end;
        }
        match joined.len() == wanted {
            true => Ok(Cow::Owned(joined)),
            false => Err(outside(&range)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_read_as_one_file() {
        let original = b"0123456789".as_slice();
        let mut content = Content::default();
        content.push_original(0..3);
        content.push_original(3..4);
        content.push(b"abc".to_vec());
        content.push(Vec::new());
        content.push_original(8..10);
        let file = b"0123abc89";
        assert_eq!(content.to_vec(original), file);
        assert_eq!(content.segments().count(), 4);
        assert!(content.is(original, file));
        assert!(!content.is(original, b"0123abc8"));
        assert!(!content.is(original, b"0123abc899"));
        assert!(!content.extends(original));
        let source = content.source(original);
        for start in 0..=file.len() {
            for end in start..=file.len() {
                let view = source.view(start as u64..end as u64).unwrap();
                assert_eq!(&*view, &file[start..end], "{start}..{end}");
            }
        }
        assert!(source.view(0..10).is_err());
    }
}
