//! Storing what became of a write: ledger, cap, action, inventory and runs in one transaction.

use labeld_connector::{Change, CoveredEdit, FileMeta};
use labeld_formats::READER_VERSION;
use serde_json::json;
use uuid::Uuid;

use super::acting::Acting;
use super::end::{Ending, Halt};
use super::intend::Promised;
use super::verify::Verified;
use super::{Outcome, audited};
use crate::crash_points::{self, CrashPoint};
use crate::model::Reason;
use crate::model::cap::CapDay;
use crate::model::inventory::{FileFacts, FileId};
use crate::model::policy::Severity;
use crate::pipeline::{MOST_CONFLICTS, StageError};
use crate::store::actions::{self, ActionEnd, ActionId, ActionState, AskedBy, Verb};
use crate::store::alerts::{self, AlertKind, NewAlert};
use crate::store::ledger::{self, AttemptState, Landed};
use crate::store::queue::{self, JobClass};
use crate::store::runs::{self, Reuse};
use crate::store::{StoreError, Tx, cap, decisions, files};

/// A write that has landed.
pub(super) struct Landing<'a> {
    pub(super) id: Uuid,
    pub(super) action: ActionId,
    pub(super) file: FileId,
    pub(super) verb: Verb,
    pub(super) slot: Option<CapDay>,
    /// It was in flight when the date of its slot ended.
    pub(super) over_midnight: bool,
    /// The file as it is now, where that was seen.
    pub(super) meta: Option<&'a FileMeta>,
    /// Whether that is exactly what was written.
    pub(super) is_as_left: bool,
    pub(super) verified: &'a Verified,
    /// Whether the worker holds the action too.
    pub(super) holds_action: bool,
}

/// Tries a transaction again that another worker's was in the way of.
macro_rules! with_conflicts {
    ($attempt:expr) => {{
        let mut conflicts = 0;
        loop {
            match $attempt.await {
                Err(StageError::Store(error))
                    if error.is_conflict() && conflicts < MOST_CONFLICTS =>
                {
                    conflicts += 1;
                }
                other => break other,
            }
        }
    }};
}

/// Stores that a write has landed.
///
/// # Errors
///
/// What the store says, or a lost lease: somebody else settles the write then.
pub(super) async fn landed(
    acting: &Acting<'_>,
    landing: &Landing<'_>,
) -> Result<Outcome, StageError> {
    with_conflicts!(try_landed(acting, landing))
}

async fn try_landed(acting: &Acting<'_>, landing: &Landing<'_>) -> Result<Outcome, StageError> {
    let (now, worker) = (acting.now(), acting.work.worker);
    let (reason, facts) = match landing.verified {
        Verified::AsWanted(facts) => (None, Some(&**facts)),
        Verified::Otherwise(facts) => (Some(Reason::WriteVerifyFailed), Some(&**facts)),
        Verified::NotRead => (None, None),
    };
    let tx = acting.work.db.begin().await?;
    if let Some(meta) = landing.meta {
        take_over(&tx, acting, landing.file, meta, facts).await?;
    }
    let outcome = reason.map_or_else(|| Outcome::of(landing.verb), Outcome::Because);
    let code = outcome.in_runs();
    runs::record_everywhere(&tx, acting.app_id, &[(landing.file, code)]).await?;
    let next_slot_day = landing
        .slot
        .filter(|_| landing.over_midnight)
        .map(CapDay::next);
    let version = landing
        .meta
        .filter(|_| landing.is_as_left)
        .map(|meta| &meta.version);
    let left = Landed {
        version,
        next_slot_day,
        reason,
        detail: None,
    };
    if !ledger::landed(&tx, landing.id, worker, left, now).await? {
        return Err(acting.lease_lost());
    }
    if let Some(day) = landing.slot {
        cap::land(&tx, acting.cap_key(), day, next_slot_day.is_some()).await?;
    }
    let state = if reason.is_some() {
        ActionState::Refused
    } else {
        ActionState::Done
    };
    end_action(
        &tx,
        acting,
        landing.action,
        landing.holds_action,
        state,
        reason,
    )
    .await?;
    audited::ended(&tx, acting, landing.id, reason).await?;
    crash_points::pass(CrashPoint::BeforeOutcomeCommit);
    tx.commit().await?;
    crash_points::pass(CrashPoint::AfterOutcomeCommit);
    Ok(outcome)
}

/// Ends an action, also one that nobody holds because its worker is gone.
pub(super) async fn end_action(
    tx: &Tx,
    acting: &Acting<'_>,
    action: ActionId,
    is_held: bool,
    state: ActionState,
    reason: Option<Reason>,
) -> Result<(), StageError> {
    let (worker, now) = (acting.work.worker, acting.now());
    if !is_held {
        actions::seize(tx, action, worker).await?;
    }
    let end = ActionEnd::Over {
        state,
        reason,
        detail: None,
    };
    if !actions::finish(tx, action, worker, &end, None, now).await? && is_held {
        return Err(acting.lease_lost());
    }
    Ok(())
}

/// Takes over a new version with what was read of it; where nothing was, it is scanned.
pub(super) async fn take_over(
    tx: &Tx,
    acting: &Acting<'_>,
    file: FileId,
    meta: &FileMeta,
    facts: Option<&FileFacts>,
) -> Result<(), StageError> {
    let (app, now) = (acting.app_id, acting.now());
    let changes = [Change::Upserted(meta.clone())];
    files::apply_changes(tx, app, &changes, now).await?;
    match facts {
        Some(facts) => files::store_facts(tx, &[(file, facts.clone())]).await?,
        None => {
            let reuse = Reuse::Reader(READER_VERSION);
            queue::enqueue_changes(tx, app, &changes, reuse, JobClass::Changed, now).await?;
        }
    }
    decisions::enqueue(tx, app, &[file], now).await?;
    Ok(())
}

