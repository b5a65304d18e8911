//! Why a file could not be read to its end.

use thiserror::Error;

/// Why a file could not be read to its end. Labels found before that stand beside it.
///
/// Each is one of the `file.*` reason codes of rules §5.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The file has no bytes.
    #[error("the file is empty")]
    Empty,
    /// A password, or a certificate, is needed to open it.
    #[error("the file is protected by a password or certificate: {0}")]
    Password(&'static str),
    /// Rights management encrypts it.
    #[error("the file is encrypted by rights management")]
    Rms,
    /// It is damaged.
    #[error("the file is damaged: {0}")]
    Corrupt(String),
    /// Reading it would cost more than the limits allow.
    #[error("the file goes over a reading limit: {0}")]
    Limit(&'static str),
    /// Nothing that this reader knows.
    #[error("the file is of no known type")]
    Unsupported,
}

impl Refusal {
    /// Damage, described in a few lower-case words.
    pub(crate) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt(what.into())
    }

    /// The reason code of rules §5.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "file.empty",
            Self::Password(_) => "file.password",
            Self::Rms => "file.rms",
            Self::Corrupt(_) => "file.corrupt",
            Self::Limit(_) => "file.limit",
            Self::Unsupported => "file.type_unsupported",
        }
    }
}
