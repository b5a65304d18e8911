//! The names of one folder, sorted, in bounded memory.

use std::ops::Range;

use rustix::fd::BorrowedFd;
use rustix::fs::{RawDir, SeekFrom, seek};
use rustix::io::Errno;

/// Names held of one folder. A larger folder is read again for each further part: a million entries
/// in some fifteen passes, which costs about 3 µs an entry instead of 40 MB of memory.
const MAX_NAMES: usize = 1 << 17;

/// Bytes of names held of one folder.
const MAX_NAME_BYTES: usize = 4 << 20;

/// Sorted names of a folder that come after a given one.
#[derive(Debug, Default)]
pub(crate) struct SortedNames {
    bytes: Vec<u8>,
    spans: Vec<Range<u32>>,
    next: usize,
    has_more: bool,
}

impl SortedNames {
    /// Reads the names after `after` (all, when it is empty), as many as the limits allow.
    /// `buffer` is scratch space with the capacity to use for the kernel's answers.
    pub(crate) fn read(
        folder: BorrowedFd<'_>,
        after: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<Self, Errno> {
        Self::read_at_most(MAX_NAMES, folder, after, buffer)
    }

    fn read_at_most(
        max_names: usize,
        folder: BorrowedFd<'_>,
        after: &[u8],
        buffer: &mut Vec<u8>,
    ) -> Result<Self, Errno> {
        // A descriptor that was read before stands at its end.
        seek(folder, SeekFrom::Start(0))?;
        let mut names = Self::default();
        let mut greatest_kept: Option<Vec<u8>> = None;
        buffer.clear();
        let mut entries = RawDir::new(folder, buffer.spare_capacity_mut());
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            let was_dropped = greatest_kept.as_deref().is_some_and(|kept| name > kept);
            if matches!(name, b"." | b"..") || name <= after || was_dropped {
                continue;
            }
            names.push(name);
            if names.spans.len() >= max_names || names.bytes.len() >= MAX_NAME_BYTES {
                greatest_kept = names.keep_smaller_half();
            }
        }
        names.has_more = greatest_kept.is_some();
        names.sort();
        Ok(names)
    }

    /// The next name in order.
    pub(crate) fn next(&mut self) -> Option<&[u8]> {
        let span = self.spans.get(self.next)?;
        self.next += 1;
        Some(slice(&self.bytes, span))
    }

    /// Whether the folder has names after the last of these.
    pub(crate) fn has_more(&self) -> bool {
        self.has_more
    }

    /// Bytes of memory held.
    pub(crate) fn cost(&self) -> usize {
        self.bytes.capacity() + self.spans.capacity() * size_of::<Range<u32>>()
    }

    fn push(&mut self, name: &[u8]) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(name);
        // MAX_NAME_BYTES and one name more fit in a u32.
        self.spans.push(start..self.bytes.len() as u32);
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.spans
            .sort_unstable_by(|left, right| slice(bytes, left).cmp(slice(bytes, right)));
    }

    /// Forgets the greater half, and says which name is the last one kept.
    fn keep_smaller_half(&mut self) -> Option<Vec<u8>> {
        self.sort();
        self.spans.truncate(self.spans.len().div_ceil(2));
        let mut kept = Self {
            bytes: Vec::with_capacity(self.bytes.capacity()),
            spans: Vec::with_capacity(self.spans.capacity()),
            ..Self::default()
        };
        for span in &self.spans {
            kept.push(slice(&self.bytes, span));
        }
        *self = kept;
        self.spans
            .last()
            .map(|span| slice(&self.bytes, span).to_vec())
    }
}

fn slice<'names>(bytes: &'names [u8], span: &Range<u32>) -> &'names [u8] {
    bytes
        .get(span.start as usize..span.end as usize)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs::File;
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_large_folder_comes_in_parts_that_miss_and_repeat_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let expected: BTreeSet<Vec<u8>> = (0..257_u32)
            .map(|number| format!("{:03}", number.wrapping_mul(2_654_435_761) % 997).into_bytes())
            .collect();
        for name in &expected {
            File::create(folder.path().join(str::from_utf8(name).unwrap())).unwrap();
        }
        let opened = File::open(folder.path()).unwrap();
        let mut buffer = Vec::with_capacity(4096);
        for max_names in [2, 3, 10, 256, 257, 258, 10_000] {
            let mut seen: Vec<Vec<u8>> = Vec::new();
            let mut passes = 0;
            loop {
                let after = seen.last().cloned().unwrap_or_default();
                let mut part =
                    SortedNames::read_at_most(max_names, opened.as_fd(), &after, &mut buffer)
                        .unwrap();
                passes += 1;
                while let Some(name) = part.next() {
                    seen.push(name.to_vec());
                }
                if !part.has_more() {
                    break;
                }
            }
            assert!(seen.iter().eq(&expected), "parts of {max_names}");
            assert_eq!(
                passes > 1,
                max_names <= expected.len(),
                "parts of {max_names}"
            );
        }
    }
}
