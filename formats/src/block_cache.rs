//! The ranged reader: a partial copy of a file that knows what it has and names what it misses.
//!
//! A parser runs over the cache as if it were the whole file. Where bytes are missing the cache notes
//! the range and stops the parser; the caller fetches what [`BlockCache::missing`] lists (from a
//! cloud, a disk, anything) and runs the parser again. Parsing is cheap and fetching from afar is not,
//! so starting over is the simple choice; no thread waits on a network, and this crate needs no IO of
//! its own. A disk answers before a parser could be started again: [`Fetching`] asks it in between,
//! with the same reads, and the parser runs but once.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use crate::append_only::AppendOnly;
use crate::reader::{MOST_FETCHED, MOST_ROUNDS};
use crate::source::{Memory, Source, outside};

/// How much to fetch at a time: what one more request costs against what one more byte costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeStrategy {
    /// Files up to this size are fetched whole at once.
    pub whole_up_to: u64,
    /// Bytes of the end of the file that the first fetch takes. Archive directories and PDF trailers
    /// are there, and so are, in files as Office writes them, the label parts.
    pub tail: u64,
    /// The least that a later fetch takes.
    pub least: u64,
    /// Two missing ranges with at most this many bytes between them become one.
    pub gap: u64,
}

impl RangeStrategy {
    /// A local disk: a read costs about as much as 4 KiB.
    pub const LOCAL: Self = Self {
        whole_up_to: 8 << 10,
        tail: 4 << 10,
        least: 1 << 10,
        gap: 2 << 10,
    };
    /// Requests are the scarce thing: the whole file up to 1 MiB, else its last 256 KiB
    /// (promises, "Reading from the clouds").
    pub const REQUESTS: Self = Self {
        whole_up_to: 1 << 20,
        tail: 256 << 10,
        least: 64 << 10,
        gap: 256 << 10,
    };
    /// Bytes are the scarce thing (promises, "Reading from the clouds").
    pub const BYTES: Self = Self {
        whole_up_to: 16 << 10,
        tail: 16 << 10,
        least: 4 << 10,
        gap: 8 << 10,
    };
}

/// Reads of one file after which they begin to grow; regular files need less.
const USUAL_READS: u32 = 16;
/// Further reads after which what they take besides the range doubles again, from this many bytes.
const READS_PER_DOUBLING: u32 = 8;
const MORE: u64 = 1 << 10;

/// A run of bytes that has been fetched. Segments never overlap.
#[derive(Debug)]
struct Segment {
    start: u64,
    bytes: Vec<u8>,
}

impl Segment {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

/// See the [module documentation](self).
#[derive(Debug)]
pub struct BlockCache {
    len: u64,
    strategy: RangeStrategy,
    segments: AppendOnly<Segment>,
    /// Indices of the segments, sorted by where they start.
    order: RefCell<Vec<usize>>,
    missing: RefCell<Vec<Range<u64>>>,
    memory: Memory,
    position: u64,
    bytes_read: Cell<u64>,
    reads: Cell<u32>,
}

impl BlockCache {
    /// An empty cache of a file of `len` bytes. What to fetch first is [`missing`](Self::missing)
    /// already.
    #[must_use]
    pub fn new(len: u64, strategy: RangeStrategy) -> Self {
        let first = if len <= strategy.whole_up_to {
            0..len
        } else {
            len - strategy.tail.min(len)..len
        };
        let missing = if first.is_empty() {
            Vec::new()
        } else {
            vec![first]
        };
        Self {
            len,
            strategy,
            segments: AppendOnly::default(),
            order: RefCell::default(),
            missing: RefCell::new(missing),
            memory: Memory::default(),
            position: 0,
            bytes_read: Cell::new(0),
            reads: Cell::new(0),
        }
    }

    /// The ranges to fetch before the parser is run again, sorted, not overlapping each other nor
    /// anything that is there already. Each is one read.
    #[must_use]
    pub fn missing(&self) -> Vec<Range<u64>> {
        let mut wanted = self.missing.take();
        wanted.sort_by_key(|range| range.start);
        let mut merged: Vec<Range<u64>> = Vec::with_capacity(wanted.len());
        for range in wanted {
            let range = self.widened(range);
            match merged.last_mut() {
                Some(last) if range.start <= last.end.saturating_add(self.strategy.gap) => {
                    last.end = last.end.max(range.end);
                }
                _ => merged.push(range),
            }
        }
        merged
            .into_iter()
            .flat_map(|range| self.without_present(range))
            .collect()
    }

    /// Adds fetched bytes, counting them and the read that brought them.
    ///
    /// Bytes beyond the end of the file or already present are counted and dropped.
    pub fn insert(&mut self, start: u64, bytes: Vec<u8>) {
        self.add(start, bytes);
    }

