//! Random access to the bytes of one file version.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::Arc;

/// Where a parser gets its bytes from.
///
/// Parsers ask for ranges; a source that does not have one yet (see [`BlockCache`](crate::BlockCache))
/// answers with an error of kind [`io::ErrorKind::WouldBlock`] after noting what is missing.
pub trait Source {
    /// Length of the file in bytes.
    fn len(&self) -> u64;

    /// Whether the file is empty.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of `range`, which must lie inside the file.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] when the bytes have to be fetched first, or what the medium says.
    fn view(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>>;

    /// Says that all of `ranges` will be needed, so that a source that fetches can do it in one go.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] when any of them has to be fetched first.
    fn announce(&self, ranges: &[Range<u64>]) -> io::Result<()> {
        let _ = ranges;
        Ok(())
    }

    /// Where parsers keep what they would have to work out again when they are started again; `None`
    /// for a source over which they run but once.
    fn memory(&self) -> Option<&Memory> {
        None
    }
}

/// What a result is, beside where in the file it comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    CrossReferences,
    ObjectStream,
    /// An object stream found by a search, which may be encrypted in another way.
    SearchedObjectStream,
    FileKey,
    SearchedFileKey,
}

/// A result and what working it out costs.
#[derive(Debug, Clone)]
pub(crate) struct Remembered {
    pub(crate) bytes: Arc<[u8]>,
    pub(crate) steps: u64,
    pub(crate) inflated: u64,
}

/// Results that outlast one run of a parser over an incomplete source.
#[derive(Debug, Default)]
pub struct Memory {
    results: RefCell<Vec<(Purpose, u64, Remembered)>>,
}

/// Results kept of one file; the usual one needs five. What they hold is bounded by what one run may
/// decompress.
const MOST_RESULTS: usize = 64;

impl Memory {
    /// What was kept for this purpose and position.
    pub(crate) fn recall(&self, purpose: Purpose, position: u64) -> Option<Remembered> {
        let results = self.results.borrow();
        let found = results
            .iter()
            .find(|(known, at, _)| (*known, *at) == (purpose, position));
        found.map(|(_, _, result)| result.clone())
    }

    /// Keeps `result` if there is room for it.
    pub(crate) fn keep(&self, purpose: Purpose, position: u64, result: Remembered) {
        let mut results = self.results.borrow_mut();
        if results.len() < MOST_RESULTS {
            results.push((purpose, position, result));
        }
    }
}

/// A whole file in memory.
impl Source for &[u8] {
    fn len(&self) -> u64 {
        <[u8]>::len(self) as u64
    }

    fn view(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        let slice = usize::try_from(range.start)
            .ok()
            .zip(usize::try_from(range.end).ok())
            .and_then(|(start, end)| self.get(start..end));
        slice.map(Cow::Borrowed).ok_or_else(|| outside(&range))
    }
}

/// Any `Read + Seek` as a source: each range is one seek and one read.
#[derive(Debug)]
pub struct StreamSource<R> {
    stream: RefCell<R>,
    len: u64,
}

impl<R: Read + Seek> StreamSource<R> {
    /// Takes the length from the stream's end.
    ///
    /// # Errors
    ///
    /// What seeking to the end says.
    pub fn new(mut stream: R) -> io::Result<Self> {
        let len = stream.seek(SeekFrom::End(0))?;
        Ok(Self {
            stream: RefCell::new(stream),
            len,
        })
    }
}

impl<R: Read + Seek> Source for StreamSource<R> {
    fn len(&self) -> u64 {
        self.len
    }

    fn view(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        if range.start > range.end || range.end > self.len {
            return Err(outside(&range));
        }
        let length = usize::try_from(range.end - range.start).map_err(|_| outside(&range))?;
        let mut stream = self.stream.borrow_mut();
        stream.seek(SeekFrom::Start(range.start))?;
        let mut bytes = vec![0; length];
        stream.read_exact(&mut bytes)?;
        Ok(Cow::Owned(bytes))
    }
}

/// The error for a range that is not inside the file.
pub(crate) fn outside(range: &Range<u64>) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!(
            "range {}..{} is not inside the file",
            range.start, range.end
        ),
    )
}
