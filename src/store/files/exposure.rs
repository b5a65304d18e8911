//! Who can reach a file, where only the app can tell when it is asked.

use chrono::{DateTime, Utc};
use labeld_connector::{Change, Exposure, FileKind};

use super::codes::{exposure_code, kind_code};
use super::{last_of_each, read_records, select_records};
use crate::model::inventory::{FileId, FileRecord};
use crate::store::apps::AppId;
use crate::store::db::{Source, Tx};
use crate::store::decisions;
use crate::store::error::Result;
use crate::store::statement::{Statement, texts};
use crate::store::value::values;

/// Files of an app whose exposure nobody has told, or that the app was last asked about before `since`: those first that
/// were never asked about.
///
/// # Errors
///
/// Those of the store.
pub async fn unknown_exposure(
    source: &impl Source,
    app: AppId,
    since: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<FileRecord>> {
    let sql = select_records(
        "SELECT id FROM file
         WHERE app = $1 AND removed IS NULL AND kind = $2 AND barrier = 0
            AND ((exposure IS NULL AND exposure_at IS NULL) OR exposure_at < $3)
         ORDER BY COALESCE(exposure_at, 0), id LIMIT $4",
    );
    let params = values![app.0, kind_code(FileKind::File), since, limit];
    read_records(source.query(sql, params).await?)
}

/// Stores what the app has answered, and has the files decided anew.
///
/// # Errors
///
/// Those of the store.
pub async fn store_exposure(
    tx: &Tx,
    answers: &[(FileId, Exposure)],
    now: DateTime<Utc>,
) -> Result<()> {
    let mut answers = answers.to_vec();
    answers.sort_by_key(|(file, _)| *file);
    let rows = answers
        .iter()
        .map(|(file, exposure)| values![file.0, exposure_code(*exposure), now]);
    tx.execute_many(
        "UPDATE file SET exposure = $2, exposure_at = $3 WHERE id = $1",
        rows.collect(),
    )
    .await?;
    let ids: Vec<FileId> = answers.iter().map(|(file, _)| *file).collect();
    decisions::enqueue_files(tx, &ids, now).await
}

/// Files that a feed names as changed are to be asked about again: it may be their sharing that has changed.
///
/// # Errors
///
/// Those of the store.
pub async fn forget_asked_exposure(tx: &Tx, app: AppId, changes: &[Change]) -> Result<()> {
    static FORGET: Statement = Statement::new(
        "WITH asked AS MATERIALIZED (SELECT f.id AS id FROM {files_of:$1 $2} WHERE f.exposure_at > 0)
         UPDATE file SET exposure_at = 0 WHERE id {rows:asked.id}",
    );
    let listed: Vec<&str> = last_of_each(changes)
        .filter_map(|change| match change {
            Change::Upserted(meta) if meta.exposure == Exposure::Unknown => {
                Some(meta.file.0.as_str())
            }
            _ => None,
        })
        .collect();
    if listed.is_empty() {
        return Ok(());
    }
    let params = values![app.0, texts(listed)];
    tx.execute(FORGET.text(tx.dialect()), params).await?;
    Ok(())
}
