//! Scan runs: each takes the files of one app from listing to an outcome, and goes on after a crash where it stood.
//!
//! While a run is not finished, the table `run_file` has a narrow row for each of its files. It comes with the outcome that
//! the stored facts give, where they are of the file's present version; without one, the file is pending.

mod decided;
mod enumeration;
mod files;
mod outcomes;

pub use decided::{
    APPLIED, REMOVED, in_scope, record_reasons, take_decisions, unknown_access, would,
};
pub use enumeration::{
    begin_enumeration, end_enumeration, enumerations, forget_failed_feeds, forget_seen,
    record_unreadable_folders, take_over_enumerations, unreadable_folders,
};
pub use files::{
    OutcomeCount, Reuse, include_known, limit_scope, outcomes, pending, pending_count,
    record_listed, refresh_outcomes,
};
pub use outcomes::{record_everywhere, settle};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::apps::AppId;
use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::value::{Row, values};

/// A run's row number in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub i64);

/// The scope of the run that knows what the service's enumerations have seen. No rescan has it: theirs is a JSON object.
pub const ENUMERATION: &str = "enumeration";

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The app is being listed.
    Enumerating,
    /// All files of the run are known; they are being read.
    Reading,
    /// Every file has its outcome.
    Done,
}

impl Phase {
    fn word(self) -> &'static str {
        match self {
            Self::Enumerating => "enumerating",
            Self::Reading => "reading",
            Self::Done => "done",
        }
    }

    fn from_word(word: &str) -> Result<Self> {
        match word {
            "enumerating" => Ok(Self::Enumerating),
            "reading" => Ok(Self::Reading),
            "done" => Ok(Self::Done),
            other => Err(StoreError::content(format!(
                "a run is in the phase `{other}`"
            ))),
        }
    }
}

/// What a run has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Files listed.
    pub listed: u64,
    /// Files whose bytes were read.
    pub read: u64,
    /// Bytes fetched.
    pub bytes_read: u64,
    /// Sizes of the files that were read.
    pub bytes_of_files: u64,
    /// Reads (requests) made.
    pub reads: u64,
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Row number.
    pub id: RunId,
    /// Its app.
    pub app: AppId,
    /// What it is to read, as the caller wrote it (JSON); compared as text.
    pub scope: String,
    /// How far it has come.
    pub phase: Phase,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended, finished or given up.
    pub finished: Option<DateTime<Utc>>,
    /// It was stopped at least once before it was done.
    pub interrupted: bool,
    /// What it has done.
    pub counters: Counters,
    /// Files by outcome, once it is done.
    pub outcomes: Option<Vec<OutcomeCount>>,
}

/// Starts a run.
///
/// # Errors
///
/// Those of the store.
pub async fn begin(tx: &Tx, app: AppId, scope: &str, now: DateTime<Utc>) -> Result<RunId> {
    let rows = tx
        .query(
            "INSERT INTO scan_run (app, scope, phase, started, interrupted, counters)
             VALUES ($1, $2, $3, $4, 0, '{}') RETURNING id",
            values![app.0, scope, Phase::Enumerating.word(), now],
        )
        .await?;
    let row = rows.into_iter().next();
    let mut row = row.ok_or_else(|| StoreError::content("a new run got no number"))?;
    row.take().map(RunId)
}

const COLUMNS: &str = "SELECT id, app, scope, phase, started, finished, interrupted, counters, outcomes FROM scan_run";

/// A run.
///
/// # Errors
///
/// Those of the store.
pub async fn get(source: &impl Source, run: RunId) -> Result<Option<Run>> {
    first(
        source
            .query(format!("{COLUMNS} WHERE id = $1"), values![run.0])
            .await?,
    )
}

/// The run of this app and scope that is to be gone on with.
///
/// # Errors
///
/// Those of the store.
pub async fn unfinished(source: &impl Source, app: AppId, scope: &str) -> Result<Option<Run>> {
    let sql = format!(
        "{COLUMNS} WHERE app = $1 AND scope = $2 AND finished IS NULL ORDER BY id DESC LIMIT 1"
    );
    first(source.query(sql, values![app.0, scope]).await?)
}

