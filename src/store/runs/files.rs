//! The files of a run and their outcomes.

use labeld_connector::Change;
use serde::{Deserialize, Serialize};

use super::RunId;
use crate::model::inventory::FileRecord;
use crate::store::apps::{self, AppId};
use crate::store::db::{Source, Tx};
use crate::store::error::Result;
use crate::store::files::{
    Conditions, FileQuery, Page, TREE, last_of_each, read_records, select_records,
};
use crate::store::value::values;

/// In the column `outcome`: the file was listed, but the run's scope leaves it out.
pub(super) const OUT_OF_SCOPE: i64 = 0;

/// How many files of a run ended in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeCount {
    /// `ok` or a reason code (rules §5); `None` for files that are pending.
    pub outcome: Option<String>,
    /// Files.
    pub files: u64,
}

/// Which stored facts a run takes for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reuse {
    /// Facts of the file's present version that this reader found.
    Reader(u32),
    /// None: every file is read anew.
    Nothing,
}

impl Reuse {
    /// A number that the column `reader` is compared with; no reader has -1.
    pub(in crate::store) fn reader(self) -> i64 {
        match self {
            Self::Reader(reader) => i64::from(reader),
            Self::Nothing => -1,
        }
    }
}

/// Notes that the run has seen these files of its app; to be called after
/// [`apply_changes`](crate::store::files::apply_changes), in the same transaction. Removed files leave the run.
///
/// # Errors
///
/// Those of the store.
pub async fn record_listed(
    tx: &Tx,
    run: RunId,
    app: AppId,
    reuse: Reuse,
    changes: &[Change],
) -> Result<()> {
    let mut listed = Vec::with_capacity(changes.len());
    let mut removed = Vec::new();
    let mut removed_folders = Vec::new();
    for change in last_of_each(changes) {
        match change {
            Change::Upserted(meta) => {
                listed.push(values![run.0, reuse.reader(), app.0, meta.file.0.as_str()]);
            }
            Change::Removed(file) => removed.push(values![run.0, app.0, file.0.as_str()]),
            Change::FolderAt(_) => {}
            Change::FolderRemoved(folder) => removed_folders.push(folder),
        }
    }
    tx.execute_many(
        "INSERT INTO run_file (run, file, outcome)
         SELECT CAST($1 AS BIGINT), f.id,
            CASE WHEN f.facts_version = f.version AND f.reader = $2 THEN COALESCE(f.reason, f.state) END
         FROM file f WHERE f.app = $3 AND f.ref = $4
         ON CONFLICT (run, file) DO UPDATE SET outcome = excluded.outcome",
        listed,
    )
    .await?;
    tx.execute_many(
        "DELETE FROM run_file
         WHERE run = $1 AND file = (SELECT id FROM file WHERE app = $2 AND ref = $3)",
        removed,
    )
    .await?;
    for folder in removed_folders {
        let sql = format!(
            "{TREE} DELETE FROM run_file WHERE run = $3
                AND file IN (SELECT id FROM file WHERE folder IN (SELECT id FROM tree) AND removed IS NOT NULL)"
        );
        tx.execute(sql, values![app.0, folder.0.as_str(), run.0])
            .await?;
    }
    Ok(())
}

/// For a run that is gone on with: the outcomes of its files become what is known of their present versions, which other
/// runs may have listed or read meanwhile. Files without such facts, and those that were out of scope, are pending.
///
/// # Errors
///
/// Those of the store.
pub async fn refresh_outcomes(tx: &Tx, run: RunId, reuse: Reuse) -> Result<()> {
    tx.execute(
        "UPDATE run_file SET outcome = (
            SELECT CASE WHEN f.facts_version = f.version AND (run_file.outcome <> $3 OR f.reader = $2)
                THEN COALESCE(f.reason, f.state) END
            FROM file f WHERE f.id = run_file.file)
         WHERE run = $1 AND outcome IS NOT NULL",
        values![run.0, reuse.reader(), OUT_OF_SCOPE],
    )
    .await?;
    Ok(())
}

/// Adds the files of the inventory that meet `query` and are not in the run yet; for apps whose feed lists only what has
/// changed. Returns how many came in.
///
/// Until the end of the transaction nobody else stores facts of the app: what is enqueued behind it was not read meanwhile.
///
/// # Errors
///
/// Those of the store.
pub async fn include_known(
    tx: &Tx,
    run: RunId,
    app: AppId,
    reuse: Reuse,
    query: &FileQuery,
) -> Result<u64> {
    apps::lock(tx, app).await?;
    let params = values![run.0, reuse.reader()];
    let conditions = Conditions::new(tx, query, params).await?;
    let sql = format!(
        "INSERT INTO run_file (run, file, outcome)
         SELECT CAST($1 AS BIGINT), f.id,
            CASE WHEN f.facts_version = f.version AND f.reader = $2 THEN COALESCE(f.reason, f.state) END
         FROM file f WHERE {}
         ON CONFLICT (run, file) DO NOTHING",
        conditions.sql_with_labels()
    );
    tx.execute(sql, conditions.params).await
}

/// Leaves the files that do not meet `query` out of the run's outcomes; they stay seen. Returns how many.
///
/// # Errors
///
/// Those of the store.
pub async fn limit_scope(tx: &Tx, run: RunId, query: &FileQuery) -> Result<u64> {
    let conditions = Conditions::new(tx, query, values![run.0, OUT_OF_SCOPE]).await?;
    let sql = format!(
        "UPDATE run_file SET outcome = $2
         WHERE run = $1 AND (outcome IS NULL OR outcome <> $2) AND NOT EXISTS (
            SELECT 1 FROM file f WHERE f.id = run_file.file AND {})",
        conditions.sql_with_labels()
    );
    tx.execute(sql, conditions.params).await
}

/// The next files of the run that have no outcome, in the order of ids.
///
/// # Errors
///
/// Those of the store.
pub async fn pending(source: &impl Source, run: RunId, page: Page) -> Result<Vec<FileRecord>> {
    let sql = select_records(
        "SELECT file AS id FROM run_file
         WHERE run = $1 AND outcome IS NULL AND file > $2 ORDER BY file LIMIT $3",
    );
    let params = values![run.0, page.after_id(), page.limit];
    read_records(source.query(sql, params).await?)
}

/// How many files of the run have no outcome.
///
/// # Errors
///
/// Those of the store.
pub async fn pending_count(source: &impl Source, run: RunId) -> Result<u64> {
    let rows = source
        .query(
            "SELECT COUNT(*) FROM run_file WHERE run = $1 AND outcome IS NULL",
            values![run.0],
        )
        .await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}

/// The sums of the accounting identity: every file in the run's scope is in exactly one of them.
///
/// # Errors
///
/// Those of the store.
pub async fn outcomes(source: &impl Source, run: RunId) -> Result<Vec<OutcomeCount>> {
    let rows = source
        .query(
            "SELECT t.text, counted.files FROM (
                SELECT outcome, COUNT(*) AS files FROM run_file
                WHERE run = $1 AND (outcome IS NULL OR outcome <> $2) GROUP BY outcome
             ) AS counted LEFT JOIN term t ON t.id = counted.outcome",
            values![run.0, OUT_OF_SCOPE],
        )
        .await?;
    let mut sums = Vec::new();
    for mut row in rows {
        sums.push(OutcomeCount {
            outcome: row.take()?,
            files: row.take()?,
        });
    }
    sums.sort_by(|one: &OutcomeCount, other| one.outcome.cmp(&other.outcome));
    Ok(sums)
}
