//! Which files were being parsed when the process died.
//!
//! A parser that aborts the process (an overflowed stack, memory used up) tells nobody. So the file's number stands in a
//! slot of a small file in the state folder while its bytes are parsed. Whoever starts next finds it there. The slots are
//! not synced: they have to survive the process, not the machine.
//!
//! Each process has a file of its own, which it keeps locked: slots in a file that nobody holds are of the dead, and so is
//! whatever the store says a process with that file holds.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::place;
use crate::model::inventory::FileId;
use crate::store::{Db, StoreError, actions, queue};

/// Parses that can be noted at a time; a process has fewer threads.
const SLOTS: usize = 256;

/// Bytes of a slot: the file's number, little endian; 0 in a free one.
const WIDTH: usize = 8;

/// Processes that may share a state folder.
const MOST_PROCESSES: u32 = 256;

/// Why the markers cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum MarkerError {
    /// The state folder.
    #[error("cannot keep crash markers in {}", path.display())]
    File {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store, where crashes are counted.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The slots of this process.
#[derive(Debug)]
pub struct CrashMarkers {
    file: Option<File>,
    place: Option<String>,
    free: Mutex<Vec<usize>>,
}

impl CrashMarkers {
    /// Markers that are kept nowhere: a crash of the process is not counted.
    #[must_use]
    pub fn nowhere() -> Self {
        Self {
            file: None,
            place: None,
            free: Mutex::default(),
        }
    }

    /// Opens the markers in `folder`, which is made where it is missing, and counts the crashes that dead processes have left there.
    ///
    /// # Errors
    ///
    /// When a file cannot be made, locked, read or written, and what the store says.
    pub async fn open(folder: &Path, db: &Db) -> Result<Self, MarkerError> {
        let files = lock_free_files(folder)?;
        let mut crashed = Vec::new();
        for (path, file) in &files {
            crashed.extend(read_slots(file).map_err(|error| failed(path, error))?);
        }
        if !crashed.is_empty() {
            tracing::warn!("labeld died while it read or wrote {} files", crashed.len());
            let tx = db.begin().await?;
            queue::note_crash(&tx, &crashed).await?;
            actions::note_crash(&tx, &crashed).await?;
            tx.commit().await?;
        }
        let mut own = None;
        for (path, file) in files {
            file.set_len(0).map_err(|error| failed(&path, error))?;
            own.get_or_insert((path, file));
        }
        let place = own.as_ref().and_then(|(path, _)| place_of(folder, path));
        Ok(Self {
            file: own.map(|(_, file)| file),
            place,
            free: Mutex::new((0..SLOTS).rev().collect()),
        })
    }

    /// What only the process that holds these markers has, for
    /// [`workers::take_place`](crate::store::workers::take_place): whoever had the same is dead.
    #[must_use]
    pub fn place(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// Notes that the bytes of `file` are about to be parsed, until the marker is dropped.
    pub fn enter(&self, file: FileId) -> CrashMarker<'_> {
        let slot = self
            .free
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let marker = CrashMarker {
            markers: self,
            slot,
        };
        marker.set(file.0);
        marker
    }
}

/// A parse under way.
#[derive(Debug)]
pub struct CrashMarker<'a> {
    markers: &'a CrashMarkers,
    slot: Option<usize>,
}

impl CrashMarker<'_> {
    /// A slot that cannot be written makes a crash uncounted, which is no reason to leave the file unread.
    fn set(&self, number: i64) {
        if let (Some(file), Some(slot)) = (&self.markers.file, self.slot) {
            let at = (slot * WIDTH) as u64;
            if let Err(error) = file.write_all_at(&number.to_le_bytes(), at) {
                tracing::debug!("cannot write a crash marker: {error}");
            }
        }
    }
}

impl Drop for CrashMarker<'_> {
    fn drop(&mut self) {
        self.set(0);
        if let Some(slot) = self.slot {
            let mut free = self.markers.free.lock();
            free.as_mut()
                .unwrap_or_else(|poisoned| poisoned.get_mut())
                .push(slot);
        }
    }
}

/// The files that no living process holds, locked; at least one.
fn lock_free_files(folder: &Path) -> Result<Vec<(PathBuf, File)>, MarkerError> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut free = Vec::new();
    for number in 0..MOST_PROCESSES {
        let path = folder.join(format!("reading-{number}.slots"));
        let is_there = path.exists();
        if !is_there && !free.is_empty() {
            break;
        }
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| failed(&path, error))?;
        match file.try_lock() {
            Ok(()) => free.push((path, file)),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(failed(&path, error)),
        }
    }
    Ok(free)
}

/// The name of a file in the folder, among those of all folders.
fn place_of(folder: &Path, file: &Path) -> Option<String> {
    let name = file.file_name()?.to_string_lossy();
    match place::of(folder) {
        Ok(identity) => Some(format!("{identity}/{name}")),
        // What a dead process has left is taken up when its lease has run out.
        Err(error) => {
            tracing::warn!("cannot tell the state folder from others: {error}");
            None
        }
    }
}

fn read_slots(file: &File) -> io::Result<Vec<FileId>> {
    let mut bytes = [0; SLOTS * WIDTH];
    let mut length = 0;
    while length < bytes.len() {
        match file.read_at(&mut bytes[length..], length as u64)? {
            0 => break,
            read => length += read,
        }
    }
    let (slots, _) = bytes[..length].as_chunks::<WIDTH>();
    let numbers = slots.iter().map(|slot| i64::from_le_bytes(*slot));
    Ok(numbers.filter(|number| *number > 0).map(FileId).collect())
}

fn failed(path: &Path, source: io::Error) -> MarkerError {
    MarkerError::File {
        path: path.to_owned(),
        source,
    }
}
