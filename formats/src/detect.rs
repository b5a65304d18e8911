//! What kind of container a file is, told from as few bytes as possible.
//!
//! The end is looked at first: archive directories and PDF trailers are there, so the usual PDF needs
//! no read of its head, and the usual archive only of what is needed anyway. Where end and head
//! disagree, as they do when an archive is embedded in, or appended to, something else, the head
//! decides: that is what programs go by that open the file.

use crate::input::{Input, Parsed};
use crate::zip;

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

/// Bytes of the head in which a PDF header is looked for; what viewers do.
const HEAD: u64 = 1024;
/// What is fetched of the head of an archive: the first two parts of the usual Office file are there,
/// and both are needed.
const FIRST_PARTS: u64 = 2048;

/// Tells the container of a file that is not empty.
pub(crate) fn container(input: &Input<'_>) -> Parsed<Container> {
    if let Some(end) = zip::find_near_end(input)? {
        input.announce(&[0..FIRST_PARTS, end.directory])?;
        let head = input.bytes_up_to(0, HEAD)?;
        return Ok(by_magic(&head).unwrap_or(Container::Zip));
    }
    if crate::pdf::has_plain_trailer(input)? {
        return Ok(Container::Pdf);
    }
    let head = input.bytes_up_to(0, HEAD)?;
    Ok(match by_magic(&head) {
        Some(container) => container,
        None if memchr::memmem::find(&head, b"%PDF-").is_some() => Container::Pdf,
        None => Container::Unknown,
    })
}

/// The container whose files begin like this.
fn by_magic(head: &[u8]) -> Option<Container> {
    match head {
        [0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, ..] => Some(Container::Compound),
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Some(Container::Zip),
        [b'.', b'p', b'f', b'i', b'l', b'e', ..] => Some(Container::Pfile),
        [b'%', b'P', b'D', b'F', b'-', ..] => Some(Container::Pdf),
        _ => None,
    }
}
