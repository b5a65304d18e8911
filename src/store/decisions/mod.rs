//! Files that wait for a decision, and what was decided. A row is made in the transaction that makes something about a file
//! new, so that no change is ever left undecided; where the tenant has no policy that is switched on there is none.

mod open;
mod verdicts;

pub use self::open::{OpenAction, adopt, has_open, made_by, open_actions};
pub use self::verdicts::{
    StoredDecision, Would, decided, forget, match_count, matches, put, set_matches,
};

use chrono::{DateTime, Utc};

use super::apps::{self, AppId};
use super::db::{Source, Tx};
use super::error::Result;
use super::feeds::FeedId;
use super::files;
use super::statement::{Statement, integers, texts};
use super::value::values;
use crate::model::TenantName;
use crate::model::inventory::{FileId, FileRecord};

/// Whether the tenant of app `$1` has a policy that is switched on.
const HAS_ACTIVE: &str = "EXISTS (
    SELECT 1 FROM policy p JOIN app a ON a.tenant = p.tenant WHERE a.id = $1 AND p.active = 1 AND p.removed IS NULL)";

/// Has files of an app decided anew.
///
/// # Errors
///
/// Those of the store.
pub async fn enqueue(tx: &Tx, app: AppId, ids: &[FileId], now: DateTime<Utc>) -> Result<()> {
    static ENQUEUE: Statement = Statement::made(|| {
        format!(
            "INSERT INTO decision_job (file, app, since)
             SELECT f.id, f.app, CAST($2 AS BIGINT) FROM file f
             WHERE f.app = $1 AND f.id {{integers:$3}} AND {HAS_ACTIVE} ORDER BY f.id
             ON CONFLICT (file) DO NOTHING"
        )
    });
    if ids.is_empty() {
        return Ok(());
    }
    let params = values![app.0, now, integers(ids.iter().map(|id| id.0))];
    tx.execute(ENQUEUE.text(tx.dialect()), params).await?;
    Ok(())
}

/// [`enqueue`] for files of whatever app: whoever stores facts knows the files only. `since` as it is stored.
pub(super) async fn enqueue_files(tx: &Tx, ids: &[FileId], since: DateTime<Utc>) -> Result<()> {
    static ENQUEUE: Statement = Statement::new(
        "INSERT INTO decision_job (file, app, since)
         SELECT f.id, f.app, CAST($1 AS BIGINT) FROM file f JOIN app a ON a.id = f.app
         WHERE f.id {integers:$2}
            AND EXISTS (SELECT 1 FROM policy p WHERE p.tenant = a.tenant AND p.active = 1 AND p.removed IS NULL)
         ORDER BY f.id
         ON CONFLICT (file) DO NOTHING",
    );
    if ids.is_empty() {
        return Ok(());
    }
    let params = values![since, integers(ids.iter().map(|id| id.0))];
    tx.execute(ENQUEUE.text(tx.dialect()), params).await?;
    Ok(())
}

/// Has those of a page's files decided anew that the page has changed or removed, `now` being the page's time.
pub(super) async fn enqueue_changed(
    tx: &Tx,
    app: AppId,
    refs: &[&str],
    now: DateTime<Utc>,
) -> Result<()> {
    static ENQUEUE: Statement = Statement::new(
        "INSERT INTO decision_job (file, app, since)
         SELECT f.id, f.app, CAST($2 AS BIGINT) FROM {files_of:$1 $3}
         WHERE f.last_seen = $2 OR f.removed = $2
         ORDER BY f.id
         ON CONFLICT (file) DO NOTHING",
    );
    if refs.is_empty() || !has_active(tx, app).await? {
        return Ok(());
    }
    let params = values![app.0, now, texts(refs.iter().copied())];
    tx.execute(ENQUEUE.text(tx.dialect()), params).await?;
    Ok(())
}

