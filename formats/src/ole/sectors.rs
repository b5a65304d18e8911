//! Header, sectors and allocation table of a compound file (MS-CFB 2.2, 2.3, 2.5).
//!
//! The allocation table is never loaded: each lookup reads the one table sector it needs, so the cost
//! follows what is read and not the size of the file.

use std::borrow::Cow;
use std::ops::Range;

use crate::fields::Fields;
use crate::input::{Input, Parsed};
use crate::refusal::Refusal;

/// End of a chain.
pub(super) const END_OF_CHAIN: u32 = 0xFFFF_FFFE;
/// The largest number of a sector that can hold data; those above have special meanings.
const LAST_REGULAR: u32 = 0xFFFF_FFFA;
/// Bytes of the header that say anything, in both versions.
const HEADER_LENGTH: u64 = 512;
/// Table sectors that the header itself lists, and where.
const LISTED_IN_HEADER: u32 = 109;
const LIST_OFFSET: u32 = 76;

/// The sectors of a file and which follows which.
pub(super) struct Sectors<'i, 'a> {
    pub(super) input: &'i Input<'a>,
    header: Cow<'a, [u8]>,
    /// Bytes of one sector, 512 or 4096.
    pub(super) size: u64,
    /// Version 4 has 64-bit stream sizes; in version 3 the upper half can be garbage (MS-CFB 2.6.3).
    pub(super) has_long_sizes: bool,
    pub(super) directory_start: u32,
    pub(super) mini_table_start: u32,
    list_start: u32,
    /// Sectors of the list of table sectors that have been visited, in order.
    list_sectors: Vec<u32>,
    /// The table sector used last.
    recent: Option<(u32, Cow<'a, [u8]>)>,
}

impl<'i, 'a> Sectors<'i, 'a> {
    pub(super) fn open(input: &'i Input<'a>) -> Parsed<Self> {
        let header = input.bytes_up_to(0, HEADER_LENGTH)?;
        let start = Fields::new(&header, "its compound file header");
        if (header.len() as u64) < HEADER_LENGTH {
            return Err(start.damage().into());
        }
        let mut fields = start.at(30)?;
        let (sector_shift, mini_shift) = (fields.u16()?, fields.u16()?);
        if !matches!((sector_shift, mini_shift), (9 | 12, 6)) {
            return Err(Refusal::corrupt("its sectors have an impossible size").into());
        }
        let directory_start = start.at(48)?.u32()?;
        let mini_table_start = start.at(60)?.u32()?;
        let list_start = start.at(68)?.u32()?;
        Ok(Self {
            input,
            header,
            size: 1 << sector_shift,
            has_long_sizes: sector_shift == 12,
            directory_start,
            mini_table_start,
            list_start,
            list_sectors: Vec::new(),
            recent: None,
        })
    }

    /// Where a sector lies. The last one of a file may be cut short.
    pub(super) fn range(&self, sector: u32) -> Parsed<Range<u64>> {
        let start = (u64::from(sector) + 1) * self.size;
        if sector > LAST_REGULAR || start >= self.input.len() {
            return Err(Refusal::corrupt("a sector lies outside the file").into());
        }
        Ok(start..(start + self.size).min(self.input.len()))
    }

    /// The sector after `sector`, or [`END_OF_CHAIN`].
    pub(super) fn after(&mut self, sector: u32) -> Parsed<u32> {
        self.input.step(1)?;
        self.range(sector)?;
        let per_sector = self.entries_per_sector();
        let index = sector / per_sector;
        let table = match self.recent.take() {
            Some((recent, table)) if recent == index => table,
            _ => {
                let range = self.table_sector(index)?;
                self.input.bytes(range)?
            }
        };
        let next = entry(&table, sector % per_sector)?;
        self.recent = Some((index, table));
        Ok(next)
    }

