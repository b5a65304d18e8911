//! Compound files: encrypted and rights-managed Office documents, binary Office documents, and all
//! others (reference/label-formats.md §3, §4).

mod container;
#[cfg(test)]
mod container_tests;
mod data_spaces;
mod directory;
mod legacy;
#[cfg(test)]
mod legacy_tests;
mod property_set;
#[cfg(test)]
mod read_tests;
#[cfg(test)]
mod samples;
mod sectors;

use container::CompoundFile;
use data_spaces::{DataSpaces, Transform};
use directory::{Children, Entry};

use crate::fields::Fields;
use crate::input::{Input, Parsed, Stop};
use crate::label_info;
use crate::msip::Collector;
use crate::reading::{Findings, Format, Place, Protection, ProtectionKind, Warning};
use crate::refusal::Refusal;
use crate::rms;

/// The content of an Office Open XML document encrypted as a whole.
const ENCRYPTED_PACKAGE: &str = "EncryptedPackage";
/// How it is encrypted, where a password does it.
const ENCRYPTION_INFO: &str = "EncryptionInfo";
/// The content of a rights-managed binary document.
const DRM_CONTENT: &str = "\u{9}DRMContent";
const DOCUMENT_SUMMARY: &str = "\u{5}DocumentSummaryInformation";

/// The property set yields to every other place (MS-OFFCRYPTO 2.6.1, 2.6.2).
const SUMMARY_PRECEDENCE: u8 = 1;

/// Reads a compound file.
pub(crate) fn read(input: &Input<'_>, findings: &mut Findings) -> Parsed<()> {
    findings.format = Some(Format::Ole);
    let (mut file, root) = CompoundFile::open(input)?;
    let spaces = DataSpaces::open(&file, &root)?;
    foresee(&mut file, &root, spaces.as_ref())?;

    let protection = deferred(protection(&mut file, &root, spaces.as_ref(), findings))?;
    let label_info = match spaces
        .as_ref()
        .and_then(|spaces| spaces.label_info.as_ref())
    {
        Some(stream) => deferred(label_list(input, &mut file, stream, findings))?,
        None => None,
    };
    let summary = match root.stream(DOCUMENT_SUMMARY) {
        Some(stream) => deferred(summary(input, &mut file, stream, findings))?,
        None => None,
    };
    match protection.or(label_info).or(summary) {
        Some(refusal) => Err(refusal.into()),
        None => Ok(()),
    }
}

/// Keeps a refusal for later, so that the other places are read first. What the medium says cannot
/// wait.
fn deferred(result: Parsed<()>) -> Parsed<Option<Refusal>> {
    match result {
        Ok(()) => Ok(None),
        Err(Stop::Refused(refusal)) => Ok(Some(refusal)),
        Err(stop) => Err(stop),
    }
}

/// Fetches everything that will be read whole.
fn foresee(
    file: &mut CompoundFile<'_, '_>,
    root: &Children,
    spaces: Option<&DataSpaces>,
) -> Parsed<()> {
    let mut streams: Vec<&Entry> = root.stream(DOCUMENT_SUMMARY).into_iter().collect();
    if let Some(spaces) = spaces {
        streams.extend(&spaces.label_info);
        // With a password the data spaces say nothing that the root does not.
        if root.stream(ENCRYPTION_INFO).is_none() {
            streams.extend(spaces.transform_streams());
        }
    }
    file.foresee(&streams)
}

/// Finds format and protection, and reads the publishing licence.
fn protection(
    file: &mut CompoundFile<'_, '_>,
    root: &Children,
    spaces: Option<&DataSpaces>,
    findings: &mut Findings,
) -> Parsed<()> {
    if let Some(info) = root.stream(ENCRYPTION_INFO)
        && root.stream(ENCRYPTED_PACKAGE).is_some()
    {
        findings.format = Some(Format::EncryptedOoxml);
        findings.protection = password(None);
        let scheme = encryption_scheme(&file.read_start(info, 8)?)?;
        findings.protection = password(scheme);
        return Ok(());
    }
    if root.stream(ENCRYPTED_PACKAGE).is_some() {
        findings.format = Some(Format::EncryptedOoxml);
        return encrypted_stream(file, spaces, ENCRYPTED_PACKAGE, findings);
    }
    findings.format = legacy::format(root).or(findings.format);
    if root.stream(DRM_CONTENT).is_some() {
        return encrypted_stream(file, spaces, DRM_CONTENT, findings);
    }
    if let Some(format) = legacy::format(root)
        && let Some(scheme) = legacy::encryption(file, root, format)?
    {
        findings.protection = password(Some(scheme));
    }
    Ok(())
}

