//! Errors by meaning: what was being done, of what kind, and whether to try again.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What a caller can do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The file, folder or app is not there.
    NotFound,
    /// The app refuses this identity.
    Denied,
    /// No identity that labeld has can reach it, whatever rights it is given. No failure: what is known of the place
    /// stays, and it is reported as not covered (rules §3).
    NotCovered,
    /// The app does not accept the credentials.
    Unauthenticated,
    /// Too many calls; [`Error::retry_after`] may say how long to wait.
    Throttled,
    /// The file has another version than expected.
    Changed,
    /// Somebody holds a lock on the file.
    Locked,
    /// Somebody has checked the file out.
    CheckedOut,
    /// The storage quota of the app or the owner is used up.
    QuotaExceeded,
    /// Over a size limit of the app.
    TooLarge,
    /// The app does not accept the file's name any more.
    NameInvalid,
    /// The app hands out a rendition with a watermark in place of the stored bytes.
    Watermarked,
    /// The cursor cannot be continued from; enumerate anew.
    CursorExpired,
    /// The app cannot do this at all.
    Unsupported,
    /// May work when tried again.
    Transient,
    /// The app answered, and the answer makes no sense.
    Malformed,
    /// None of the above.
    Unexpected,
}

impl ErrorKind {
    /// Whether trying the same call again can help without anybody doing something about it.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Throttled | Self::Locked | Self::CheckedOut | Self::Transient => true,
            Self::NotFound
            | Self::Denied
            | Self::NotCovered
            | Self::Unauthenticated
            | Self::Changed
            | Self::QuotaExceeded
            | Self::TooLarge
            | Self::NameInvalid
            | Self::Watermarked
            | Self::CursorExpired
            | Self::Unsupported
            | Self::Malformed
            | Self::Unexpected => false,
        }
    }
}

/// An error of a connector: kind, operation, context, and the cause as `source`.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    operation: &'static str,
    context: String,
    retry_after: Option<Duration>,
    covered: Option<Box<CoveredEdit>>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// A person's save that a write covered: it came between the last look and the write, and the service kept no
/// precondition. It is never lost, because it is in the file's version history, but it is not what people open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoveredEdit {
    /// Who saved, as the app names people; `None` where it does not tell.
    pub by: Option<String>,
    /// The version in the app's own history, for a person who looks for it; `None` where it is not known.
    pub version: Option<String>,
    /// Whether it is the file's present content again. Otherwise what was written is, and somebody must decide.
    pub put_back: bool,
}

/// Result of a connector call.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind` while doing `operation` (a verb phrase in lower case: `list folder`) on what
    /// `context` names.
    pub fn new(kind: ErrorKind, operation: &'static str, context: impl Into<String>) -> Self {
        Self {
            kind,
            operation,
            context: context.into(),
            retry_after: None,
            covered: None,
            source: None,
        }
    }

    /// With the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// With the wait that the app asked for.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// Of a write that covered a person's save.
    #[must_use]
    pub fn with_covered_edit(mut self, covered: CoveredEdit) -> Self {
        self.covered = Some(Box::new(covered));
        self
    }

    /// The save that a failed write covered nevertheless; `None` where nothing was written.
    #[must_use]
    pub fn covered_edit(&self) -> Option<&CoveredEdit> {
        self.covered.as_deref()
    }

    /// What a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What was being done.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation
    }

    /// What it was done to.
    #[must_use]
    pub fn context(&self) -> &str {
        &self.context
    }

    /// The error and its causes as one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        let mut text = self.to_string();
        let mut cause = StdError::source(self);
        while let Some(next) = cause {
            text.push_str(": ");
            text.push_str(&next.to_string());
            cause = next.source();
        }
        text
    }

    /// How long the app asked to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let meaning = match self.kind {
            ErrorKind::NotFound => "not found",
            ErrorKind::Denied => "access denied",
            ErrorKind::NotCovered => "not covered",
            ErrorKind::Unauthenticated => "not authenticated",
            ErrorKind::Throttled => "throttled",
            ErrorKind::Changed => "the file has changed",
            ErrorKind::Locked => "locked",
            ErrorKind::CheckedOut => "checked out",
            ErrorKind::QuotaExceeded => "the storage quota is used up",
            ErrorKind::TooLarge => "too large",
            ErrorKind::NameInvalid => "the name is not accepted",
            ErrorKind::Watermarked => "the original is not handed out",
            ErrorKind::CursorExpired => "the cursor can no longer be used",
            ErrorKind::Unsupported => "not supported",
            ErrorKind::Transient => "failed for now",
            ErrorKind::Malformed => "malformed answer",
            ErrorKind::Unexpected => "unexpected failure",
        };
        write!(f, "cannot {} {}: {}", self.operation, self.context, meaning)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|cause| cause as &(dyn StdError + 'static))
    }
}
