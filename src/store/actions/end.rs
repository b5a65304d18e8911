//! What becomes of a claimed action.

use chrono::{DateTime, Utc};
use labeld_connector::Version;

use super::{ActionId, ActionState};
use crate::model::Reason;
use crate::store::db::Tx;
use crate::store::error::Result;
use crate::store::files::intern_terms;
use crate::store::value::values;
use crate::store::workers::WorkerId;

/// How the work on an action ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActionEnd {
    /// It is over.
    Over {
        /// Done, cancelled or refused.
        state: ActionState,
        /// Why; `None` where the label was written.
        reason: Option<Reason>,
        /// What the reason does not say.
        detail: Option<String>,
    },
    /// It is tried again.
    Again {
        /// When.
        due: DateTime<Utc>,
        /// Why.
        reason: Reason,
        /// What the reason does not say.
        detail: Option<String>,
        /// Whether this attempt counts for the delay of the next.
        counts: bool,
    },
    /// It is given back as it was: nothing was tried.
    Released,
}

/// Ends the work on an action; `false` where the worker does not hold it any more, and nothing was changed. `version`: the
/// one that it is decided for by now, where that is another one.
///
/// One that was suspended meanwhile stays suspended unless it is over; one that was cancelled stays so unless it was
/// carried out.
///
/// # Errors
///
/// Those of the store.
pub async fn finish(
    tx: &Tx,
    action: ActionId,
    worker: WorkerId,
    end: &ActionEnd,
    version: Option<&Version>,
    now: DateTime<Utc>,
) -> Result<bool> {
    if let Some(version) = version {
        tx.execute(
            "UPDATE action SET file_version = $3 WHERE id = $1 AND worker = $2",
            values![action.0, worker.0, version.0.as_str()],
        )
        .await?;
    }
    let changed = match end {
        ActionEnd::Over {
            state,
            reason,
            detail,
        } => {
            over(
                tx,
                action,
                worker,
                (*state, *reason),
                detail.as_deref(),
                now,
            )
            .await?
        }
        ActionEnd::Again {
            due,
            reason,
            detail,
            counts,
        } => {
            let reason = reason.code();
            intern_terms(tx, [reason]).await?;
            tx.execute(
                "UPDATE action SET worker = NULL, due = $3, attempt = attempt + $4,
                    reason = CASE WHEN state = 0 THEN (SELECT id FROM term WHERE text = $5) ELSE reason END,
                    detail = CASE WHEN state = 0 THEN $6 ELSE detail END
                 WHERE id = $1 AND worker = $2",
                values![
                    action.0,
                    worker.0,
                    *due,
                    i64::from(*counts),
                    reason,
                    detail.as_deref(),
                ],
            )
            .await?
        }
        ActionEnd::Released => {
            tx.execute(
                "UPDATE action SET worker = NULL WHERE id = $1 AND worker = $2",
                values![action.0, worker.0],
            )
            .await?
        }
    };
    Ok(changed == 1)
}

async fn over(
    tx: &Tx,
    action: ActionId,
    worker: WorkerId,
    (state, reason): (ActionState, Option<Reason>),
    detail: Option<&str>,
    now: DateTime<Utc>,
) -> Result<u64> {
    let reason = reason.map(Reason::code);
    intern_terms(tx, reason).await?;
    let is_done = state == ActionState::Done;
    let changed = tx
        .execute(
            "UPDATE action SET worker = NULL, state = $3, reason = (SELECT id FROM term WHERE text = $4), detail = $5,
                ended = $6
             WHERE id = $1 AND worker = $2 AND (ended IS NULL OR CAST($7 AS BIGINT) = 1)",
            values![
                action.0,
                worker.0,
                state.code(),
                reason,
                detail,
                now,
                is_done,
            ],
        )
        .await?;
    if changed == 1 {
        return Ok(1);
    }
    tx.execute(
        "UPDATE action SET worker = NULL WHERE id = $1 AND worker = $2",
        values![action.0, worker.0],
    )
    .await
}

/// Takes an open or ended action that nobody holds, to end it with the write that it had led to.
///
/// # Errors
///
/// Those of the store.
pub async fn seize(tx: &Tx, action: ActionId, worker: WorkerId) -> Result<()> {
    tx.execute(
        "UPDATE action SET worker = $2 WHERE id = $1 AND worker IS NULL",
        values![action.0, worker.0],
    )
    .await?;
    Ok(())
}

/// Ends an open action, because the write that it had led to has landed after all; one that somebody is at is left to them,
/// who will find that there is nothing to do.
///
/// # Errors
///
/// Those of the store.
pub async fn end_landed(tx: &Tx, action: ActionId, now: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "UPDATE action SET state = $2, reason = NULL, detail = NULL, ended = $3
         WHERE id = $1 AND ended IS NULL AND worker IS NULL",
        values![action.0, ActionState::Done.code(), now],
    )
    .await?;
    Ok(())
}

/// Makes an open action due whose write is known by now not to have landed.
///
/// # Errors
///
/// Those of the store.
pub async fn due_now(tx: &Tx, action: ActionId, now: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "UPDATE action SET due = $2 WHERE id = $1 AND ended IS NULL AND due > $2",
        values![action.0, now],
    )
    .await?;
    Ok(())
}
