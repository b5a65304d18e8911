//! The change feeds of the apps, and how far each has been taken over into the inventory.

use chrono::{DateTime, Utc};
use labeld_connector::{Cursor, FeedRef};

use super::apps::{self, AppId};
use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::value::values;

/// A feed's row number in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FeedId(pub(super) i64);

/// A feed that the store has met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFeed {
    /// Row number.
    pub id: FeedId,
    /// The app's name for it.
    pub feed: FeedRef,
    /// Where the next page begins; `None` before the first page, and after [`clear`].
    pub position: Option<StoredCursor>,
    /// When everything in it was last listed; `None` until that was done once.
    pub enumerated_at: Option<DateTime<Utc>>,
}

/// A stored position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCursor {
    /// The position.
    pub cursor: Cursor,
    /// When it was stored.
    pub stored_at: DateTime<Utc>,
    /// The pages up to there are the first of a full enumeration that has not come to its end. Only who has seen them
    /// can go on with it.
    pub enumerating: bool,
}

/// The number of a feed; it gets one where it has none yet.
///
/// # Errors
///
/// Those of the store.
pub async fn ensure(tx: &Tx, app: AppId, feed: &FeedRef) -> Result<FeedId> {
    tx.execute(
        "INSERT INTO feed (app, name) VALUES ($1, $2) ON CONFLICT (app, name) DO NOTHING",
        values![app.0, feed.0.as_str()],
    )
    .await?;
    let rows = tx
        .query(
            "SELECT id FROM feed WHERE app = $1 AND name = $2",
            values![app.0, feed.0.as_str()],
        )
        .await?;
    let row = rows.into_iter().next();
    let mut row =
        row.ok_or_else(|| StoreError::content("a feed that was just stored is not there"))?;
    row.take().map(FeedId)
}

/// All feeds of an app, also those that are no longer there.
///
/// # Errors
///
/// Those of the store.
pub async fn of_app(source: &impl Source, app: AppId) -> Result<Vec<StoredFeed>> {
    let rows = source
        .query(
            "SELECT id, name, position, stored_at, enumerating, enumerated_at FROM feed WHERE app = $1 ORDER BY id",
            values![app.0],
        )
        .await?;
    let mut feeds = Vec::with_capacity(rows.len());
    for mut row in rows {
        let id = FeedId(row.take()?);
        let feed = FeedRef(row.take()?);
        let cursor: Option<String> = row.take()?;
        let stored_at: Option<DateTime<Utc>> = row.take()?;
        let enumerating = row.take()?;
        let position = cursor
            .zip(stored_at)
            .map(|(cursor, stored_at)| StoredCursor {
                cursor: Cursor(cursor),
                stored_at,
                enumerating,
            });
        feeds.push(StoredFeed {
            id,
            feed,
            position,
            enumerated_at: row.take()?,
        });
    }
    Ok(feeds)
}

/// Moves a feed's position on from `from`, in the transaction that stores the page between the two. `false`: the feed is
/// elsewhere by now, because somebody else has walked it.
///
/// # Errors
///
/// Those of the store.
pub async fn advance(
    tx: &Tx,
    feed: FeedId,
    from: Option<&Cursor>,
    to: &StoredCursor,
) -> Result<bool> {
    let moved = tx
        .execute(
            "UPDATE feed SET position = $2, stored_at = $3, enumerating = $4
             WHERE id = $1 AND position IS NOT DISTINCT FROM CAST($5 AS TEXT)",
            values![
                feed.0,
                to.cursor.0.as_str(),
                to.stored_at,
                to.enumerating,
                from.map(|cursor| cursor.0.as_str()),
            ],
        )
        .await?;
    Ok(moved == 1)
}

/// Forgets a feed's position, so that the next listing enumerates everything in it.
///
/// # Errors
///
/// Those of the store.
pub async fn clear(tx: &Tx, feed: FeedId) -> Result<()> {
    tx.execute(
        "UPDATE feed SET position = NULL, stored_at = NULL WHERE id = $1",
        values![feed.0],
    )
    .await?;
    Ok(())
}

/// A feed that is no longer there: its files are gone with it, and where it comes back it is listed anew. Returns how
/// many files.
///
/// # Errors
///
/// Those of the store.
pub async fn remove(tx: &Tx, feed: FeedId, now: DateTime<Utc>) -> Result<u64> {
    lock_app(tx, feed).await?;
    clear(tx, feed).await?;
    // A run that is past its listing accounts for the files that it has counted.
    tx.execute(
        "DELETE FROM run_file WHERE file IN (SELECT id FROM file WHERE feed = $1 AND removed IS NULL)
            AND run IN (SELECT id FROM scan_run WHERE finished IS NULL AND phase = 'enumerating')",
        values![feed.0],
    )
    .await?;
    tx.execute(
        "UPDATE file SET removed = $2 WHERE feed = $1 AND removed IS NULL",
        values![feed.0, now],
    )
    .await
}

/// As [`apps::lock`], for the app of a feed.
pub(super) async fn lock_app(tx: &Tx, feed: FeedId) -> Result<()> {
    let rows = tx
        .query("SELECT app FROM feed WHERE id = $1", values![feed.0])
        .await?;
    match rows.into_iter().next() {
        Some(mut row) => apps::lock(tx, AppId(row.take()?)).await,
        None => Ok(()),
    }
}
