//! Looking at the ledger.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{COLUMNS, LedgerRow, read_all, route_of};
use crate::model::inventory::FileId;
use crate::model::policy::LedgerFact;
use crate::model::{AppName, TenantName};
use crate::store::actions::{ActionId, ActionRunId, Verb};
use crate::store::db::Source;
use crate::store::error::Result;
use crate::store::value::{Value, values};

/// Labels that wait for the cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Open actions that apply a label.
    pub open: u64,
}

async fn select(
    source: &impl Source,
    condition: &'static str,
    value: Value,
) -> Result<Vec<LedgerRow>> {
    let sql =
        format!("SELECT {COLUMNS} FROM ledger l WHERE {condition} ORDER BY l.intended_at, l.id");
    read_all(source.query(sql, vec![value]).await?)
}

/// An attempt by its id.
///
/// # Errors
///
/// Those of the store.
pub async fn get(source: &impl Source, id: Uuid) -> Result<Option<LedgerRow>> {
    let rows = select(source, "l.id = $1", id.into()).await?;
    Ok(rows.into_iter().next())
}

/// The attempts of an action, the oldest first.
///
/// # Errors
///
/// Those of the store.
pub async fn of_action(source: &impl Source, action: ActionId) -> Result<Vec<LedgerRow>> {
    select(source, "l.action = $1", action.0.into()).await
}

/// The attempts on a file, the oldest first.
///
/// # Errors
///
/// Those of the store.
pub async fn of_file(source: &impl Source, file: FileId) -> Result<Vec<LedgerRow>> {
    select(source, "l.file = $1", file.0.into()).await
}

/// The attempts of a run, the oldest first.
///
/// # Errors
///
/// Those of the store.
pub async fn of_run(source: &impl Source, run: ActionRunId) -> Result<Vec<LedgerRow>> {
    select(source, "l.run = $1", run.0.into()).await
}

/// The attempt that has taken this one back.
///
/// # Errors
///
/// Those of the store.
pub async fn undone_by(source: &impl Source, id: Uuid) -> Result<Option<LedgerRow>> {
    let rows = select(source, "l.undoes = $1 AND l.state = 1", id.into()).await?;
    Ok(rows.into_iter().next())
}

/// What labeld wrote last to files, for the origin of their labels (rules §1): the newest label that has landed, unless it
/// was removed or taken back since. Files without one are left out.
///
/// # Errors
///
/// Those of the store.
pub async fn newest_applied(
    source: &impl Source,
    files: &[FileId],
) -> Result<HashMap<FileId, LedgerFact>> {
    let mut newest = HashMap::new();
    if files.is_empty() {
        return Ok(newest);
    }
    let ids: Vec<String> = files.iter().map(|file| file.0.to_string()).collect();
    let sql = format!(
        "SELECT l.file, l.verb, l.label, l.method, l.id, l.overridden, l.route FROM ledger l
         WHERE l.file IN ({}) AND l.state = 1 AND l.verb IN (0, 1)
            AND NOT EXISTS (SELECT 1 FROM ledger u WHERE u.undoes = l.id AND u.state = 1)
         ORDER BY l.file, l.intended_at, l.id",
        ids.join(", ")
    );
    for mut row in source.query(sql, Vec::new()).await? {
        let file = FileId(row.take()?);
        let verb = Verb::from_code(row.take()?)?;
        let (label, method): (Option<_>, Option<String>) = (row.take()?, row.take()?);
        let fact = (
            label,
            method,
            row.take()?,
            row.take()?,
            row.take::<String>()?,
        );
        match (verb, fact) {
            (Verb::Apply, (Some(label), Some(method), action_id, override_used, route)) => {
                let fact = LedgerFact {
                    label,
                    method,
                    action_id,
                    override_used,
                    route: route_of(&route)?,
                };
                newest.insert(file, fact);
            }
            _ => {
                newest.remove(&file);
            }
        }
    }
    Ok(newest)
}

/// The newest write to a file that has landed, whatever it did.
///
/// # Errors
///
/// Those of the store.
pub async fn newest_write(source: &impl Source, file: FileId) -> Result<Option<Uuid>> {
    let rows = source
        .query(
            "SELECT id FROM ledger WHERE file = $1 AND state IN (1, 5) ORDER BY intended_at DESC LIMIT 1",
            values![file.0],
        )
        .await?;
    rows.into_iter()
        .next()
        .map(|mut row| row.take())
        .transpose()
}

/// How often policies have written to a file since a time, without what was taken back (rules §4, X6).
///
/// # Errors
///
/// Those of the store.
pub async fn applied_since(
    source: &impl Source,
    file: FileId,
    since: DateTime<Utc>,
) -> Result<u32> {
    let rows = source
        .query(
            "SELECT COUNT(*) FROM ledger l
             WHERE l.file = $1 AND l.state = 1 AND l.decision > 0 AND l.intended_at >= $2
                AND NOT EXISTS (SELECT 1 FROM ledger u WHERE u.undoes = l.id AND u.state = 1)",
            values![file.0, since],
        )
        .await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}

/// What waits for the cap of these apps, which share one.
///
/// # Errors
///
/// Those of the store.
pub async fn forecast(
    source: &impl Source,
    tenant: &TenantName,
    apps: &[AppName],
) -> Result<Waiting> {
    let mut open = 0;
    for app in apps {
        let rows = source
            .query(
                "SELECT COUNT(*) FROM action a JOIN app ON app.id = a.app
                 WHERE app.tenant = $1 AND app.name = $2 AND a.state = 0 AND a.verb = 0 AND a.ended IS NULL",
                values![tenant.0.as_str(), app.0.as_str()],
            )
            .await?;
        open += rows
            .into_iter()
            .next()
            .map_or(Ok(0), |mut row| row.take::<u64>())?;
    }
    Ok(Waiting { open })
}
