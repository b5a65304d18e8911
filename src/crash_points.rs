//! Where the crash tests kill the program: the steps between which a crash must lose nothing.
//!
//! Without the feature `crash-points`, which no release has, passing a point does nothing. With it the variable
//! `LABELD_CRASH_AT`, like `before-fetch:3`, names a point and which passing of it the process does not survive: it kills
//! itself as `kill -9` would, and nothing is tidied up.

/// A step of the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// A page of a feed was fetched; it is stored nowhere.
    BeforePageCommit,
    /// The page, its scans and the cursor behind it are stored.
    AfterPageCommit,
    /// The last page of a full enumeration is stored; what it has not seen is still there.
    BeforeEnumerationEnd,
    /// Files are claimed from the queue; nothing was done to them.
    AfterClaim,
    /// Bytes of a file are about to be asked for.
    BeforeFetch,
    /// Bytes of a file are there; nothing was read from them.
    AfterFetch,
    /// Files were read; their facts are stored nowhere.
    BeforeFactsCommit,
    /// The facts are stored, and their scans are done.
    AfterFactsCommit,
    /// A label list was fetched and compared; it is stored nowhere.
    BeforeLabelsCommit,
    /// Actions are claimed; nothing was done to their files.
    AfterActionClaim,
    /// A write was rehearsed; its intent and its place under the cap are stored nowhere.
    BeforeIntentCommit,
    /// The intent is stored; nothing was sent.
    AfterIntentCommit,
    /// A write is marked as sent; nothing was.
    BeforeSend,
    /// The service has answered a write, in whatever way; that is stored nowhere.
    AfterAnswer,
    /// The outcome of a write is about to be stored.
    BeforeOutcomeCommit,
    /// The outcome of a write is stored.
    AfterOutcomeCommit,
    /// A write without an outcome was taken to find out what became of it.
    DuringSettle,
}

impl CrashPoint {
    /// Those of listing and reading, in the order of the work.
    pub const ALL: &'static [Self] = &[
        Self::BeforePageCommit,
        Self::AfterPageCommit,
        Self::BeforeEnumerationEnd,
        Self::AfterClaim,
        Self::BeforeFetch,
        Self::AfterFetch,
        Self::BeforeFactsCommit,
        Self::AfterFactsCommit,
        Self::BeforeLabelsCommit,
    ];

    /// Those on the way of a label to a file, in the order of the work.
    pub const WRITING: &'static [Self] = &[
        Self::AfterActionClaim,
        Self::BeforeIntentCommit,
        Self::AfterIntentCommit,
        Self::BeforeSend,
        Self::AfterAnswer,
        Self::BeforeOutcomeCommit,
        Self::AfterOutcomeCommit,
        Self::DuringSettle,
    ];

    /// Its name in `LABELD_CRASH_AT`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BeforePageCommit => "before-page-commit",
            Self::AfterPageCommit => "after-page-commit",
            Self::BeforeEnumerationEnd => "before-enumeration-end",
            Self::AfterClaim => "after-claim",
            Self::BeforeFetch => "before-fetch",
            Self::AfterFetch => "after-fetch",
            Self::BeforeFactsCommit => "before-facts-commit",
            Self::AfterFactsCommit => "after-facts-commit",
            Self::BeforeLabelsCommit => "before-labels-commit",
            Self::AfterActionClaim => "after-action-claim",
            Self::BeforeIntentCommit => "before-intent-commit",
            Self::AfterIntentCommit => "after-intent-commit",
            Self::BeforeSend => "before-send",
            Self::AfterAnswer => "after-answer",
            Self::BeforeOutcomeCommit => "before-outcome-commit",
            Self::AfterOutcomeCommit => "after-outcome-commit",
            Self::DuringSettle => "during-settle",
        }
    }
}

/// Passes a point.
#[cfg(not(feature = "crash-points"))]
pub fn pass(_point: CrashPoint) {}

/// Passes a point, or dies there.
#[cfg(feature = "crash-points")]
pub fn pass(point: CrashPoint) {
    if armed::is_due(point) {
        armed::die();
    }
}

#[cfg(feature = "crash-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU32, Ordering};

    use rustix::process::{Signal, getpid, kill_process};

    use crate::crash_points::CrashPoint;

    /// The point that was asked for, and how often it is still passed.
    static ARMED: OnceLock<Option<(String, AtomicU32)>> = OnceLock::new();

    pub(super) fn is_due(point: CrashPoint) -> bool {
        let armed = ARMED.get_or_init(|| {
            let text = std::env::var("LABELD_CRASH_AT").ok()?;
            let (name, passing) = text.split_once(':')?;
            Some((name.to_owned(), AtomicU32::new(passing.parse().ok()?)))
        });
        let Some((_, left)) = armed.as_ref().filter(|(name, _)| name == point.name()) else {
            return false;
        };
        left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
            left.checked_sub(1)
        }) == Ok(1)
    }

    pub(super) fn die() -> ! {
        // Where the signal cannot be sent, abort is as sudden.
        let _sent = kill_process(getpid(), Signal::KILL);
        std::process::abort()
    }
}
