//! Writes ZIP archives the way the common writers of Office packages do. A ZIP library would hide
//! just what makes these archives different from each other: room for growth in the local headers,
//! flags, and where sizes stand.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::DeflateEncoder;

/// How a writer lays an archive out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Sizes in the local headers, dates of 1980, as Office writes.
    Office,
    /// Sizes behind the data in descriptors, as writers do that cannot seek back.
    Streaming,
}

/// One file of an archive.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    /// Room left for growth in the local header: bytes of the whole extra field, 0 for none. Office
    /// leaves 264 to 520 bytes in the parts that it rewrites most.
    pub(crate) room: u16,
    pub(crate) packed: Packed,
}

/// Data as it stands in the archive.
#[derive(Debug)]
pub(crate) struct Packed {
    bytes: Vec<u8>,
    size: u32,
    checksum: u32,
    deflated: bool,
}

impl Packed {
    pub(crate) fn deflated(data: &[u8]) -> io::Result<Self> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(data)?;
        Ok(Self {
            bytes: encoder.finish()?,
            size: data.len() as u32,
            checksum: crc32fast::hash(data),
            deflated: true,
        })
    }

    pub(crate) fn stored(data: Vec<u8>) -> Self {
        Self {
            size: data.len() as u32,
            checksum: crc32fast::hash(&data),
            bytes: data,
            deflated: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }
}

/// The archive with `entries` in their order.
pub(crate) fn archive(entries: &[Entry], layout: Layout) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut directory = Vec::new();
    for entry in entries {
        let offset = bytes.len() as u32;
        write_local(&mut bytes, entry, layout);
        write_central(&mut directory, entry, layout, offset);
    }
    let directory_at = bytes.len() as u32;
    let count = (entries.len() as u16).to_le_bytes();
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&directory_at.to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

fn write_local(bytes: &mut Vec<u8>, entry: &Entry, layout: Layout) {
    let packed = &entry.packed;
    let streaming = layout == Layout::Streaming;
    let sizes = sizes(packed);
    bytes.extend_from_slice(b"PK\x03\x04");
    bytes.extend_from_slice(&common(packed, layout));
    bytes.extend_from_slice(if streaming { &[0; 12] } else { &sizes });
    bytes.extend_from_slice(&(entry.name.len() as u16).to_le_bytes());
    bytes.extend_from_slice(&entry.room.to_le_bytes());
    bytes.extend_from_slice(entry.name.as_bytes());
    if entry.room > 0 {
        let mut extra = vec![0; usize::from(entry.room)];
        extra[..2].copy_from_slice(&0xA220_u16.to_le_bytes());
        extra[2..4].copy_from_slice(&(entry.room - 4).to_le_bytes());
        extra[4..6].copy_from_slice(&0xA028_u16.to_le_bytes());
        bytes.extend_from_slice(&extra);
    }
    bytes.extend_from_slice(&packed.bytes);
    if streaming {
        bytes.extend_from_slice(b"PK\x07\x08");
        bytes.extend_from_slice(&sizes);
    }
}

fn write_central(directory: &mut Vec<u8>, entry: &Entry, layout: Layout, offset: u32) {
    directory.extend_from_slice(b"PK\x01\x02\x2D\x00");
    directory.extend_from_slice(&common(&entry.packed, layout));
    directory.extend_from_slice(&sizes(&entry.packed));
    directory.extend_from_slice(&(entry.name.len() as u16).to_le_bytes());
    directory.extend_from_slice(&[0; 12]);
    directory.extend_from_slice(&offset.to_le_bytes());
    directory.extend_from_slice(entry.name.as_bytes());
}

/// Version needed, flags, method, time and date.
fn common(packed: &Packed, layout: Layout) -> [u8; 10] {
    let flags: u16 = match layout {
        Layout::Streaming => 0x0808,
        Layout::Office if packed.deflated => 0x0006,
        Layout::Office => 0,
    };
    let method: u16 = if packed.deflated { 8 } else { 0 };
    let (time, date): (u16, u16) = match layout {
        Layout::Office => (0, 0x0021),
        Layout::Streaming => (0x6A20, 0x5A4B),
    };
    let mut bytes = [20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes[2..4].copy_from_slice(&flags.to_le_bytes());
    bytes[4..6].copy_from_slice(&method.to_le_bytes());
    bytes[6..8].copy_from_slice(&time.to_le_bytes());
    bytes[8..10].copy_from_slice(&date.to_le_bytes());
    bytes
}

/// Checksum, packed size and size.
fn sizes(packed: &Packed) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..4].copy_from_slice(&packed.checksum.to_le_bytes());
    bytes[4..8].copy_from_slice(&(packed.bytes.len() as u32).to_le_bytes());
    bytes[8..].copy_from_slice(&packed.size.to_le_bytes());
    bytes
}
