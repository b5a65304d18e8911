//! Files that wait for a decision, and what was decided. A row is made in the transaction that makes something about a file
//! new, so that no change is ever left undecided.

use chrono::{DateTime, Utc};

use super::apps::{self, AppId};
use super::db::{Source, Tx};
use super::error::Result;
use super::files;
use super::statement::{Statement, integers};
use super::value::values;
use crate::model::inventory::{FileId, FileRecord};

/// Whether the app's tenant has a policy that is switched on: without one nothing is decided.
pub(super) const HAS_ACTIVE: &str = "EXISTS (
    SELECT 1 FROM policy p JOIN app a ON a.tenant = p.tenant WHERE a.id = $1 AND p.active = 1 AND p.removed IS NULL)";

/// Has files of an app decided anew, where its tenant has a policy that is switched on.
///
/// # Errors
///
/// Those of the store.
pub async fn enqueue(tx: &Tx, app: AppId, ids: &[FileId], now: DateTime<Utc>) -> Result<()> {
    static ENQUEUE: Statement = Statement::made(|| {
        format!(
            "INSERT INTO decision_job (file, app, since)
             SELECT f.id, f.app, CAST($2 AS BIGINT) FROM file f
             WHERE f.app = $1 AND f.id {{integers:$3}} AND {HAS_ACTIVE} ORDER BY f.id
             ON CONFLICT (file) DO NOTHING"
        )
    });
    if ids.is_empty() {
        return Ok(());
    }
    let params = values![app.0, now, integers(ids.iter().map(|id| id.0))];
    tx.execute(ENQUEUE.text(tx.dialect()), params).await?;
    Ok(())
}

/// Has all files of an app decided anew that are there, or were decided while they were.
///
/// # Errors
///
/// Those of the store.
pub async fn enqueue_app(tx: &Tx, app: AppId, now: DateTime<Utc>) -> Result<u64> {
    tx.execute(
        "INSERT INTO decision_job (file, app, since)
         SELECT f.id, f.app, CAST($2 AS BIGINT) FROM file f
         WHERE f.app = $1 AND (f.removed IS NULL OR EXISTS (SELECT 1 FROM file_decision d WHERE d.file = f.id))
         ORDER BY f.id
         ON CONFLICT (file) DO NOTHING",
        values![app.0, now],
    )
    .await
}

/// The next files of an app that wait, the longest waiting first. The app's inventory is held until the end of the
/// transaction, which is to [end](done) their waiting: what changes meanwhile waits behind it, and is decided once more.
///
/// # Errors
///
/// Those of the store.
pub async fn next(tx: &Tx, app: AppId, limit: u32) -> Result<Vec<FileRecord>> {
    apps::lock(tx, app).await?;
    let rows = tx
        .query(
            "SELECT file FROM decision_job WHERE app = $1 ORDER BY since, file LIMIT $2",
            values![app.0, limit],
        )
        .await?;
    let ids: Result<Vec<FileId>> = rows
        .into_iter()
        .map(|mut row| row.take().map(FileId))
        .collect();
    files::of_ids(tx, &ids?).await
}

/// Files that wait no longer.
///
/// # Errors
///
/// Those of the store.
pub async fn done(tx: &Tx, ids: &[FileId]) -> Result<()> {
    static DONE: Statement = Statement::new("DELETE FROM decision_job WHERE file {integers:$1}");
    let params = vec![integers(ids.iter().map(|id| id.0))];
    tx.execute(DONE.text(tx.dialect()), params).await?;
    Ok(())
}

/// Whether files of the app wait for a decision: none of its actions is carried out meanwhile.
///
/// # Errors
///
/// Those of the store.
pub async fn waiting(source: &impl Source, app: AppId) -> Result<bool> {
    let rows = source
        .query(
            "SELECT file FROM decision_job WHERE app = $1 LIMIT 1",
            values![app.0],
        )
        .await?;
    Ok(!rows.is_empty())
}
