//! Putting files into the queue.

use chrono::{DateTime, Utc};
use labeld_connector::Change;

use super::JobClass;
use crate::store::apps::AppId;
use crate::store::db::Tx;
use crate::store::error::Result;
use crate::store::files::last_of_each;
use crate::store::runs::{Reuse, RunId};
use crate::store::statement::{Statement, texts};
use crate::store::value::values;

/// A file that has a row keeps it. Its delay and its attempts belong to a version that was tried: they end with that
/// version, and a list that names the same version once more leaves them. `last_seen` tells that the file changed with
/// this very page. Rows are locked in the order of ids, as everywhere, so that two workers cannot wait for each other.
pub(super) static ENQUEUE: Statement = Statement::new(
    "INSERT INTO scan_job (file, app, class, due, listed)
     SELECT f.id, f.app, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($3 AS BIGINT)
     FROM {files_of:$1 $4}
     WHERE f.removed IS NULL
        AND (f.facts_version IS NULL OR f.facts_version <> f.version OR f.reader <> $5)
     ORDER BY f.id
     ON CONFLICT (file) DO UPDATE SET
        class = CASE WHEN excluded.class < scan_job.class THEN excluded.class ELSE scan_job.class END,
        due = CASE WHEN NOT EXISTS (SELECT 1 FROM file f WHERE f.id = scan_job.file AND f.facts_version = f.version)
            AND excluded.due < scan_job.due THEN excluded.due ELSE scan_job.due END,
        attempt = CASE WHEN EXISTS (SELECT 1 FROM file f WHERE f.id = scan_job.file AND f.facts_version = f.version)
            THEN scan_job.attempt ELSE 0 END,
        crashes = CASE WHEN EXISTS (SELECT 1 FROM file f WHERE f.id = scan_job.file AND f.last_seen = excluded.listed)
            THEN 0 ELSE scan_job.crashes END,
        again = CASE WHEN scan_job.worker IS NOT NULL
            AND EXISTS (SELECT 1 FROM file f WHERE f.id = scan_job.file AND f.last_seen = excluded.listed)
            THEN 1 ELSE scan_job.again END,
        listed = CASE WHEN scan_job.worker IS NOT NULL OR excluded.class < scan_job.class THEN excluded.listed ELSE scan_job.listed END",
);

/// Files that nobody is at and that are gone are not scanned.
pub(super) static FORGET: Statement = Statement::new(
    "WITH gone AS MATERIALIZED (SELECT f.id AS id FROM {files_of:$1 $2} WHERE f.removed IS NOT NULL)
     DELETE FROM scan_job WHERE worker IS NULL AND file {rows:gone.id}",
);

/// Enqueues the files of a page of changes whose present version has no facts that may be reused; to be called after
/// [`apply_changes`](crate::store::files::apply_changes), in the same transaction and with the same `now`. Returns how many
/// rows were made or looked at.
///
/// A file that has an unfinished job keeps its one row: its class becomes the better of the two, and where its version
/// is new it is due now and its failed attempts are forgotten. Where it is being scanned and has changed with this page, one
/// more scan follows. Files that the page removes leave the queue.
///
/// # Errors
///
/// Those of the store.
pub async fn enqueue_changes(
    tx: &Tx,
    app: AppId,
    changes: &[Change],
    reuse: Reuse,
    class: JobClass,
    now: DateTime<Utc>,
) -> Result<u64> {
    let mut upserted = Vec::with_capacity(changes.len());
    let mut removed = Vec::new();
    for change in last_of_each(changes) {
        match change {
            Change::Upserted(meta) => upserted.push(meta.file.0.as_str()),
            Change::Removed(file) => removed.push(file.0.as_str()),
            // Whoever claims a file that went with its folder drops it.
            Change::FolderAt(_) | Change::FolderRemoved(_) => {}
        }
    }
    if !removed.is_empty() {
        let params = values![app.0, texts(removed)];
        tx.execute(FORGET.text(tx.dialect()), params).await?;
    }
    if upserted.is_empty() {
        return Ok(0);
    }
    let params = values![app.0, class.code(), now, texts(upserted), reuse.reader()];
    tx.execute(ENQUEUE.text(tx.dialect()), params).await
}

/// Enqueues the files of a run that have no outcome, as backlog. Those that wait for another attempt are due now, but for
/// a file that has killed its readers (`file.poison`). Returns how many rows were made or made due.
///
/// # Errors
///
/// Those of the store.
pub async fn enqueue_run(tx: &Tx, run: RunId, now: DateTime<Utc>) -> Result<u64> {
    tx.execute(
        "INSERT INTO scan_job (file, app, class, due, listed)
         SELECT f.id, f.app, CAST($2 AS BIGINT), CAST($3 AS BIGINT), CAST($3 AS BIGINT)
         FROM run_file r JOIN file f ON f.id = r.file
         WHERE r.run = $1 AND r.outcome IS NULL AND f.removed IS NULL
         ORDER BY r.file
         ON CONFLICT (file) DO UPDATE SET due = excluded.due
         WHERE scan_job.due > excluded.due AND scan_job.worker IS NULL
            AND NOT EXISTS (SELECT 1 FROM term t WHERE t.id = scan_job.reason AND t.text = 'file.poison')",
        values![run.0, JobClass::Backlog.code(), now],
    )
    .await
}
