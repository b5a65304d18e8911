//! Folders: where they are, what lies in them, and what becomes of it when they are moved or removed.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use labeld_connector::{FileMeta, FolderMeta, FolderRef};

use crate::store::apps::AppId;
use crate::store::db::{Source, Tx};
use crate::store::decisions;
use crate::store::error::{Result, StoreError};
use crate::store::value::{Value, values};

/// The folder of app `$1` called `$2`, and all that are known to lie in it, as `tree (id)`.
pub(in crate::store) const TREE: &str = "WITH RECURSIVE tree (id) AS (
    SELECT id FROM folder WHERE app = $1 AND ref = $2
    UNION SELECT d.id FROM folder d JOIN tree ON d.parent = tree.id
)";

/// Makes sure that each file of a page has its folder's row.
pub(super) async fn ensure(
    tx: &Tx,
    app: AppId,
    files: &[&FileMeta],
    now: DateTime<Utc>,
) -> Result<()> {
    let without_ref = files.iter().filter(|meta| meta.parent.is_none());
    let paths: BTreeSet<&str> = without_ref.map(|meta| meta.folder.as_str()).collect();
    tx.execute_many(
        "INSERT INTO folder (app, path) VALUES ($1, $2) ON CONFLICT (app, path) WHERE ref IS NULL DO NOTHING",
        paths.iter().map(|path| values![app.0, *path]).collect(),
    )
    .await?;
    let with_ref: BTreeMap<&FolderRef, &str> = files
        .iter()
        .filter_map(|meta| Some((meta.parent.as_ref()?, meta.folder.as_str())))
        .collect();
    for (folder, path) in with_ref {
        place(tx, app, folder, path, now).await?;
    }
    Ok(())
}

/// Takes over where a folder is, with all that lies in it.
pub(super) async fn at(tx: &Tx, app: AppId, folder: &FolderMeta, now: DateTime<Utc>) -> Result<()> {
    let id = place(tx, app, &folder.folder, &folder.path, now).await?;
    let parent = match &folder.parent {
        Some(parent) => {
            let above = folder.path.rsplit_once('/').map_or("", |(above, _)| above);
            Some(find_or_make(tx, app, parent, above).await?.0)
        }
        None => None,
    };
    tx.execute(
        "UPDATE folder SET parent = $2, link = $3
         WHERE id = $1 AND (parent IS DISTINCT FROM $2 OR link IS DISTINCT FROM $3)",
        values![id, parent, folder.link.as_deref()],
    )
    .await?;
    Ok(())
}

/// The row of a folder, which is at `path` from now on; what lies in it goes there with it, and is decided anew.
async fn place(
    tx: &Tx,
    app: AppId,
    folder: &FolderRef,
    path: &str,
    now: DateTime<Utc>,
) -> Result<i64> {
    let (id, old) = find_or_make(tx, app, folder, path).await?;
    if old == path {
        return Ok(id);
    }
    // A folder that has been told of its new place already, in this page or before, no longer begins with the old one.
    let sql = format!(
        "{TREE} UPDATE folder SET path = $4 || substr(path, length($3) + 1)
         WHERE id IN (SELECT id FROM tree)
            AND (path = $3 OR substr(path, 1, length($3) + 1) = $3 || '/')"
    );
    let params = values![app.0, folder.0.as_str(), old.as_str(), path];
    tx.execute(sql, params).await?;
    decisions::enqueue_folder(tx, app, &folder.0, now).await?;
    Ok(id)
}

/// A folder's row and the path it has; a new row gets `path`.
async fn find_or_make(
    tx: &Tx,
    app: AppId,
    folder: &FolderRef,
    path: &str,
) -> Result<(i64, String)> {
    if let Some(found) = find(tx, app, folder).await? {
        return Ok(found);
    }
    tx.execute(
        "INSERT INTO folder (app, ref, path) VALUES ($1, $2, $3)
         ON CONFLICT (app, ref) WHERE ref IS NOT NULL DO NOTHING",
        values![app.0, folder.0.as_str(), path],
    )
    .await?;
    find(tx, app, folder)
        .await?
        .ok_or_else(|| StoreError::content("a folder that was just stored is not there"))
}

async fn find(tx: &Tx, app: AppId, folder: &FolderRef) -> Result<Option<(i64, String)>> {
    let rows = tx
        .query(
            "SELECT id, path FROM folder WHERE app = $1 AND ref = $2",
            values![app.0, folder.0.as_str()],
        )
        .await?;
    let row = rows.into_iter().next();
    row.map(|mut row| Ok((row.take()?, row.take()?)))
        .transpose()
}

/// A folder is gone: so are the files that are still known to lie in it. Returns how many.
pub(super) async fn remove(
    tx: &Tx,
    app: AppId,
    folder: &FolderRef,
    now: DateTime<Utc>,
) -> Result<u64> {
    let sql = format!(
        "{TREE} UPDATE file SET removed = $3 WHERE folder IN (SELECT id FROM tree) AND removed IS NULL"
    );
    let params: Vec<Value> = values![app.0, folder.0.as_str(), now];
    let removed = tx.execute(sql, params).await?;
    decisions::enqueue_folder(tx, app, &folder.0, now).await?;
    Ok(removed)
}
