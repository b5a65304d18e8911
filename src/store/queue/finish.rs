//! What becomes of claimed files.

use chrono::{DateTime, Utc};

use crate::model::inventory::FileId;
use crate::store::db::{Source, Tx};
use crate::store::error::Result;
use crate::store::files::intern_terms;
use crate::store::migrations::Dialect;
use crate::store::statement::{Statement, integers};
use crate::store::value::{Value, values};
use crate::store::workers::WorkerId;

/// How the work on a file ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// Nothing is left to do until it changes.
    Done,
    /// It failed in a way that may pass.
    Retry {
        /// When to try again.
        due: DateTime<Utc>,
        /// Reason code (rules §5).
        reason: &'static str,
    },
    /// It is given back as it was: nothing was tried.
    Released,
}

/// Ends jobs; in the transaction that stores what was found. Returns how many rows `worker` still held: only those are
/// touched. The others were lost with its lease, and somebody else is at them or has been.
///
/// A file that changed meanwhile is due at once, whatever the end; its failed attempts are forgotten.
///
/// # Errors
///
/// Those of the store.
pub async fn finish(tx: &Tx, worker: WorkerId, ends: &[(FileId, JobEnd)]) -> Result<u64> {
    let mut done = Vec::with_capacity(ends.len());
    let mut released = Vec::new();
    let mut failed = Vec::new();
    for (file, end) in ends {
        match end {
            JobEnd::Done => done.push(file.0),
            JobEnd::Released => released.push(file.0),
            JobEnd::Retry { due, reason } => failed.push((file.0, *due, *reason)),
        }
    }
    if failed.len() + released.len() > 0 {
        lock(tx, ends).await?;
    }
    Ok(end_done(tx, worker, &done).await?
        + give_back(tx, worker, released).await?
        + retry(tx, worker, failed).await?)
}

/// Several statements follow, each with rows of its own. Rows are locked in the order of ids, as everywhere, so that two
/// workers cannot wait for each other.
async fn lock(tx: &Tx, ends: &[(FileId, JobEnd)]) -> Result<()> {
    static LOCK: Statement =
        Statement::new("SELECT file FROM scan_job WHERE file {integers:$1} ORDER BY file {locked}");
    if tx.dialect() == Dialect::Postgres {
        let params = vec![integers(ends.iter().map(|(file, _)| file.0))];
        tx.query(LOCK.text(Dialect::Postgres), params).await?;
    }
    Ok(())
}

async fn end_done(tx: &Tx, worker: WorkerId, files: &[i64]) -> Result<u64> {
    static END: Statement = Statement::new(
        "DELETE FROM scan_job WHERE worker = $1 AND again = 0 AND file {integers:$2}",
    );
    static ONCE_MORE: Statement = Statement::new(
        "UPDATE scan_job SET worker = NULL, again = 0, attempt = 0, crashes = 0, reason = NULL
         WHERE worker = $1 AND file {integers:$2}",
    );
    if files.is_empty() {
        return Ok(0);
    }
    let params = values![worker.0, integers(files.iter().copied())];
    let dialect = tx.dialect();
    let ended = tx.execute(END.text(dialect), params.clone()).await?;
    if ended == files.len() as u64 {
        return Ok(ended);
    }
    Ok(ended + tx.execute(ONCE_MORE.text(dialect), params).await?)
}

async fn give_back(tx: &Tx, worker: WorkerId, files: Vec<i64>) -> Result<u64> {
    static GIVE_BACK: Statement = Statement::new(
        "UPDATE scan_job SET worker = NULL, attempt = CASE WHEN again = 1 THEN 0 ELSE attempt END, again = 0
         WHERE worker = $1 AND file {integers:$2}",
    );
    if files.is_empty() {
        return Ok(0);
    }
    let params = values![worker.0, integers(files)];
    tx.execute(GIVE_BACK.text(tx.dialect()), params).await
}

/// An attempt that failed in good order ends a series of crashes.
async fn retry(
    tx: &Tx,
    worker: WorkerId,
    mut files: Vec<(i64, DateTime<Utc>, &'static str)>,
) -> Result<u64> {
    files.sort_unstable();
    intern_terms(tx, files.iter().map(|(_, _, reason)| *reason)).await?;
    let rows: Vec<Vec<Value>> = files
        .into_iter()
        .map(|(file, due, reason)| values![worker.0, file, due, reason])
        .collect();
    tx.execute_many(
        "UPDATE scan_job SET
            worker = NULL, again = 0, crashes = 0,
            due = CASE WHEN again = 1 THEN due ELSE $3 END,
            attempt = CASE WHEN again = 1 THEN 0 ELSE attempt + 1 END,
            reason = (SELECT id FROM term WHERE text = $4)
         WHERE worker = $1 AND file = $2",
        rows,
    )
    .await
}

/// Notes that a process died while it had these files in its hands, whoever has their jobs now.
///
/// # Errors
///
/// Those of the store.
pub async fn note_crash(tx: &Tx, files: &[FileId]) -> Result<()> {
    static NOTE: Statement =
        Statement::new("UPDATE scan_job SET crashes = crashes + 1 WHERE file {integers:$1}");
    let params = vec![integers(files.iter().map(|file| file.0))];
    tx.execute(NOTE.text(tx.dialect()), params).await?;
    Ok(())
}
