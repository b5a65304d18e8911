//! What became of the files of runs.

use super::files::OUT_OF_SCOPE;
use super::{ENUMERATION, Reuse, RunId};
use crate::model::Reason;
use crate::model::inventory::FileId;
use crate::store::apps::AppId;
use crate::store::db::{Source, Tx};
use crate::store::error::Result;
use crate::store::files::intern_terms;
use crate::store::value::values;

/// Stores the outcomes (`ok` or a reason code) of files in all runs of the app that are under way and have the files in their scope: whoever reads
/// a file has read it for all of them. In the transaction that stores their facts.
///
/// # Errors
///
/// Those of the store.
pub async fn record_everywhere(tx: &Tx, app: AppId, outcomes: &[(FileId, &str)]) -> Result<()> {
    let runs = tx
        .query(
            "SELECT id FROM scan_run WHERE app = $1 AND finished IS NULL AND scope <> $2 ORDER BY id",
            values![app.0, ENUMERATION],
        )
        .await?;
    if runs.is_empty() {
        return Ok(());
    }
    intern_terms(tx, outcomes.iter().map(|(_, outcome)| *outcome)).await?;
    for mut run in runs {
        let run: i64 = run.take()?;
        let rows = outcomes
            .iter()
            .map(|(file, outcome)| values![run, file.0, *outcome, OUT_OF_SCOPE]);
        tx.execute_many(
            "UPDATE run_file SET outcome = (SELECT id FROM term WHERE text = $3)
             WHERE run = $1 AND file = $2 AND (outcome IS NULL OR outcome <> $4)",
            rows.collect(),
        )
        .await?;
    }
    Ok(())
}

/// Gives those files of the run an outcome that nobody will scan for it: files that are gone, files whose present version
/// was read while the run was not looking, and files that are left alone because they crash their readers.
///
/// # Errors
///
/// Those of the store.
pub async fn settle(tx: &Tx, run: RunId, reuse: Reuse) -> Result<()> {
    let (deleted, poison) = (Reason::FileDeleted.code(), Reason::FilePoison.code());
    intern_terms(tx, [deleted, poison]).await?;
    tx.execute(
        "UPDATE run_file SET outcome = (SELECT id FROM term WHERE text = $2)
         WHERE run = $1 AND outcome IS NULL
            AND EXISTS (SELECT 1 FROM file f WHERE f.id = run_file.file AND f.removed IS NOT NULL)",
        values![run.0, deleted],
    )
    .await?;
    tx.execute(
        "UPDATE run_file SET outcome = (SELECT COALESCE(f.reason, f.state) FROM file f WHERE f.id = run_file.file)
         WHERE run = $1 AND outcome IS NULL AND EXISTS (
            SELECT 1 FROM file f WHERE f.id = run_file.file AND f.facts_version = f.version AND f.reader = $2)",
        values![run.0, reuse.reader()],
    )
    .await?;
    tx.execute(
        "UPDATE run_file SET outcome = (SELECT id FROM term WHERE text = $2)
         WHERE run = $1 AND outcome IS NULL AND EXISTS (
            SELECT 1 FROM scan_job j JOIN term t ON t.id = j.reason
            WHERE j.file = run_file.file AND j.worker IS NULL AND t.text = $2)",
        values![run.0, poison],
    )
    .await?;
    Ok(())
}
