//! A look at the write-ahead log. SQLite ends reading it at the first frame that is not sound, without a word: right after a
//! power failure, and the only sign of damage in the middle of it.
//!
//! Format: <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read};
use std::path::Path;

use super::file::beside;

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// The largest page that SQLite knows.
const MAX_PAGE: u32 = 65_536;

/// How often a log that its writer begins anew meanwhile is looked at again.
const ATTEMPTS: usize = 8;

/// Where a log breaks off although it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Break {
    /// The first frame that is not sound, from 1; 0 for the header.
    pub(in crate::store) frame: u64,
    /// Frames from there on that belong to the log. SQLite reads none of them.
    pub(in crate::store) lost: u64,
}

/// Reads the log beside the store, also while it is written; `None` where there is none, or where it ends as a log may.
pub(in crate::store) fn examine(store: &Path) -> io::Result<Option<Break>> {
    let mut found = None;
    for _ in 0..ATTEMPTS {
        let Some((header, broken)) = examine_once(store)? else {
            return Ok(None);
        };
        // A log that was begun anew meanwhile mixes the frames of two.
        if read_header(store)? == Some(header) {
            return Ok(broken);
        }
        found = broken;
    }
    Ok(found)
}

type Header = [u8; HEADER];

fn read_header(store: &Path) -> io::Result<Option<Header>> {
    let mut file = match File::open(beside(store, "-wal")) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    read_whole::<HEADER>(&mut file)
}

fn examine_once(store: &Path) -> io::Result<Option<(Header, Option<Break>)>> {
    let file = match File::open(beside(store, "-wal")) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let mut file = BufReader::with_capacity(1 << 20, file);
    let Some(header) = read_whole::<HEADER>(&mut file)? else {
        return Ok(None);
    };
    let Some(log) = Log::of(&header) else {
        // Zeros are what a power failure leaves of a header that never reached the disk.
        let is_damaged = header.iter().any(|byte| *byte != 0) && length > HEADER as u64;
        let broken = is_damaged.then_some(Break { frame: 0, lost: 1 });
        return Ok(Some((header, broken)));
    };
    Ok(Some((header, log.first_break(&mut file)?)))
}

/// What the header says.
#[derive(Debug)]
struct Log {
    big_endian: bool,
    page_size: usize,
    salts: [u8; 8],
    checksum: (u32, u32),
}

impl Log {
    /// `None` where the header is not sound.
    fn of(header: &Header) -> Option<Self> {
        let big_endian = match word(header, 0) {
            0x377f_0682 => false,
            0x377f_0683 => true,
            _ => return None,
        };
        let page_size = word(header, 8);
        if !page_size.is_power_of_two() || !(512..=MAX_PAGE).contains(&page_size) {
            return None;
        }
        let checksum = summed((0, 0), &header[..24], big_endian);
        if checksum != (word(header, 24), word(header, 28)) {
            return None;
        }
        let mut salts = [0; 8];
        salts.copy_from_slice(&header[16..24]);
        Some(Self {
            big_endian,
            page_size: page_size as usize,
            salts,
            checksum,
        })
    }

    /// Frames of an earlier round have other salts: there the log ends. A frame that is not sound is the last write of a killed
    /// process, unless frames of this round follow and end a transaction.
    fn first_break(&self, file: &mut impl Read) -> io::Result<Option<Break>> {
        let mut checksum = self.checksum;
        let mut broken: Option<Break> = None;
        let mut lost_transaction = false;
        let mut page = vec![0; self.page_size];
        let mut number = 0;
        while let Some(header) = read_whole::<FRAME_HEADER>(file)? {
            number += 1;
            if !fill(file, &mut page)? {
                break;
            }
            let is_of_this_round = header[8..16] == self.salts;
            if let Some(broken) = &mut broken {
                if !is_of_this_round {
                    break;
                }
                broken.lost += 1;
                lost_transaction |= word(&header, 4) != 0;
                continue;
            }
            checksum = summed(checksum, &header[..8], self.big_endian);
            checksum = summed(checksum, &page, self.big_endian);
            let is_sound = checksum == (word(&header, 16), word(&header, 20));
            if !is_of_this_round || !is_sound {
                broken = Some(Break {
                    frame: number,
                    lost: 1,
                });
            }
        }
        Ok(broken.filter(|_| lost_transaction))
    }
}

/// The word at `at`, most significant byte first, as all numbers of a log are.
fn word(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_be_bytes(word)
}

/// The log's checksum goes on over `bytes`, whose length is a multiple of 8.
fn summed(mut sum: (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    for pair in bytes.chunks_exact(8) {
        let (mut first, mut second) = (word(pair, 0), word(pair, 4));
        if !big_endian {
            (first, second) = (first.swap_bytes(), second.swap_bytes());
        }
        sum.0 = sum.0.wrapping_add(first).wrapping_add(sum.1);
        sum.1 = sum.1.wrapping_add(second).wrapping_add(sum.0);
    }
    sum
}

fn read_whole<const LENGTH: usize>(file: &mut impl Read) -> io::Result<Option<[u8; LENGTH]>> {
    let mut bytes = [0; LENGTH];
    Ok(fill(file, &mut bytes)?.then_some(bytes))
}

/// Whether there was enough to fill it.
fn fill(file: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
