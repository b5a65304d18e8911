//! What one file may cost, whatever is in it.

/// Budgets of one reading. Going over one ends in [`Refusal::Limit`](crate::Refusal::Limit).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest single piece (package part, stream, object) in bytes, after decompression. Label parts
    /// are below 64 KiB in every file measured (reference/label-formats.md §9).
    pub piece: u64,
    /// Sum of all decompressed pieces in bytes.
    pub total: u64,
    /// Bytes that may be read of a damaged file to find its parts without its own tables.
    pub repair: u64,
    /// Entries of an archive, sectors of a compound file chain, objects of a PDF.
    pub entries: u64,
    /// Nesting of XML elements and of PDF objects.
    pub depth: u32,
    /// Elementary steps (tokens, records, links followed).
    pub steps: u64,
    /// Labels kept of one file.
    pub labels: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            piece: 8 << 20,
            total: 16 << 20,
            repair: 32 << 20,
            entries: 300_000,
            depth: 100,
            steps: 4_000_000,
            labels: 256,
        }
    }
}
