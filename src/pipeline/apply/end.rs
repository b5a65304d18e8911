//! Ends of actions that have not led to a write, and what was learned of their files on the way.

use std::time::Duration;

use chrono::TimeDelta;
use labeld_connector::{Change, Error, ErrorKind, FileMeta};

use super::Outcome;
use super::acting::Acting;
use crate::model::inventory::{FileFacts, FileLabel, FileRecord};
use crate::model::{Reason, Retry};
use crate::pipeline::retry::{delay, pause_before_look};
use crate::pipeline::{MOST_CONFLICTS, StageError, error_chain};
use crate::store::Tx;
use crate::store::actions::{self, Action, ActionEnd, ActionState};
use crate::store::{StoreError, decisions, files, runs};

/// Attempts at an action that labeld itself cannot carry out (rules §5, `internal`).
const MOST_INTERNAL: u32 = 3;

/// Why a step goes no further.
#[derive(Debug)]
pub(super) enum Halt {
    /// The file has another version than the one that was looked at: everything is done anew.
    Again,
    /// The action ends, or waits.
    End(Box<Ending>),
    /// Nothing more can be done just now.
    Stage(StageError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Stage(error.into())
    }
}

impl From<StageError> for Halt {
    fn from(error: StageError) -> Self {
        Self::Stage(error)
    }
}

/// An action that ends without a write.
#[derive(Debug)]
pub(super) struct Ending {
    pub(super) end: ActionEnd,
    pub(super) reason: Reason,
    pub(super) learned: Learned,
}

/// What was learned of a file.
#[derive(Debug, Default)]
pub(super) enum Learned {
    #[default]
    Nothing,
    /// It is gone.
    Gone,
    /// It is so now.
    Seen(Box<FileMeta>, Option<Box<FileFacts>>),
}

impl Ending {
    pub(super) fn halt(self) -> Halt {
        Halt::End(Box::new(self))
    }

    pub(super) fn learned(mut self, learned: Learned) -> Self {
        self.learned = learned;
        self
    }

    /// One that is over.
    pub(super) fn over(state: ActionState, reason: Reason, detail: Option<String>) -> Self {
        Self {
            end: ActionEnd::Over {
                state,
                reason: Some(reason),
                detail,
            },
            reason,
            learned: Learned::Nothing,
        }
    }

    /// One that could not be carried out for a reason which says itself whether it is tried again (rules §5). `wait`: what the
    /// service asked for.
    pub(super) fn because(
        acting: &Acting<'_>,
        action: &Action,
        reason: Reason,
        detail: Option<String>,
        wait: Option<Duration>,
    ) -> Self {
        let asked = wait.and_then(|wait| TimeDelta::from_std(wait).ok());
        let growing = delay(action.wanted.file, action.attempt).max(asked.unwrap_or_default());
        let pause = match reason.retry() {
            Retry::WithBackoff | Retry::AsTold | Retry::AtOnce => Some(growing),
            Retry::ThreeTimes if action.attempt + 1 < MOST_INTERNAL => Some(growing),
            Retry::Daily => Some(TimeDelta::hours(24)),
            Retry::ThreeTimes
            | Retry::NotApplicable
            | Retry::No
            | Retry::NewVersion
            | Retry::NewVersionOrDay
            | Retry::OnChange
            | Retry::OnPolicyEdit
            | Retry::OnLabelSync
            | Retry::AfterReset => None,
        };
        match pause {
            None => Self::over(ActionState::Refused, reason, detail),
            Some(pause) => Self {
                end: ActionEnd::Again {
                    due: acting.now() + pause,
                    reason,
                    detail,
                    counts: true,
                },
                reason,
                learned: Learned::Nothing,
            },
        }
    }

