//! The one path by which labeld writes to a file (product §3).
//!
//! An action is *claimed*, the file *looked at* anew as a whole and *decided* anew, the write *rehearsed*, its *intent* stored
//! with the place under the cap, then it is *sent*, *verified*, and its outcome *recorded*. Whatever happens in between, the
//! ledger's row says how far it came, and [`settle`] finds out the rest. Nothing is written that was not rehearsed on exactly
//! the version that it replaces.

mod acting;
mod assign;
mod audited;
mod carry_out;
mod decide;
mod end;
mod intend;
mod late;
mod look;
mod record;
mod rehearse;
mod send;
mod settle;
mod undo;
mod verify;

use chrono::{DateTime, Utc};

use self::acting::Acting;
use super::govern::Governance;
use super::{App, StageError, Work};
use crate::model::Reason;
use crate::model::inventory::FileId;
use crate::store::actions::{ActionId, ActionRunId, Verb};

pub(super) use self::late::land_late;
pub use self::undo::{PlannedUndo, plan_undo};

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

impl Outcome {
    fn of(verb: Verb) -> Self {
        match verb {
            Verb::Apply => Self::Applied,
            Verb::Remove => Self::Removed,
            Verb::Restore => Self::Restored,
        }
    }

    /// The word in output and metrics: a reason code, or what was done.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Removed => "removed",
            Self::Restored => "restored",
            Self::Because(reason) => reason.code(),
        }
    }

    /// As runs count it: what was restored is a file with nothing to do.
    fn in_runs(self) -> &'static str {
        match self {
            Self::Restored => "ok",
            other => other.as_str(),
        }
    }
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
/// What the store says, the stop, or a lost lease. What was claimed and not carried out is given back.
pub async fn act(
    work: &Work,
    app: &App,
    governance: &Governance,
    run: ActionRunId,
    limit: u32,
) -> Result<Acted, StageError> {
    let acting = Acting::begin(work, app, governance, Some(run)).await?;
    let settled = settle::settle_all(&acting).await?;
    let acted = carry_out::act(&acting, limit).await?;
    Ok(Acted {
        next_due: acted.next_due.into_iter().chain(settled.next_due).min(),
        ..acted
    })
}

/// Finds out what became of writes whose outcome was lost: at a start, and whenever [`Settled::next_due`] says.
///
/// # Errors
///
/// What the store says, the stop, or a lost lease.
pub async fn settle(
    work: &Work,
    app: &App,
    governance: &Governance,
) -> Result<Settled, StageError> {
    let acting = Acting::begin(work, app, governance, None).await?;
    settle::settle_all(&acting).await
}
