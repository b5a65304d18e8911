//! The one path by which labeld writes to a file: claimed, looked at anew, decided, rehearsed, intended, sent, verified,
//! recorded; and settled where it was not known what became of it (product §3).

use chrono::{DateTime, Utc};

use super::govern::Governance;
use super::{App, StageError, Work};
use crate::model::Reason;
use crate::model::inventory::FileId;
use crate::store::actions::{ActionId, ActionRunId};

/// How an action ended, or why it goes on waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The label was applied.
    Applied,
    /// The label was removed.
    Removed,
    /// What labeld did was taken back.
    Restored,
    /// Nothing was to be done, nothing may be done, or it is tried again later.
    Because(Reason),
}

/// What was carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Acted {
    /// The actions that were looked at.
    pub ended: Vec<(ActionId, FileId, Outcome)>,
    /// When the next action of the app, or of the run, is due.
    pub next_due: Option<DateTime<Utc>>,
    /// Until when no label can be applied.
    pub cap_paused_until: Option<DateTime<Utc>>,
}

/// What was settled.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    /// Writes that had landed.
    pub landed: u64,
    /// Writes that had not.
    pub failed: u64,
    /// Writes of which nobody can tell (`write.unknown`).
    pub lost: u64,
    /// When to look again at those that are still open.
    pub next_due: Option<DateTime<Utc>>,
}

/// Carries out the actions of an app that are due, those of the lowest rank first, at most `limit`. A run that is not the
/// service's carries out its own only.
///
/// # Errors
///
/// What the store says, the stop, or a lost lease. Actions under way are given back.
pub async fn act(
    _work: &Work,
    _app: &App,
    _governance: &Governance,
    _run: ActionRunId,
    _limit: u32,
) -> Result<Acted, StageError> {
    Ok(Acted::default())
}

/// Finds out what became of writes whose outcome was lost.
///
/// # Errors
///
/// What the store says, the stop, or a lost lease.
pub async fn settle(
    _work: &Work,
    _app: &App,
    _governance: &Governance,
) -> Result<Settled, StageError> {
    Ok(Settled::default())
}
