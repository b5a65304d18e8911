//! An open file.

use std::ops::Range;

use bytes::Bytes;
use labeld_connector::{Error, ErrorKind, FileMeta, Result, Version};
use rustix::buffer::spare_capacity;
use rustix::fd::OwnedFd;
use rustix::io::{Errno, pread};

use crate::error::failed;
use crate::status::Status;

/// Most bytes that one read returns. A sparse file may claim any size; what is larger than this is
/// read in ranges.
const MAX_READ_BYTES: u64 = 1 << 30;

/// A file that was opened once and is read without a look at its path again.
///
/// From opening to closing a small file costs one `openat2`, one `statx`, one `pread` for each range,
/// one `statx` for [`verify_unchanged`](Self::verify_unchanged) and one `close`.
#[derive(Debug)]
pub struct LocalFile {
    descriptor: OwnedFd,
    meta: FileMeta,
    /// For error messages.
    shown: String,
}

impl LocalFile {
    pub(crate) fn new(descriptor: OwnedFd, meta: FileMeta, shown: String) -> Self {
        Self {
            descriptor,
            meta,
            shown,
        }
    }

    /// State of the file when it was opened.
    #[must_use]
    pub fn meta(&self) -> &FileMeta {
        &self.meta
    }

    /// The bytes of a range, fewer where the file ends.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TooLarge`] for more than 1 GiB at once.
    pub fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let end = range.end.min(self.meta.size);
        let length = end.saturating_sub(range.start);
        if length > MAX_READ_BYTES {
            return Err(self
                .error(ErrorKind::TooLarge)
                .with_source("more than 1 GiB at once: read it in ranges"));
        }
        // At most MAX_READ_BYTES, which fits.
        let length = length as usize;
        let mut bytes = Vec::new();
        bytes
            .try_reserve_exact(length)
            .map_err(|cause| self.error(ErrorKind::Transient).with_source(cause))?;
        let mut offset = range.start;
        while bytes.len() < length {
            match pread(&self.descriptor, spare_capacity(&mut bytes), offset) {
                Ok(0) => break,
                Ok(count) => offset += count as u64,
                Err(Errno::INTR) => {}
                Err(cause) => return Err(failed("read file", self.shown.as_str(), cause)),
            }
        }
        bytes.truncate(length);
        Ok(Bytes::from(bytes))
    }

    /// Fills `buffer` from `offset` on, as [`std::io::Read::read`] does, and says how much it read.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        loop {
            match pread(&self.descriptor, &mut *buffer, offset) {
                Err(Errno::INTR) => {}
                Err(cause) => return Err(failed("read file", self.shown.as_str(), cause)),
                Ok(count) => return Ok(count),
            }
        }
    }

    /// Says whether all that was read belongs to the version that was opened.
    ///
    /// A write call that was under way when the file was opened, and still is, cannot be told from
    /// none: the system moves the times of a file when such a call begins.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`].
    pub fn verify_unchanged(&self) -> Result<()> {
        let now = Status::of_open(&self.descriptor)
            .map_err(|cause| failed("read file", self.shown.as_str(), cause))?;
        self.expect_version(&now.stamp.version())
    }

    pub(crate) fn expect_version(&self, expected: &Version) -> Result<()> {
        if *expected == self.meta.version {
            return Ok(());
        }
        Err(self.error(ErrorKind::Changed))
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, "read file", self.shown.as_str())
    }
}
