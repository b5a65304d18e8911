//! Full enumerations: what a run has seen of a feed at its end is all there is.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::{Reuse, RunId};
use crate::store::apps::AppId;
use crate::store::db::{Source, Tx};
use crate::store::decisions;
use crate::store::error::Result;
use crate::store::feeds::{self, FeedId};
use crate::store::value::values;

/// Notes that the run lists a feed from its beginning. What it has seen of the feed so far no longer counts.
///
/// # Errors
///
/// Those of the store.
pub async fn begin_enumeration(tx: &Tx, run: RunId, feed: FeedId) -> Result<()> {
    tx.execute(
        "DELETE FROM run_file WHERE run = $1 AND file IN (SELECT id FROM file WHERE feed = $2)",
        values![run.0, feed.0],
    )
    .await?;
    tx.execute(
        "DELETE FROM run_unreadable_folder WHERE run = $1 AND feed = $2",
        values![run.0, feed.0],
    )
    .await?;
    tx.execute(
        "INSERT INTO run_feed (run, feed) VALUES ($1, $2) ON CONFLICT (run, feed) DO NOTHING",
        values![run.0, feed.0],
    )
    .await?;
    Ok(())
}

/// The feeds that the run is listing from their beginnings.
///
/// # Errors
///
/// Those of the store.
pub async fn enumerations(source: &impl Source, run: RunId) -> Result<HashSet<FeedId>> {
    let rows = source
        .query("SELECT feed FROM run_feed WHERE run = $1", values![run.0])
        .await?;
    rows.into_iter()
        .map(|mut row| row.take().map(FeedId))
        .collect()
}

/// Ends a full enumeration: files of the feed that the run has not seen are gone, but for those below an unreadable
/// folder. Returns how many.
///
/// # Errors
///
/// Those of the store.
pub async fn end_enumeration(tx: &Tx, run: RunId, feed: FeedId, now: DateTime<Utc>) -> Result<u64> {
    feeds::lock_app(tx, feed).await?;
    tx.execute(
        "DELETE FROM run_feed WHERE run = $1 AND feed = $2",
        values![run.0, feed.0],
    )
    .await?;
    tx.execute(
        "UPDATE feed SET enumerated_at = $2 WHERE id = $1",
        values![feed.0, now],
    )
    .await?;
    let gone = tx
        .execute(
            "UPDATE file SET removed = $3
         WHERE feed = $2 AND removed IS NULL
            AND NOT EXISTS (SELECT 1 FROM run_file r WHERE r.run = $1 AND r.file = file.id)
            AND NOT EXISTS (
                SELECT 1 FROM run_unreadable_folder u, folder d
                WHERE u.run = $1 AND u.feed = $2 AND d.id = file.folder
                    AND (u.path = '' OR d.path = u.path
                        OR substr(d.path, 1, length(u.path) + 1) = u.path || '/'))",
            values![run.0, feed.0, now],
        )
        .await?;
    if gone > 0 {
        decisions::enqueue_gone(tx, feed, now).await?;
    }
    Ok(gone)
}

/// Forgets which files of a feed the run has seen.
///
/// # Errors
///
/// Those of the store.
pub async fn forget_seen(tx: &Tx, run: RunId, feed: FeedId) -> Result<()> {
    tx.execute(
        "DELETE FROM run_file WHERE run = $1 AND file IN (SELECT id FROM file WHERE feed = $2)",
        values![run.0, feed.0],
    )
    .await?;
    Ok(())
}

/// Takes full enumerations over that other runs of the app have begun and not ended, with all that those have seen of the
/// feeds.
///
/// A feed is one for all runs of its app: the next page comes to the run that asks for it, and each page only once.
///
/// # Errors
///
/// Those of the store.
pub async fn take_over_enumerations(tx: &Tx, run: RunId, app: AppId, reuse: Reuse) -> Result<()> {
    const OTHERS: &str =
        "JOIN scan_run s ON s.id = e.run AND s.app = $2 AND s.finished IS NULL AND s.id <> $1";
    tx.execute(
        format!(
            "INSERT INTO run_file (run, file, outcome)
             SELECT CAST($1 AS BIGINT), f.id,
                CASE WHEN f.facts_version = f.version AND f.reader = $3 THEN COALESCE(f.reason, f.state) END
             FROM run_feed e {OTHERS} JOIN run_file r ON r.run = e.run JOIN file f ON f.id = r.file AND f.feed = e.feed
             WHERE 1 = 1 ON CONFLICT (run, file) DO NOTHING"
        ),
        values![run.0, app.0, reuse.reader()],
    )
    .await?;
    tx.execute(
        format!(
            "INSERT INTO run_unreadable_folder (run, path, reason, feed)
             SELECT CAST($1 AS BIGINT), u.path, u.reason, u.feed
             FROM run_feed e {OTHERS} JOIN run_unreadable_folder u ON u.run = e.run AND u.feed = e.feed
             WHERE 1 = 1 ON CONFLICT (run, path) DO NOTHING"
        ),
        values![run.0, app.0],
    )
    .await?;
    tx.execute(
        format!(
            "INSERT INTO run_feed (run, feed) SELECT DISTINCT CAST($1 AS BIGINT), e.feed FROM run_feed e {OTHERS}
             WHERE 1 = 1 ON CONFLICT (run, feed) DO NOTHING"
        ),
        values![run.0, app.0],
    )
    .await?;
    tx.execute(
        "DELETE FROM run_feed WHERE run IN (
            SELECT id FROM scan_run WHERE app = $2 AND finished IS NULL AND id <> $1)",
        values![run.0, app.0],
    )
    .await?;
    Ok(())
}

/// Notes folders that could not be listed: what is known below them counts neither as seen nor as gone. `feed` is the one
/// that told; `None` for a feed, or a place with feeds, that could not be looked into at all.
///
/// # Errors
///
/// Those of the store.
pub async fn record_unreadable_folders(
    tx: &Tx,
    run: RunId,
    feed: Option<FeedId>,
    folders: &[(String, String)],
) -> Result<()> {
    let feed = feed.map(|feed| feed.0);
    let rows = folders
        .iter()
        .map(|(path, reason)| values![run.0, path.as_str(), reason.as_str(), feed]);
    tx.execute_many(
        "INSERT INTO run_unreadable_folder (run, path, reason, feed) VALUES ($1, $2, $3, $4)
         ON CONFLICT (run, path) DO UPDATE SET reason = excluded.reason, feed = excluded.feed",
        rows.collect(),
    )
    .await?;
    Ok(())
}

/// Forgets the feeds that could not be looked into, before they are asked again.
///
/// # Errors
///
/// Those of the store.
pub async fn forget_failed_feeds(tx: &Tx, run: RunId) -> Result<()> {
    tx.execute(
        "DELETE FROM run_unreadable_folder WHERE run = $1 AND feed IS NULL",
        values![run.0],
    )
    .await?;
    Ok(())
}

/// The folders that could not be listed, as (path, reason).
///
/// # Errors
///
/// Those of the store.
pub async fn unreadable_folders(source: &impl Source, run: RunId) -> Result<Vec<(String, String)>> {
    let rows = source
        .query(
            "SELECT path, reason FROM run_unreadable_folder WHERE run = $1 ORDER BY path",
            values![run.0],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| Ok((row.take()?, row.take()?)))
        .collect()
}
