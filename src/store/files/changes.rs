//! Taking over what an app lists.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use labeld_connector::{Change, FileMeta, FileRef, FolderRef};

use super::codes::{barrier_code, exposure_code, kind_code};
use super::collaborators::{StoredList, intern_lists};
use super::{folders, intern, intern_terms};
use crate::store::apps::{self, AppId};
use crate::store::db::Tx;
use crate::store::decisions;
use crate::store::error::Result;
use crate::store::feeds::FeedId;
use crate::store::value::{Value, values};

/// A longer extension is no file type, and would fill the table of terms.
const MAX_EXTENSION: usize = 16;

/// A file arrives when it is listed for the first time, but for the first list of everything in its feed; with each new
/// version; and when it comes back, or comes within reach (rules §7). An unchanged file costs a look at its row and no write.
/// Facts stay as they are: they name their own version. So does what is known of who can reach a file, where the listing does
/// not tell; what it told before and tells no more is asked for.
const UPSERT: &str = "
INSERT INTO file (
    app, ref, name, extension, folder, owner, kind, barrier, size, version, created, modified, first_seen, last_seen,
    feed, exposure, collaborators, arrived
) VALUES (
    $1, $2, $3,
    (SELECT id FROM term WHERE text = $4),
    COALESCE(
        (SELECT id FROM folder WHERE app = $1 AND ref = $14),
        (SELECT id FROM folder WHERE app = $1 AND path = $5 AND ref IS NULL)
    ),
    (SELECT id FROM owner WHERE name = $6),
    $7, $8, $9, $10, $11, $12, $13, $13, $15, $16,
    (SELECT id FROM collaborator_list WHERE digest = $17),
    CASE WHEN CAST($15 AS BIGINT) IS NULL
            OR EXISTS (SELECT 1 FROM feed WHERE id = CAST($15 AS BIGINT) AND enumerated_at IS NOT NULL)
        THEN CAST($13 AS BIGINT) END
)
ON CONFLICT (app, ref) DO UPDATE SET
    name = excluded.name, extension = excluded.extension, folder = excluded.folder, owner = excluded.owner,
    kind = excluded.kind, barrier = excluded.barrier, size = excluded.size, version = excluded.version,
    created = excluded.created, modified = excluded.modified, last_seen = excluded.last_seen, removed = NULL,
    arrived = CASE
        WHEN file.version <> excluded.version OR file.removed IS NOT NULL OR (file.barrier <> 0 AND excluded.barrier = 0)
        THEN excluded.last_seen ELSE file.arrived END,
    feed = COALESCE(excluded.feed, file.feed), exposure = COALESCE(excluded.exposure, file.exposure),
    collaborators = COALESCE(excluded.collaborators, file.collaborators),
    exposure_at = CASE
        WHEN excluded.exposure IS NULL OR (excluded.collaborators IS NULL AND file.collaborators IS NOT NULL)
        THEN COALESCE(file.exposure_at, CASE WHEN file.exposure IS NOT NULL OR file.collaborators IS NOT NULL THEN 0 END)
        END
WHERE file.version <> excluded.version
    OR file.name <> excluded.name
    OR file.folder <> excluded.folder
    OR file.owner IS DISTINCT FROM excluded.owner
    OR file.kind <> excluded.kind
    OR file.barrier <> excluded.barrier
    OR (excluded.exposure IS NOT NULL AND file.exposure IS DISTINCT FROM excluded.exposure)
    OR (excluded.collaborators IS NOT NULL AND file.collaborators IS DISTINCT FROM excluded.collaborators)
    OR (file.exposure_at IS NULL AND excluded.exposure IS NULL AND file.exposure IS NOT NULL)
    OR (file.exposure_at IS NULL AND excluded.collaborators IS NULL AND file.collaborators IS NOT NULL)
    OR (excluded.feed IS NOT NULL AND file.feed IS DISTINCT FROM excluded.feed)
    OR file.size <> excluded.size
    OR file.created IS DISTINCT FROM excluded.created
    OR file.modified IS DISTINCT FROM excluded.modified
    OR file.removed IS NOT NULL";

/// Where changes come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin {
    /// The app.
    pub app: AppId,
    /// Its feed; `None` where a file was looked at by itself.
    pub feed: Option<FeedId>,
}

impl From<AppId> for Origin {
    fn from(app: AppId) -> Self {
        Self { app, feed: None }
    }
}

