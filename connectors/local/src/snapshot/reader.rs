//! Reading a snapshot.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::record::{self, Fields, Seen};
use super::{
    BLOCK_HEADER_BYTES, HEADER_BYTES, Header, MAX_BLOCK_BYTES, SnapshotError, block_checksum,
};
use crate::state::SnapshotId;

/// Where a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    /// Offset of the block in the file.
    block: u64,
    /// Records of the block that are done.
    record: u32,
}

impl Position {
    /// Before the first record.
    pub(crate) const START: Self = Self {
        block: HEADER_BYTES as u64,
        record: 0,
    };
}

/// A snapshot that is being read, one block in memory. Its bytes are not trusted.
#[derive(Debug)]
pub(crate) struct SnapshotReader {
    file: File,
    header: Header,
    block_start: u64,
    block: Vec<u8>,
    /// What of `block` is decoded.
    consumed: usize,
    /// Records of the block, and how many come before the present one.
    records: u32,
    done: u32,
    path: Vec<u8>,
    present: Option<Seen>,
}

impl SnapshotReader {
    /// Opens the snapshot `id` and goes to `position`.
    pub(crate) fn open(
        path: &Path,
        id: SnapshotId,
        position: Position,
    ) -> Result<Self, SnapshotError> {
        let mut file = File::open(path)?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header)?;
        let header = Header::decode(&header)?;
        if header.id != id || position.block < HEADER_BYTES as u64 {
            return Err(SnapshotError::Damaged("not the snapshot of the cursor"));
        }
        file.seek(SeekFrom::Start(position.block))?;
        let mut reader = Self {
            file,
            header,
            block_start: position.block,
            block: Vec::new(),
            consumed: 0,
            records: 0,
            done: 0,
            path: Vec::new(),
            present: None,
        };
        reader.read_block()?;
        while reader.done < position.record {
            if reader.present.is_none() {
                return Err(SnapshotError::Damaged("not the snapshot of the cursor"));
            }
            reader.advance()?;
        }
        Ok(reader)
    }

    /// What was written at the beginning.
    pub(crate) fn header(&self) -> Header {
        self.header
    }

    /// Path and state of the present file; `None` at the end.
    pub(crate) fn present(&self) -> Option<(&[u8], &Seen)> {
        self.present
            .as_ref()
            .map(|seen| (self.path.as_slice(), seen))
    }

    /// Where to [`open`](Self::open) to come back here.
    pub(crate) fn position(&self) -> Position {
        Position {
            block: self.block_start,
            record: self.done,
        }
    }

    /// Goes to the next file.
    pub(crate) fn advance(&mut self) -> Result<(), SnapshotError> {
        self.done += 1;
        if self.done < self.records {
            return self.decode();
        }
        if self.consumed != self.block.len() {
            return Err(SnapshotError::Damaged("a block is longer than its records"));
        }
        self.block_start += (BLOCK_HEADER_BYTES + self.block.len()) as u64;
        self.read_block()
    }

    fn read_block(&mut self) -> Result<(), SnapshotError> {
        let mut header = [0; BLOCK_HEADER_BYTES];
        self.file.read_exact(&mut header)?;
        let mut fields = Fields(&header);
        let (Some(length), Some(records), Some(checksum)) =
            (fields.u32(), fields.u32(), fields.u32())
        else {
            return Err(SnapshotError::Damaged("cut off"));
        };
        if length as usize > MAX_BLOCK_BYTES || (records == 0) != (length == 0) {
            return Err(SnapshotError::Damaged("wrong block header"));
        }
        self.block.resize(length as usize, 0);
        self.file.read_exact(&mut self.block)?;
        if block_checksum(length, records, &self.block) != checksum {
            return Err(SnapshotError::Damaged("wrong checksum"));
        }
        self.consumed = 0;
        self.records = records;
        self.done = 0;
        self.present = None;
        if records == 0 {
            return Ok(());
        }
        self.path.clear();
        self.decode()
    }

    fn decode(&mut self) -> Result<(), SnapshotError> {
        const WRONG: SnapshotError = SnapshotError::Damaged("wrong record");
        let rest = self.block.get(self.consumed..).ok_or(WRONG)?;
        let mut fields = Fields(rest);
        self.present = Some(record::decode(&mut fields, &mut self.path).ok_or(WRONG)?);
        self.consumed += rest.len() - fields.0.len();
        Ok(())
    }
}
