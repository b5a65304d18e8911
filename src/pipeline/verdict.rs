//! What a listing entry or a reading amounts to: state and reason code (rules §3, the gates that stop
//! a reading; product §1, `state`).

use labeld_connector::{Barrier, FileKind};
use labeld_formats::{Reading, Refusal, formats_of_extension};

use crate::model::inventory::ScanTarget;
use crate::model::{FileState, Reason};

/// State of a file and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// State as printed.
    pub state: FileState,
    /// Reason; `None` for a file that was read and has nothing to report.
    pub reason: Option<Reason>,
    /// What the reason code does not say.
    pub detail: Option<String>,
}

impl Verdict {
    /// A file that ended in `reason`.
    #[must_use]
    pub fn of(reason: Reason) -> Self {
        Self {
            // Reasons without a state of their own stop a file before any byte is read.
            state: reason.file_state().unwrap_or(FileState::Unsupported),
            reason: Some(reason),
            detail: None,
        }
    }

    /// With more than the reason code says.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }
}

/// The gates that need no bytes: 2, 3, 4 (for types the reader does not know), 6 and 7 of rules §3, and malware.
/// `None` lets the reading begin.
#[must_use]
pub fn before_reading(
    kind: FileKind,
    name: &str,
    size: u64,
    barrier: Option<Barrier>,
) -> Option<Reason> {
    if let Some(barrier) = barrier {
        return Some(of_barrier(barrier));
    }
    match kind {
        FileKind::Special => Some(Reason::TypeSpecial),
        FileKind::Shortcut => Some(Reason::TypeShortcut),
        FileKind::Package => Some(Reason::TypePackage),
        FileKind::Native => Some(Reason::TypeNativeGoogle),
        FileKind::File if formats_of_extension(extension(name)).is_none() => {
            Some(Reason::FileTypeUnsupported)
        }
        FileKind::File if size == 0 => Some(Reason::FileEmpty),
        FileKind::File => None,
    }
}

fn of_barrier(barrier: Barrier) -> Reason {
    match barrier {
        Barrier::Denied => Reason::AccessDenied,
        Barrier::ExternalOwner => Reason::AccessExternalOwner,
        Barrier::NotCovered => Reason::AccessNotCovered,
        Barrier::Trashed => Reason::FileTrashed,
        Barrier::Malware => Reason::FileMalware,
        Barrier::ClientEncrypted => Reason::FileClientEncrypted,
    }
}

/// Whether the reader knows files with a name's extension (rules §3, gate 4 of a reading).
#[must_use]
pub fn is_readable_type(name: &str) -> bool {
    formats_of_extension(extension(name)).is_some()
}

/// [`before_reading`] for a file that is to be scanned.
#[must_use]
pub fn of_target(file: &ScanTarget) -> Option<Reason> {
    before_reading(file.kind, &file.name, file.size, file.barrier)
}

/// What a reading amounts to. `size_limit` is the limit for writing, in bytes (rules §3 gate 5).
#[must_use]
pub fn of_reading(name: &str, reading: &Reading, size_limit: u64) -> Verdict {
    if let Some(refusal) = &reading.refusal {
        return of_refusal(refusal);
    }
    let promised = formats_of_extension(extension(name));
    if let (Some(promised), Some(found)) = (promised, reading.format)
        && !promised.contains(&found)
    {
        let detail = format!(
            "the name says .{}, the content is {}",
            extension(name),
            found.name()
        );
        return Verdict::of(Reason::FileTypeMismatch).with_detail(detail);
    }
    if reading.size > size_limit {
        let detail = format!("{} bytes, the limit is {size_limit}", reading.size);
        return Verdict::of(Reason::FileTooLarge).with_detail(detail);
    }
    if reading.ambiguous {
        return Verdict::of(Reason::LabelAmbiguous);
    }
    Verdict {
        state: FileState::Ok,
        reason: None,
        detail: None,
    }
}

