//! How much there is to do.

use chrono::{DateTime, Utc};

use super::JobClass;
use crate::model::inventory::FileId;
use crate::store::apps::AppId;
use crate::store::db::Source;
use crate::store::error::Result;
use crate::store::runs::RunId;
use crate::store::value::{Row, values};
use crate::store::workers::WorkerId;

/// The jobs of one class of an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// The app.
    pub app: AppId,
    /// The class.
    pub class: JobClass,
    /// Files that nobody is at.
    pub waiting: u64,
    /// Files that are being scanned.
    pub claimed: u64,
    /// Since when the one that waits longest is wanted.
    pub oldest: Option<DateTime<Utc>>,
}

/// The job of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobState {
    /// Why it is in the queue.
    pub class: JobClass,
    /// Not before then.
    pub due: DateTime<Utc>,
    /// Who is at it.
    pub worker: Option<WorkerId>,
    /// It changed meanwhile, and one more scan follows.
    pub again: bool,
    /// Attempts that have failed.
    pub attempt: u32,
    /// Processes that died over it.
    pub crashes: u32,
    /// Since when it is wanted.
    pub listed: DateTime<Utc>,
    /// Reason code of the last attempt, where it failed.
    pub reason: Option<String>,
}

/// The jobs by app and class, in this order; those of which there are none are left out. Reads the whole queue: no index has
/// what it needs, because such an index would be written with every claim.
///
/// # Errors
///
/// Those of the store.
pub async fn depth(source: &impl Source) -> Result<Vec<Depth>> {
    let rows = source
        .query(
            "SELECT app, class, COUNT(*), COUNT(worker), MIN(CASE WHEN worker IS NULL THEN listed END)
             FROM scan_job GROUP BY app, class ORDER BY app, class",
            Vec::new(),
        )
        .await?;
    let read = |mut row: Row| {
        let app = AppId(row.take()?);
        let class = JobClass::from_code(row.take()?)?;
        let (all, claimed): (u64, u64) = (row.take()?, row.take()?);
        Ok(Depth {
            app,
            class,
            waiting: all - claimed,
            claimed,
            oldest: row.take()?,
        })
    };
    rows.into_iter().map(read).collect()
}

/// How many unfinished jobs an app has, claimed ones included, counted up to `most`: enough to see whether it may list
/// further files, and cheap however long the queue is.
///
/// # Errors
///
/// Those of the store.
pub async fn waiting(source: &impl Source, app: AppId, most: u32) -> Result<u64> {
    let rows = source
        .query(
            "SELECT COUNT(*) FROM (SELECT 1 FROM scan_job WHERE app = $1 LIMIT $2) AS counted",
            values![app.0, most],
        )
        .await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}

/// When the next job of an app is due that nobody is at; a time in the past where one is due now.
///
/// # Errors
///
/// Those of the store.
pub async fn next_due(source: &impl Source, app: AppId) -> Result<Option<DateTime<Utc>>> {
    let mut next: Option<DateTime<Utc>> = None;
    for class in JobClass::ALL {
        let rows = source
            .query(
                "SELECT due FROM scan_job WHERE app = $1 AND class = $2 AND worker IS NULL ORDER BY due, file LIMIT 1",
                values![app.0, class.code()],
            )
            .await?;
        for mut row in rows {
            let due: DateTime<Utc> = row.take()?;
            next = Some(next.map_or(due, |next| next.min(due)));
        }
    }
    Ok(next)
}

/// Whether a file of a run without outcome could be claimed now.
///
/// # Errors
///
/// Those of the store.
pub async fn has_due(source: &impl Source, run: RunId, now: DateTime<Utc>) -> Result<bool> {
    let rows = source
        .query(
            "SELECT 1 FROM run_file r JOIN scan_job j ON j.file = r.file
             WHERE r.run = $1 AND r.outcome IS NULL AND j.worker IS NULL AND j.due <= $2 LIMIT 1",
            values![run.0, now],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// The job of a file, where it has one.
///
/// # Errors
///
/// Those of the store.
pub async fn of_file(source: &impl Source, file: FileId) -> Result<Option<JobState>> {
    let rows = source
        .query(
            "SELECT j.class, j.due, j.worker, j.again, j.attempt, j.crashes, j.listed, t.text
             FROM scan_job j LEFT JOIN term t ON t.id = j.reason WHERE j.file = $1",
            values![file.0],
        )
        .await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(JobState {
        class: JobClass::from_code(row.take()?)?,
        due: row.take()?,
        worker: row.take::<Option<i64>>()?.map(WorkerId),
        again: row.take()?,
        attempt: row.take()?,
        crashes: row.take()?,
        listed: row.take()?,
        reason: row.take()?,
    }))
}
