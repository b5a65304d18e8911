//! Taking files out of the queue.

use chrono::{DateTime, Utc};

use super::marks::{LowWaterMarks, Place};
use super::{Job, JobClass};
use crate::model::inventory::{FileId, ScanTarget};
use crate::store::apps::AppId;
use crate::store::db::{Db, Source, Tx};
use crate::store::error::Result;
use crate::store::files::{SCAN_TARGET, read_scan_target};
use crate::store::runs::RunId;
use crate::store::statement::{Statement, integers};
use crate::store::value::{Row, values};
use crate::store::workers::{WorkerId, is_alive};

/// In the order of the index: nothing is sorted, and no row is looked at but those that are taken and those in front of
/// them that others have.
pub(super) static PICK: Statement = Statement::made(|| {
    format!(
        "SELECT j.file, j.due, j.class, j.attempt, j.crashes, j.listed, {SCAN_TARGET}
         FROM scan_job j {{file_of:j.file}}
         WHERE j.app = $1 AND j.class = $2 AND j.due <= $3 AND (j.due, j.file) > ($5, $6) AND j.worker IS NULL
         ORDER BY j.due, j.file LIMIT $4 {{skip_locked:j}}"
    )
});

/// Through the run's own index, because its files may lie anywhere in the queue.
pub(super) static PICK_OF_RUN: Statement = Statement::made(|| {
    format!(
        "SELECT j.file, j.due, j.class, j.attempt, j.crashes, j.listed, {SCAN_TARGET}
         FROM run_file r {{indexed_by:run_file_pending}} CROSS JOIN scan_job j {{file_of:j.file}}
         WHERE j.file = r.file AND r.run = $1 AND r.outcome IS NULL AND j.app = $2 AND j.due <= $3 AND j.worker IS NULL
         ORDER BY r.file LIMIT $4 {{skip_locked:j}}"
    )
});

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
        let taken = match run {
            Some(run) => take_of_run(&tx, wish, run).await?,
            None => take(&tx, wish, db.queue_marks()).await?,
        };
        tx.commit().await?;
        let is_dry = taken.is_empty();
        let jobs: Vec<Job> = taken.into_iter().filter_map(Picked::into_job).collect();
        if is_dry || !jobs.is_empty() {
            return Ok(jobs);
        }
    }
}

/// A row of the queue that nobody has, and its file, where that is there.
#[derive(Debug)]
struct Picked {
    id: FileId,
    due: i64,
    class: JobClass,
    attempt: u32,
    crashes: u32,
    listed: DateTime<Utc>,
    file: Option<ScanTarget>,
}

impl Picked {
    fn place(&self) -> Place {
        Place {
            due: self.due,
            file: self.id.0,
        }
    }

    fn read(mut row: Row) -> Result<Self> {
        let id = FileId(row.take()?);
        Ok(Self {
            id,
            due: row.take()?,
            class: JobClass::from_code(row.take()?)?,
            attempt: row.take()?,
            crashes: row.take()?,
            listed: row.take()?,
            file: read_scan_target(id, &mut row)?,
        })
    }

    fn into_job(self) -> Option<Job> {
        Some(Job {
            file: self.file?,
            class: self.class,
            attempt: self.attempt,
            crashes: self.crashes,
            listed: self.listed,
        })
    }
}

/// Who takes what.
#[derive(Debug, Clone, Copy)]
struct Wish {
    app: AppId,
    worker: WorkerId,
    limit: u32,
    now: DateTime<Utc>,
}

impl Wish {
    /// What is left of it after these.
    fn after(self, taken: &[Picked]) -> Self {
        Self {
            limit: self.limit.saturating_sub(len(taken)),
            ..self
        }
    }
}

fn len(taken: &[Picked]) -> u32 {
    u32::try_from(taken.len()).unwrap_or(u32::MAX)
}

async fn take(tx: &Tx, wish: Wish, marks: Option<&LowWaterMarks>) -> Result<Vec<Picked>> {
    let mut taken = Vec::new();
    for class in JobClass::ALL {
        let rest = wish.after(&taken);
        if rest.limit == 0 {
            break;
        }
        taken.extend(match marks {
            None => take_behind(tx, rest, class, Place::FRONT).await?,
            Some(marks) => take_with_marks(tx, rest, class, marks).await?,
        });
    }
    Ok(taken)
}

async fn take_with_marks(
    tx: &Tx,
    wish: Wish,
    class: JobClass,
    marks: &LowWaterMarks,
) -> Result<Vec<Picked>> {
    let begin = marks.begin(wish.app, class);
    let mut taken = take_behind(tx, wish, class, begin).await?;
    if let Some(last) = taken.last()
        && len(&taken) == wish.limit
    {
        marks.filled(wish.app, class, last.place());
        return Ok(taken);
    }
    marks.emptied(wish.app, class);
    if begin > Place::FRONT {
        let rest = wish.after(&taken);
        taken.extend(take_behind(tx, rest, class, Place::FRONT).await?);
        taken.sort_by_key(Picked::place);
    }
    Ok(taken)
}

/// Rows of a class in their order, from behind a place.
async fn take_behind(tx: &Tx, wish: Wish, class: JobClass, begin: Place) -> Result<Vec<Picked>> {
    let params = values![
        wish.app.0,
        class.code(),
        wish.now,
        wish.limit,
        begin.due,
        begin.file,
    ];
    let rows = tx.query(PICK.text(tx.dialect()), params).await?;
    hold(tx, wish.worker, rows).await
}

async fn take_of_run(tx: &Tx, wish: Wish, run: RunId) -> Result<Vec<Picked>> {
    let params = values![run.0, wish.app.0, wish.now, wish.limit];
    let rows = tx.query(PICK_OF_RUN.text(tx.dialect()), params).await?;
    hold(tx, wish.worker, rows).await
}

/// Gives the worker what was picked. Rows of files that are gone are dropped.
async fn hold(tx: &Tx, worker: WorkerId, rows: Vec<Row>) -> Result<Vec<Picked>> {
    static HOLD: Statement =
        Statement::new("UPDATE scan_job SET worker = $1 WHERE file {integers:$2}");
    static DROP: Statement = Statement::new("DELETE FROM scan_job WHERE file {integers:$1}");
    let picked: Vec<Picked> = rows.into_iter().map(Picked::read).collect::<Result<_>>()?;
    let (there, gone): (Vec<&Picked>, Vec<&Picked>) =
        picked.iter().partition(|row| row.file.is_some());
    let ids = |rows: Vec<&Picked>| integers(rows.into_iter().map(|row| row.id.0));
    if !there.is_empty() {
        let params = vec![worker.0.into(), ids(there)];
        tx.execute(HOLD.text(tx.dialect()), params).await?;
    }
    if !gone.is_empty() {
        tx.execute(DROP.text(tx.dialect()), vec![ids(gone)]).await?;
    }
    Ok(picked)
}
