//! pfile: a file of any kind, encrypted by rights management, with a header in clear
//! (reference/label-migration-and-rms.md §9.3).

use std::ops::Range;

use super::licence::{LONGEST_LICENCE, record_licence};
use super::metadata;
use crate::fields::Fields;
use crate::input::{Input, Parsed};
use crate::reading::{Findings, Format, ProtectionKind, Warning};
use crate::refusal::Refusal;

const WHAT: &str = "its pfile header";
/// Bytes before the notice in clear text, whose length is their last field.
const PREAMBLE: u64 = 18;
/// Bytes read at once: the header stands behind a notice of some 400 bytes.
const HEAD: u64 = 1024;
/// Bytes of the header of version 2.0.
const SHORT_HEADER: u32 = 24;
/// Bytes of a header that says where the metadata are.
const HEADER_WITH_METADATA: u32 = 40;

/// Where the parts are that can be read without a key. All lie inside the file.
struct Header {
    licence: Range<u64>,
    metadata: Option<Range<u64>>,
}

/// Reads a pfile.
pub(crate) fn read(input: &Input<'_>, findings: &mut Findings) -> Parsed<()> {
    findings.format = Some(Format::Pfile);
    findings.protection.kind = ProtectionKind::Rms;
    let header = read_header(input, findings)?;
    let mut wanted = vec![header.licence.clone()];
    wanted.extend(header.metadata.clone());
    wanted.retain(|range| range.end - range.start <= LONGEST_LICENCE);
    input.announce(&wanted)?;

    if header.licence.end - header.licence.start > LONGEST_LICENCE {
        findings.warn(Warning::UnreadableLicence);
    } else {
        record_licence(input, &input.bytes(header.licence)?, findings)?;
    }
    match header.metadata {
        Some(metadata) if metadata.end - metadata.start > LONGEST_LICENCE => {
            Err(Refusal::Limit("its metadata are too large").into())
        }
        Some(metadata) => metadata::read(input, &input.bytes(metadata)?, findings),
        None => Ok(()),
    }
}

fn read_header(input: &Input<'_>, findings: &mut Findings) -> Parsed<Header> {
    let head = input.bytes_up_to(0, HEAD)?;
    let mut fields = Fields::new(&head, WHAT).at(6)?;
    let (major, minor) = (fields.u32()?, fields.u32()?);
    findings.protection.scheme = Some(format!("pfile {major}.{minor}"));
    let start = PREAMBLE + u64::from(fields.u32()?);

    let header = input.bytes_up_to(start, u64::from(HEADER_WITH_METADATA))?;
    let mut fields = Fields::new(&header, WHAT);
    // Versions disagree about the length, so only the length itself tells what there is.
    let length = fields.u32()?;
    if length < SHORT_HEADER {
        return Err(fields.damage().into());
    }
    let _extension = part(input, fields.u32()?, fields.u32()?)?;
    let licence = part(input, fields.u32()?, fields.u32()?)?;
    let _content = part(input, fields.u32()?, 0)?;
    let mut metadata = None;
    if length >= HEADER_WITH_METADATA {
        let _original_size = fields.u64()?;
        metadata = Some(part(input, fields.u32()?, fields.u32()?)?);
    }
    Ok(Header { licence, metadata })
}

/// A part of the file. Offsets count from the start of the file.
fn part(input: &Input<'_>, offset: u32, length: u32) -> Parsed<Range<u64>> {
    let start = u64::from(offset);
    let end = start + u64::from(length);
    if end > input.len() {
        return Err(Refusal::corrupt("its pfile header points outside the file").into());
    }
    Ok(start..end)
}
