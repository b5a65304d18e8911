//! Directory entries of a compound file (MS-CFB 2.6).

use crate::fields::Fields;
use crate::input::Parsed;

/// Bytes of one entry.
pub(super) const ENTRY_LENGTH: u64 = 128;
/// Link to nothing.
pub(super) const NO_ENTRY: u32 = 0xFFFF_FFFF;

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Storage,
    Stream,
    Root,
}

/// One storage or stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) left: u32,
    pub(super) right: u32,
    /// The topmost entry of the tree of a storage's children.
    pub(super) child: u32,
    pub(super) start: u32,
    /// Bytes of a stream; of the root, bytes of the stream that holds the small streams.
    pub(super) size: u64,
}

impl Entry {
    /// Reads an entry that is in use; an unused one that something links to is damage.
    pub(super) fn parse(bytes: &[u8], has_long_sizes: bool) -> Parsed<Self> {
        let mut fields = Fields::new(bytes, "its directory");
        let name: [u8; 64] = fields.array()?;
        // The length counts the terminator.
        let name_length = fields.u16()?;
        let [kind, _colour] = fields.array()?;
        let kind = match kind {
            1 => Kind::Storage,
            2 => Kind::Stream,
            5 => Kind::Root,
            _ => return Err(fields.damage().into()),
        };
        if !(2..=64).contains(&name_length) || name_length % 2 != 0 {
            return Err(fields.damage().into());
        }
        let units = name
            .as_chunks::<2>()
            .0
            .iter()
            .take(usize::from(name_length / 2 - 1))
            .map(|unit| u16::from_le_bytes(*unit));
        let name = char::decode_utf16(units)
            .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        let (left, right, child) = (fields.u32()?, fields.u32()?, fields.u32()?);
        fields.take(36)?;
        let start = fields.u32()?;
        let size = fields.u64()?;
        Ok(Self {
            name,
            kind,
            left,
            right,
            child,
            start,
            size: if has_long_sizes {
                size
            } else {
                size & 0xFFFF_FFFF
            },
        })
    }
}

/// The children of one storage.
#[derive(Debug, Default)]
pub(super) struct Children(pub(super) Vec<Entry>);

impl Children {
    /// The stream of that name, compared without regard to ASCII case: the names looked for have no
    /// other letters, and a compound file cannot hold two that differ by case alone.
    pub(super) fn stream(&self, name: &str) -> Option<&Entry> {
        self.named(name, Kind::Stream)
    }

    /// The storage of that name.
    pub(super) fn storage(&self, name: &str) -> Option<&Entry> {
        self.named(name, Kind::Storage)
    }

    /// All streams.
    pub(super) fn streams(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(|entry| entry.kind == Kind::Stream)
    }

    /// All storages.
    pub(super) fn storages(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(|entry| entry.kind == Kind::Storage)
    }

    fn named(&self, name: &str, kind: Kind) -> Option<&Entry> {
        self.0
            .iter()
            .find(|entry| entry.kind == kind && entry.name.eq_ignore_ascii_case(name))
    }
}