/// Has all files decided anew that are known to lie in a folder, which has moved or is gone.
pub(super) async fn enqueue_folder(
    tx: &Tx,
    app: AppId,
    folder: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    let sql = format!(
        "{} INSERT INTO decision_job (file, app, since)
         SELECT f.id, f.app, CAST($3 AS BIGINT) FROM file f
         WHERE f.folder IN (SELECT id FROM tree) AND {HAS_ACTIVE} ORDER BY f.id
         ON CONFLICT (file) DO NOTHING",
        files::TREE
    );
    tx.execute(sql, values![app.0, folder, now]).await?;
    Ok(())
}

/// Has the files of a feed decided anew that a full enumeration ended at `now` has found gone.
pub(super) async fn enqueue_gone(tx: &Tx, feed: FeedId, now: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "INSERT INTO decision_job (file, app, since)
         SELECT f.id, f.app, CAST($2 AS BIGINT) FROM file f JOIN app a ON a.id = f.app
         WHERE f.feed = $1 AND f.removed = $2
            AND EXISTS (SELECT 1 FROM policy p WHERE p.tenant = a.tenant AND p.active = 1 AND p.removed IS NULL)
         ORDER BY f.id
         ON CONFLICT (file) DO NOTHING",
        values![feed.0, now],
    )
    .await?;
    Ok(())
}

/// Has the files of an app's owners decided anew, of whom something new is known.
pub(super) async fn enqueue_owners(
    tx: &Tx,
    app: AppId,
    owners: &[&str],
    now: DateTime<Utc>,
) -> Result<()> {
    static ENQUEUE: Statement = Statement::new(
        "INSERT INTO decision_job (file, app, since)
         SELECT f.id, f.app, CAST($2 AS BIGINT) FROM file f JOIN owner o ON o.id = f.owner
         WHERE f.app = $1 AND o.name {texts:$3} AND f.removed IS NULL ORDER BY f.id
         ON CONFLICT (file) DO NOTHING",
    );
    if owners.is_empty() || !has_active(tx, app).await? {
        return Ok(());
    }
    let params = values![app.0, now, texts(owners.iter().copied())];
    tx.execute(ENQUEUE.text(tx.dialect()), params).await?;
    Ok(())
}

async fn has_active(source: &impl Source, app: AppId) -> Result<bool> {
    let sql = format!("SELECT CAST(CASE WHEN {HAS_ACTIVE} THEN 1 ELSE 0 END AS BIGINT)");
    let rows = source.query(sql, values![app.0]).await?;
    rows.into_iter()
        .next()
        .map_or(Ok(false), |mut row| row.take())
}

/// Has all files of an app decided anew that are there, or that were decided while they were.
///
/// # Errors
///
/// Those of the store.
pub async fn enqueue_app(tx: &Tx, app: AppId, now: DateTime<Utc>) -> Result<u64> {
    tx.execute(
        "INSERT INTO decision_job (file, app, since)
         SELECT f.id, f.app, CAST($2 AS BIGINT) FROM file f
         WHERE f.app = $1 AND (f.removed IS NULL OR EXISTS (SELECT 1 FROM file_decision d WHERE d.file = f.id))
         ORDER BY f.id
         ON CONFLICT (file) DO NOTHING",
        values![app.0, now],
    )
    .await
}

/// Notes with which rules an app's files are decided from now on; where they are others than before, all its files wait for a
/// decision. `true` where they are.
///
/// # Errors
///
/// Those of the store.
pub async fn govern(tx: &Tx, app: AppId, stamp: &str, now: DateTime<Utc>) -> Result<bool> {
    apps::lock(tx, app).await?;
    let changed = tx
        .execute(
            "INSERT INTO governed_app (app, stamp, since) VALUES ($1, $2, $3)
             ON CONFLICT (app) DO UPDATE SET stamp = excluded.stamp, since = excluded.since
             WHERE governed_app.stamp <> excluded.stamp",
            values![app.0, stamp, now],
        )
        .await?;
    if changed == 0 {
        return Ok(false);
    }
    enqueue_app(tx, app, now).await?;
    Ok(true)
}

