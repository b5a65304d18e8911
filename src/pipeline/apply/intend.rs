//! The promise: the place under the cap and the intent, in one transaction, before anything is sent.

use chrono::{DateTime, Utc};
use labeld_formats::write::Method;
use uuid::Uuid;

use super::acting::Acting;
use super::audited;
use super::decide::Wish;
use super::end::{Ending, Halt, Learned};
use super::look::Looked;
use super::rehearse::Rehearsed;
use crate::crash_points::{self, CrashPoint};
use crate::model::Reason;
use crate::model::cap::CapDay;
use crate::pipeline::StageError;
use crate::store::Tx;
use crate::store::actions::{self, Action, ActionEnd, ActionState, Held, Verb};
use crate::store::cap::{self, Reserved};
use crate::store::ledger::{self, Intended, Intent};

/// An intent that is stored.
#[derive(Debug, Clone, Copy)]
pub(super) struct Promised {
    pub(super) id: Uuid,
    pub(super) slot: Option<CapDay>,
}

/// Stores the intent. `rehearsed`: `None` where the service writes the label.
pub(super) async fn intend(
    acting: &Acting<'_>,
    action: &Action,
    looked: &Looked,
    wish: &Wish,
    rehearsed: Option<&Rehearsed>,
    id: Uuid,
) -> Result<Promised, Halt> {
    let work = acting.work;
    let tx = work.db.begin().await?;
    stop_unless_held(&tx, acting, action, looked).await?;
    let slot = match reserve(&tx, acting, action).await? {
        Ok(slot) => slot,
        Err(paused) => {
            // The pause itself is to be remembered.
            tx.commit().await?;
            return Err(paused.learned(looked.learned()).halt());
        }
    };
    let run = action.wanted.run.or(acting.run.as_ref().map(|run| run.id));
    let intent = Intent {
        id,
        action,
        app_kind: &acting.app.kind,
        label: wish.label(),
        method: wish.method().map(Method::name),
        route: wish.route(),
        overridden: wish.overridden(),
        run,
        version_before: &looked.meta.version,
        size_before: looked.meta.size,
        digest_before: Some(looked.digest),
        undo: rehearsed.and_then(|rehearsed| rehearsed.undo.clone()),
        sent_digest: rehearsed.map(|rehearsed| rehearsed.digest),
        part_digests: rehearsed.map(|rehearsed| rehearsed.part_digests.clone()),
        slot_day: slot,
        worker: work.worker,
    };
    match ledger::intend(&tx, &intent, acting.now()).await? {
        Intended::Stored => {}
        Intended::HadBefore => {
            tx.rollback();
            return Err(had_before(looked).halt());
        }
        Intended::Unsettled => {
            tx.rollback();
            return Err(released(Reason::WriteUnknown).halt());
        }
    }
    audited::intended(&tx, acting, action, &intent).await?;
    crash_points::pass(CrashPoint::BeforeIntentCommit);
    tx.commit().await?;
    crash_points::pass(CrashPoint::AfterIntentCommit);
    Ok(Promised { id, slot })
}

/// A policy that was switched off, or an action that was cancelled, stops here: before a slot is taken (rules §9).
async fn stop_unless_held(
    tx: &Tx,
    acting: &Acting<'_>,
    action: &Action,
    looked: &Looked,
) -> Result<(), Halt> {
    let held = actions::claim_is_held(tx, action.id, acting.work.worker).await?;
    let reason = match held {
        Held::Yes => return Ok(()),
        Held::Lost => return Err(acting.lease_lost().into()),
        Held::Suspended => Reason::PolicySuspended,
        Held::Cancelled => Reason::PolicyCancelled,
    };
    Err(released(reason).learned(looked.learned()).halt())
}

fn released(reason: Reason) -> Ending {
    Ending {
        end: ActionEnd::Released,
        reason,
        learned: Learned::Nothing,
    }
}

/// The one effect of this decision on this version was had: somebody has put the old version back since.
fn had_before(looked: &Looked) -> Ending {
    let detail = "this very version was written to for this decision before".to_owned();
    let reason = Reason::PolicyFightingUser;
    Ending::over(ActionState::Refused, reason, Some(detail)).learned(looked.learned())
}

/// A place under the cap, where one is needed: removals and undoing cost none (rules §6). The inner error is the end of an
/// action that has to wait for one.
pub(super) async fn reserve(
    tx: &Tx,
    acting: &Acting<'_>,
    action: &Action,
) -> Result<Result<Option<CapDay>, Ending>, StageError> {
    if action.wanted.verb != Verb::Apply {
        return Ok(Ok(None));
    }
    let now = acting.witnessed_now();
    // A clock that a witness contradicts would wait for another time than the one that is meant.
    let here = |until: DateTime<Utc>| acting.now() + (until - now);
    Ok(
        match cap::reserve(tx, acting.cap_key(), acting.cap, now).await? {
            Reserved::Place(day) => Ok(Some(day)),
            Reserved::Paused { until } => Err(Ending {
                end: ActionEnd::Again {
                    due: here(until),
                    reason: Reason::CapReached,
                    detail: None,
                    counts: false,
                },
                reason: Reason::CapReached,
                learned: Learned::Nothing,
            }),
        },
    )
}
