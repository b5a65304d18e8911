//! Writing one entry: local header and data (PKWARE APPNOTE 4.3.7).

use std::cell::RefCell;

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

use crate::input::Parsed;
use crate::refusal::Refusal;
use crate::zip::directory::ZIP64_EXTRA;
use crate::zip::{LOCAL_HEADER, u16_at};

pub(crate) const STORED: u16 = 0;
pub(crate) const DEFLATED: u16 = 8;
/// Version of the format that deflate needs (APPNOTE 4.4.3).
pub(super) const VERSION: u16 = 20;
/// The date of entries that Office writes: midnight of 1 January 1980.
pub(super) const DATE: u16 = 0x21;
/// Sizes follow the data (bit 3), and what kind of deflate was used (bits 1 and 2).
pub(super) const FLAGS_OF_DATA: u16 = 0b1110;
/// Label parts are small and hardly differ in what they compress to; the fast level takes a third of
/// the time of the usual one.
const LEVEL: u32 = 1;

thread_local! {
    /// Kept, as making one costs far more than compressing a label part.
    static DEFLATER: RefCell<Compress> = RefCell::new(Compress::new(Compression::new(LEVEL), false));
}

/// Data as it was put into an archive.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) method: u16,
    pub(super) crc: u32,
    pub(super) compressed: u32,
    pub(super) size: u32,
}

/// An entry of other content in place of `old`, under its header.
pub(super) fn replacing(old: &[u8], content: &[u8], method: u16) -> Parsed<(Vec<u8>, Packed)> {
    let damaged = || Refusal::corrupt("a part is not where its archive says");
    let (header, rest) = old
        .split_first_chunk::<{ LOCAL_HEADER as usize }>()
        .filter(|(header, _)| header.starts_with(b"PK\x03\x04"))
        .ok_or_else(damaged)?;
    let name_length = usize::from(u16_at(header, 26));
    let extra_length = usize::from(u16_at(header, 28));
    let (name, rest) = rest.split_at_checked(name_length).ok_or_else(damaged)?;
    let (extra, _) = rest.split_at_checked(extra_length).ok_or_else(damaged)?;
    let extra = without_zip64(extra);

    let (data, packed) = pack(content, method);
    let flags = u16_at(header, 6) & !FLAGS_OF_DATA;
    let before = LOCAL_HEADER as usize + name.len() + extra.len();
    let mut out = Vec::with_capacity(before + data.len());
    out.extend_from_slice(header.get(..6).unwrap_or_default());
    out.extend(flags.to_le_bytes());
    out.extend(packed.method.to_le_bytes());
    out.extend_from_slice(header.get(10..14).unwrap_or_default());
    sizes(&mut out, &packed);
    out.extend((name.len() as u16).to_le_bytes());
    out.extend((extra.len() as u16).to_le_bytes());
    out.extend_from_slice(name);
    out.extend(extra);
    out.extend(data);
    Ok((out, packed))
}

/// A new entry.
pub(super) fn new(name: &str, content: &[u8], method: u16) -> (Vec<u8>, Packed) {
    let (data, packed) = pack(content, method);
    let before = LOCAL_HEADER as usize + name.len();
    let mut out = Vec::with_capacity(before + data.len());
    out.extend(b"PK\x03\x04");
    for field in [VERSION, 0, packed.method, 0, DATE] {
        out.extend(field.to_le_bytes());
    }
    sizes(&mut out, &packed);
    for field in [name.len() as u16, 0] {
        out.extend(field.to_le_bytes());
    }
    out.extend_from_slice(name.as_bytes());
    out.extend(data);
    (out, packed)
}

fn sizes(out: &mut Vec<u8>, packed: &Packed) {
    for field in [packed.crc, packed.compressed, packed.size] {
        out.extend(field.to_le_bytes());
    }
}

/// An extra area without the field that says sizes in 64 bits, which parts that labels are put into do
/// not need.
pub(super) fn without_zip64(extra: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(extra.len());
    let mut rest = extra;
    while let Some((field, after)) = rest.split_first_chunk::<4>() {
        let length = usize::from(u16_at(field, 2)).min(after.len());
        let (data, after) = after.split_at(length);
        if u16_at(field, 0) != ZIP64_EXTRA {
            kept.extend_from_slice(field);
            kept.extend_from_slice(data);
        }
        rest = after;
    }
    kept.extend_from_slice(rest);
    kept
}

/// Content as `method` has it. What is put into archives is bounded by the limits of reading, so its
/// length fits.
fn pack(content: &[u8], method: u16) -> (Vec<u8>, Packed) {
    let mut crc = Crc::new();
    crc.update(content);
    let deflated = match method {
        STORED => None,
        _ => deflate(content),
    };
    let method = match deflated {
        Some(_) => DEFLATED,
        None => STORED,
    };
    let data = deflated.unwrap_or_else(|| content.to_vec());
    let packed = Packed {
        method,
        crc: crc.sum(),
        compressed: data.len() as u32,
        size: content.len() as u32,
    };
    (data, packed)
}

fn deflate(content: &[u8]) -> Option<Vec<u8>> {
    // More than the worst case of data that does not compress.
    let mut data = Vec::with_capacity(content.len() + content.len() / 8 + 256);
    let status = DEFLATER.with_borrow_mut(|deflater| {
        deflater.reset();
        deflater.compress_vec(content, &mut data, FlushCompress::Finish)
    });
    matches!(status, Ok(Status::StreamEnd)).then_some(data)
}
