//! The state of a file as reading found it (product §1).

use std::fmt;

use super::Reason;

/// What `labeld inspect` prints as `state`. A label may stand beside any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FileState {
    /// Read.
    Ok,
    /// No bytes.
    Empty,
    /// Encrypted with a password or for certificate holders.
    Password,
    /// Encrypted by rights management.
    Rms,
    /// Damaged, or stopped labeld three times.
    Corrupt,
    /// Over the limits of reading.
    Limit,
    /// Over the size limit for writing; labels are read all the same.
    TooLarge,
    /// The content is not what the name says.
    TypeMismatch,
    /// A type that carries no label labeld knows.
    Unsupported,
    /// Not allowed to read.
    Denied,
    /// A pipe, device, socket, or a link that leads out of the root.
    Special,
    /// The bytes could not be fetched.
    Error,
}

impl FileState {
    /// Every state, in the order of product §1.
    pub const ALL: &[Self] = &[
        Self::Ok,
        Self::Empty,
        Self::Password,
        Self::Rms,
        Self::Corrupt,
        Self::Limit,
        Self::TooLarge,
        Self::TypeMismatch,
        Self::Unsupported,
        Self::Denied,
        Self::Special,
        Self::Error,
    ];

    /// The word in JSON, tables and filters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Empty => "empty",
            Self::Password => "password",
            Self::Rms => "rms",
            Self::Corrupt => "corrupt",
            Self::Limit => "limit",
            Self::TooLarge => "too_large",
            Self::TypeMismatch => "type_mismatch",
            Self::Unsupported => "unsupported",
            Self::Denied => "denied",
            Self::Special => "special",
            Self::Error => "error",
        }
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|state| state.as_str() == word)
    }

    /// The state beside a reason that reading can end in; `None` for every other reason.
    pub(super) fn of(reason: Reason) -> Option<Self> {
        match reason {
            // The file was read well; only the choice between its labels is open.
            Reason::LabelAmbiguous => Some(Self::Ok),
            Reason::FileEmpty => Some(Self::Empty),
            Reason::FilePassword => Some(Self::Password),
            Reason::FileRms => Some(Self::Rms),
            Reason::FileCorrupt | Reason::FilePoison => Some(Self::Corrupt),
            Reason::FileLimit => Some(Self::Limit),
            Reason::FileTooLarge => Some(Self::TooLarge),
            Reason::FileTypeMismatch => Some(Self::TypeMismatch),
            Reason::FileTypeUnsupported => Some(Self::Unsupported),
            Reason::AccessDenied => Some(Self::Denied),
            Reason::TypeSpecial => Some(Self::Special),
            Reason::FetchFailed | Reason::WriteWatermarked => Some(Self::Error),
            Reason::NotQueued
            | Reason::Pending
            | Reason::FileDeleted
            | Reason::AccessExternalOwner
            | Reason::TypeFolder
            | Reason::TypeNativeGoogle
            | Reason::FileSigned
            | Reason::FileLocked
            | Reason::FileCheckedOut
            | Reason::LibraryCheckoutRequired
            | Reason::FileRetained
            | Reason::FileTrashed
            | Reason::FileQuarantined
            | Reason::FetchThrottled
            | Reason::WriteConflict
            | Reason::WriteDenied
            | Reason::WriteQuota
            | Reason::WriteNameInvalid
            | Reason::WriteVerifyFailed
            | Reason::WriteUnknown
            | Reason::InspectNotGranted
            | Reason::LabelSame
            | Reason::LabelNone
            | Reason::LabelByLabeld
            | Reason::LabelOutside
            | Reason::LabelUserDefined
            | Reason::LabelDowngrade
            | Reason::LabelExternal
            | Reason::LabelDisabled
            | Reason::LabelDeleted
            | Reason::LabelUnpublished
            | Reason::LabelScope
            | Reason::LabelNoRights
            | Reason::LabelNeedsProtection
            | Reason::ProtectedOutside
            | Reason::ProtectedOwn
            | Reason::ProtectedOwnOverride
            | Reason::ProtectedUnmapped
            | Reason::PolicyNoMatch
            | Reason::PolicyLostTo
            | Reason::PolicySuspended
            | Reason::PolicyFightingUser
            | Reason::PolicyCancelled
            | Reason::CapReached
            | Reason::TypeShortcut
            | Reason::TypePackage
            | Reason::FileMalware
            | Reason::FileClientEncrypted
            | Reason::FileOwnerPassword
            | Reason::AccessNotCovered
            | Reason::UndoChanged
            | Reason::Internal => None,
        }
    }
}

impl fmt::Display for FileState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
