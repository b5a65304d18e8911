//! The folder where the connector keeps what it saw, between restarts.

use std::fmt;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use labeld_connector::{Error, ErrorKind, Result};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::error::failed;
use crate::random::random_number;

const EXTENSION: &str = "snapshot";

/// Snapshots that a new full enumeration leaves alone: the present one and the one it is made from,
/// so that a caller who drops the enumeration can still go on from its stored cursor.
const KEPT_BESIDE_A_FULL_ENUMERATION: usize = 2;

/// Names one snapshot. Random, so that a cursor never meets another snapshot of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct SnapshotId(pub(crate) u64);

impl fmt::Display for SnapshotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<SnapshotId> for String {
    fn from(id: SnapshotId) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for SnapshotId {
    type Error = &'static str;

    fn try_from(text: String) -> std::result::Result<Self, Self::Error> {
        u64::from_str_radix(&text, 16)
            .ok()
            .map(Self)
            .filter(|id| id.to_string() == text)
            .ok_or("not the name of a snapshot")
    }
}

/// The state folder of one app, held against every other process (and connector) until it is dropped.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl State {
    /// Makes the folder where it is missing, and locks it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Locked`] when another enumeration of the same app is under way.
    pub(crate) fn lock(folder: &Path) -> Result<Self> {
        // The names of files are nobody else's business.
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|cause| cannot_use(folder, cause))?;
        let path = folder.join("lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|cause| cannot_use(&path, cause))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self {
                folder: folder.to_owned(),
                _lock: lock,
            }),
            Err(Errno::WOULDBLOCK) => Err(Error::new(
                ErrorKind::Locked,
                "list changes",
                path.display().to_string(),
            )
            .with_source("another enumeration of this app is under way")),
            Err(cause) => Err(cannot_use(&path, cause.into())),
        }
    }

    /// A name for a new snapshot.
    pub(crate) fn new_id(&self) -> SnapshotId {
        loop {
            let id = SnapshotId(random_number());
            if !self.path_of(id).exists() {
                return id;
            }
        }
    }

    pub(crate) fn path_of(&self, id: SnapshotId) -> PathBuf {
        self.folder.join(format!("{id}.{EXTENSION}"))
    }

    /// Makes the names of new snapshots survive a power failure.
    pub(crate) fn sync(&self) -> Result<()> {
        File::open(&self.folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|cause| cannot_use(&self.folder, cause))
    }

    /// Deletes every snapshot that no cursor which may still be used needs: a good cursor that comes
    /// back shows that its answer was stored, and so that all older cursors were given up.
    pub(crate) fn keep_only(&self, needed: &[SnapshotId]) -> Result<()> {
        for (_, id) in self.snapshots()? {
            if !needed.contains(&id) {
                self.delete(id)?;
            }
        }
        Ok(())
    }

    /// Makes room for a full enumeration.
    pub(crate) fn keep_newest(&self) -> Result<()> {
        let mut snapshots = self.snapshots()?;
        snapshots.sort_unstable();
        for (_, id) in snapshots.iter().rev().skip(KEPT_BESIDE_A_FULL_ENUMERATION) {
            self.delete(*id)?;
        }
        Ok(())
    }

    fn delete(&self, id: SnapshotId) -> Result<()> {
        let path = self.path_of(id);
        fs::remove_file(&path).map_err(|cause| cannot_use(&path, cause))
    }

    /// Every snapshot, with the time when it was written to last.
    fn snapshots(&self) -> Result<Vec<(SystemTime, SnapshotId)>> {
        let cannot = |cause| cannot_use(&self.folder, cause);
        let mut snapshots = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(cannot)? {
            let entry = entry.map_err(cannot)?;
            let name = entry.file_name();
            let id = name
                .to_str()
                .and_then(|name| name.strip_suffix(EXTENSION)?.strip_suffix('.'))
                .and_then(|text| SnapshotId::try_from(text.to_owned()).ok());
            if let Some(id) = id {
                let changed = entry.metadata().and_then(|meta| meta.modified());
                snapshots.push((changed.map_err(cannot)?, id));
            }
        }
        Ok(snapshots)
    }
}

pub(crate) fn cannot_use(path: &Path, cause: io::Error) -> Error {
    failed("use state", path.display().to_string(), cause)
}
