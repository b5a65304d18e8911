//! Wanting an action, and wanting it no longer.

use chrono::{DateTime, Utc};

use super::{Action, ActionId, ActionState, AskedBy, COLUMNS, NewAction, read};
use crate::model::Reason;
use crate::model::inventory::FileId;
use crate::store::apps;
use crate::store::db::{Source, Tx};
use crate::store::error::{Result, StoreError};
use crate::store::files::intern_terms;
use crate::store::policies::PolicyId;
use crate::store::statement::Statement;
use crate::store::value::values;

/// What became of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposed {
    /// It is a new action.
    Made(ActionId),
    /// An open one wants the same; it is for the file's present version now.
    Kept(ActionId),
    /// It took the place of an open one that wanted something else.
    Replaced(ActionId),
    /// The open one stands, and nothing was changed: a worker is at it, what became of its write is not known yet, or a
    /// person asked for it and a policy wants something else. The file is to be decided anew when it has ended.
    Busy,
}

/// Proposes an action for a file. At most one is open for each file.
///
/// # Errors
///
/// Those of the store.
pub async fn propose(tx: &Tx, wanted: &NewAction, now: DateTime<Utc>) -> Result<Proposed> {
    // Two that proposed for one file side by side would both find none.
    apps::lock(tx, wanted.app).await?;
    let Some(open) = open(tx, wanted.file).await? else {
        return Ok(Proposed::Made(insert(tx, wanted, now).await?));
    };
    let is_at_it = open.worker.is_some() || is_unsettled(tx, wanted.file).await?;
    let by_policy = !wanted.asked_by.is_person();
    match (wants_the_same(&open.wanted, wanted), is_at_it) {
        (true, true) => Ok(Proposed::Kept(open.id)),
        (true, false) => {
            keep(tx, &open, wanted, now).await?;
            Ok(Proposed::Kept(open.id))
        }
        (false, true) => Ok(Proposed::Busy),
        (false, false) if by_policy && open.wanted.asked_by.is_person() => Ok(Proposed::Busy),
        (false, false) => {
            end(tx, open.id, Reason::PolicyCancelled, now).await?;
            Ok(Proposed::Replaced(insert(tx, wanted, now).await?))
        }
    }
}

/// The same effect for the same asker. A policy's new text is no other asker.
fn wants_the_same(open: &NewAction, wanted: &NewAction) -> bool {
    let same_asker = match (&open.asked_by, &wanted.asked_by) {
        (AskedBy::Policy { policy: open, .. }, AskedBy::Policy { policy, .. }) => open == policy,
        (open, wanted) => open == wanted,
    };
    let effect = |action: &NewAction| (action.verb, action.site, action.label, action.undoes);
    same_asker && effect(open) == effect(wanted)
}

/// The open action of a file; the row is locked.
async fn open(tx: &Tx, file: FileId) -> Result<Option<Action>> {
    static OPEN: Statement = Statement::made(|| {
        format!("SELECT {COLUMNS} FROM action a WHERE a.file = $1 AND a.ended IS NULL {{locked:a}}")
    });
    let rows = tx.query(OPEN.text(tx.dialect()), values![file.0]).await?;
    rows.into_iter().next().map(read).transpose()
}

