//! An attempt's life: intended, sent, landed or not. Each step is one statement that only whoever holds the row can do.

use chrono::{DateTime, TimeDelta, Utc};
use labeld_connector::Version;
use uuid::Uuid;

use super::{AttemptState, LedgerRow, Sha256};
use crate::model::Reason;
use crate::model::cap::CapDay;
use crate::model::inventory::FileId;
use crate::model::policy::Route;
use crate::store::actions::{Action, ActionRunId, AskedBy};
use crate::store::db::{Source, Tx};
use crate::store::error::Result;
use crate::store::files::intern_terms;
use crate::store::value::values;
use crate::store::workers::{WorkerId, is_alive};

/// What is stored before anything is sent.
#[derive(Debug, Clone)]
pub struct Intent<'a> {
    /// The row's id, which is the ActionId in the label.
    pub id: Uuid,
    /// The action that it is made for.
    pub action: &'a Action,
    /// The kind of the app.
    pub app_kind: &'a str,
    /// The label that is applied, or is being removed.
    pub label: Option<Uuid>,
    /// The Method that is written.
    pub method: Option<&'a str>,
    /// How the label gets onto the file.
    pub route: Route,
    /// Whether a person's choice is replaced.
    pub overridden: bool,
    /// What it belongs to.
    pub run: Option<ActionRunId>,
    /// The version that it replaces.
    pub version_before: &'a Version,
    /// Its size in bytes.
    pub size_before: u64,
    /// SHA-256 of its bytes.
    pub digest_before: Option<Sha256>,
    /// JSON, what it takes to put the label state before it back.
    pub undo: Option<String>,
    /// SHA-256 of the bytes that are sent.
    pub sent_digest: Option<Sha256>,
    /// JSON, SHA-256 of each label part.
    pub part_digests: Option<String>,
    /// The date whose cap has a place for it.
    pub slot_day: Option<CapDay>,
    /// Who is at it.
    pub worker: WorkerId,
}

/// The answer to [`intend`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Intended {
    /// It is stored.
    Stored,
    /// The one effect of this decision on this version has been had, or may have been: nothing is stored.
    HadBefore,
    /// Another write to the file is on its way, or may be: nothing is stored.
    Unsettled,
}

/// Stores an intent, unless its effect was had before (product §3: at most one successful write for one file version, policy
/// revision and label). To be called where the action's row is locked
/// ([`claim_is_held`](crate::store::actions::claim_is_held)).
///
/// # Errors
///
/// Those of the store.
pub async fn intend(tx: &Tx, intent: &Intent<'_>, now: DateTime<Utc>) -> Result<Intended> {
    let wanted = &intent.action.wanted;
    let decision = match &wanted.asked_by {
        AskedBy::Policy { revision, .. } => revision.0,
        AskedBy::Person { .. } => -intent.action.id.0,
    };
    let rows = tx
        .query(
            "SELECT state FROM ledger WHERE file = $1 AND (state IN (0, 4)
                OR (state IN (1, 5) AND version_before = $2 AND verb = $3 AND decision = $4
                    AND label IS NOT DISTINCT FROM $5))",
            values![
                wanted.file.0,
                intent.version_before.0.as_str(),
                wanted.verb.code(),
                decision,
                intent.label,
            ],
        )
        .await?;
    let mut before = Vec::with_capacity(rows.len());
    for mut row in rows {
        before.push(AttemptState::from_code(row.take()?)?);
    }
    if before.contains(&AttemptState::Intent) || before.contains(&AttemptState::Unknown) {
        return Ok(Intended::Unsettled);
    }
    if !before.is_empty() {
        return Ok(Intended::HadBefore);
    }
    let intended_at = behind_all_others(tx, wanted.file, now).await?;
    tx.execute(
        "INSERT INTO ledger (id, action, tenant, app_kind, app, file, verb, site, label, method, route, decision,
            overridden, run, undoes, state, version_before, size_before, digest_before, undo, sent_digest,
            part_digests, slot_day, worker, intended_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, $16, $17, $18, $19, $20, $21,
            $22, $23, $24)",
        values![
            intent.id,
            intent.action.id.0,
            wanted.tenant.0.as_str(),
            intent.app_kind,
            wanted.app.0,
            wanted.file.0,
            wanted.verb.code(),
            wanted.site,
            intent.label,
            intent.method,
            intent.route.as_str(),
            decision,
            intent.overridden,
            intent.run.map(|run| run.0),
            wanted.undoes,
            intent.version_before.0.as_str(),
            intent.size_before,
            intent.digest_before,
            intent.undo.as_deref(),
            intent.sent_digest,
            intent.part_digests.as_deref(),
            intent.slot_day.map(CapDay::number),
            intent.worker.0,
            intended_at,
        ],
    )
    .await?;
    Ok(Intended::Stored)
}

/// A time behind those of all other attempts on the file, so that their order is known whatever the clock does.
async fn behind_all_others(tx: &Tx, file: FileId, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let rows = tx
        .query(
            "SELECT MAX(intended_at) FROM ledger WHERE file = $1",
            values![file.0],
        )
        .await?;
    let row = rows.into_iter().next();
    let last: Option<DateTime<Utc>> = row.map(|mut row| row.take()).transpose()?.flatten();
    Ok(last.map_or(now, |last| now.max(last + TimeDelta::milliseconds(1))))
}

