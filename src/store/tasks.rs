//! Scheduled tasks, each done by one worker at a time. A name says what and for whom: `label_sync:TENANT`,
//! `poll:TENANT/APP`, `reconcile:TENANT/APP`, `exposure:TENANT/APP`.

use chrono::{DateTime, Utc};

use super::db::{Db, Source, Tx};
use super::error::Result;
use super::value::{Row, Value, values};
use super::workers::{WorkerId, is_alive};

/// A task that was asked for at least once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskState {
    /// Its name.
    pub name: String,
    /// When it is to be done next; `None` before its first end.
    pub due: Option<DateTime<Utc>>,
    /// When it was last started.
    pub started: Option<DateTime<Utc>>,
    /// When it last ended.
    pub finished: Option<DateTime<Utc>>,
    /// When it last ended without an error.
    pub succeeded: Option<DateTime<Utc>>,
    /// The error that it last ended with; `None` where it succeeded.
    pub error: Option<String>,
    /// Who is doing it, or holds it.
    pub worker: Option<WorkerId>,
    /// It is wanted before it is due.
    pub nudged: bool,
}

/// Starts a task where it is due or was nudged and nobody is doing it; a task that was never done is due. `true`: it is
/// `worker`'s until [`end`].
///
/// # Errors
///
/// Those of the store.
pub async fn claim(db: &Db, name: &str, worker: WorkerId, now: DateTime<Utc>) -> Result<bool> {
    take(
        db,
        worker,
        name,
        "UPDATE task SET worker = $2, started = $3, nudged = 0
         WHERE name = $1 AND worker IS NULL AND (nudged = 1 OR due IS NULL OR due <= $3)",
        values![name, worker.0, now],
    )
    .await
}

/// Takes a task's lease without doing the task, whether it is due or not: who walks an app's feeds holds that app's
/// `poll:TENANT/APP`. `true`: nobody else gets it until [`release`]. Nudges are kept for then.
///
/// # Errors
///
/// Those of the store.
pub async fn hold(db: &Db, name: &str, worker: WorkerId) -> Result<bool> {
    take(
        db,
        worker,
        name,
        "UPDATE task SET worker = $2 WHERE name = $1 AND worker IS NULL",
        values![name, worker.0],
    )
    .await
}

async fn take(
    db: &Db,
    worker: WorkerId,
    name: &str,
    sql: &'static str,
    params: Vec<Value>,
) -> Result<bool> {
    let tx = db.begin().await?;
    if !is_alive(&tx, worker).await? {
        return Ok(false);
    }
    ensure(&tx, name).await?;
    let taken = tx.execute(sql, params).await?;
    tx.commit().await?;
    Ok(taken == 1)
}

/// Gives back what [`hold`] took; the schedule stays as it is.
///
/// # Errors
///
/// Those of the store.
pub async fn release(db: &Db, name: &str, worker: WorkerId) -> Result<()> {
    let tx = db.begin().await?;
    tx.execute(
        "UPDATE task SET worker = NULL WHERE name = $1 AND worker = $2",
        values![name, worker.0],
    )
    .await?;
    tx.commit().await
}

/// Forgets a task that will never be done again, whoever holds it.
///
/// # Errors
///
/// Those of the store.
pub async fn forget(tx: &Tx, name: &str) -> Result<()> {
    tx.execute("DELETE FROM task WHERE name = $1", values![name])
        .await?;
    Ok(())
}

/// Ends a task that [`claim`] started. `false`: the lease was lost meanwhile, and nothing is noted. A nudge that came
/// meanwhile makes it due at once.
///
/// # Errors
///
/// Those of the store.
pub async fn end(
    db: &Db,
    name: &str,
    worker: WorkerId,
    now: DateTime<Utc>,
    error: Option<&str>,
    next_due: DateTime<Utc>,
) -> Result<bool> {
    let tx = db.begin().await?;
    let ended = tx
        .execute(
            "UPDATE task SET worker = NULL, finished = $3, due = $5, error = $4,
                succeeded = CASE WHEN CAST($4 AS TEXT) IS NULL THEN $3 ELSE succeeded END
             WHERE name = $1 AND worker = $2",
            values![name, worker.0, now, error, next_due],
        )
        .await?;
    tx.commit().await?;
    Ok(ended == 1)
}

/// Wants a task done before it is due; also one that is under way, once more.
///
/// # Errors
///
/// Those of the store.
pub async fn nudge(db: &Db, name: &str) -> Result<()> {
    let tx = db.begin().await?;
    ensure(&tx, name).await?;
    tx.execute(
        "UPDATE task SET nudged = 1 WHERE name = $1 AND nudged = 0",
        values![name],
    )
    .await?;
    tx.commit().await
}

/// Makes a task due at `due` where it would be due later, or was never planned. A task that is under way stays as it is.
///
/// # Errors
///
/// Those of the store.
pub async fn bring_forward(db: &Db, name: &str, due: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    ensure(&tx, name).await?;
    tx.execute(
        "UPDATE task SET due = $2 WHERE name = $1 AND worker IS NULL AND (due IS NULL OR due > $2)",
        values![name, due],
    )
    .await?;
    tx.commit().await
}

async fn ensure(tx: &Tx, name: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO task (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
        values![name],
    )
    .await?;
    Ok(())
}

const COLUMNS: &str =
    "SELECT name, due, started, finished, succeeded, error, worker, nudged FROM task";

/// All tasks that were ever asked for, by name.
///
/// # Errors
///
/// Those of the store.
pub async fn all(source: &impl Source) -> Result<Vec<TaskState>> {
    let rows = source
        .query(format!("{COLUMNS} ORDER BY name"), Vec::new())
        .await?;
    rows.into_iter().map(read_task).collect()
}

/// One task.
///
/// # Errors
///
/// Those of the store.
pub async fn get(source: &impl Source, name: &str) -> Result<Option<TaskState>> {
    let sql = format!("{COLUMNS} WHERE name = $1");
    let rows = source.query(sql, values![name]).await?;
    rows.into_iter().next().map(read_task).transpose()
}

fn read_task(mut row: Row) -> Result<TaskState> {
    Ok(TaskState {
        name: row.take()?,
        due: row.take()?,
        started: row.take()?,
        finished: row.take()?,
        succeeded: row.take()?,
        error: row.take()?,
        worker: row.take::<Option<i64>>()?.map(WorkerId),
        nudged: row.take()?,
    })
}
