//! Taking files out of the queue.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::marks::{LowWaterMarks, Place};
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

pub(super) static CLAIM: Statement = Statement::new(
    "WITH picked AS MATERIALIZED (
        SELECT file FROM scan_job
        WHERE app = $1 AND class = $2 AND due <= $3 AND (due, file) > ($6, $7) AND worker IS NULL
        ORDER BY due, file LIMIT $4 {skip_locked})
     UPDATE scan_job SET worker = $5 WHERE file {rows:picked.file}
     RETURNING file, due, class, attempt, crashes, listed",
);

/// Through the run's own index, because its files may lie anywhere in the queue.
pub(super) static CLAIM_OF_RUN: Statement = Statement::new(
    "WITH picked AS MATERIALIZED (
        SELECT j.file AS file FROM run_file r {indexed_by:run_file_pending} CROSS JOIN scan_job j
        WHERE j.file = r.file AND r.run = $1 AND r.outcome IS NULL AND j.app = $2 AND j.due <= $3 AND j.worker IS NULL
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
    let wish = Wish {
        app,
        worker,
        limit,
        now,
    };
    loop {
        let tx = db.begin().await?;
        if !is_alive(&tx, worker).await? {
            return Ok(Vec::new());
        }
        let held = match run {
            Some(run) => pick_of_run(&tx, wish, run).await?,
            None => pick(&tx, wish, db.queue_marks()).await?,
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
    fn place(&self) -> Place {
        Place {
            due: self.due,
            file: self.file,
        }
    }

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

/// Who claims what.
#[derive(Debug, Clone, Copy)]
struct Wish {
    app: AppId,
    worker: WorkerId,
    limit: u32,
    now: DateTime<Utc>,
}

async fn pick(tx: &Tx, wish: Wish, marks: Option<&LowWaterMarks>) -> Result<Vec<Held>> {
    let mut held = Vec::new();
    for class in JobClass::ALL {
        let rest = Wish {
            limit: wish.limit.saturating_sub(len(&held)),
            ..wish
        };
        if rest.limit == 0 {
            break;
        }
        held.extend(match marks {
            None => pick_after(tx, rest, class, Place::FRONT).await?,
            Some(marks) => pick_with_marks(tx, rest, class, marks).await?,
        });
    }
    held.sort_by_key(|row| (row.class, row.place()));
    Ok(held)
}

async fn pick_with_marks(
    tx: &Tx,
    wish: Wish,
    class: JobClass,
    marks: &LowWaterMarks,
) -> Result<Vec<Held>> {
    let begin = marks.begin(wish.app, class);
    let mut held = pick_after(tx, wish, class, begin).await?;
    if let Some(last) = held.last()
        && len(&held) == wish.limit
    {
        marks.filled(wish.app, class, last.place());
        return Ok(held);
    }
    marks.emptied(wish.app, class);
    if begin > Place::FRONT {
        let rest = Wish {
            limit: wish.limit - len(&held),
            ..wish
        };
        held.extend(pick_after(tx, rest, class, Place::FRONT).await?);
    }
    Ok(held)
}

/// Rows of a class in their order, from behind a place.
async fn pick_after(tx: &Tx, wish: Wish, class: JobClass, begin: Place) -> Result<Vec<Held>> {
    let params = values![
        wish.app.0,
        class.code(),
        wish.now,
        wish.limit,
        wish.worker.0,
        begin.due,
        begin.file,
    ];
    let rows = tx.query(CLAIM.text(tx.dialect()), params).await?;
    let mut held = read_held(rows)?;
    held.sort_by_key(Held::place);
    Ok(held)
}

fn len(held: &[Held]) -> u32 {
    u32::try_from(held.len()).unwrap_or(u32::MAX)
}

async fn pick_of_run(tx: &Tx, wish: Wish, run: RunId) -> Result<Vec<Held>> {
    let params = values![run.0, wish.app.0, wish.now, wish.limit, wish.worker.0];
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
