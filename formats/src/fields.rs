//! Fixed-width little-endian fields of binary structures.

use crate::input::Parsed;
use crate::refusal::Refusal;

/// Reads one field after the other; reading past the end is damage.
pub(crate) struct Fields<'b> {
    bytes: &'b [u8],
    at: usize,
    /// What the structure is, for the message: "its property set".
    what: &'static str,
}

impl<'b> Fields<'b> {
    pub(crate) fn new(bytes: &'b [u8], what: &'static str) -> Self {
        Self { bytes, at: 0, what }
    }

    /// The same structure, continued at an offset from its start.
    pub(crate) fn at(&self, offset: u32) -> Parsed<Self> {
        let at = usize::try_from(offset).map_err(|_| self.damage())?;
        if at > self.bytes.len() {
            return Err(self.damage().into());
        }
        Ok(Self { at, ..*self })
    }

    pub(crate) fn u16(&mut self) -> Parsed<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> Parsed<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Parsed<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        let taken = self.take(N as u64)?;
        taken.try_into().map_err(|_| self.damage().into())
    }

    /// The next `length` bytes.
    pub(crate) fn take(&mut self, length: u64) -> Parsed<&'b [u8]> {
        let end = usize::try_from(length)
            .ok()
            .and_then(|length| self.at.checked_add(length));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| self.damage())?;
        self.at += taken.len();
        Ok(taken)
    }

    /// Skips to the next multiple of four, or to the end: writers leave the last padding out.
    pub(crate) fn align(&mut self) {
        self.at = self.at.next_multiple_of(4).min(self.bytes.len());
    }

    /// What is left.
    pub(crate) fn rest(&self) -> &'b [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The refusal for a value that cannot be.
    pub(crate) fn damage(&self) -> Refusal {
        Refusal::corrupt(format!("{} is damaged", self.what))
    }
}