/// Takes over a page of changes: new and changed files are stored, removed ones get a tombstone, files that come back lose
/// it; folders are where the page says, with all that lies in them. What has changed is decided anew. Where a file or folder is named twice, the last change
/// wins. Returns the number of files that changed.
///
/// Transactions that write to one app's inventory begin with this, also where nothing has changed: they wait for each
/// other here.
///
/// # Errors
///
/// Those of the store.
pub async fn apply_changes(
    tx: &Tx,
    origin: impl Into<Origin>,
    changes: &[Change],
    now: DateTime<Utc>,
) -> Result<u64> {
    let origin = origin.into();
    apps::lock(tx, origin.app).await?;
    let mut upserted = Vec::with_capacity(changes.len());
    let mut removed = Vec::new();
    let mut removed_folders = Vec::new();
    for change in last_of_each(changes) {
        match change {
            Change::Upserted(meta) => upserted.push(meta),
            Change::Removed(file) => removed.push(file),
            Change::FolderAt(folder) => folders::at(tx, origin.app, folder, now).await?,
            Change::FolderRemoved(folder) => removed_folders.push(folder),
        }
    }
    let mut changed = upsert(tx, origin, &upserted, now).await?;
    changed += remove(tx, origin.app, &removed, now).await?;
    // Last, when everything that was moved out of them is where it is now.
    for folder in removed_folders {
        changed += folders::remove(tx, origin.app, folder, now).await?;
    }
    let named = upserted.iter().map(|meta| &meta.file);
    let named = named.chain(removed.iter().copied());
    let named: Vec<&str> = named.map(|file| file.0.as_str()).collect();
    decisions::enqueue_changed(tx, origin.app, &named, now).await?;
    Ok(changed)
}

/// The last change of each file and folder, in the order of the feed.
pub fn last_of_each(changes: &[Change]) -> impl Iterator<Item = &Change> {
    let mut seen = HashSet::with_capacity(changes.len());
    let from_the_end = changes.iter().rev();
    let mut last: Vec<&Change> = from_the_end
        .filter(|change| seen.insert(subject(change)))
        .collect();
    last.reverse();
    last.into_iter()
}

/// What a change is about.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Subject<'a> {
    File(&'a FileRef),
    Folder(&'a FolderRef),
}

fn subject(change: &Change) -> Subject<'_> {
    match change {
        Change::Upserted(meta) => Subject::File(&meta.file),
        Change::Removed(file) => Subject::File(file),
        Change::FolderAt(folder) => Subject::Folder(&folder.folder),
        Change::FolderRemoved(folder) => Subject::Folder(folder),
    }
}

async fn upsert(tx: &Tx, origin: Origin, files: &[&FileMeta], now: DateTime<Utc>) -> Result<u64> {
    folders::ensure(tx, origin.app, files, now).await?;
    intern(
        tx,
        "INSERT INTO owner (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
        files.iter().filter_map(|meta| meta.owner.as_deref()),
    )
    .await?;
    let extensions: Vec<Option<String>> = files.iter().map(|meta| extension(&meta.name)).collect();
    intern_terms(tx, extensions.iter().flatten().map(String::as_str)).await?;
    let lists: Vec<Option<StoredList>> = files.iter().map(|meta| listed(meta)).collect();
    intern_lists(tx, lists.iter().flatten()).await?;
    let rows = files
        .iter()
        .zip(extensions)
        .zip(&lists)
        .map(|((meta, extension), list)| upsert_row(origin, meta, extension, list.as_ref(), now));
    tx.execute_many(UPSERT, rows.collect()).await
}

fn upsert_row(
    origin: Origin,
    meta: &FileMeta,
    extension: Option<String>,
    collaborators: Option<&StoredList>,
    now: DateTime<Utc>,
) -> Vec<Value> {
    values![
        origin.app.0,
        meta.file.0.as_str(),
        meta.name.as_str(),
        extension,
        meta.folder.as_str(),
        meta.owner.as_deref(),
        kind_code(meta.kind),
        barrier_code(meta.barrier),
        meta.size,
        meta.version.0.as_str(),
        meta.created,
        meta.modified,
        now,
        meta.parent.as_ref().map(|parent| parent.0.as_str()),
        origin.feed.map(|feed| feed.0),
        exposure_code(meta.exposure),
        collaborators.map_or(Value::Null, StoredList::key),
    ]
}

/// Whom the listing says that a file is shared with.
fn listed(meta: &FileMeta) -> Option<StoredList> {
    let told = meta.collaborators.as_deref();
    told.map(|addresses| StoredList::of(Some(addresses)))
}

async fn remove(tx: &Tx, app: AppId, files: &[&FileRef], now: DateTime<Utc>) -> Result<u64> {
    let rows = files
        .iter()
        .map(|file| values![app.0, file.0.as_str(), now]);
    // The plus keeps PostgreSQL from walking the index of all the app's files, while it has no statistics of them.
    tx.execute_many(
        "UPDATE file SET removed = $3 WHERE app = $1 AND ref = $2 AND (+removed) IS NULL",
        rows.collect(),
    )
    .await
}

/// What follows the last dot of a name, in lower case; nothing for a name that only begins with a dot.
pub(super) fn extension(name: &str) -> Option<String> {
    let (stem, extension) = name.rsplit_once('.')?;
    if stem.is_empty() || extension.is_empty() || extension.len() > MAX_EXTENSION {
        return None;
    }
    Some(extension.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions() {
        let table = [
            ("report.DOCX", Some("docx")),
            ("a.tar.gz", Some("gz")),
            (".profile", None),
            ("README", None),
            ("odd.", None),
            ("x.abcdefghijklmnopq", None),
        ];
        for (name, expected) in table {
            assert_eq!(extension(name).as_deref(), expected, "{name}");
        }
    }
}