    /// As [`insert`](Self::insert), while bytes are lent.
    fn add(&self, start: u64, bytes: Vec<u8>) {
        self.reads.set(self.reads.get().saturating_add(1));
        let bytes_read = self.bytes_read.get().saturating_add(bytes.len() as u64);
        self.bytes_read.set(bytes_read);
        let end = start.saturating_add(bytes.len() as u64).min(self.len);
        for hole in self.without_present(start..end) {
            let from = (hole.start - start) as usize;
            let to = (hole.end - start) as usize;
            let piece = if from == 0 && to == bytes.len() {
                self.put(start, bytes);
                return;
            } else {
                bytes.get(from..to).unwrap_or_default().to_vec()
            };
            self.put(hole.start, piece);
        }
    }

    /// Bytes fetched so far.
    #[must_use]
    pub fn bytes_read(&self) -> u64 {
        self.bytes_read.get()
    }

    /// Reads (requests) made so far.
    #[must_use]
    pub fn reads(&self) -> u32 {
        self.reads.get()
    }

    fn put(&self, start: u64, bytes: Vec<u8>) {
        let at = self.position_of(|segment| segment.start < start);
        if let Some(index) = self.segments.push(Segment { start, bytes }) {
            self.order.borrow_mut().insert(at, index);
        }
    }

    /// How many segments, in order, come `before`.
    fn position_of(&self, before: impl Fn(&Segment) -> bool) -> usize {
        let is_before = |index: &usize| self.segments.get(*index).is_some_and(&before);
        self.order.borrow().partition_point(is_before)
    }

    /// Makes a missing range at least as long as the strategy asks for.
    ///
    /// A file that needed many reads will need more, each of which may start the parser again, so they grow,
    /// and in both directions, for chains may lead backwards: a file made to cost a read for every link
    /// of a chain ends after about a hundred.
    fn widened(&self, range: Range<u64>) -> Range<u64> {
        let doublings = self.reads.get().saturating_sub(USUAL_READS) / READS_PER_DOUBLING;
        let extra = (MORE << doublings.min(30)) - MORE;
        let end = range
            .end
            .max(range.start.saturating_add(self.strategy.least))
            .saturating_add(extra)
            .min(self.len);
        range.start.saturating_sub(extra)..end
    }

    /// The parts of `range` that are not there yet.
    fn without_present(&self, range: Range<u64>) -> Vec<Range<u64>> {
        let mut holes = Vec::new();
        let mut at = range.start;
        for segment in self.overlapping(&range) {
            if at < segment.start {
                holes.push(at..segment.start);
            }
            at = at.max(segment.end());
        }
        if at < range.end {
            holes.push(at..range.end);
        }
        holes
    }

    /// The segments that have bytes of `range`, in order.
    fn overlapping(&self, range: &Range<u64>) -> impl Iterator<Item = &Segment> {
        let end = range.end;
        let mut at = self.position_of(|segment| segment.end() <= range.start);
        std::iter::from_fn(move || {
            let index = *self.order.borrow().get(at)?;
            at += 1;
            self.segments.get(index).filter(|found| found.start < end)
        })
    }

    fn note_missing(&self, range: &Range<u64>) -> bool {
        let holes = self.without_present(range.clone());
        let any = !holes.is_empty();
        self.missing.borrow_mut().extend(holes);
        any
    }
}

impl Source for BlockCache {
    fn len(&self) -> u64 {
        self.len
    }

    fn view(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        if range.start > range.end || range.end > self.len {
            return Err(outside(&range));
        }
        let Some(first) = self.overlapping(&range).next() else {
            return match self.note_missing(&range) {
                true => Err(io::ErrorKind::WouldBlock.into()),
                false => Ok(Cow::Borrowed(&[])),
            };
        };
        if first.start <= range.start && range.end <= first.end() {
            let from = (range.start - first.start) as usize;
            let to = (range.end - first.start) as usize;
            return Ok(Cow::Borrowed(first.bytes.get(from..to).unwrap_or_default()));
        }
        if self.note_missing(&range) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let mut joined = Vec::with_capacity((range.end - range.start) as usize);
        for part in self.overlapping(&range) {
            let from = range.start.saturating_sub(part.start) as usize;
            let to = (range.end.min(part.end()) - part.start) as usize;
            joined.extend_from_slice(part.bytes.get(from..to).unwrap_or_default());
        }
        Ok(Cow::Owned(joined))
    }

    fn announce(&self, ranges: &[Range<u64>]) -> io::Result<()> {
        let mut complete = true;
        for range in ranges {
            let range = range.start.min(self.len)..range.end.min(self.len);
            complete &= !self.note_missing(&range);
        }
        if complete {
            Ok(())
        } else {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }

    fn memory(&self) -> Option<&Memory> {
        Some(&self.memory)
    }
}

/// A cache that fetches what it misses at once, within [`MOST_ROUNDS`] and [`MOST_FETCHED`].
pub(crate) struct Fetching<'c, F> {
    cache: &'c BlockCache,
    fetch: RefCell<F>,
    rounds: Cell<u32>,
    given_up: Cell<bool>,
}

impl<'c, F: FnMut(Range<u64>) -> io::Result<Vec<u8>>> Fetching<'c, F> {
    pub(crate) fn new(cache: &'c BlockCache, fetch: F) -> Self {
        Self {
            cache,
            fetch: RefCell::new(fetch),
            rounds: Cell::new(0),
            given_up: Cell::new(false),
        }
    }

