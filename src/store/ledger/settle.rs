//! Attempts of which nobody knows what became, and those of which everybody thought they knew.

use chrono::{DateTime, Utc};

use super::{COLUMNS, LedgerRow, read, read_all};
use crate::model::inventory::FileId;
use crate::store::apps::AppId;
use crate::store::db::{Source, Tx};
use crate::store::error::Result;
use crate::store::value::values;
use crate::store::workers::WorkerId;

/// An attempt without an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsettled {
    /// Its row.
    pub row: LedgerRow,
    /// Whether the worker that holds it has not ended.
    pub worker_lives: bool,
    /// When the worker that held it ended, where that is known.
    pub worker_ended: Option<DateTime<Utc>>,
}

/// The attempts of an app that have no outcome, the oldest first.
///
/// # Errors
///
/// Those of the store.
pub async fn unsettled(source: &impl Source, app: AppId) -> Result<Vec<Unsettled>> {
    let sql = format!(
        "SELECT {COLUMNS}, w.id, w.ended FROM ledger l LEFT JOIN worker w ON w.id = l.worker
         WHERE l.app = $1 AND l.state IN (0, 4) ORDER BY l.intended_at, l.id"
    );
    let rows = source.query(sql, values![app.0]).await?;
    rows.into_iter()
        .map(|mut row| {
            let attempt = read(&mut row)?;
            let worker: Option<i64> = row.take()?;
            let worker_ended: Option<DateTime<Utc>> = row.take()?;
            Ok(Unsettled {
                row: attempt,
                worker_lives: worker.is_some() && worker_ended.is_none(),
                worker_ended,
            })
        })
        .collect()
}

/// Takes a row to settle it, from whoever held it when it was looked at. `false` where somebody else was quicker.
///
/// # Errors
///
/// Those of the store.
pub async fn take_over(tx: &Tx, row: &LedgerRow, worker: WorkerId) -> Result<bool> {
    let changed = tx
        .execute(
            "UPDATE ledger SET worker = $3, state = CASE WHEN sent_at IS NULL THEN state ELSE 4 END
             WHERE id = $1 AND state IN (0, 4) AND worker IS NOT DISTINCT FROM $2",
            values![row.id, row.worker.map(|worker| worker.0), worker.0],
        )
        .await?;
    Ok(changed == 1)
}

/// Rows of these files that do not count as landed, though they were sent or may have been.
///
/// # Errors
///
/// Those of the store.
pub async fn not_landed(source: &impl Source, files: &[FileId]) -> Result<Vec<LedgerRow>> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let files: Vec<String> = files.iter().map(|file| file.0.to_string()).collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM ledger l WHERE l.file IN ({}) AND l.state IN (2, 3, 5) ORDER BY l.file, l.intended_at",
        files.join(", ")
    );
    read_all(source.query(sql, Vec::new()).await?)
}
