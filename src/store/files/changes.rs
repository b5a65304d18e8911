//! Taking over what an app lists.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use labeld_connector::{Change, FileKind, FileMeta, FileRef};

use super::{intern, intern_terms};
use crate::store::apps::AppId;
use crate::store::db::Tx;
use crate::store::error::{Result, StoreError};
use crate::store::value::{Value, values};

/// A longer extension is no file type, and would fill the table of terms.
const MAX_EXTENSION: usize = 16;

/// An unchanged file costs a look at its row and no write. Facts stay as they are: they name their own version.
const UPSERT: &str = "
INSERT INTO file (
    app, ref, name, extension, folder, owner, kind, denied, size, version, created, modified, first_seen, last_seen
) VALUES (
    $1, $2, $3,
    (SELECT id FROM term WHERE text = $4),
    (SELECT id FROM folder WHERE path = $5 AND app = $1),
    (SELECT id FROM owner WHERE name = $6),
    $7, $8, $9, $10, $11, $12, $13, $13
)
ON CONFLICT (app, ref) DO UPDATE SET
    name = excluded.name, extension = excluded.extension, folder = excluded.folder, owner = excluded.owner,
    kind = excluded.kind, denied = excluded.denied, size = excluded.size, version = excluded.version,
    created = excluded.created, modified = excluded.modified, last_seen = excluded.last_seen, removed = NULL
WHERE file.version <> excluded.version
    OR file.name <> excluded.name
    OR file.folder <> excluded.folder
    OR file.owner IS DISTINCT FROM excluded.owner
    OR file.kind <> excluded.kind
    OR file.denied <> excluded.denied
    OR file.size <> excluded.size
    OR file.created IS DISTINCT FROM excluded.created
    OR file.modified IS DISTINCT FROM excluded.modified
    OR file.removed IS NOT NULL";

/// Takes over a page of changes: new and changed files are stored, removed ones get a tombstone, files that come back lose
/// it. Where a file is named twice, the last change wins. Returns the number of rows that changed.
///
/// # Errors
///
/// Those of the store.
pub async fn apply_changes(
    tx: &Tx,
    app: AppId,
    changes: &[Change],
    now: DateTime<Utc>,
) -> Result<u64> {
    let mut upserted = Vec::with_capacity(changes.len());
    let mut removed = Vec::new();
    for change in last_of_each(changes) {
        match change {
            Change::Upserted(meta) => upserted.push(meta),
            Change::Removed(file) => removed.push(file),
        }
    }
    Ok(upsert(tx, app, &upserted, now).await? + remove(tx, app, &removed, now).await?)
}

/// The last change of each file, in the order of the feed.
pub(crate) fn last_of_each(changes: &[Change]) -> impl Iterator<Item = &Change> {
    let last: HashMap<&FileRef, usize> = changes
        .iter()
        .enumerate()
        .map(|(index, change)| (file_of(change), index))
        .collect();
    changes
        .iter()
        .enumerate()
        .filter(move |(index, change)| last.get(file_of(change)) == Some(index))
        .map(|(_, change)| change)
}

fn file_of(change: &Change) -> &FileRef {
    match change {
        Change::Upserted(meta) => &meta.file,
        Change::Removed(file) => file,
    }
}

async fn upsert(tx: &Tx, app: AppId, files: &[&FileMeta], now: DateTime<Utc>) -> Result<u64> {
    let folders: BTreeSet<&str> = files.iter().map(|meta| meta.folder.as_str()).collect();
    tx.execute_many(
        "INSERT INTO folder (app, path) VALUES ($1, $2) ON CONFLICT (path, app) DO NOTHING",
        folders.iter().map(|path| values![app.0, *path]).collect(),
    )
    .await?;
    intern(
        tx,
        "INSERT INTO owner (name) VALUES ($1) ON CONFLICT (name) DO NOTHING",
        files.iter().filter_map(|meta| meta.owner.as_deref()),
    )
    .await?;
    let extensions: Vec<Option<String>> = files.iter().map(|meta| extension(&meta.name)).collect();
    intern_terms(tx, extensions.iter().flatten().map(String::as_str)).await?;
    let rows = files
        .iter()
        .zip(extensions)
        .map(|(meta, extension)| upsert_row(app, meta, extension, now));
    tx.execute_many(UPSERT, rows.collect()).await
}

fn upsert_row(
    app: AppId,
    meta: &FileMeta,
    extension: Option<String>,
    now: DateTime<Utc>,
) -> Vec<Value> {
    values![
        app.0,
        meta.file.0.as_str(),
        meta.name.as_str(),
        extension,
        meta.folder.as_str(),
        meta.owner.as_deref(),
        kind_code(meta.kind),
        meta.denied,
        meta.size,
        meta.version.0.as_str(),
        meta.created,
        meta.modified,
        now,
    ]
}

async fn remove(tx: &Tx, app: AppId, files: &[&FileRef], now: DateTime<Utc>) -> Result<u64> {
    let rows = files
        .iter()
        .map(|file| values![app.0, file.0.as_str(), now]);
    tx.execute_many(
        "UPDATE file SET removed = $3 WHERE app = $1 AND ref = $2 AND removed IS NULL",
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

/// The number that stands for a kind in the column `kind`. Never given to another kind.
fn kind_code(kind: FileKind) -> i64 {
    match kind {
        FileKind::File => 0,
        FileKind::Shortcut => 1,
        FileKind::Native => 2,
        FileKind::Package => 3,
        FileKind::Special => 4,
    }
}

/// The kind that a number in the column `kind` stands for.
pub(super) fn kind_of(code: i64) -> Result<FileKind> {
    match code {
        0 => Ok(FileKind::File),
        1 => Ok(FileKind::Shortcut),
        2 => Ok(FileKind::Native),
        3 => Ok(FileKind::Package),
        4 => Ok(FileKind::Special),
        other => Err(StoreError::content(format!(
            "{other} stands for no kind of file"
        ))),
    }
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

    #[test]
    fn kinds_come_back() {
        for kind in [
            FileKind::File,
            FileKind::Shortcut,
            FileKind::Native,
            FileKind::Package,
            FileKind::Special,
        ] {
            assert_eq!(kind_of(kind_code(kind)).unwrap(), kind);
        }
        assert!(kind_of(5).is_err());
    }
}
