//! When a file's content came: before its app was connected, or since (rules §7).

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use labeld_connector::FileRef;

use crate::model::inventory::FileId;
use crate::store::apps::AppId;
use crate::store::db::{Source, Tx};
use crate::store::error::Result;
use crate::store::statement::{Statement, texts};
use crate::store::value::values;

/// When the present version of a file's content was first listed; `None` for a file that was there when everything in its
/// feed was listed for the first time and has not changed since, and for one that the store does not have.
///
/// # Errors
///
/// Those of the store.
pub async fn arrived(source: &impl Source, file: FileId) -> Result<Option<DateTime<Utc>>> {
    let rows = source
        .query("SELECT arrived FROM file WHERE id = $1", values![file.0])
        .await?;
    rows.into_iter()
        .next()
        .map_or(Ok(None), |mut row| row.take())
}

/// Those of these files whose present content came with the page that was taken over at `at`.
///
/// # Errors
///
/// Those of the store.
pub async fn arrived_at<'a>(
    tx: &Tx,
    app: AppId,
    files: impl IntoIterator<Item = &'a FileRef>,
    at: DateTime<Utc>,
) -> Result<HashSet<FileRef>> {
    static ARRIVED: Statement =
        Statement::new("SELECT f.ref FROM {files_of:$1 $2} WHERE f.arrived = $3");
    let refs: Vec<&str> = files.into_iter().map(|file| file.0.as_str()).collect();
    if refs.is_empty() {
        return Ok(HashSet::new());
    }
    let params = values![app.0, texts(refs), at];
    let rows = tx.query(ARRIVED.text(tx.dialect()), params).await?;
    rows.into_iter()
        .map(|mut row| row.take().map(FileRef))
        .collect()
}