    /// Where the sector with part `index` of the allocation table lies.
    pub(super) fn table_sector(&mut self, index: u32) -> Parsed<Range<u64>> {
        let Some(index) = index.checked_sub(LISTED_IN_HEADER) else {
            let listed = Fields::new(&self.header, "its compound file header")
                .at(LIST_OFFSET + 4 * index)?
                .u32()?;
            return self.range(listed);
        };
        // The last entry of each list sector leads to the next one.
        let per_sector = self.entries_per_sector() - 1;
        let list_sector = self.list_sector(index / per_sector)?;
        let range = self.range(list_sector)?;
        let list = self.input.bytes(range)?;
        self.range(entry(&list, index % per_sector)?)
    }

    fn list_sector(&mut self, index: u32) -> Parsed<u32> {
        while self.list_sectors.len() <= index as usize {
            self.input.step(1 + self.list_sectors.len() as u64)?;
            let next = match self.list_sectors.last() {
                None => self.list_start,
                Some(&last) => {
                    let list = self.input.bytes(self.range(last)?)?;
                    entry(&list, self.entries_per_sector() - 1)?
                }
            };
            if self.list_sectors.contains(&next) {
                return Err(Refusal::corrupt("its list of table sectors runs in a circle").into());
            }
            self.range(next)?;
            self.list_sectors.push(next);
        }
        let sector = self.list_sectors.get(index as usize).copied();
        sector.ok_or_else(|| Refusal::corrupt("its list of table sectors is cut").into())
    }

    /// Entries of one sector of a table.
    pub(super) fn entries_per_sector(&self) -> u32 {
        if self.size == 512 { 128 } else { 1024 }
    }
}

/// Entry `index` of a table sector.
pub(super) fn entry(table: &[u8], index: u32) -> Parsed<u32> {
    Fields::new(table, "its sector table").at(4 * index)?.u32()
}

/// A chain of sectors, followed only as far as it is needed.
pub(super) struct Chain {
    sectors: Vec<u32>,
    next: u32,
    /// A sector that was passed, to notice coming back to it (Brent's cycle detection).
    landmark: Option<u32>,
    landmark_at: usize,
}

impl Chain {
    pub(super) fn new(start: u32) -> Self {
        Self {
            sectors: Vec::new(),
            next: start,
            landmark: None,
            landmark_at: 1,
        }
    }

    /// The sectors followed so far.
    pub(super) fn sectors(&self) -> &[u32] {
        &self.sectors
    }

    /// Whether the chain ends where it has been followed to.
    pub(super) fn has_ended(&self) -> bool {
        self.next == END_OF_CHAIN
    }

    /// Follows the chain until it has `count` sectors or ends. `after` looks the next sector up.
    pub(super) fn follow(
        &mut self,
        count: u64,
        input: &Input<'_>,
        mut after: impl FnMut(u32) -> Parsed<u32>,
    ) -> Parsed<()> {
        if count > input.limits().entries {
            return Err(Refusal::Limit("a stream of it has too many sectors").into());
        }
        while (self.sectors.len() as u64) < count && !self.has_ended() {
            let sector = self.next;
            if sector > LAST_REGULAR {
                return Err(Refusal::corrupt("a chain leads to no sector").into());
            }
            if self.landmark == Some(sector) {
                return Err(Refusal::corrupt("a chain of sectors runs in a circle").into());
            }
            self.next = after(sector)?;
            self.sectors.push(sector);
            if self.sectors.len() == self.landmark_at {
                self.landmark = Some(sector);
                self.landmark_at *= 2;
            }
        }
        Ok(())
    }

    /// The sector at `index`; a chain that ends before it is damage.
    pub(super) fn sector(
        &mut self,
        index: u64,
        input: &Input<'_>,
        after: impl FnMut(u32) -> Parsed<u32>,
    ) -> Parsed<u32> {
        self.follow(index + 1, input, after)?;
        let sector = usize::try_from(index)
            .ok()
            .and_then(|index| self.sectors.get(index));
        sector
            .copied()
            .ok_or_else(|| Refusal::corrupt("a chain of sectors ends early").into())
    }
}
