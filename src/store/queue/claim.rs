//! Taking files out of the queue.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Job, JobClass};
use crate::model::inventory::FileId;
use crate::store::apps::AppId;
use crate::store::db::{Db, Source, Tx};
use crate::store::error::Result;
use crate::store::files;
use crate::store::runs::RunId;
use crate::store::statement::{Statement, integers};
use crate::store::value::{Row, values};
use crate::store::workers::{WorkerId, is_alive};

static CLAIM: Statement = Statement::new(
    "WITH picked AS MATERIALIZED (
        SELECT file FROM scan_job
        WHERE app = $1 AND class = $2 AND due <= $3 AND worker IS NULL
        ORDER BY due, file LIMIT $4 {skip_locked})
     UPDATE scan_job SET worker = $5 WHERE file {rows:picked.file}
     RETURNING file, due, class, attempt, crashes, listed",
);

/// Through the run's own index, because its files may lie anywhere in the queue.
static CLAIM_OF_RUN: Statement = Statement::new(
    "WITH picked AS MATERIALIZED (
        SELECT j.file AS file FROM run_file r JOIN scan_job j ON j.file = r.file
        WHERE r.run = $1 AND r.outcome IS NULL AND j.app = $2 AND j.due <= $3 AND j.worker IS NULL
        ORDER BY r.file LIMIT $4 {skip_locked:j})
     UPDATE scan_job SET worker = $5 WHERE file {rows:picked.file}
     RETURNING file, due, class, attempt, crashes, listed",
);

/// Claims up to `limit` files of an app that are due: changed ones first, then by the time when they became due. With
/// `run` only files without outcome in that run, in the order of ids. Nothing is claimed for a worker that has lost its
/// lease.
///
/// Files that are gone meanwhile leave the queue unseen.
///
/// # Errors
///
/// Those of the store.
pub async fn claim(
    db: &Db,
    app: AppId,
    worker: WorkerId,
    run: Option<RunId>,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Vec<Job>> {
    loop {
        let tx = db.begin().await?;
        if !is_alive(&tx, worker).await? {
            return Ok(Vec::new());
        }
        let held = match run {
            Some(run) => pick_of_run(&tx, app, worker, run, limit, now).await?,
            None => pick(&tx, app, worker, limit, now).await?,
        };
        let jobs = with_records(&tx, &held).await?;
        tx.commit().await?;
        if held.is_empty() || !jobs.is_empty() {
            return Ok(jobs);
        }
    }
}

/// A row of the queue that is now the worker's.
#[derive(Debug, Clone, Copy)]
struct Held {
    file: i64,
    due: i64,
    class: JobClass,
    attempt: u32,
    crashes: u32,
    listed: DateTime<Utc>,
}

impl Held {
    fn read(mut row: Row) -> Result<Self> {
        Ok(Self {
            file: row.take()?,
            due: row.take()?,
            class: JobClass::from_code(row.take()?)?,
            attempt: row.take()?,
            crashes: row.take()?,
            listed: row.take()?,
        })
    }
}

async fn pick(
    tx: &Tx,
    app: AppId,
    worker: WorkerId,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    for class in JobClass::ALL {
        let wanted = i64::from(limit) - held.len() as i64;
        if wanted <= 0 {
            break;
        }
        let params = values![app.0, class.code(), now, wanted, worker.0];
        let rows = tx.query(CLAIM.text(tx.dialect()), params).await?;
        held.extend(read_held(rows)?);
    }
    held.sort_by_key(|row| (row.class, row.due, row.file));
    Ok(held)
}

async fn pick_of_run(
    tx: &Tx,
    app: AppId,
    worker: WorkerId,
    run: RunId,
    limit: u32,
    now: DateTime<Utc>,
) -> Result<Vec<Held>> {
    let params = values![run.0, app.0, now, limit, worker.0];
    let rows = tx.query(CLAIM_OF_RUN.text(tx.dialect()), params).await?;
    let mut held = read_held(rows)?;
    held.sort_by_key(|row| row.file);
    Ok(held)
}

fn read_held(rows: Vec<Row>) -> Result<Vec<Held>> {
    rows.into_iter().map(Held::read).collect()
}

/// What is known of the files. Rows of files that are gone are dropped.
async fn with_records(tx: &Tx, held: &[Held]) -> Result<Vec<Job>> {
    static DROP: Statement = Statement::new("DELETE FROM scan_job WHERE file {integers:$1}");
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<FileId> = held.iter().map(|row| FileId(row.file)).collect();
    let mut records: HashMap<FileId, _> = files::of_ids(tx, &ids)
        .await?
        .into_iter()
        .filter(|record| record.removed.is_none())
        .map(|record| (record.id, record))
        .collect();
    let gone = ids.iter().filter(|id| !records.contains_key(id));
    let gone: Vec<i64> = gone.map(|id| id.0).collect();
    if !gone.is_empty() {
        let params = vec![integers(gone)];
        tx.execute(DROP.text(tx.dialect()), params).await?;
    }
    let jobs = held.iter().filter_map(|row| {
        let file = records.remove(&FileId(row.file))?;
        Some(Job {
            file,
            class: row.class,
            attempt: row.attempt,
            crashes: row.crashes,
            listed: row.listed,
        })
    });
    Ok(jobs.collect())
}
