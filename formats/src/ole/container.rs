//! A compound file read by ranges: storages, streams, and no more of the file than they need
//! (MS-CFB).

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use super::directory::{Children, ENTRY_LENGTH, Entry, Kind, NO_ENTRY};
use super::sectors::{Chain, Sectors, entry};
use crate::input::{Input, Parsed, Stop};
use crate::refusal::Refusal;

/// Streams below this size live in the mini stream (MS-CFB 2.2).
const MINI_CUTOFF: u64 = 4096;
/// Bytes of a sector of the mini stream.
const MINI_SECTOR: u64 = 64;
/// A directory up to this size is fetched as one; of larger ones only the entries needed are.
const SMALL_DIRECTORY: u64 = 32 << 10;
/// Sectors of the allocation table asked for ahead, at most.
const MOST_FORESEEN: u32 = 64;

/// An open compound file.
pub(super) struct CompoundFile<'i, 'a> {
    input: &'i Input<'a>,
    sectors: Sectors<'i, 'a>,
    directory: Chain,
    mini_table: Chain,
    mini_stream: Chain,
    /// Bytes of the mini stream.
    mini_size: u64,
}

impl<'i, 'a> CompoundFile<'i, 'a> {
    /// Reads header, directory chain and what the root holds.
    pub(super) fn open(input: &'i Input<'a>) -> Parsed<(Self, Children)> {
        let mut sectors = Sectors::open(input)?;
        // Nearly every file needs these two, which lie anywhere.
        let first = sectors.range(sectors.directory_start)?;
        input.announce(&[first, sectors.table_sector(0)?])?;

        let mut directory = Chain::new(sectors.directory_start);
        let most = input.limits().entries * ENTRY_LENGTH / sectors.size;
        directory.follow(most, input, |sector| sectors.after(sector))?;
        if !directory.has_ended() {
            return Err(Refusal::Limit("its directory is too large").into());
        }
        let mut file = Self {
            input,
            directory,
            mini_table: Chain::new(sectors.mini_table_start),
            mini_stream: Chain::new(NO_ENTRY),
            mini_size: 0,
            sectors,
        };
        file.fetch_small_directory()?;
        let root = file.entry(0)?;
        if root.kind != Kind::Root {
            return Err(Refusal::corrupt("its directory has no root").into());
        }
        file.mini_stream = Chain::new(root.start);
        file.mini_size = root.size;
        let children = file.children(&root)?;
        Ok((file, children))
    }

    /// What the file is read from.
    pub(super) fn input(&self) -> &'i Input<'a> {
        self.input
    }

    fn fetch_small_directory(&self) -> Parsed<()> {
        let sectors = self.directory.sectors();
        if sectors.len() as u64 * self.sectors.size > SMALL_DIRECTORY {
            return Ok(());
        }
        let ranges: Parsed<Vec<_>> = sectors
            .iter()
            .map(|sector| self.sectors.range(*sector))
            .collect();
        self.input.announce(&ranges?)
    }

    /// Where directory entry `id` lies.
    fn entry_range(&self, id: u32) -> Parsed<Range<u64>> {
        let offset = u64::from(id) * ENTRY_LENGTH;
        let sector = usize::try_from(offset / self.sectors.size)
            .ok()
            .and_then(|index| self.directory.sectors().get(index));
        let sector =
            sector.ok_or_else(|| Refusal::corrupt("its directory leads outside itself"))?;
        let start = self.sectors.range(*sector)?.start + offset % self.sectors.size;
        Ok(start..start + ENTRY_LENGTH)
    }

    fn entry(&self, id: u32) -> Parsed<Entry> {
        let bytes = self.input.bytes(self.entry_range(id)?)?;
        Entry::parse(&bytes, self.sectors.has_long_sizes)
    }

    /// All children of a storage. The tree is walked whole, level by level: one that is wrongly
    /// sorted must not hide an entry.
    pub(super) fn children(&self, storage: &Entry) -> Parsed<Children> {
        let mut children = Vec::new();
        let mut seen = HashSet::new();
        let mut names = HashSet::new();
        let mut level = vec![storage.child];
        while !level.is_empty() {
            level.retain(|id| *id != NO_ENTRY);
            let ranges: Parsed<Vec<_>> = level.iter().map(|id| self.entry_range(*id)).collect();
            self.input.announce(&ranges?)?;
            let mut below = Vec::with_capacity(2 * level.len());
            for id in level {
                self.input.step(1)?;
                if !seen.insert(id) {
                    return Err(Refusal::corrupt("its directory runs in a circle").into());
                }
                let entry = self.entry(id)?;
                below.extend([entry.left, entry.right]);
                if !names.insert(entry.name.to_ascii_lowercase()) {
                    return Err(Refusal::corrupt("its directory has a name twice").into());
                }
                children.push(entry);
            }
            level = below;
        }
        Ok(Children(children))
    }

