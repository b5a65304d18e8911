//! Why a label was not written.

use thiserror::Error;
use uuid::Uuid;

use crate::refusal::Refusal;

/// Why a label was not written; the file stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteRefusal {
    /// It could not be read to its end, or what was read forbids writing: empty, encrypted, damaged,
    /// beyond the limits.
    #[error(transparent)]
    Unreadable(#[from] Refusal),
    /// Labels are not written into files of this type (rules §3 gate 4).
    #[error("labels are not written into files of this type")]
    UnsupportedType,
    /// It opens without a password, but its owner restricted what may be done with it.
    #[error("its owner has restricted changes by a password")]
    OwnerPassword,
    /// A signature covers, or might cover, what would be written.
    #[error("the file is signed: {0}")]
    Signed(&'static str),
    /// It is, or would become, larger than labels are written into.
    #[error("the file has {size} bytes, which is more than the {limit} allowed")]
    TooLarge {
        /// Size in bytes, before or after the write.
        size: u64,
        /// Largest size in bytes.
        limit: u64,
    },
    /// Another tenant's metadata uses the names that this label's properties would have. Label ids are
    /// not unique across tenants (reference/label-formats.md §0.1).
    #[error("metadata of another tenant uses the id {0} of the label")]
    ForeignLabel(Uuid),
    /// What was to be undone is not as it was left.
    #[error("the label metadata is not as it was left")]
    NotAsLeft,
    /// What was written did not read back as it should.
    #[error("the result did not read back as it should: {0}")]
    VerifyFailed(&'static str),
}

impl WriteRefusal {
    /// The reason code of rules §5.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(refusal) => refusal.code(),
            Self::UnsupportedType => "file.type_unsupported",
            Self::OwnerPassword => "file.owner_password",
            Self::Signed(_) => "file.signed",
            Self::TooLarge { .. } => "file.too_large",
            Self::ForeignLabel(_) => "label.external",
            Self::NotAsLeft => "undo.changed",
            Self::VerifyFailed(_) => "write.verify_failed",
        }
    }
}
