//! What kind of container a file is, told from as few bytes as possible.
//!
//! The end is looked at first: archive directories and PDF trailers are there, so the usual file needs
//! no read of its head. The head decides where the end does not.

use crate::input::{Input, Parsed};

/// The container formats that carry labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Container {
    /// ZIP: Open Packaging Conventions, OpenDocument, or a mere archive.
    Zip,
    Pdf,
    /// OLE compound file.
    Compound,
    Pfile,
    Unknown,
}

/// Bytes of the end in which a PDF trailer is looked for; what viewers do.
const PDF_TAIL: u64 = 1024;
/// Bytes of the head in which a PDF header is looked for; what viewers do.
const HEAD: u64 = 1024;

/// Tells the container of a file that is not empty.
pub(crate) fn container(input: &Input<'_>) -> Parsed<Container> {
    let tail = input.bytes(input.len().saturating_sub(PDF_TAIL)..input.len())?;
    if crate::zip::ends_exactly(input)? {
        return Ok(Container::Zip);
    }
    if memchr::memmem::rfind(&tail, b"startxref").is_some() && crate::pdf::has_plain_trailer(input)?
    {
        return Ok(Container::Pdf);
    }
    let head = input.bytes_up_to(0, HEAD)?;
    Ok(match &*head {
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Container::Compound,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Container::Zip,
        [b'.', b'p', b'f', b'i', b'l', b'e', ..] => Container::Pfile,
        head if memchr::memmem::find(head, b"%PDF-").is_some() => Container::Pdf,
        _ if crate::zip::ends_somewhere(input)? => Container::Zip,
        _ => Container::Unknown,
    })
}