fn password(scheme: Option<&str>) -> Protection {
    Protection {
        kind: ProtectionKind::Password,
        scheme: scheme.map(str::to_owned),
        licence: None,
    }
}

/// The scheme that the version in `EncryptionInfo` tells (MS-OFFCRYPTO 2.3.4.5, 2.3.4.6, 2.3.4.10;
/// 2.3.5, 2.3.6).
fn encryption_scheme(head: &[u8]) -> Parsed<Option<&'static str>> {
    const AES: u32 = 0x20;
    let mut fields = Fields::new(head, "its encryption information");
    let (major, minor, flags) = (fields.u16()?, fields.u16()?, fields.u32()?);
    Ok(match (major, minor) {
        (4, 4) => Some("agile"),
        (2..=4, 2) if flags & AES != 0 => Some("standard"),
        (2..=4, 2) | (1, 1) => Some("rc4"),
        (3 | 4, 3) => Some("extensible"),
        _ => None,
    })
}

/// A stream that only its data space says how it is encrypted.
fn encrypted_stream(
    file: &mut CompoundFile<'_, '_>,
    spaces: Option<&DataSpaces>,
    name: &str,
    findings: &mut Findings,
) -> Parsed<()> {
    let transform = match spaces {
        Some(spaces) => spaces.transform_of(file, name)?,
        None => None,
    };
    match transform {
        Some((Transform::RightsManagement, primary)) => {
            findings.protection = Protection {
                kind: ProtectionKind::Rms,
                scheme: Some("Microsoft.Metadata.DRMTransform".to_owned()),
                licence: None,
            };
            licence(file, primary, findings)
        }
        Some(_) => {
            findings.protection = password(None);
            Ok(())
        }
        None => Err(Refusal::corrupt("it does not say how it is encrypted").into()),
    }
}

/// Reads the licence. One that cannot be read is a warning: the file is protected all the same.
fn licence(
    file: &mut CompoundFile<'_, '_>,
    primary: &Entry,
    findings: &mut Findings,
) -> Parsed<()> {
    let bytes = match file.read(primary) {
        Err(Stop::Refused(_)) => None,
        bytes => Some(bytes?),
    };
    match bytes.as_deref().and_then(data_spaces::licence_text) {
        Some(text) => rms::record_licence(file.input(), text, findings),
        None => {
            findings.warn(Warning::UnreadableLicence);
            Ok(())
        }
    }
}

fn label_list(
    input: &Input<'_>,
    file: &mut CompoundFile<'_, '_>,
    stream: &Entry,
    findings: &mut Findings,
) -> Parsed<()> {
    let bytes = file.read(stream)?;
    label_info::read(input, &bytes, Place::RmsLabelInfo, findings)
}

/// Reads the labels of the property set. Damage that may have cost a label is a refusal, unless
/// another place, which is stronger, has told the label.
fn summary(
    input: &Input<'_>,
    file: &mut CompoundFile<'_, '_>,
    stream: &Entry,
    findings: &mut Findings,
) -> Parsed<()> {
    let has_stronger = !findings.groups.is_empty();
    let limit = input.limits().labels;
    let mut labels = Collector::new(Place::DocSummary, SUMMARY_PRECEDENCE, limit);
    let result = file.read(stream).and_then(|bytes| {
        if property_set::mentions_label(&bytes) {
            property_set::read(input, &bytes, &mut labels)
        } else {
            Ok(())
        }
    });
    labels.finish(findings);
    match result {
        Err(Stop::Refused(Refusal::Corrupt(_))) if has_stronger => {
            findings.warn(Warning::DamagedProperties);
            Ok(())
        }
        result => result,
    }
}