/// Whether a write to the file is on its way, or may be.
async fn is_unsettled(tx: &Tx, file: FileId) -> Result<bool> {
    let rows = tx
        .query(
            "SELECT 1 FROM ledger WHERE file = $1 AND state IN (0, 4)",
            values![file.0],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// One that waits after a failure is due at once where the file has another version: its delay was that version's.
async fn keep(tx: &Tx, open: &Action, wanted: &NewAction, now: DateTime<Utc>) -> Result<()> {
    let revision = match &wanted.asked_by {
        AskedBy::Policy { revision, .. } => Some(revision.0),
        AskedBy::Person { .. } => None,
    };
    let is_new_version = open.wanted.file_version != wanted.file_version;
    tx.execute(
        "UPDATE action SET revision = $2, file_version = $3, rank = $4, run = COALESCE($5, run) WHERE id = $1",
        values![
            open.id.0,
            revision,
            wanted.file_version.0.as_str(),
            wanted.rank,
            wanted.run.map(|run| run.0),
        ],
    )
    .await?;
    if is_new_version {
        tx.execute(
            "UPDATE action SET due = $2, attempt = 0, reason = NULL, detail = NULL WHERE id = $1 AND state = $3",
            values![open.id.0, now, ActionState::Waiting.code()],
        )
        .await?;
    }
    Ok(())
}

async fn insert(tx: &Tx, wanted: &NewAction, now: DateTime<Utc>) -> Result<ActionId> {
    let (policy, revision, name, overrides, allow_downgrade) = match &wanted.asked_by {
        AskedBy::Policy { policy, revision } => {
            (Some(policy.0), Some(revision.0), None, None, false)
        }
        AskedBy::Person {
            name,
            overrides,
            allow_downgrade,
        } => (
            None,
            None,
            Some(name.as_str()),
            Some(overrides.as_str()),
            *allow_downgrade,
        ),
    };
    let rows = tx
        .query(
            "INSERT INTO action (tenant, app, file, verb, site, label, policy, revision, asked_by, overrides,
                allow_downgrade, run, undoes, file_version, rank, state, due, made)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $17) RETURNING id",
            values![
                wanted.tenant.0.as_str(),
                wanted.app.0,
                wanted.file.0,
                wanted.verb.code(),
                wanted.site,
                wanted.label,
                policy,
                revision,
                name,
                overrides,
                allow_downgrade,
                wanted.run.map(|run| run.0),
                wanted.undoes,
                wanted.file_version.0.as_str(),
                wanted.rank,
                ActionState::Waiting.code(),
                now,
            ],
        )
        .await?;
    let row = rows.into_iter().next();
    let mut row = row.ok_or_else(|| StoreError::content("a new action got no number"))?;
    row.take().map(ActionId)
}

async fn end(tx: &Tx, action: ActionId, reason: Reason, now: DateTime<Utc>) -> Result<()> {
    intern_terms(tx, [reason.code()]).await?;
    tx.execute(
        "UPDATE action SET state = $2, reason = (SELECT id FROM term WHERE text = $3), ended = $4 WHERE id = $1",
        values![action.0, ActionState::Cancelled.code(), reason.code(), now],
    )
    .await?;
    Ok(())
}

/// Cancels the open action that a policy wanted for a file, because none does any more. `false` where there is none, or a
/// worker is at it: it looks at the file anew by itself.
///
/// # Errors
///
/// Those of the store.
pub async fn withdraw(tx: &Tx, file: FileId, reason: Reason, now: DateTime<Utc>) -> Result<bool> {
    let Some(open) = open(tx, file).await? else {
        return Ok(false);
    };
    if open.wanted.asked_by.is_person() || open.worker.is_some() || is_unsettled(tx, file).await? {
        return Ok(false);
    }
    end(tx, open.id, reason, now).await?;
    Ok(true)
}

/// Suspends the actions of a policy that was switched off (rules §3 gate 12, §9). One that a worker is at stops before its
/// slot is taken; a write in flight ends normally. Returns how many there are.
///
/// # Errors
///
/// Those of the store.
pub async fn suspend(tx: &Tx, policy: PolicyId) -> Result<u64> {
    let reason = Reason::PolicySuspended.code();
    intern_terms(tx, [reason]).await?;
    tx.execute(
        "UPDATE action SET state = $2, reason = (SELECT id FROM term WHERE text = $3), detail = NULL
         WHERE policy = $1 AND ended IS NULL AND state = $4",
        values![
            policy.0,
            ActionState::Suspended.code(),
            reason,
            ActionState::Waiting.code(),
        ],
    )
    .await
}

/// Lets the suspended actions of a policy go on; each looks at its file anew first.
///
/// # Errors
///
/// Those of the store.
pub async fn resume(tx: &Tx, policy: PolicyId, now: DateTime<Utc>) -> Result<u64> {
    tx.execute(
        "UPDATE action SET state = $2, due = $3, attempt = 0, reason = NULL, detail = NULL
         WHERE policy = $1 AND ended IS NULL AND state = $4",
        values![
            policy.0,
            ActionState::Waiting.code(),
            now,
            ActionState::Suspended.code(),
        ],
    )
    .await
}

/// Cancels the open actions of a policy. A write in flight ends normally.
///
/// # Errors
///
/// Those of the store.
pub async fn cancel_of_policy(
    tx: &Tx,
    policy: PolicyId,
    reason: Reason,
    now: DateTime<Utc>,
) -> Result<u64> {
    intern_terms(tx, [reason.code()]).await?;
    tx.execute(
        "UPDATE action SET state = $2, reason = (SELECT id FROM term WHERE text = $3), ended = $4
         WHERE policy = $1 AND ended IS NULL
            AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.action = action.id AND l.state IN (0, 4))",
        values![
            policy.0,
            ActionState::Cancelled.code(),
            reason.code(),
            now,
        ],
    )
    .await
}
