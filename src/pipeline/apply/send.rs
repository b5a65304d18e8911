//! Sending what was rehearsed and promised, and what the service's answer means for the place under the cap (rules §3, slot
//! rules): a complete refusal gives it back, anything that leaves a doubt holds it until the doubt is settled.

use std::error::Error as StdError;

use labeld_connector::http::CallFailure;
use labeld_connector::{Error, ErrorKind, FileMeta, WriteOptions};

use super::acting::Acting;
use super::audited;
use super::end::{Ending, Halt, Learned};
use super::intend::{Promised, reserve};
use super::look::Looked;
use super::record;
use super::rehearse::Rehearsed;
use crate::crash_points::{self, CrashPoint};
use crate::model::Reason;
use crate::model::cap::CapDay;
use crate::pipeline::error_chain;
use crate::store::actions::{Action, ActionEnd, ActionState};
use crate::store::cap;
use crate::store::ledger::{self, AttemptState};

/// Sends the bytes; what the service says of the file afterwards.
pub(super) async fn send(
    acting: &Acting<'_>,
    action: &Action,
    looked: &Looked,
    rehearsed: &Rehearsed,
    promised: &mut Promised,
) -> Result<FileMeta, Halt> {
    mark_sent(acting, action, promised).await?;
    crash_points::pass(CrashPoint::BeforeSend);
    let options = WriteOptions {
        expect: looked.meta.version.clone(),
        keep_modified: true,
    };
    let body = rehearsed.body.clone();
    let sent = acting
        .app
        .connector
        .write(&looked.meta.file, body, options)
        .await;
    crash_points::pass(CrashPoint::AfterAnswer);
    match sent {
        Ok(meta) => Ok(meta),
        Err(error) => Err(not_landed(acting, action, *promised, &error).await),
    }
}

/// Says that the first byte is about to be sent. A place of a date that has passed meanwhile is given back and one of the
/// present date taken (rules §6).
pub(super) async fn mark_sent(
    acting: &Acting<'_>,
    action: &Action,
    promised: &mut Promised,
) -> Result<(), Halt> {
    let (work, id) = (acting.work, promised.id);
    let tx = work.db.begin().await?;
    if let Some(day) = promised.slot {
        let now = acting.witnessed_now();
        let state = cap::state(&tx, acting.cap_key(), acting.cap, now).await?;
        if state.day != day {
            cap::give_back(&tx, acting.cap_key(), day).await?;
            match reserve(&tx, acting, action).await? {
                Ok(slot) => {
                    if !ledger::move_slot(&tx, id, work.worker, slot).await? {
                        return Err(acting.lease_lost().into());
                    }
                    promised.slot = slot;
                }
                Err(paused) => {
                    let why = (Reason::CapReached, None);
                    let state = AttemptState::Failed;
                    let now = acting.now();
                    ledger::fail(&tx, (id, work.worker), state, why, false, now).await?;
                    audited::ended(&tx, acting, id, Some(Reason::CapReached)).await?;
                    tx.commit().await?;
                    return Err(paused.halt());
                }
            }
        }
    }
    if !ledger::mark_sent(&tx, id, work.worker, acting.now()).await? {
        return Err(acting.lease_lost().into());
    }
    tx.commit().await?;
    Ok(())
}

/// What an answer other than success means.
enum Answer {
    /// The service refused, and nothing has changed.
    Refused(Reason),
    /// The file is another one by now: it is decided anew.
    Changed,
    /// The file is gone.
    Gone,
    /// Nobody knows whether it was written.
    Unknown,
}

impl Answer {
    fn of(error: &Error) -> Self {
        match error.kind() {
            // Somebody has saved since, and what was sent may lie under it.
            ErrorKind::Changed if answer_was_lost(error) => Self::Unknown,
            ErrorKind::Changed => Self::Changed,
            ErrorKind::NotFound => Self::Gone,
            ErrorKind::Denied | ErrorKind::Unauthenticated | ErrorKind::Unsupported => {
                Self::Refused(Reason::WriteDenied)
            }
            ErrorKind::NotCovered => Self::Refused(Reason::AccessNotCovered),
            ErrorKind::Throttled => Self::Refused(Reason::FetchThrottled),
            ErrorKind::Locked => Self::Refused(Reason::FileLocked),
            ErrorKind::CheckedOut => Self::Refused(Reason::FileCheckedOut),
            ErrorKind::QuotaExceeded => Self::Refused(Reason::WriteQuota),
            ErrorKind::TooLarge => Self::Refused(Reason::FileTooLarge),
            ErrorKind::NameInvalid => Self::Refused(Reason::WriteNameInvalid),
            ErrorKind::Watermarked => Self::Refused(Reason::WriteWatermarked),
            ErrorKind::CursorExpired
            | ErrorKind::Transient
            | ErrorKind::Malformed
            | ErrorKind::Unexpected => Self::Unknown,
        }
    }
}

/// Whether the error came of a call that may have had its effect, perhaps by way of the connector's own look afterwards.
fn answer_was_lost(error: &Error) -> bool {
    let behind = StdError::source(error).and_then(|cause| cause.downcast_ref::<Error>());
    let failure = CallFailure::of(error).or_else(|| behind.and_then(CallFailure::of));
    failure.is_some_and(CallFailure::fate_is_unknown)
}

/// Stores what an answer other than success means for the attempt; the halt says what it means for the action.
pub(super) async fn not_landed(
    acting: &Acting<'_>,
    action: &Action,
    promised: Promised,
    error: &Error,
) -> Halt {
    let detail = error_chain(error);
    if let Some(covered) = error.covered_edit() {
        return record::covered(acting, action, promised, covered, detail).await;
    }
    let refused = async |reason: Reason| {
        record::refused(acting, promised, AttemptState::Refused, reason, &detail).await
    };
    match Answer::of(error) {
        Answer::Changed => match refused(Reason::WriteConflict).await {
            Ok(()) => Halt::Again,
            Err(error) => error.into(),
        },
        Answer::Gone => match refused(Reason::FileDeleted).await {
            Ok(()) => Ending::over(ActionState::Refused, Reason::FileDeleted, None)
                .learned(Learned::Gone)
                .halt(),
            Err(error) => error.into(),
        },
        Answer::Refused(reason) => match refused(reason).await {
            Ok(()) => {
                let wait = error.retry_after();
                Ending::because(acting, action, reason, Some(detail), wait).halt()
            }
            Err(error) => error.into(),
        },
        Answer::Unknown => match record::left_unknown(acting, promised, &detail).await {
            Ok(()) => unknown(acting, detail),
            Err(error) => error.into(),
        },
    }
}

/// The action waits until its write is settled; until then it cannot be claimed.
pub(super) fn unknown(acting: &Acting<'_>, detail: String) -> Halt {
    let ending = Ending {
        end: ActionEnd::Again {
            due: acting.now() + acting.governance.rules.settle_after,
            reason: Reason::WriteUnknown,
            detail: Some(detail),
            counts: true,
        },
        reason: Reason::WriteUnknown,
        learned: Learned::Nothing,
    };
    ending.halt()
}

/// The date of the time by which the cap counts.
pub(super) fn today(acting: &Acting<'_>) -> CapDay {
    CapDay::of(acting.witnessed_now())
}