fn of_refusal(refusal: &Refusal) -> Verdict {
    match refusal {
        Refusal::Empty => Verdict::of(Reason::FileEmpty),
        Refusal::Password(how) => Verdict::of(Reason::FilePassword).with_detail(*how),
        Refusal::Rms => Verdict::of(Reason::FileRms),
        Refusal::Corrupt(what) => Verdict::of(Reason::FileCorrupt).with_detail(what),
        Refusal::Limit(what) => Verdict::of(Reason::FileLimit).with_detail(*what),
        Refusal::Unsupported => Verdict::of(Reason::FileTypeUnsupported),
    }
}

/// The part of a file name after its last dot; empty where there is none.
fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

#[cfg(test)]
mod tests {
    use labeld_formats::{Format, Protection, Signatures};

    use super::*;

    fn reading(format: Option<Format>, refusal: Option<Refusal>) -> Reading {
        Reading {
            size: 100,
            format,
            refusal,
            ambiguous: false,
            labels: Vec::new(),
            protection: Protection::default(),
            signatures: Signatures::default(),
            warnings: Vec::new(),
        }
    }

    #[test]
    fn gates_before_reading_need_no_bytes() {
        for (kind, name, size, barrier, expected) in [
            (FileKind::File, "a.docx", 10, None, None),
            (FileKind::File, "a.DOCX", 10, None, None),
            (
                FileKind::File,
                "a.docx",
                10,
                Some(Barrier::Denied),
                Some(Reason::AccessDenied),
            ),
            (
                FileKind::Package,
                "a.docx",
                0,
                Some(Barrier::Malware),
                Some(Reason::FileMalware),
            ),
            (FileKind::File, "a.docx", 0, None, Some(Reason::FileEmpty)),
            (
                FileKind::File,
                "a.txt",
                0,
                None,
                Some(Reason::FileTypeUnsupported),
            ),
            (
                FileKind::File,
                "docx",
                10,
                None,
                Some(Reason::FileTypeUnsupported),
            ),
            (
                FileKind::Special,
                "pipe.docx",
                0,
                None,
                Some(Reason::TypeSpecial),
            ),
            (
                FileKind::Shortcut,
                "a.docx",
                10,
                None,
                Some(Reason::TypeShortcut),
            ),
            (
                FileKind::Native,
                "a",
                0,
                None,
                Some(Reason::TypeNativeGoogle),
            ),
            (
                FileKind::Package,
                "notes",
                0,
                None,
                Some(Reason::TypePackage),
            ),
        ] {
            assert_eq!(
                before_reading(kind, name, size, barrier),
                expected,
                "{kind:?} {name}"
            );
        }
    }

    #[test]
    fn a_reading_ends_in_the_first_reason_that_applies() {
        let corrupt = Some(Refusal::Corrupt("its directory is cut".to_owned()));
        for (name, reading, limit, expected) in [
            ("a.docx", reading(Some(Format::Docx), None), 100, None),
            (
                "a.docx",
                reading(Some(Format::Docx), None),
                99,
                Some(Reason::FileTooLarge),
            ),
            (
                "a.docx",
                reading(Some(Format::Docm), None),
                99,
                Some(Reason::FileTypeMismatch),
            ),
            (
                "a.docx",
                reading(Some(Format::Docm), corrupt),
                99,
                Some(Reason::FileCorrupt),
            ),
            (
                "a.docx",
                reading(Some(Format::EncryptedOoxml), Some(Refusal::Rms)),
                100,
                Some(Reason::FileRms),
            ),
            ("a.bin", reading(Some(Format::Pdf), None), 100, None),
            (
                "a.docx",
                Reading {
                    ambiguous: true,
                    ..reading(Some(Format::Docx), None)
                },
                100,
                Some(Reason::LabelAmbiguous),
            ),
        ] {
            assert_eq!(
                of_reading(name, &reading, limit).reason,
                expected,
                "{name} {reading:?}"
            );
        }
    }
}