    /// All bytes of a stream; a chain that does not end where the size says is damage.
    pub(super) fn read(&mut self, stream: &Entry) -> Parsed<Cow<'a, [u8]>> {
        let ranges = self.whole_ranges(stream)?;
        self.gather(&ranges)
    }

    /// The first `length` bytes of a stream, or all of a shorter one.
    pub(super) fn read_start(&mut self, stream: &Entry, length: u64) -> Parsed<Cow<'a, [u8]>> {
        let ranges = self.ranges(stream, stream.size.min(length))?;
        self.gather(&ranges)
    }

    /// Fetches streams that will all be read, in as few rounds as can be.
    ///
    /// One whose chain is damaged is left out: reading it will tell.
    pub(super) fn foresee(&mut self, streams: &[&Entry]) -> Parsed<()> {
        self.foresee_table(streams)?;
        let mut wanted = Vec::new();
        for stream in streams {
            match self.whole_ranges(stream) {
                Ok(ranges) => wanted.extend(ranges),
                Err(Stop::Refused(_)) => {}
                Err(stop) => return Err(stop),
            }
        }
        self.input.announce(&wanted)
    }

    /// Asks for the parts of the allocation tables that the streams need if they lie in one piece,
    /// as they mostly do.
    fn foresee_table(&mut self, streams: &[&Entry]) -> Parsed<()> {
        let per_sector = self.sectors.entries_per_sector();
        let mut wanted = Vec::new();
        for stream in streams.iter().filter(|stream| stream.size >= MINI_CUTOFF) {
            let first = stream.start / per_sector;
            let count = stream
                .size
                .div_ceil(self.sectors.size * u64::from(per_sector));
            let count = u32::try_from(count).unwrap_or(u32::MAX).min(MOST_FORESEEN);
            wanted.extend(first..=first.saturating_add(count));
        }
        wanted.sort_unstable();
        wanted.dedup();
        let mut ranges = Vec::new();
        for index in wanted.into_iter().take(MOST_FORESEEN as usize) {
            match self.sectors.table_sector(index) {
                Ok(range) => ranges.push(range),
                // The guess goes beyond the table.
                Err(Stop::Refused(_)) => {}
                Err(stop) => return Err(stop),
            }
        }
        if streams.iter().any(|stream| stream.size < MINI_CUTOFF)
            && let Ok(range) = self.sectors.range(self.sectors.mini_table_start)
        {
            ranges.push(range);
        }
        self.input.announce(&ranges)
    }

    fn whole_ranges(&mut self, stream: &Entry) -> Parsed<Vec<Range<u64>>> {
        if stream.size > self.input.limits().piece {
            return Err(Refusal::Limit("a stream of it is too large").into());
        }
        self.ranges(stream, stream.size)
    }

    /// Where the first `length` bytes of a stream lie, neighbours merged.
    fn ranges(&mut self, stream: &Entry, length: u64) -> Parsed<Vec<Range<u64>>> {
        if length == 0 {
            return Ok(Vec::new());
        }
        let is_mini = stream.size < MINI_CUTOFF;
        let unit = if is_mini {
            MINI_SECTOR
        } else {
            self.sectors.size
        };
        let count = length.div_ceil(unit);
        let mut chain = Chain::new(stream.start);
        let input = self.input;
        if is_mini {
            chain.follow(count, input, |sector| self.after_mini(sector))?;
        } else {
            chain.follow(count, input, |sector| self.sectors.after(sector))?;
        }
        if (chain.sectors().len() as u64) < count {
            return Err(Refusal::corrupt("a stream is shorter than its size").into());
        }
        if length == stream.size && !chain.has_ended() {
            return Err(Refusal::corrupt("a stream is longer than its size").into());
        }
        let mut merged: Vec<Range<u64>> = Vec::new();
        let mut left = length;
        for sector in chain.sectors() {
            let start = if is_mini {
                self.mini_start(*sector)?
            } else {
                self.sectors.range(*sector)?.start
            };
            let end = start + unit.min(left);
            left -= end - start;
            match merged.last_mut() {
                Some(last) if last.end == start => last.end = end,
                _ => merged.push(start..end),
            }
        }
        Ok(merged)
    }

    /// The mini sector after `sector`.
    fn after_mini(&mut self, sector: u32) -> Parsed<u32> {
        self.input.step(1)?;
        self.mini_offset(sector)?;
        let per_sector = self.sectors.entries_per_sector();
        let table_sector =
            self.mini_table
                .sector(u64::from(sector / per_sector), self.input, |sector| {
                    self.sectors.after(sector)
                })?;
        let table = self.input.bytes(self.sectors.range(table_sector)?)?;
        entry(&table, sector % per_sector)
    }

    /// Where a mini sector starts in the mini stream.
    fn mini_offset(&self, sector: u32) -> Parsed<u64> {
        let offset = u64::from(sector) * MINI_SECTOR;
        if offset >= self.mini_size {
            return Err(Refusal::corrupt("a small stream leads outside its container").into());
        }
        Ok(offset)
    }

    /// Where a mini sector starts in the file.
    fn mini_start(&mut self, sector: u32) -> Parsed<u64> {
        let offset = self.mini_offset(sector)?;
        let container =
            self.mini_stream
                .sector(offset / self.sectors.size, self.input, |sector| {
                    self.sectors.after(sector)
                })?;
        Ok(self.sectors.range(container)?.start + offset % self.sectors.size)
    }

    fn gather(&self, ranges: &[Range<u64>]) -> Parsed<Cow<'a, [u8]>> {
        if let [only] = ranges {
            return self.input.bytes(only.clone());
        }
        self.input.announce(ranges)?;
        let mut bytes = Vec::new();
        for range in ranges {
            bytes.extend_from_slice(&self.input.bytes(range.clone())?);
        }
        Ok(Cow::Owned(bytes))
    }
}
