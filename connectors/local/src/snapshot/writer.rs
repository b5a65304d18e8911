//! Writing a snapshot.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::record::{self, Seen};
use super::{BLOCK_BYTES, HEADER_BYTES, Header, SnapshotError, block_checksum};
use crate::path::compare;
use crate::state::SnapshotId;

/// A snapshot that is being written.
#[derive(Debug)]
pub(crate) struct SnapshotWriter {
    file: File,
    header: Header,
    /// Length of the file.
    written: u64,
    block: Vec<u8>,
    records: u32,
    previous: Vec<u8>,
}

impl SnapshotWriter {
    /// A new snapshot at `path`.
    pub(crate) fn create(path: &Path, header: Header) -> io::Result<Self> {
        let mut file = File::options().create_new(true).write(true).open(path)?;
        file.write_all(&header.encode())?;
        Ok(Self::at(file, header, HEADER_BYTES as u64))
    }

    /// Goes on with the snapshot `id` at `path` as it was when [`flush`](Self::flush) said `written`.
    pub(crate) fn resume(path: &Path, id: SnapshotId, written: u64) -> Result<Self, SnapshotError> {
        let mut file = File::options().read(true).write(true).open(path)?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header)?;
        let header = Header::decode(&header)?;
        if header.id != id || written < HEADER_BYTES as u64 || file.metadata()?.len() < written {
            return Err(SnapshotError::Damaged("not the snapshot of the cursor"));
        }
        file.set_len(written)?;
        file.seek(SeekFrom::Start(written))?;
        Ok(Self::at(file, header, written))
    }

    fn at(file: File, header: Header, written: u64) -> Self {
        Self {
            file,
            header,
            written,
            block: Vec::with_capacity(BLOCK_BYTES),
            records: 0,
            previous: Vec::new(),
        }
    }

    /// What was written at the beginning.
    pub(crate) fn header(&self) -> Header {
        self.header
    }

    /// Whether nothing was added so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.records == 0 && self.written == HEADER_BYTES as u64
    }

    /// Adds a file. Paths come in the order of the walk.
    pub(crate) fn push(&mut self, path: &[u8], seen: &Seen) -> io::Result<()> {
        debug_assert!(self.previous.is_empty() || compare(&self.previous, path).is_lt());
        record::encode(&mut self.block, &self.previous, path, seen);
        path.clone_into(&mut self.previous);
        self.records += 1;
        if self.block.len() >= BLOCK_BYTES {
            self.end_block()?;
        }
        Ok(())
    }

    /// Makes all that was added survive a power failure, and says where to
    /// [`resume`](Self::resume) from.
    pub(crate) fn flush(&mut self) -> io::Result<u64> {
        if self.records > 0 {
            self.end_block()?;
        }
        self.file.sync_data()?;
        Ok(self.written)
    }

    /// Closes the snapshot: it is whole now.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        if self.records > 0 {
            self.end_block()?;
        }
        self.end_block()?;
        self.file.sync_data()
    }

    fn end_block(&mut self) -> io::Result<()> {
        // A block is at most MAX_BLOCK_BYTES long, which fits.
        let length = self.block.len() as u32;
        let checksum = block_checksum(length, self.records, &self.block);
        let mut header = [0; super::BLOCK_HEADER_BYTES];
        let fields = [length, self.records, checksum];
        for (place, field) in header.chunks_exact_mut(4).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        self.file.write_all(&header)?;
        self.file.write_all(&self.block)?;
        self.written += (header.len() + self.block.len()) as u64;
        self.block.clear();
        self.previous.clear();
        self.records = 0;
        Ok(())
    }
}
