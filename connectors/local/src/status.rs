//! What `statx` tells about one entry.

use chrono::{DateTime, Utc};
use labeld_connector::Version;
use rustix::fd::AsFd;
use rustix::fs::{AtFlags, FileType, Statx, StatxFlags, StatxTimestamp, statx};
use rustix::io::Errno;

/// A time of a file, as the kernel has it (a hostile file system may say anything).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileTime {
    pub(crate) seconds: i64,
    pub(crate) nanoseconds: u32,
}

impl FileTime {
    /// For people; `None` outside of what a calendar has.
    pub(crate) fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp(self.seconds, self.nanoseconds)
    }
}

impl From<StatxTimestamp> for FileTime {
    fn from(time: StatxTimestamp) -> Self {
        Self {
            seconds: time.tv_sec,
            nanoseconds: time.tv_nsec,
        }
    }
}

/// What tells one version of a file from another. All four are needed:
///
/// - size and time of modification change with an ordinary edit;
/// - tools that keep the time of modification (`cp -p`, `rsync -t`, `touch -r`) betray themselves by
///   the time of status change, which nobody can set;
/// - a file that is replaced by another within one tick of the file system's clock has another inode.
///
/// What remains: on kernels before 6.13 two edits in place within one tick (a few milliseconds) that
/// keep the size look like one. The device number is left out: it changes with the order of mounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub(crate) size: u64,
    pub(crate) modified: FileTime,
    pub(crate) changed: FileTime,
    pub(crate) inode: u64,
}

impl Stamp {
    /// As compact text.
    pub(crate) fn version(&self) -> Version {
        Version(format!(
            "{:x}-{:x}.{:x}-{:x}.{:x}-{:x}",
            self.size,
            self.modified.seconds,
            self.modified.nanoseconds,
            self.changed.seconds,
            self.changed.nanoseconds,
            self.inode,
        ))
    }
}

/// Which thing a folder is, whatever its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    device: (u32, u32),
    inode: u64,
}

/// One answer of `statx`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Status {
    pub(crate) file_type: FileType,
    pub(crate) stamp: Stamp,
    pub(crate) created: Option<FileTime>,
    pub(crate) identity: Identity,
    pub(crate) links: u32,
    pub(crate) mode: u16,
    pub(crate) user: u32,
    pub(crate) group: u32,
}

impl Status {
    /// Of the entry `name` of a folder; of a link itself, not of what it leads to.
    pub(crate) fn of_entry(folder: impl AsFd, name: &[u8]) -> Result<Self, Errno> {
        let flags = AtFlags::SYMLINK_NOFOLLOW | AtFlags::NO_AUTOMOUNT;
        statx(folder, name, flags, wanted()).map(|answer| Self::from(&answer))
    }

    /// Of what is open.
    pub(crate) fn of_open(descriptor: impl AsFd) -> Result<Self, Errno> {
        statx(descriptor, c"", AtFlags::EMPTY_PATH, wanted()).map(|answer| Self::from(&answer))
    }
}

fn wanted() -> StatxFlags {
    StatxFlags::BASIC_STATS | StatxFlags::BTIME
}

impl From<&Statx> for Status {
    fn from(answer: &Statx) -> Self {
        let has_birth_time = answer.stx_mask & StatxFlags::BTIME.bits() != 0;
        Self {
            file_type: FileType::from_raw_mode(answer.stx_mode.into()),
            stamp: Stamp {
                size: answer.stx_size,
                modified: answer.stx_mtime.into(),
                changed: answer.stx_ctime.into(),
                inode: answer.stx_ino,
            },
            created: has_birth_time.then(|| answer.stx_btime.into()),
            identity: Identity {
                device: (answer.stx_dev_major, answer.stx_dev_minor),
                inode: answer.stx_ino,
            },
            links: answer.stx_nlink,
            mode: answer.stx_mode,
            user: answer.stx_uid,
            group: answer.stx_gid,
        }
    }
}
