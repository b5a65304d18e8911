//! What can go wrong with the store, by meaning.

use std::error::Error as StdError;

use thiserror::Error;

/// Cause of a [`StoreError`].
pub type Cause = Box<dyn StdError + Send + Sync>;

/// Result of a store call.
pub type Result<T> = std::result::Result<T, StoreError>;

/// An error of the store. `store` names it for people: a file path, or host and database, never a password.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no store, or not yet one with labeld's tables.
    #[error("no store at {store}: {fix}")]
    Missing {
        /// The store.
        store: String,
        /// What to do about it.
        fix: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Cause>,
    },
    /// The store cannot be read as one of labeld's.
    #[error(
        "the store at {store} is damaged: {what}; restore a backup with `labeld store restore`, or move the file away and run `labeld rescan` to build it anew"
    )]
    Damaged {
        /// The store.
        store: String,
        /// What is wrong with it.
        what: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Cause>,
    },
    /// A newer labeld has written the store.
    #[error(
        "the store at {store} has schema version {found}, this labeld knows versions up to {known}: use the newer labeld, or restore a backup made before its upgrade"
    )]
    NewerSchema {
        /// The store.
        store: String,
        /// Schema version of the store.
        found: i64,
        /// Newest schema version that this program knows.
        known: i64,
    },
    /// An older labeld has written the store, and a reading command may not change it.
    #[error(
        "the store at {store} has schema version {found}, this labeld needs {known}: run `labeld rescan` or `labeld run` once to upgrade it"
    )]
    OlderSchema {
        /// The store.
        store: String,
        /// Schema version of the store.
        found: i64,
        /// Schema version needed.
        known: i64,
    },
    /// Another process writes to the store.
    #[error(
        "the store at {store} is in use by another writer: stop it first; commands that only read work meanwhile"
    )]
    InUse {
        /// The store.
        store: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Cause>,
    },
    /// The disk, the permissions or the way it was opened forbid writing to the store, or even opening it.
    #[error("not allowed to {operation} the store at {store}: {what}")]
    ReadOnly {
        /// The store.
        store: String,
        /// What was tried.
        operation: &'static str,
        /// What forbids it, and what to look at.
        what: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Cause>,
    },
    /// No space is left for the store.
    #[error(
        "no space left for the store at {store}: free some disk space and run the command again"
    )]
    Full {
        /// The store.
        store: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Cause>,
    },
    /// The database server does not answer, or refuses the login.
    #[error("cannot reach the store at {store}: {what}")]
    Unreachable {
        /// The store.
        store: String,
        /// What was tried.
        what: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Cause>,
    },
    /// Another transaction was in the way, and this one had to give in. The same again can succeed.
    #[error("cannot {operation}: another worker's transaction was in the way")]
    Conflict {
        /// What was tried.
        operation: &'static str,
        /// The cause.
        #[source]
        source: Option<Cause>,
    },
    /// A row would break a rule of the schema (uniqueness, a reference, a missing value).
    #[error("cannot {operation}: the row breaks a rule of the schema")]
    Constraint {
        /// What was tried.
        operation: &'static str,
        /// The cause.
        #[source]
        source: Option<Cause>,
    },
    /// A column holds something other than the program expects there.
    #[error(
        "unexpected content in the store: {what}; `labeld store check` shows what else is wrong"
    )]
    Content {
        /// Which value, and what was expected.
        what: String,
        /// The cause, where there is one.
        #[source]
        source: Option<Cause>,
    },
    /// Something stands where a file is to be put.
    #[error("{path} is there already: {fix}")]
    AlreadyThere {
        /// What is there.
        path: String,
        /// What to do about it.
        fix: String,
    },
    /// The tools of the database server do this better than labeld could.
    #[error("cannot {operation} the store at {store}: {fix}")]
    ServerTools {
        /// The store.
        store: String,
        /// What was asked.
        operation: &'static str,
        /// The server's tool for it.
        fix: String,
    },
    /// Anything else.
    #[error("cannot {operation}")]
    Other {
        /// What was tried.
        operation: &'static str,
        /// The cause, where there is one.
        #[source]
        source: Option<Cause>,
    },
}

impl StoreError {
    /// The exit code of a command that ends with this error (product §1).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Missing { .. }
            | Self::Damaged { .. }
            | Self::NewerSchema { .. }
            | Self::OlderSchema { .. }
            | Self::Content { .. } => 10,
            Self::InUse { .. } => 11,
            Self::ReadOnly { .. }
            | Self::Full { .. }
            | Self::Unreachable { .. }
            | Self::Conflict { .. }
            | Self::Constraint { .. }
            | Self::AlreadyThere { .. }
            | Self::ServerTools { .. }
            | Self::Other { .. } => 1,
        }
    }

    /// Whether writing fails until somebody gives space or rights back, while what is stored can still be read. A process
    /// that goes on reading meanwhile asks [`Db::probe_write`](super::Db::probe_write) when that has happened.
    #[must_use]
    pub fn forbids_writing(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::ReadOnly { .. })
    }

    /// Whether the same may succeed in a moment, without anybody doing anything to this machine: the server is away, starts
    /// again, or had to end one of several transactions that waited for each other. The transaction is to be done anew from its
    /// beginning.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Conflict { .. })
    }

    pub(crate) fn content(what: impl Into<String>) -> Self {
        Self::Content {
            what: what.into(),
            source: None,
        }
    }

    /// Whether the same transaction may succeed when it is tried again at once: it gave way to another one.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }
}