/// Stores that nothing was written: the place under the cap is free again.
///
/// # Errors
///
/// What the store says, or a lost lease.
pub(super) async fn refused(
    acting: &Acting<'_>,
    promised: Promised,
    state: AttemptState,
    reason: Reason,
    detail: &str,
) -> Result<(), StageError> {
    with_conflicts!(try_refused(acting, promised, state, reason, detail))
}

async fn try_refused(
    acting: &Acting<'_>,
    promised: Promised,
    state: AttemptState,
    reason: Reason,
    detail: &str,
) -> Result<(), StageError> {
    let tx = acting.work.db.begin().await?;
    let whose = (promised.id, acting.work.worker);
    let why = (reason, Some(detail));
    if !ledger::fail(&tx, whose, state, why, false, acting.now()).await? {
        return Err(acting.lease_lost());
    }
    if let Some(day) = promised.slot {
        cap::give_back(&tx, acting.cap_key(), day).await?;
    }
    audited::ended(&tx, acting, promised.id, Some(reason)).await?;
    crash_points::pass(CrashPoint::BeforeOutcomeCommit);
    tx.commit().await?;
    crash_points::pass(CrashPoint::AfterOutcomeCommit);
    Ok(())
}

/// Stores that nobody knows what became of a write; its place stays taken.
///
/// # Errors
///
/// What the store says, or a lost lease.
pub(super) async fn left_unknown(
    acting: &Acting<'_>,
    promised: Promised,
    detail: &str,
) -> Result<(), StageError> {
    let worker = acting.work.worker;
    let tx = acting.work.db.begin().await?;
    if !ledger::leave_unknown(&tx, promised.id, worker, Some(detail)).await? {
        return Err(acting.lease_lost());
    }
    tx.commit().await?;
    Ok(())
}

/// Stores that a write has covered a person's save: it had an effect, so that the cap counts it, and the file is decided anew
/// as it is now.
pub(super) async fn covered(
    acting: &Acting<'_>,
    action: &actions::Action,
    promised: Promised,
    covered: &CoveredEdit,
    detail: String,
) -> Halt {
    match with_conflicts!(try_covered(acting, action, promised, covered, &detail)) {
        Ok(()) if covered.put_back => Halt::Again,
        Ok(()) => {
            let state = ActionState::Refused;
            Ending::over(state, Reason::WriteConflict, Some(detail)).halt()
        }
        Err(error) => error.into(),
    }
}

async fn try_covered(
    acting: &Acting<'_>,
    action: &actions::Action,
    promised: Promised,
    covered: &CoveredEdit,
    detail: &str,
) -> Result<(), StageError> {
    let (now, worker) = (acting.now(), acting.work.worker);
    let document = json!({
        "by": covered.by,
        "version": covered.version,
        "put_back": covered.put_back,
    });
    let tx = acting.work.db.begin().await?;
    ledger::note_covered(&tx, promised.id, &document.to_string()).await?;
    let is_held = if covered.put_back {
        let why = (Reason::WriteConflict, Some(detail));
        let whose = (promised.id, worker);
        ledger::fail(&tx, whose, AttemptState::Refused, why, true, now).await?
    } else {
        let left = Landed {
            version: None,
            next_slot_day: None,
            reason: Some(Reason::WriteConflict),
            detail: Some(detail),
        };
        ledger::landed(&tx, promised.id, worker, left, now).await?
    };
    if !is_held {
        return Err(acting.lease_lost());
    }
    if let Some(day) = promised.slot {
        cap::land(&tx, acting.cap_key(), day, false).await?;
    }
    decisions::enqueue(&tx, acting.app_id, &[action.wanted.file], now).await?;
    // Before the audit log, whose end is held until that of the transaction.
    alert_of_covered(&tx, acting, action, promised, document).await?;
    audited::ended(&tx, acting, promised.id, Some(Reason::WriteConflict)).await?;
    tx.commit().await?;
    tracing::warn!(
        app = %acting.app.name,
        "a write has covered a person's save of file {}: {detail}",
        action.wanted.file.0,
    );
    Ok(())
}

/// Somebody has to look at what was covered: as bad as a match of the policy, else as bad as can be.
async fn alert_of_covered(
    tx: &Tx,
    acting: &Acting<'_>,
    action: &actions::Action,
    promised: Promised,
    mut document: serde_json::Value,
) -> Result<(), StoreError> {
    let policy = match &action.wanted.asked_by {
        AskedBy::Policy { policy, .. } => Some(*policy),
        AskedBy::Person { .. } => None,
    };
    let rule = policy.and_then(|policy| acting.governance.rule_of(policy));
    document["app"] = json!(acting.app.name);
    document["action"] = json!(action.id.0);
    document["write"] = json!(promised.id);
    document["policy"] = json!(rule.map(|rule| &rule.name));
    let alert = NewAlert {
        tenant: &acting.app.tenant,
        policy,
        file: Some(action.wanted.file),
        kind: AlertKind::Covered,
        severity: rule.map_or(Severity::High, |rule| rule.severity),
        document,
    };
    alerts::record(tx, &alert, acting.now()).await
}
