//! How far each app's change feed has been taken over into the inventory.

use chrono::{DateTime, Utc};
use labeld_connector::Cursor;

use super::apps::AppId;
use super::db::{Source, Tx};
use super::error::Result;
use super::value::values;

/// A stored position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCursor {
    /// The position.
    pub cursor: Cursor,
    /// When it was stored.
    pub stored_at: DateTime<Utc>,
}

/// The app's position; `None` before its first page, and after [`clear`].
///
/// # Errors
///
/// Those of the store.
pub async fn get(source: &impl Source, app: AppId) -> Result<Option<StoredCursor>> {
    let rows = source
        .query(
            "SELECT position, stored_at FROM change_cursor WHERE app = $1",
            values![app.0],
        )
        .await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(StoredCursor {
        cursor: Cursor(row.take()?),
        stored_at: row.take()?,
    }))
}

/// Stores the app's position; in the transaction that stores the page before it.
///
/// # Errors
///
/// Those of the store.
pub async fn set(tx: &Tx, app: AppId, cursor: &Cursor, now: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "INSERT INTO change_cursor (app, position, stored_at) VALUES ($1, $2, $3)
         ON CONFLICT (app) DO UPDATE SET position = excluded.position, stored_at = excluded.stored_at",
        values![app.0, cursor.0.as_str(), now],
    )
    .await?;
    Ok(())
}

/// Forgets the app's position, so that the next listing enumerates everything.
///
/// # Errors
///
/// Those of the store.
pub async fn clear(tx: &Tx, app: AppId) -> Result<()> {
    tx.execute("DELETE FROM change_cursor WHERE app = $1", values![app.0])
        .await?;
    Ok(())
}