/// Gives an intent a place of another date, because it was not sent on the one before (rules §6); `None` where it has none.
///
/// # Errors
///
/// Those of the store.
pub async fn move_slot(tx: &Tx, id: Uuid, worker: WorkerId, day: Option<CapDay>) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE ledger SET slot_day = $3 WHERE id = $1 AND worker = $2 AND state = 0 AND sent_at IS NULL",
            values![id, worker.0, day.map(CapDay::number)],
        )
        .await?;
    Ok(changed == 1)
}

/// Says that the first byte is about to be sent; `false` where the worker does not hold the row any more.
///
/// # Errors
///
/// Those of the store.
pub async fn mark_sent(tx: &Tx, id: Uuid, worker: WorkerId, now: DateTime<Utc>) -> Result<bool> {
    if !is_alive(tx, worker).await? {
        return Ok(false);
    }
    let changed = tx
        .execute(
            "UPDATE ledger SET sent_at = $3 WHERE id = $1 AND worker = $2 AND state = 0 AND sent_at IS NULL",
            values![id, worker.0, now],
        )
        .await?;
    Ok(changed == 1)
}

/// What a write that has landed has left behind.
#[derive(Debug, Clone, Copy)]
pub struct Landed<'a> {
    /// The version that is exactly what was written, where that is certain.
    pub version: Option<&'a Version>,
    /// The date after that of its slot, where it was in flight when that one began.
    pub next_slot_day: Option<CapDay>,
    /// What there is to say in spite of it.
    pub reason: Option<Reason>,
    /// What the reason does not say.
    pub detail: Option<&'a str>,
}

/// Says that a write has landed; `false` where the worker does not hold the row any more.
///
/// # Errors
///
/// Those of the store.
pub async fn landed(
    tx: &Tx,
    id: Uuid,
    worker: WorkerId,
    landed: Landed<'_>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let reason = landed.reason.map(Reason::code);
    intern_terms(tx, reason).await?;
    let changed = tx
        .execute(
            "UPDATE ledger SET state = 1, version_after = $3, next_slot_day = $4, detail = $5,
                reason = (SELECT id FROM term WHERE text = $6), worker = NULL, ended_at = $7
             WHERE id = $1 AND worker = $2 AND state IN (0, 4)",
            values![
                id,
                worker.0,
                landed.version.map(|version| version.0.as_str()),
                landed.next_slot_day.map(CapDay::number),
                landed.detail,
                reason,
                now,
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Says that a write did not land, or that nobody can tell ([`AttemptState::Lost`]). Its place under the cap goes from the
/// row unless `keeps_slot`; giving it back is the caller's. `false` where the worker does not hold the row any more.
///
/// # Errors
///
/// Those of the store.
pub async fn fail(
    tx: &Tx,
    (id, worker): (Uuid, WorkerId),
    state: AttemptState,
    (reason, detail): (Reason, Option<&str>),
    keeps_slot: bool,
    now: DateTime<Utc>,
) -> Result<bool> {
    intern_terms(tx, [reason.code()]).await?;
    let changed = tx
        .execute(
            "UPDATE ledger SET state = $3, reason = (SELECT id FROM term WHERE text = $4), detail = $5, worker = NULL,
                ended_at = $6, slot_day = CASE WHEN CAST($7 AS BIGINT) = 1 THEN slot_day ELSE NULL END
             WHERE id = $1 AND worker = $2 AND state IN (0, 4)",
            values![
                id,
                worker.0,
                state.code(),
                reason.code(),
                detail,
                now,
                keeps_slot,
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Leaves a row to be settled, by whoever comes first; `false` where the worker does not hold it any more.
///
/// # Errors
///
/// Those of the store.
pub async fn leave_unknown(
    tx: &Tx,
    id: Uuid,
    worker: WorkerId,
    detail: Option<&str>,
) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE ledger SET state = 4, worker = NULL, detail = COALESCE($3, detail)
             WHERE id = $1 AND worker = $2 AND state IN (0, 4)",
            values![id, worker.0, detail],
        )
        .await?;
    Ok(changed == 1)
}

/// Notes a person's save that a write covered (JSON).
///
/// # Errors
///
/// Those of the store.
pub async fn note_covered(tx: &Tx, id: Uuid, covered: &str) -> Result<()> {
    tx.execute(
        "UPDATE ledger SET covered = $2 WHERE id = $1",
        values![id, covered],
    )
    .await?;
    Ok(())
}

/// Says that a row that counted as not landed has landed after all: its ActionId is on the file. `false` where another
/// attempt has had the same effect meanwhile, or the row has become something else.
///
/// # Errors
///
/// Those of the store.
pub async fn land_late(
    tx: &Tx,
    row: &LedgerRow,
    slot_day: Option<CapDay>,
    now: DateTime<Utc>,
) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE ledger SET state = 1, slot_day = $3, reason = NULL, ended_at = $4
             WHERE id = $1 AND state = $2 AND NOT EXISTS (
                SELECT 1 FROM ledger o WHERE o.file = ledger.file AND o.version_before = ledger.version_before
                    AND o.verb = ledger.verb AND o.label IS NOT DISTINCT FROM ledger.label
                    AND o.decision = ledger.decision AND o.state IN (0, 1, 4, 5) AND o.id <> ledger.id)",
            values![row.id, row.state.code(), slot_day.map(CapDay::number), now],
        )
        .await?;
    Ok(changed == 1)
}
