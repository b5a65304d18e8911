//! What care of a store needs of SQLite: consistent copies, checks of the file, compacting, and the schema as it should be.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::errors::meaning;
use super::file::{self, Found, WriterLock, beside};
use super::open;
use crate::store::error::{Result, StoreError};
use crate::store::migrations::Migration;

/// The files that SQLite keeps beside a store.
const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A file that is not finished; removed unless it is [put in its place](Self::put).
#[derive(Debug)]
struct Unfinished {
    path: PathBuf,
    is_placed: bool,
}

impl Unfinished {
    /// An empty file beside `target`, for the eyes that may look at `like`.
    fn beside(target: &Path, like: &Path) -> Result<Self> {
        let path = beside(target, ".unfinished");
        let failed = |error| file::cannot_write(target, error);
        // What a killed process has left is of no use.
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let mode = fs::metadata(like).map_or(0o600, |metadata| metadata.permissions().mode());
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode & 0o777)
            .open(&path)
            .map_err(failed)?;
        Ok(Self {
            path,
            is_placed: false,
        })
    }

    /// Gives the file its name, once its bytes are on the disk.
    fn put(mut self, target: &Path) -> io::Result<()> {
        File::open(&self.path)?.sync_all()?;
        fs::rename(&self.path, target)?;
        self.is_placed = true;
        sync_folder_of(target)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_placed {
            // The error that led here is told; the next attempt removes what is left.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Copies the store at `from`, as it is at one moment, to the new file `to`, also while it is written. The copy is checked before
/// it gets its name. Answers with its size in bytes.
///
/// `VACUUM INTO` reads in one transaction; SQLite's backup calls would begin anew with each write of another process.
pub(in crate::store) fn copy(from: &Path, to: &Path, steps: &[Migration]) -> Result<u64> {
    if to.symlink_metadata().is_ok() {
        return Err(StoreError::AlreadyThere {
            path: to.display().to_string(),
            fix: "name another file, or remove this one".to_owned(),
        });
    }
    expect_known(from, steps)?;
    let unfinished = copy_unfinished(from, to)?;
    expect_sound(&unfinished.path)?;
    unfinished
        .put(to)
        .map_err(|error| file::cannot_write(to, error))?;
    Ok(size(to))
}

/// Whether this is a store of labeld, of this schema or an older one.
fn expect_known(path: &Path, steps: &[Migration]) -> Result<()> {
    if file::examine(path)? == Found::Nothing {
        return Err(missing(path));
    }
    match open::reader(path, steps) {
        Ok(_) | Err(StoreError::OlderSchema { .. }) => Ok(()),
        Err(error) => Err(error),
    }
}

fn expect_sound(path: &Path) -> Result<()> {
    let wrong = integrity(path, false, 3)?;
    if wrong.is_empty() {
        return Ok(());
    }
    Err(file::damaged(path, wrong.join("; ")))
}

fn copy_unfinished(from: &Path, to: &Path) -> Result<Unfinished> {
    let unfinished = Unfinished::beside(to, from)?;
    let connection = open::plain_reading_connection(from)?;
    let target = unfinished
        .path
        .to_str()
        .ok_or_else(|| StoreError::ReadOnly {
            store: to.display().to_string(),
            operation: "write to",
            what: "SQLite takes only paths that are UTF-8".to_owned(),
            source: None,
        })?;
    connection
        .execute("VACUUM INTO ?1", [target])
        .map_err(|error| {
            let failed = meaning(&from.display().to_string(), "copy the store", error);
            // What is read may be damaged; what is full or forbidden is where it is written.
            if failed.forbids_writing() {
                return named(failed, to);
            }
            failed
        })?;
    Ok(unfinished)
}

/// The same error, of another file.
fn named(error: StoreError, path: &Path) -> StoreError {
    let store = path.display().to_string();
    match error {
        StoreError::Full { source, .. } => StoreError::Full { store, source },
        StoreError::ReadOnly {
            operation,
            what,
            source,
            ..
        } => StoreError::ReadOnly {
            store,
            operation,
            what,
            source,
        },
        other => other,
    }
}

fn missing(path: &Path) -> StoreError {
    StoreError::Missing {
        store: path.display().to_string(),
        fix: "correct the path".to_owned(),
        source: None,
    }
}

/// Puts a copy of `backup` where the store is. The present file, if there is one, is kept as `kept`, with what SQLite has beside
/// it; without `kept` its presence is an error.
///
/// # Errors
///
/// [`StoreError::InUse`] while another process writes to the store.
pub(in crate::store) fn put_back(
    backup: &Path,
    store: &Path,
    kept: Option<&Path>,
    steps: &[Migration],
) -> Result<bool> {
    expect_known(backup, steps)?;
    file::make_folder(store)?;
    let lock = file::lock_for_writing(store)?;
    let is_occupied = fs::metadata(store).is_ok_and(|metadata| metadata.len() > 0);
    if is_occupied && kept.is_none() {
        return Err(StoreError::AlreadyThere {
            path: format!("a store at {}", store.display()),
            fix: "with --force the backup takes its place, and the present file is kept beside it"
                .to_owned(),
        });
    }
    let unfinished = copy_unfinished(backup, store)?;
    expect_sound(&unfinished.path)?;
    if is_occupied {
        fold_log(store);
    }
    let failed = |error| file::cannot_write(store, error);
    // The log must never lie beside another file than its own: SQLite would take it for that file's.
    if let Some(kept) = kept {
        move_aside(store, kept).map_err(failed)?;
    } else {
        for suffix in COMPANIONS {
            remove_if_there(&beside(store, suffix)).map_err(failed)?;
        }
    }
    unfinished.put(store).map_err(failed)?;
    drop(lock);
    Ok(is_occupied)
}

/// So that the file that is kept needs nothing beside it. One too damaged for that keeps its log.
fn fold_log(store: &Path) {
    let folded = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_WRITE)
        .and_then(|connection| connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)"));
    if let Err(error) = folded {
        tracing::debug!(%error, "the log of the replaced store is kept beside it");
    }
}

fn move_aside(store: &Path, kept: &Path) -> io::Result<()> {
    rename_if_there(store, kept)?;
    for suffix in COMPANIONS {
        rename_if_there(&beside(store, suffix), &beside(kept, suffix))?;
    }
    sync_folder_of(store)
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    ignore_missing(fs::rename(from, to))
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    ignore_missing(fs::remove_file(path))
}

fn ignore_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Sizes of a store in bytes, before and after compacting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// File and log before.
    pub before: u64,
    /// File and log after.
    pub after: u64,
}

