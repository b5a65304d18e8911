//! What `labeld doctor` learns of an app.

use crate::error::{Error, ErrorKind};

/// How a part of an examination went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Health {
    /// As it should be.
    Passed,
    /// labeld works, with something missing.
    Warning,
    /// labeld cannot do what it is configured for.
    Failed,
    /// Not looked at, because something before it failed or it is not configured.
    Skipped,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examined {
    /// What, in a few words: `token`, `permission Files.Read.All`.
    pub subject: String,
    /// How it went.
    pub health: Health,
    /// What was found, one sentence.
    pub found: String,
    /// What to do about it, and where; empty where there is nothing to do.
    pub fix: String,
    /// The kind of the error behind it, where one is.
    pub kind: Option<ErrorKind>,
}

impl Examined {
    /// As it should be.
    pub fn passed(subject: impl Into<String>, found: impl Into<String>) -> Self {
        Self::new(subject, Health::Passed, found, "")
    }

    /// With everything said.
    pub fn new(
        subject: impl Into<String>,
        health: Health,
        found: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            subject: subject.into(),
            health,
            found: found.into(),
            fix: fix.into(),
            kind: None,
        }
    }

    /// What ended with an error. A bad moment of the service is a warning: it says nothing of the configuration.
    pub fn failure(subject: impl Into<String>, error: &Error, fix: impl Into<String>) -> Self {
        let health = match error.kind() {
            ErrorKind::Throttled | ErrorKind::Transient => Health::Warning,
            _ => Health::Failed,
        };
        Self::new(subject, health, error.sentence(), fix).with_kind(error.kind())
    }

    /// With the kind of the error behind it.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = Some(kind);
        self
    }
}