/// The rules with which an app's files are decided; `None` before the first decision.
///
/// # Errors
///
/// Those of the store.
pub async fn governed_by(source: &impl Source, app: AppId) -> Result<Option<String>> {
    let rows = source
        .query(
            "SELECT stamp FROM governed_app WHERE app = $1",
            values![app.0],
        )
        .await?;
    rows.into_iter()
        .next()
        .map(|mut row| row.take())
        .transpose()
}

/// Tells the catalogue, the policies of a tenant and what was switched from others: the same text as long as none of them
/// has changed.
///
/// # Errors
///
/// Those of the store.
pub async fn stamp(source: &impl Source, tenant: &TenantName) -> Result<String> {
    let rows = source
        .query(
            "SELECT
                (SELECT COALESCE(MAX(r.id), 0) FROM policy_revision r JOIN policy p ON p.id = r.policy WHERE p.tenant = $1),
                (SELECT COUNT(*) FROM policy p WHERE p.tenant = $1 AND p.removed IS NULL),
                (SELECT COUNT(*) FROM policy p WHERE p.tenant = $1 AND p.removed IS NULL AND p.active = 1),
                (SELECT COALESCE(MAX(s.changed_at), 0) FROM policy_switch s JOIN policy p ON p.id = s.policy WHERE p.tenant = $1),
                (SELECT COALESCE(MAX(e.id), 0) FROM catalogue_event e WHERE e.tenant = $1)",
            values![tenant.0.as_str()],
        )
        .await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(String::new());
    };
    let mut parts = Vec::new();
    for _ in 0..5 {
        parts.push(row.take::<i64>()?.to_string());
    }
    Ok(parts.join("."))
}

/// The next files of an app that wait, the longest waiting first. The app's inventory is held until the end of the
/// transaction, which is to [end](done) their waiting: what changes meanwhile waits behind it, and is decided once more.
///
/// # Errors
///
/// Those of the store.
pub async fn next(tx: &Tx, app: AppId, limit: u32) -> Result<Vec<FileRecord>> {
    apps::lock(tx, app).await?;
    loop {
        let rows = tx
            .query(
                "SELECT file FROM decision_job WHERE app = $1 ORDER BY since, file LIMIT $2",
                values![app.0, limit],
            )
            .await?;
        let ids: Result<Vec<FileId>> = rows
            .into_iter()
            .map(|mut row| row.take().map(FileId))
            .collect();
        let ids = ids?;
        let records = files::of_ids(tx, &ids).await?;
        if !records.is_empty() || ids.is_empty() {
            return Ok(records);
        }
        // Files that the inventory has forgotten.
        done(tx, &ids).await?;
    }
}

/// Files that wait no longer.
///
/// # Errors
///
/// Those of the store.
pub async fn done(tx: &Tx, ids: &[FileId]) -> Result<()> {
    static DONE: Statement = Statement::new("DELETE FROM decision_job WHERE file {integers:$1}");
    let params = vec![integers(ids.iter().map(|id| id.0))];
    tx.execute(DONE.text(tx.dialect()), params).await?;
    Ok(())
}

/// Whether files of the app wait for a decision: none of its actions is carried out meanwhile.
///
/// # Errors
///
/// Those of the store.
pub async fn waiting(source: &impl Source, app: AppId) -> Result<bool> {
    let rows = source
        .query(
            "SELECT file FROM decision_job WHERE app = $1 LIMIT 1",
            values![app.0],
        )
        .await?;
    Ok(!rows.is_empty())
}

/// Whether the file waits for a decision.
///
/// # Errors
///
/// Those of the store.
pub async fn is_waiting(source: &impl Source, file: FileId) -> Result<bool> {
    let rows = source
        .query(
            "SELECT file FROM decision_job WHERE file = $1",
            values![file.0],
        )
        .await?;
    Ok(!rows.is_empty())
}
