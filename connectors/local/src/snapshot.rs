//! What a walk saw, on disk: the base that the next walk is compared with.
//!
//! A header, blocks of sorted records, and a closing block without which the snapshot is not whole.
//! Each block has a checksum and can be read without those before it, so that writing and reading
//! resume at any block. Within a block a path leaves out what it shares with the one before.
//!
//! ```text
//! header   "labeldS1" | id u64 | inode of the root u64 | crc32 u32
//! block    payload length u32 | records u32 | crc32 of all but itself u32 | payload
//! record   shared u16 | length of the rest u16 | rest | kind u8 | size u64 | modified i64 u32
//!          | changed i64 u32 | inode u64
//! closing  a block with no records and no payload
//! ```
//!
//! All numbers are little-endian.

mod reader;
mod record;
mod writer;

pub(crate) use reader::{Position, SnapshotReader};
pub(crate) use record::Seen;
pub(crate) use writer::SnapshotWriter;

use std::io;

use crc32fast::Hasher;

use crate::path::{MAX_NAME_BYTES, MAX_PATH_BYTES};
use crate::state::SnapshotId;
use record::FIXED_BYTES;

const MAGIC: &[u8; 8] = b"labeldS1";
const HEADER_BYTES: usize = 28;
const BLOCK_HEADER_BYTES: usize = 12;

/// A block is closed when it has grown to this.
const BLOCK_BYTES: usize = 64 * 1024;

/// No whole block has a payload of more.
const MAX_BLOCK_BYTES: usize = BLOCK_BYTES + MAX_PATH_BYTES + MAX_NAME_BYTES + 1 + FIXED_BYTES;

/// Why a snapshot cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// Missing, cut off, or not what was written.
    #[error("the snapshot is missing or damaged: {0}")]
    Damaged(&'static str),
    /// The disk does not answer.
    #[error("cannot read the snapshot")]
    Io(#[source] io::Error),
}

impl From<io::Error> for SnapshotError {
    fn from(cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::NotFound => Self::Damaged("no such file"),
            io::ErrorKind::UnexpectedEof => Self::Damaged("cut off"),
            _ => Self::Io(cause),
        }
    }
}

/// What a snapshot's header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) id: SnapshotId,
    /// Inode of the root folder that was walked.
    pub(crate) root_inode: u64,
}

impl Header {
    fn encode(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&self.id.0.to_le_bytes());
        bytes.extend_from_slice(&self.root_inode.to_le_bytes());
        let checksum = crc32fast::hash(&bytes);
        bytes.extend_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, SnapshotError> {
        const WRONG: SnapshotError = SnapshotError::Damaged("wrong header");
        let mut fields = record::Fields(bytes);
        let magic = fields.array::<8>().ok_or(WRONG)?;
        let id = fields.u64().ok_or(WRONG)?;
        let root_inode = fields.u64().ok_or(WRONG)?;
        let header = Self {
            id: SnapshotId(id),
            root_inode,
        };
        if magic != *MAGIC || header.encode() != bytes {
            return Err(WRONG);
        }
        Ok(header)
    }
}

fn block_checksum(length: u32, records: u32, payload: &[u8]) -> u32 {
    let mut hasher = Hasher::new();
    hasher.update(&length.to_le_bytes());
    hasher.update(&records.to_le_bytes());
    hasher.update(payload);
    hasher.finalize()
}

#[cfg(test)]
mod tests;
