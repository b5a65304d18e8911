//! Documents in ZIP archives.

use crate::input::{Input, Parsed, Stop};
use crate::odf;
use crate::ooxml;
use crate::reading::{Findings, Format, ProtectionKind, Warning};
use crate::refusal::Refusal;
use crate::zip::Archive;

pub(crate) fn read(input: &Input<'_>, findings: &mut Findings) -> Parsed<()> {
    let outcome = read_archive(input, findings);
    if let Err(Stop::Refused(Refusal::Password(_))) = outcome {
        note_encryption(findings);
    }
    outcome
}

fn read_archive(input: &Input<'_>, findings: &mut Findings) -> Parsed<()> {
    let archive = Archive::open(input)?;
    if archive.has_foreign_bytes() {
        findings.warn(Warning::IrregularPackage);
    }
    if ooxml::is_package(&archive) {
        archive.refuse_duplicate_names()?;
        return ooxml::read(&archive, findings);
    }
    if odf::read(&archive, findings)? {
        return Ok(());
    }
    findings.format = Some(Format::Zip);
    if archive.is_encrypted() {
        return Err(Refusal::Password("its archive is encrypted").into());
    }
    Err(Refusal::Unsupported.into())
}

fn note_encryption(findings: &mut Findings) {
    findings.protection.kind = ProtectionKind::Password;
    findings.protection.scheme = Some("zip".to_owned());
}
