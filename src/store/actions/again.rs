//! Refused actions that are opened again by themselves, because what stood in their way is not among the facts that are
//! stored: nothing would tell that it is gone.

use chrono::{DateTime, Utc};

use super::{ActionId, ActionState};
use crate::store::apps::{self, AppId};
use crate::store::db::{Source, Tx};
use crate::store::error::Result;
use crate::store::policies::PolicyId;
use crate::store::value::{Row, values};

/// A refused action that is due to be opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DueAgain {
    /// It.
    pub action: ActionId,
    /// The policy that wanted it.
    pub policy: PolicyId,
    /// Whether the decision about the file is still that this policy wants it written. Where it is not, the file is decided anew
    /// as soon as that changes, and the action is needed no more.
    pub is_wanted: bool,
}

/// Has an action that a policy wanted and that was refused opened again at a time.
///
/// # Errors
///
/// Those of the store.
pub async fn open_again_at(tx: &Tx, action: ActionId, at: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "UPDATE action SET again = $2 WHERE id = $1 AND state = $3 AND policy IS NOT NULL",
        values![action.0, at, ActionState::Refused.code()],
    )
    .await?;
    Ok(())
}

/// Leaves a refused action as it is for good.
///
/// # Errors
///
/// Those of the store.
pub async fn leave_refused(tx: &Tx, action: ActionId) -> Result<()> {
    tx.execute(
        "UPDATE action SET again = NULL WHERE id = $1",
        values![action.0],
    )
    .await?;
    Ok(())
}

/// When the next refused action of the app is opened again.
///
/// # Errors
///
/// Those of the store.
pub async fn next_again(source: &impl Source, app: AppId) -> Result<Option<DateTime<Utc>>> {
    let rows = source
        .query(
            "SELECT MIN(again) FROM action WHERE app = $1 AND again IS NOT NULL",
            values![app.0],
        )
        .await?;
    rows.into_iter()
        .next()
        .map_or(Ok(None), |mut row| row.take())
}

/// Refused actions of an app that are due to be opened again, the longest due first. Nobody proposes anything for the app
/// before the end of the transaction.
///
/// # Errors
///
/// Those of the store.
pub async fn due_again(
    tx: &Tx,
    app: AppId,
    now: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<DueAgain>> {
    apps::lock(tx, app).await?;
    let rows = tx
        .query(
            "SELECT a.id, a.policy,
                CAST(CASE WHEN a.state = $3 AND d.would IS NOT NULL AND d.outcome IS NULL AND d.policy = a.policy
                    AND NOT EXISTS (SELECT 1 FROM action o WHERE o.file = a.file AND o.id > a.id)
                    AND NOT EXISTS (SELECT 1 FROM action o WHERE o.file = a.file AND o.ended IS NULL)
                    THEN 1 ELSE 0 END AS BIGINT)
             FROM action a LEFT JOIN file_decision d ON d.file = a.file
             WHERE a.app = $1 AND a.again <= $2 AND a.policy IS NOT NULL ORDER BY a.again, a.id LIMIT $4",
            values![app.0, now, ActionState::Refused.code(), limit],
        )
        .await?;
    let read = |mut row: Row| {
        Ok(DueAgain {
            action: ActionId(row.take()?),
            policy: PolicyId(row.take()?),
            is_wanted: row.take()?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// Opens a refused action again: whoever takes it looks at its file anew first, before it takes a place under the cap. One that
/// processes have died over may do so once more. To be called in the transaction of [`due_again`].
///
/// # Errors
///
/// Those of the store.
pub async fn open_again(tx: &Tx, action: ActionId, now: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "UPDATE action SET state = $3, due = $2, attempt = 0, reason = NULL, detail = NULL, ended = NULL, again = NULL,
            looks = looks + 1, crashes = CASE WHEN crashes > 2 THEN 2 ELSE crashes END
         WHERE id = $1 AND state = $4 AND worker IS NULL",
        values![
            action.0,
            now,
            ActionState::Waiting.code(),
            ActionState::Refused.code(),
        ],
    )
    .await?;
    Ok(())
}
