//! Looking at actions, and what a person does with one.

use chrono::{DateTime, Utc};

use super::{Action, ActionId, ActionRunId, ActionState, COLUMNS, read};
use crate::model::inventory::FileId;
use crate::model::{Reason, TenantName};
use crate::store::apps::AppId;
use crate::store::db::{Source, Tx};
use crate::store::error::Result;
use crate::store::files::intern_terms;
use crate::store::policies::PolicyId;
use crate::store::value::{Value, values};

/// Which actions are wanted; what is `None` is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ActionQuery {
    /// Of this tenant.
    pub tenant: Option<TenantName>,
    /// Of this app.
    pub app: Option<AppId>,
    /// Of this file.
    pub file: Option<FileId>,
    /// In this state.
    pub state: Option<ActionState>,
    /// With this reason.
    pub reason: Option<Reason>,
    /// Of this policy.
    pub policy: Option<PolicyId>,
    /// Of this run.
    pub run: Option<ActionRunId>,
    /// Behind this one: the last of the page before.
    pub after: Option<ActionId>,
}

/// A page of actions, in the order of their numbers.
///
/// # Errors
///
/// Those of the store.
pub async fn list(source: &impl Source, query: &ActionQuery, limit: u32) -> Result<Vec<Action>> {
    let mut conditions = vec!["a.id > $1".to_owned()];
    let mut params = values![query.after.map_or(0, |action| action.0), limit];
    let mut add = |column: &str, value: Option<Value>| {
        if let Some(value) = value {
            params.push(value);
            conditions.push(column.replace('?', &format!("${}", params.len())));
        }
    };
    let tenant = query.tenant.as_ref();
    add(
        "a.tenant = ?",
        tenant.map(|tenant| tenant.0.as_str().into()),
    );
    add("a.app = ?", query.app.map(|app| app.0.into()));
    add("a.file = ?", query.file.map(|file| file.0.into()));
    add("a.state = ?", query.state.map(|state| state.code().into()));
    add(
        "a.reason = (SELECT id FROM term WHERE text = ?)",
        query.reason.map(|reason| reason.code().into()),
    );
    add("a.policy = ?", query.policy.map(|policy| policy.0.into()));
    add("a.run = ?", query.run.map(|run| run.0.into()));
    let sql = format!(
        "SELECT {COLUMNS} FROM action a WHERE {} ORDER BY a.id LIMIT $2",
        conditions.join(" AND ")
    );
    let rows = source.query(sql, params).await?;
    rows.into_iter().map(read).collect()
}

/// An action by its number.
///
/// # Errors
///
/// Those of the store.
pub async fn get(source: &impl Source, action: ActionId) -> Result<Option<Action>> {
    let sql = format!("SELECT {COLUMNS} FROM action a WHERE a.id = $1");
    let rows = source.query(sql, values![action.0]).await?;
    rows.into_iter().next().map(read).transpose()
}

/// The open action of a file.
///
/// # Errors
///
/// Those of the store.
pub async fn open_of_file(source: &impl Source, file: FileId) -> Result<Option<Action>> {
    let sql = format!("SELECT {COLUMNS} FROM action a WHERE a.file = $1 AND a.ended IS NULL");
    let rows = source.query(sql, values![file.0]).await?;
    rows.into_iter().next().map(read).transpose()
}

/// Makes an action due now that waits, or opens one again that was refused or cancelled; one that processes have died over may do
/// so once more. `false` where it was carried out,
/// is suspended, or another one is open for its file.
///
/// # Errors
///
/// Those of the store.
pub async fn retry(tx: &Tx, action: ActionId, now: DateTime<Utc>) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE action SET state = 0, due = $2, attempt = 0, reason = NULL, detail = NULL, ended = NULL,
                again = NULL, looks = 0, crashes = CASE WHEN crashes > 2 THEN 2 ELSE crashes END
             WHERE id = $1 AND worker IS NULL AND state IN (0, 3, 4)
                AND NOT EXISTS (SELECT 1 FROM action o WHERE o.file = action.file AND o.ended IS NULL AND o.id <> action.id)",
            values![action.0, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Cancels an action that waits. `false` where it is over, or a write of it is on its way.
///
/// # Errors
///
/// Those of the store.
pub async fn cancel(tx: &Tx, action: ActionId, by: &str, now: DateTime<Utc>) -> Result<bool> {
    let reason = Reason::PolicyCancelled.code();
    intern_terms(tx, [reason]).await?;
    let changed = tx
        .execute(
            "UPDATE action SET state = $2, reason = (SELECT id FROM term WHERE text = $3), detail = $4, ended = $5
             WHERE id = $1 AND ended IS NULL
                AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.action = action.id AND l.state IN (0, 4))",
            values![
                action.0,
                ActionState::Cancelled.code(),
                reason,
                format!("cancelled by {by}"),
                now,
            ],
        )
        .await?;
    Ok(changed == 1)
}
