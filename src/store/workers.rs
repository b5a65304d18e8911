//! Processes at work on the store. Each has a lease, which covers everything that it has claimed.

use chrono::{DateTime, TimeDelta, Utc};

use super::db::{Db, Source, Tx};
use super::error::{Result, StoreError};
use super::migrations::Dialect;
use super::statement::{Statement, integers};
use super::value::{Row, values};

/// A worker's number; none is ever given to another one that could be confused with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(pub i64);

/// A worker that has not ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its number.
    pub id: WorkerId,
    /// Its name for people: host and process number.
    pub name: String,
    /// When it registered.
    pub started: DateTime<Utc>,
    /// When others may take up what it holds.
    pub expires: DateTime<Utc>,
}

/// What was taken from workers whose lease had run out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rescued {
    /// Workers that were ended.
    pub workers: u64,
    /// Files that they were scanning; they are due again.
    pub jobs: u64,
    /// Tasks that they were doing; they are due again.
    pub tasks: u64,
}

/// The error of a task whose worker is gone.
const DIED: &str = "the process that did it has ended";

/// Rows of workers that have ended are kept so long, for whoever looks into what happened.
const KEPT: TimeDelta = TimeDelta::days(7);

/// Registers a process. On SQLite, which one process writes at a time, every older worker is dead at once and loses what it
/// held.
///
/// # Errors
///
/// Those of the store.
pub async fn register(
    db: &Db,
    name: &str,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<WorkerId> {
    let tx = db.begin().await?;
    let rows = tx
        .query(
            "INSERT INTO worker (name, started, expires) VALUES ($1, $2, $3) RETURNING id",
            values![name, now, now + lease],
        )
        .await?;
    let row = rows.into_iter().next();
    let mut row = row.ok_or_else(|| StoreError::content("a new worker got no number"))?;
    let worker = WorkerId(row.take()?);
    if tx.dialect() == Dialect::Sqlite {
        let older = tx
            .query(
                "UPDATE worker SET ended = $1 WHERE ended IS NULL AND id <> $2 RETURNING id",
                values![now, worker.0],
            )
            .await?;
        let older = numbers(older)?;
        take_from(&tx, &older, now, Some(DIED)).await?;
    }
    // After the new row is there: a database that hands out the number after the largest one must not give one twice.
    tx.execute("DELETE FROM worker WHERE ended < $1", values![now - KEPT])
        .await?;
    tx.commit().await?;
    Ok(worker)
}

/// Says that the worker has a place that only one process at a time can have, such as a locked folder: others that had it
/// are dead, and lose what they held at once instead of when their lease runs out.
///
/// # Errors
///
/// Those of the store.
pub async fn take_place(
    db: &Db,
    worker: WorkerId,
    place: &str,
    now: DateTime<Utc>,
) -> Result<Rescued> {
    let tx = db.begin().await?;
    let dead = tx
        .query(
            "UPDATE worker SET ended = $3 WHERE place = $2 AND id <> $1 AND ended IS NULL RETURNING id",
            values![worker.0, place, now],
        )
        .await?;
    let rescued = take_from(&tx, &numbers(dead)?, now, Some(DIED)).await?;
    tx.execute(
        "UPDATE worker SET place = $2 WHERE id = $1",
        values![worker.0, place],
    )
    .await?;
    tx.commit().await?;
    Ok(rescued)
}

/// Prolongs the lease of a worker. `false`: it has lost the lease and with it all it held, to be taken up by others; it must
/// drop what it is doing, and register anew.
///
/// # Errors
///
/// Those of the store.
pub async fn heartbeat(
    db: &Db,
    worker: WorkerId,
    lease: TimeDelta,
    now: DateTime<Utc>,
) -> Result<bool> {
    let tx = db.begin().await?;
    let alive = tx
        .execute(
            "UPDATE worker SET expires = $2 WHERE id = $1 AND ended IS NULL",
            values![worker.0, now + lease],
        )
        .await?;
    tx.commit().await?;
    Ok(alive == 1)
}

/// Ends a worker in good order: what it holds is free at once.
///
/// # Errors
///
/// Those of the store.
pub async fn leave(db: &Db, worker: WorkerId, now: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    tx.execute(
        "UPDATE worker SET ended = $2 WHERE id = $1 AND ended IS NULL",
        values![worker.0, now],
    )
    .await?;
    take_from(&tx, &[worker.0], now, None).await?;
    tx.commit().await
}

/// Ends the workers whose lease has run out: what they held is free. Any worker may do it at any time.
///
/// # Errors
///
/// Those of the store.
pub async fn rescue(db: &Db, now: DateTime<Utc>) -> Result<Rescued> {
    let tx = db.begin().await?;
    let ended = tx
        .query(
            "UPDATE worker SET ended = $1 WHERE ended IS NULL AND expires <= $1 RETURNING id",
            values![now],
        )
        .await?;
    let ended = numbers(ended)?;
    let rescued = take_from(&tx, &ended, now, Some(DIED)).await?;
    tx.commit().await?;
    Ok(rescued)
}

/// The workers that have not ended, by number.
///
/// # Errors
///
/// Those of the store.
pub async fn all(source: &impl Source) -> Result<Vec<Worker>> {
    let rows = source
        .query(
            "SELECT id, name, started, expires FROM worker WHERE ended IS NULL ORDER BY id",
            Vec::new(),
        )
        .await?;
    rows.into_iter().map(read_worker).collect()
}

fn read_worker(mut row: Row) -> Result<Worker> {
    Ok(Worker {
        id: WorkerId(row.take()?),
        name: row.take()?,
        started: row.take()?,
        expires: row.take()?,
    })
}

/// Whether the worker may claim something. It cannot be ended before the end of the transaction then.
pub(super) async fn is_alive(tx: &Tx, worker: WorkerId) -> Result<bool> {
    static ALIVE: Statement =
        Statement::new("SELECT id FROM worker WHERE id = $1 AND ended IS NULL {shared}");
    let rows = tx
        .query(ALIVE.text(tx.dialect()), values![worker.0])
        .await?;
    Ok(!rows.is_empty())
}

/// Frees what workers hold.
async fn take_from(
    tx: &Tx,
    workers: &[i64],
    now: DateTime<Utc>,
    why: Option<&str>,
) -> Result<Rescued> {
    static JOBS: Statement =
        Statement::new("UPDATE scan_job SET worker = NULL, again = 0 WHERE worker {integers:$1}");
    // A write that was sent stays unsettled in the ledger, and keeps the action from being claimed.
    static ACTIONS: Statement =
        Statement::new("UPDATE action SET worker = NULL WHERE worker {integers:$1}");
    static TASKS: Statement = Statement::new(
        "UPDATE task SET worker = NULL, finished = $2, error = COALESCE($3, error) WHERE worker {integers:$1}",
    );
    if workers.is_empty() {
        return Ok(Rescued::default());
    }
    let numbers = || integers(workers.iter().copied());
    let dialect = tx.dialect();
    tx.execute(ACTIONS.text(dialect), vec![numbers()]).await?;
    Ok(Rescued {
        workers: workers.len() as u64,
        jobs: tx.execute(JOBS.text(dialect), vec![numbers()]).await?,
        tasks: tx
            .execute(TASKS.text(dialect), values![numbers(), now, why])
            .await?,
    })
}

fn numbers(rows: Vec<Row>) -> Result<Vec<i64>> {
    rows.into_iter().map(|mut row| row.take()).collect()
}
