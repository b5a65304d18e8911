//! When a file's content came: before its app was connected, or since (rules §7).

use chrono::{DateTime, Utc};

use crate::model::inventory::FileId;
use crate::store::db::Source;
use crate::store::error::Result;
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