    /// Whether a parser was stopped because the file needs more than the bounds allow.
    pub(crate) fn is_given_up(&self) -> bool {
        self.given_up.get()
    }

    fn fetch_missing(&self) -> io::Result<()> {
        let missing = self.cache.missing();
        let wanted: u64 = missing.iter().map(|range| range.end - range.start).sum();
        let fetched = self.cache.bytes_read().saturating_add(wanted);
        let round = self.rounds.get();
        // How much the first round takes is the caller's choice.
        if round >= MOST_ROUNDS || round > 0 && fetched > MOST_FETCHED {
            self.given_up.set(true);
            return Err(io::Error::other("too many reads"));
        }
        self.rounds.set(round + 1);
        for range in missing {
            let wanted = range.end - range.start;
            let bytes = (self.fetch.borrow_mut())(range.clone())?;
            if bytes.len() as u64 != wanted {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.cache.add(range.start, bytes);
        }
        Ok(())
    }

    /// What `ask` answers once nothing is missing that it asks for.
    fn until_there<T>(&self, ask: impl Fn() -> io::Result<T>) -> io::Result<T> {
        if self.rounds.get() == 0 {
            self.fetch_missing()?;
        }
        loop {
            match ask() {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.fetch_missing()?,
                answer => return answer,
            }
        }
    }
}

impl<F: FnMut(Range<u64>) -> io::Result<Vec<u8>>> Source for Fetching<'_, F> {
    fn len(&self) -> u64 {
        self.cache.len
    }

    fn view(&self, range: Range<u64>) -> io::Result<Cow<'_, [u8]>> {
        self.until_there(|| self.cache.view(range.clone()))
    }

    fn announce(&self, ranges: &[Range<u64>]) -> io::Result<()> {
        self.until_there(|| self.cache.announce(ranges))
    }
}

impl Read for BlockCache {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let start = self.position.min(self.len);
        let end = start.saturating_add(buffer.len() as u64).min(self.len);
        let length = {
            let bytes = self.view(start..end)?;
            buffer[..bytes.len()].copy_from_slice(&bytes);
            bytes.len()
        };
        self.position = end;
        Ok(length)
    }
}

impl Seek for BlockCache {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::End(offset) => self.len.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fetch_missing(cache: &mut BlockCache, file: &[u8]) -> bool {
        let missing = cache.missing();
        for range in &missing {
            cache.insert(
                range.start,
                file[range.start as usize..range.end as usize].to_vec(),
            );
        }
        !missing.is_empty()
    }

    proptest! {
        /// Whatever is asked for, the answer is the file's, nothing is fetched twice, and one round of
        /// fetching is enough.
        #[test]
        fn answers_as_the_whole_file_does(
            len in 0usize..5_000,
            whole_up_to in 0u64..600, tail in 0u64..600, least in 0u64..300, gap in 0u64..300,
            asks in prop::collection::vec((0usize..5_000, 0usize..700), 0..30),
        ) {
            let file: Vec<u8> = (0..len).map(|at| (at % 251) as u8).collect();
            let mut cache = BlockCache::new(len as u64, RangeStrategy { whole_up_to, tail, least, gap });
            fetch_missing(&mut cache, &file);
            for (start, length) in asks {
                let start = start.min(len);
                let end = (start + length).min(len);
                let range = start as u64..end as u64;
                if cache.view(range.clone()).is_err() {
                    prop_assert!(fetch_missing(&mut cache, &file));
                }
                prop_assert_eq!(&*cache.view(range).unwrap(), &file[start..end]);
            }
            prop_assert!(cache.bytes_read() <= len as u64, "nothing is fetched twice");
        }
    }

    #[test]
    fn reads_and_seeks_like_a_file() {
        let file: Vec<u8> = (0..=255).collect();
        let mut cache = BlockCache::new(
            256,
            RangeStrategy {
                whole_up_to: 0,
                tail: 16,
                least: 0,
                gap: 0,
            },
        );
        assert!(fetch_missing(&mut cache, &file));
        cache.seek(SeekFrom::End(-4)).unwrap();
        let mut four = [0; 4];
        cache.read_exact(&mut four).unwrap();
        assert_eq!(four, [252, 253, 254, 255]);
        assert_eq!(cache.read(&mut four).unwrap(), 0, "end of file");
        cache.rewind().unwrap();
        let stopped = cache.read_exact(&mut four).unwrap_err();
        assert_eq!(stopped.kind(), io::ErrorKind::WouldBlock);
        assert_eq!(cache.missing(), vec![0..4]);
    }
}
