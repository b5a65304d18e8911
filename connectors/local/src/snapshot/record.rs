//! One file in a snapshot.

use labeld_connector::FileKind;

use crate::path::{MAX_NAME_BYTES, MAX_PATH_BYTES, shared_prefix};
use crate::status::{FileTime, Stamp};

/// Bytes of a record beside its path.
pub(super) const FIXED_BYTES: usize = 2 + 2 + 1 + 8 + 12 + 12 + 8;

/// What a snapshot knows of a file beside its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) kind: FileKind,
    pub(crate) stamp: Stamp,
}

/// Appends the record of `path`, which follows that of `previous` in the same block.
pub(super) fn encode(block: &mut Vec<u8>, previous: &[u8], path: &[u8], seen: &Seen) {
    let shared = shared_prefix(previous, path);
    let rest = path.get(shared..).unwrap_or_default();
    let stamp = &seen.stamp;
    // A path is at most MAX_PATH_BYTES long, which fits in a u16.
    block.extend_from_slice(&(shared as u16).to_le_bytes());
    block.extend_from_slice(&(rest.len() as u16).to_le_bytes());
    block.extend_from_slice(rest);
    block.push(code_of(seen.kind));
    block.extend_from_slice(&stamp.size.to_le_bytes());
    for time in [stamp.modified, stamp.changed] {
        block.extend_from_slice(&time.seconds.to_le_bytes());
        block.extend_from_slice(&time.nanoseconds.to_le_bytes());
    }
    block.extend_from_slice(&stamp.inode.to_le_bytes());
}

/// Takes a record from `fields` and makes `path`, the one before, its path. `None` when damaged.
pub(super) fn decode(fields: &mut Fields<'_>, path: &mut Vec<u8>) -> Option<Seen> {
    let shared = usize::from(fields.u16()?);
    let length = usize::from(fields.u16()?);
    let rest = fields.take(length)?;
    if shared > path.len() || shared + length > MAX_PATH_BYTES + 1 + MAX_NAME_BYTES {
        return None;
    }
    path.truncate(shared);
    path.extend_from_slice(rest);
    Some(Seen {
        kind: kind_of(fields.array::<1>()?)?,
        stamp: Stamp {
            size: fields.u64()?,
            modified: fields.time()?,
            changed: fields.time()?,
            inode: fields.u64()?,
        },
    })
}

fn code_of(kind: FileKind) -> u8 {
    match kind {
        FileKind::File => 0,
        FileKind::Shortcut => 1,
        FileKind::Native => 2,
        FileKind::Package => 3,
        FileKind::Special => 4,
    }
}

fn kind_of(code: [u8; 1]) -> Option<FileKind> {
    match code[0] {
        0 => Some(FileKind::File),
        1 => Some(FileKind::Shortcut),
        2 => Some(FileKind::Native),
        3 => Some(FileKind::Package),
        4 => Some(FileKind::Special),
        _ => None,
    }
}

/// Little-endian fields, one after the other; `None` past the end.
pub(super) struct Fields<'bytes>(pub(super) &'bytes [u8]);

impl<'bytes> Fields<'bytes> {
    pub(super) fn take(&mut self, length: usize) -> Option<&'bytes [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn array<const LENGTH: usize>(&mut self) -> Option<[u8; LENGTH]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn time(&mut self) -> Option<FileTime> {
        Some(FileTime {
            seconds: self.array().map(i64::from_le_bytes)?,
            nanoseconds: self.u32()?,
        })
    }
}
