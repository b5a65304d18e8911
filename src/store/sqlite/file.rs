//! The files of a SQLite store: the lock beside it, and a look at its header before SQLite opens it.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::store::error::{Result, StoreError};

/// Held by the one process that may write; the system gives it back however the process ends.
#[derive(Debug)]
pub(super) struct WriterLock {
    _file: File,
}

/// Takes the lock file beside the store.
///
/// # Errors
///
/// [`StoreError::InUse`] when another process holds it, [`StoreError::ReadOnly`] when it cannot be made.
pub(super) fn lock_for_writing(path: &Path) -> Result<WriterLock> {
    let lock_path = beside(path, ".lock");
    let opened = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path);
    let file = opened.map_err(|error| cannot_write(path, error))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(WriterLock { _file: file }),
        Err(error) if error == rustix::io::Errno::WOULDBLOCK => Err(StoreError::InUse {
            store: path.display().to_string(),
            source: Some(io::Error::from(error).into()),
        }),
        Err(error) => Err(StoreError::Other {
            operation: "lock the store for writing",
            source: Some(io::Error::from(error).into()),
        }),
    }
}

/// Makes the folder of a new store, but not the folders above it: a path with a typing mistake is to be noticed.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    else {
        return Ok(());
    };
    match fs::create_dir(folder) {
        Ok(()) => Ok(()),
        Err(_) if folder.is_dir() => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(StoreError::Missing {
            store: path.display().to_string(),
            fix: format!(
                "make the folder {} first, or correct the path",
                folder.display()
            ),
            source: Some(error.into()),
        }),
        Err(error) => Err(cannot_write(path, error)),
    }
}

/// What the first look at the file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// No file, or an empty one.
    Nothing,
    /// A file with the header of an SQLite database and all of its pages.
    Database,
}

/// Looks at the header: SQLite itself notices a cut-off file only when it comes to a missing page.
///
/// Header fields: <https://www.sqlite.org/fileformat2.html#the_database_header>.
pub(super) fn examine(path: &Path) -> Result<Found> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(cannot_open(path, error)),
    };
    let metadata = file.metadata().map_err(|error| cannot_open(path, error))?;
    if !metadata.is_file() {
        return Err(StoreError::Missing {
            store: path.display().to_string(),
            fix: "this is no ordinary file; name the file that shall hold the store".to_owned(),
            source: None,
        });
    }
    if metadata.len() == 0 {
        return Ok(Found::Nothing);
    }
    let mut header = [0; 100];
    match file.read_exact(&mut header) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Err(damaged(path, "the file is no SQLite database".to_owned()));
        }
        Err(error) => return Err(cannot_open(path, error)),
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return Err(damaged(path, "the file is no SQLite database".to_owned()));
    }
    if let Some(what) = wrong_in_header(&header) {
        return Err(damaged(
            path,
            format!("the header of the file says that {what}"),
        ));
    }
    let expected = size_by_header(&header);
    if metadata.len() < expected && !has_wal(path) {
        let found = metadata.len();
        return Err(damaged(
            path,
            format!("the file has been cut off ({found} of {expected} bytes)"),
        ));
    }
    Ok(Found::Database)
}

/// What no SQLite that labeld brings along ever writes there. SQLite itself would take some of it for the work of a later
/// version and go on without writing.
fn wrong_in_header(header: &[u8; 100]) -> Option<&'static str> {
    let page_size = u16::from_be_bytes([header[16], header[17]]);
    if page_size != 1 && (page_size < 512 || !page_size.is_power_of_two()) {
        return Some("its pages have a size that none can have");
    }
    if ![1, 2].contains(&header[18]) || ![1, 2].contains(&header[19]) {
        return Some("it is of an unknown version");
    }
    if header[20..24] != [0, 64, 32, 32] {
        return Some("its pages are divided as none can be");
    }
    if header[44..47] != [0, 0, 0] || header[47] > 4 {
        return Some("its schema is of an unknown format");
    }
    // 0 while the first content is still in the log.
    if header[56..59] != [0, 0, 0] || header[59] > 1 {
        return Some("its texts are not UTF-8");
    }
    let is_empty = header[72..92].iter().all(|byte| *byte == 0);
    (!is_empty).then_some("there is something where nothing should be")
}

/// Bytes that the header says the file has; 0 where its page count is not to be trusted.
fn size_by_header(header: &[u8; 100]) -> u64 {
    let [page_high, page_low] = [header[16], header[17]];
    let page_size = match u16::from_be_bytes([page_high, page_low]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let change_counter = &header[24..28];
    let pages_valid_for = &header[92..96];
    if change_counter != pages_valid_for {
        return 0;
    }
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    page_size * u64::from(pages)
}

/// Whether a write-ahead log with content lies beside the file: then the file alone does not say how long it should be.
pub(super) fn has_wal(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0)
}

/// A name for the copy that is made before an upgrade from schema `version`; never that of an existing file.
pub(super) fn backup_path(path: &Path, version: i64) -> PathBuf {
    let first = beside(path, &format!(".v{version}.backup"));
    if !first.exists() {
        return first;
    }
    (2_u32..)
        .map(|number| beside(path, &format!(".v{version}.backup-{number}")))
        .find(|candidate| !candidate.exists())
        .unwrap_or(first)
}

/// The path with `suffix` at its end.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn damaged(path: &Path, what: String) -> StoreError {
    StoreError::Damaged {
        store: path.display().to_string(),
        what,
        source: None,
    }
}

pub(super) fn write_protected(path: &Path) -> StoreError {
    StoreError::ReadOnly {
        store: path.display().to_string(),
        operation: "write to",
        what: "the file is write-protected; check its permissions and its disk".to_owned(),
        source: None,
    }
}

fn cannot_open(path: &Path, error: io::Error) -> StoreError {
    StoreError::ReadOnly {
        store: path.display().to_string(),
        operation: "open",
        what: error.to_string(),
        source: Some(error.into()),
    }
}

/// Why a file cannot be written, by what the system says.
pub(super) fn cannot_write(path: &Path, error: io::Error) -> StoreError {
    let store = path.display().to_string();
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            StoreError::Full {
                store,
                source: Some(error.into()),
            }
        }
        _ => StoreError::ReadOnly {
            store,
            operation: "write to",
            what: format!("{error}; check the permissions of its folder and disk"),
            source: Some(error.into()),
        },
    }
}