/// Writes the file anew without the gaps, and lets SQLite learn how its values are spread.
pub(in crate::store) fn vacuum(path: &Path, steps: &[Migration]) -> Result<Sizes> {
    let failed = |error| meaning(&path.display().to_string(), "compact the store", error);
    if file::examine(path)? == Found::Nothing {
        return Err(missing(path));
    }
    let before = size(path);
    let (connection, lock): (Connection, WriterLock) = open::writer(path, steps)?;
    connection
        .execute_batch("VACUUM; ANALYZE; PRAGMA wal_checkpoint(TRUNCATE);")
        .map_err(failed)?;
    drop(connection);
    drop(lock);
    Ok(Sizes {
        before,
        after: size(path),
    })
}

/// Bytes of the store and of its log.
pub(in crate::store) fn size(path: &Path) -> u64 {
    [path.to_owned(), beside(path, "-wal")]
        .iter()
        .filter_map(|path| fs::metadata(path).ok())
        .map(|metadata| metadata.len())
        .sum()
}

/// What a check of the whole file says: one line for each thing that is wrong, at most `limit`.
pub(in crate::store) fn integrity(path: &Path, quick: bool, limit: u32) -> Result<Vec<String>> {
    let failed = |error| meaning(&path.display().to_string(), "check the store", error);
    let connection = open::reading_connection(path)?;
    let pragma = if quick {
        "quick_check"
    } else {
        "integrity_check"
    };
    let mut statement = connection
        .prepare(&format!("PRAGMA {pragma}({limit})"))
        .map_err(failed)?;
    let lines = statement
        .query_map([], |row| row.get::<_, String>(0))
        .and_then(Iterator::collect::<rusqlite::Result<Vec<String>>>)
        .map_err(failed)?;
    Ok(lines.into_iter().filter(|line| line != "ok").collect())
}
