//! Reads one file the way the product reads local files: only the ranges that are needed, each with
//! one positioned read.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::Path;

use labeld_formats::{
    BlockCache, Limits, RangeStrategy, ReadOptions, Reading, TenantKnowledge, read_ranged,
};
use rustix::buffer::spare_capacity;

/// A reading and what it took.
#[derive(Debug)]
pub struct Measured {
    /// What was found.
    pub reading: Reading,
    /// Bytes read.
    pub bytes: u64,
    /// Reads, which are requests where the file is far away.
    pub reads: u32,
}

/// Reads a file of the disk.
///
/// # Errors
///
/// What the disk says.
pub fn read_file(path: &Path) -> io::Result<Measured> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    measure(length, RangeStrategy::LOCAL, |range| {
        let wanted = (range.end - range.start) as usize;
        let mut bytes = Vec::with_capacity(wanted);
        while bytes.len() < wanted {
            let offset = range.start + bytes.len() as u64;
            if rustix::io::pread(&file, spare_capacity(&mut bytes), offset)? == 0 {
                break;
            }
        }
        bytes.truncate(wanted);
        Ok(bytes)
    })
}

/// Reads a file that is in memory as if each range had to be asked for.
///
/// # Errors
///
/// None of its own; what the reader says.
pub fn read_bytes(file: &[u8], strategy: RangeStrategy) -> io::Result<Measured> {
    measure(file.len() as u64, strategy, |range| {
        let bytes = file.get(range.start as usize..range.end as usize);
        Ok(bytes.ok_or(io::ErrorKind::UnexpectedEof)?.to_vec())
    })
}

fn measure(
    length: u64,
    strategy: RangeStrategy,
    fetch: impl FnMut(Range<u64>) -> io::Result<Vec<u8>>,
) -> io::Result<Measured> {
    let known = TenantKnowledge::default();
    let options = ReadOptions {
        limits: Limits::default(),
        known: &known,
    };
    let mut cache = BlockCache::new(length, strategy);
    let reading = read_ranged(&mut cache, options, fetch)?;
    Ok(Measured {
        reading,
        bytes: cache.bytes_read(),
        reads: cache.reads(),
    })
}