    /// One whose file could not be looked at.
    pub(super) fn of_failed_look(acting: &Acting<'_>, action: &Action, error: &Error) -> Halt {
        let reason = match error.kind() {
            ErrorKind::Changed => return Halt::Again,
            ErrorKind::NotFound => {
                let over = Self::over(ActionState::Refused, Reason::FileDeleted, None);
                return over.learned(Learned::Gone).halt();
            }
            ErrorKind::Denied => Reason::AccessDenied,
            ErrorKind::NotCovered => Reason::AccessNotCovered,
            ErrorKind::Throttled => Reason::FetchThrottled,
            ErrorKind::Locked => Reason::FileLocked,
            ErrorKind::Watermarked => Reason::WriteWatermarked,
            _ => Reason::FetchFailed,
        };
        let detail = Some(error_chain(error));
        Self::because(acting, action, reason, detail, error.retry_after()).halt()
    }
}

/// Stores an end with what was learned of the file, which is decided anew where that is new.
///
/// # Errors
///
/// What the store says, or a lost lease.
pub(super) async fn store_end(
    acting: &Acting<'_>,
    action: &Action,
    ending: &Ending,
) -> Result<Outcome, StageError> {
    let mut conflicts = 0;
    loop {
        match try_store_end(acting, action, ending).await {
            Err(StageError::Store(error)) if error.is_conflict() && conflicts < MOST_CONFLICTS => {
                conflicts += 1;
            }
            Ok(()) => return Ok(Outcome::Because(ending.reason)),
            Err(error) => return Err(error),
        }
    }
}

async fn try_store_end(
    acting: &Acting<'_>,
    action: &Action,
    ending: &Ending,
) -> Result<(), StageError> {
    let now = acting.now();
    let file = action.wanted.file;
    let tx = acting.work.db.begin().await?;
    let version = match &ending.learned {
        Learned::Seen(meta, _) => Some(&meta.version),
        Learned::Nothing | Learned::Gone => None,
    };
    store_learned(&tx, acting, action, &ending.learned).await?;
    let code = Outcome::Because(ending.reason).in_runs();
    runs::record_everywhere(&tx, acting.app_id, &[(file, code)]).await?;
    let worker = acting.work.worker;
    let held = actions::finish(&tx, action.id, worker, &ending.end, version, now).await?;
    if !held {
        return Err(acting.lease_lost());
    }
    if let Some(pause) = pause_before_look(ending.reason, action.looks) {
        actions::open_again_at(&tx, action.id, now + pause).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn store_learned(
    tx: &Tx,
    acting: &Acting<'_>,
    action: &Action,
    learned: &Learned,
) -> Result<(), StoreError> {
    let (app, file, now) = (acting.app_id, action.wanted.file, acting.now());
    let Some(record) = files::get(tx, file).await? else {
        return Ok(());
    };
    match learned {
        Learned::Nothing => return Ok(()),
        Learned::Gone => {
            let change = Change::Removed(record.file.clone());
            files::apply_changes(tx, app, &[change], now).await?;
        }
        Learned::Seen(meta, facts) => {
            let change = Change::Upserted((**meta).clone());
            let changed = files::apply_changes(tx, app, &[change], now).await?;
            let fresh = facts
                .as_deref()
                .filter(|facts| says_something_new(&record, facts));
            if let Some(facts) = fresh {
                files::store_facts(tx, &[(file, facts.clone())]).await?;
            }
            if changed == 0 && fresh.is_none() {
                return Ok(());
            }
        }
    }
    decisions::enqueue(tx, app, &[file], now).await
}

/// Whether facts differ from the stored ones in what decisions look at.
fn says_something_new(record: &FileRecord, fresh: &FileFacts) -> bool {
    let said = |facts: &FileFacts| {
        (
            facts.version.clone(),
            facts.format.clone(),
            facts.state.clone(),
            facts.reason.clone(),
            facts.protection.clone(),
            facts.signed,
            sorted(&facts.labels),
        )
    };
    record.facts.as_ref().map(said) != Some(said(fresh))
}

fn sorted(labels: &[FileLabel]) -> Vec<String> {
    let mut texts: Vec<String> = labels
        .iter()
        .map(|label| {
            format!(
                "{} {:?} {} {}",
                label.id, label.site_id, label.effective, label.document
            )
        })
        .collect();
    texts.sort_unstable();
    texts
}