/// The runs of this app and scope that have not ended, the last one first: some are to be gone on with, others are under way.
///
/// # Errors
///
/// Those of the store.
pub async fn all_unfinished(source: &impl Source, app: AppId, scope: &str) -> Result<Vec<Run>> {
    let sql =
        format!("{COLUMNS} WHERE app = $1 AND scope = $2 AND finished IS NULL ORDER BY id DESC");
    let rows = source.query(sql, values![app.0, scope]).await?;
    rows.into_iter().map(read_run).collect()
}

/// Whether the app has runs beside `run`, of whatever scope, that are listing it or were stopped while they did.
///
/// # Errors
///
/// Those of the store.
pub async fn is_any_other_listing(source: &impl Source, app: AppId, run: RunId) -> Result<bool> {
    let rows = source
        .query(
            "SELECT id FROM scan_run WHERE app = $1 AND id <> $2 AND finished IS NULL AND phase = $3 LIMIT 1",
            values![app.0, run.0, Phase::Enumerating.word()],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// The last runs of an app, newest first.
///
/// # Errors
///
/// Those of the store.
pub async fn latest(source: &impl Source, app: AppId, limit: u32) -> Result<Vec<Run>> {
    let sql = format!("{COLUMNS} WHERE app = $1 ORDER BY id DESC LIMIT $2");
    let rows = source.query(sql, values![app.0, limit]).await?;
    rows.into_iter().map(read_run).collect()
}

fn first(rows: Vec<Row>) -> Result<Option<Run>> {
    rows.into_iter().next().map(read_run).transpose()
}

fn read_run(mut row: Row) -> Result<Run> {
    Ok(Run {
        id: RunId(row.take()?),
        app: AppId(row.take()?),
        scope: row.take()?,
        phase: Phase::from_word(&row.take::<String>()?)?,
        started: row.take()?,
        finished: row.take()?,
        interrupted: row.take()?,
        counters: serde_json::from_str(&row.take::<String>()?).map_err(not_json)?,
        outcomes: row
            .take::<Option<String>>()?
            .map(|text| serde_json::from_str(&text).map_err(not_json))
            .transpose()?,
    })
}

/// Notes how far a run has come.
///
/// # Errors
///
/// Those of the store.
pub async fn set_progress(tx: &Tx, run: RunId, phase: Phase, counters: &Counters) -> Result<()> {
    let counters = serde_json::to_string(counters).map_err(not_json)?;
    tx.execute(
        "UPDATE scan_run SET phase = $2, counters = $3 WHERE id = $1",
        values![run.0, phase.word(), counters],
    )
    .await?;
    Ok(())
}

/// Notes that a run was stopped before it was done; it can be gone on with.
///
/// # Errors
///
/// Those of the store.
pub async fn mark_interrupted(tx: &Tx, run: RunId) -> Result<()> {
    tx.execute(
        "UPDATE scan_run SET interrupted = 1 WHERE id = $1 AND finished IS NULL",
        values![run.0],
    )
    .await?;
    Ok(())
}

/// Ends a run: keeps its sums, forgets its files.
///
/// # Errors
///
/// Those of the store.
pub async fn finish(tx: &Tx, run: RunId, now: DateTime<Utc>) -> Result<Vec<OutcomeCount>> {
    let sums = outcomes(tx, run).await?;
    let text = serde_json::to_string(&sums).map_err(not_json)?;
    tx.execute(
        "UPDATE scan_run SET phase = $2, finished = $3, outcomes = $4 WHERE id = $1",
        values![run.0, Phase::Done.word(), now, text],
    )
    .await?;
    forget_files(tx, run).await?;
    Ok(sums)
}

/// Ends a run that nobody will go on with.
///
/// # Errors
///
/// Those of the store.
pub async fn abandon(tx: &Tx, run: RunId, now: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "UPDATE scan_run SET interrupted = 1, finished = $2 WHERE id = $1 AND finished IS NULL",
        values![run.0, now],
    )
    .await?;
    forget_files(tx, run).await
}

/// Forgets what the run has seen.
async fn forget_files(tx: &Tx, run: RunId) -> Result<()> {
    tx.execute("DELETE FROM run_feed WHERE run = $1", values![run.0])
        .await?;
    tx.execute("DELETE FROM run_file WHERE run = $1", values![run.0])
        .await?;
    tx.execute(
        "DELETE FROM run_unreadable_folder WHERE run = $1",
        values![run.0],
    )
    .await?;
    Ok(())
}

fn not_json(error: serde_json::Error) -> StoreError {
    StoreError::Content {
        what: "the sums of a run are not JSON".to_owned(),
        source: Some(error.into()),
    }
}
