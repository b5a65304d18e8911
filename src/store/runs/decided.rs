//! What the policies have made of the files of a run: the last word on their outcomes.

use chrono::{DateTime, Utc};

use super::RunId;
use super::files::OUT_OF_SCOPE;
use crate::model::Reason;
use crate::model::content_scan::AccessNeed;
use crate::model::inventory::{FileId, FileRecord};
use crate::store::actions::ActionRunId;
use crate::store::db::{Source, Tx};
use crate::store::decisions::Would;
use crate::store::error::Result;
use crate::store::files::{self, Page, intern_terms, read_records, select_records};
use crate::store::value::values;

/// The outcome of a file whose label was applied.
pub const APPLIED: &str = "applied";

/// The outcome of a file whose label was removed.
pub const REMOVED: &str = "removed";

/// The next files of a run's scope, in the order of ids.
///
/// # Errors
///
/// Those of the store.
pub async fn in_scope(source: &impl Source, run: RunId, page: Page) -> Result<Vec<FileRecord>> {
    let sql = select_records(
        "SELECT file AS id FROM run_file
         WHERE run = $1 AND file > $2 AND (outcome IS NULL OR outcome <> $4) ORDER BY file LIMIT $3",
    );
    let params = values![run.0, page.after_id(), page.limit, OUT_OF_SCOPE];
    read_records(source.query(sql, params).await?)
}

/// Files of a run's scope of which it is not known who can reach them, as far as `need` goes, or that the app was last asked
/// about before `since`.
///
/// # Errors
///
/// Those of the store.
pub async fn unknown_access(
    source: &impl Source,
    run: RunId,
    need: AccessNeed,
    since: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<FileRecord>> {
    let of =
        "id IN (SELECT file FROM run_file WHERE run = $1 AND (outcome IS NULL OR outcome <> $2))";
    let params = values![run.0, OUT_OF_SCOPE];
    files::unknown_access(source, of, params, need, since, limit).await
}

/// Gives the files of a run the outcomes that were decided for them, and those of the actions: `actions` are the run's own.
/// Files that wait for their action without a reason end in `waiting`.
///
/// # Errors
///
/// Those of the store.
pub async fn take_decisions(
    tx: &Tx,
    run: RunId,
    actions: Option<ActionRunId>,
    waiting: Reason,
) -> Result<()> {
    intern_terms(tx, [APPLIED, REMOVED, waiting.code()]).await?;
    tx.execute(
        "UPDATE run_file SET outcome = (SELECT d.outcome FROM file_decision d WHERE d.file = run_file.file)
         WHERE run = $1 AND outcome <> $2
            AND EXISTS (SELECT 1 FROM file_decision d WHERE d.file = run_file.file AND d.outcome IS NOT NULL)",
        values![run.0, OUT_OF_SCOPE],
    )
    .await?;
    tx.execute(
        "UPDATE run_file SET outcome = COALESCE(
            (SELECT a.reason FROM action a WHERE a.file = run_file.file AND a.ended IS NULL),
            (SELECT id FROM term WHERE text = $3))
         WHERE run = $1 AND outcome <> $2
            AND EXISTS (SELECT 1 FROM action a WHERE a.file = run_file.file AND a.ended IS NULL)",
        values![run.0, OUT_OF_SCOPE, waiting.code()],
    )
    .await?;
    let Some(actions) = actions else {
        return Ok(());
    };
    // Done without a reason is written; the last word is that of the file's last action.
    tx.execute(
        "UPDATE run_file SET outcome = (
            SELECT COALESCE(a.reason, (SELECT t.id FROM term t WHERE t.text = CASE WHEN a.verb = 0 THEN $4 ELSE $5 END))
            FROM action a WHERE a.file = run_file.file AND a.run = $3 AND a.state IN (2, 4) ORDER BY a.id DESC LIMIT 1)
         WHERE run = $1 AND outcome <> $2
            AND NOT EXISTS (SELECT 1 FROM action a WHERE a.file = run_file.file AND a.ended IS NULL)
            AND EXISTS (SELECT 1 FROM action a WHERE a.file = run_file.file AND a.run = $3 AND a.state IN (2, 4))",
        values![run.0, OUT_OF_SCOPE, actions.0, APPLIED, REMOVED],
    )
    .await?;
    Ok(())
}

/// Files of a run on which policies in `observe` would act, by what they would do.
///
/// # Errors
///
/// Those of the store.
pub async fn would(source: &impl Source, run: RunId) -> Result<Vec<(Would, u64)>> {
    let mut found = Vec::new();
    for would in Would::ALL {
        let rows = source
            .query(
                "SELECT COUNT(*) FROM run_file r JOIN file_decision d ON d.file = r.file
                 WHERE r.run = $1 AND r.outcome <> $2 AND d.would = $3 AND d.outcome IS NULL
                    AND NOT EXISTS (SELECT 1 FROM action a WHERE a.file = r.file AND a.ended IS NULL)",
                values![run.0, OUT_OF_SCOPE, would.code()],
            )
            .await?;
        let files: u64 = rows
            .into_iter()
            .next()
            .map_or(Ok(0), |mut row| row.take())?;
        if files > 0 {
            found.push((would, files));
        }
    }
    Ok(found)
}

/// Stores what the policies say to files of a run, without anything being done about it.
///
/// # Errors
///
/// Those of the store.
pub async fn record_reasons(tx: &Tx, run: RunId, reasons: &[(FileId, Reason)]) -> Result<()> {
    intern_terms(tx, reasons.iter().map(|(_, reason)| reason.code())).await?;
    let rows = reasons
        .iter()
        .map(|(file, reason)| values![run.0, file.0, reason.code(), OUT_OF_SCOPE]);
    tx.execute_many(
        "UPDATE run_file SET outcome = (SELECT id FROM term WHERE text = $3)
         WHERE run = $1 AND file = $2 AND outcome <> $4",
        rows.collect(),
    )
    .await?;
    Ok(())
}
