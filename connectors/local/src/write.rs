//! Replacing a file: whole or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use labeld_connector::{
    CoveredEdit, Error, ErrorKind, FileKind, FileMeta, FileRef, Result, WriteOptions,
};
use rustix::buffer::spare_capacity;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{
    AtFlags, FileType, Gid, Mode, OFlags, Timespec, Timestamps, UTIME_OMIT, Uid, XattrFlags,
    fchmod, fchown, fgetxattr, flistxattr, fremovexattr, fsetxattr, fsync, futimens, openat,
    unlinkat,
};
use rustix::io::Errno;

use crate::beneath;
use crate::error::failed;
use crate::exchange::{Placing, put_in_place};
use crate::folder::LocalFolder;
use crate::path::split;
use crate::random::random_number;
use crate::status::{FileTime, Stamp, Status};

const OPERATION: &str = "write file";

/// Names of files that are being written begin so, and end with 16 hexadecimal digits.
const UNFINISHED_PREFIX: &[u8] = b".labeld-unfinished-";

/// When an unfinished file was certainly left behind by a crash.
const STALE_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Linux gives an attribute, and a list of names, at most this.
const MAX_ATTRIBUTE_BYTES: usize = 64 * 1024;

/// Replaces the content of `file` if it still has the version expected.
///
/// The new content is written and synced beside the file and renamed over it, so that a crash leaves
/// either the old file or the new one, whole. Owner, group, mode, access list and extended attributes
/// go with it; where they cannot, nothing is written.
///
/// An edit made by somebody else in the moment between the last look and the replacement is put back
/// ([`put_in_place`]); on file systems that exchange nothing, such as NFS and SMB, it is lost.
///
/// # Errors
///
/// [`ErrorKind::Changed`], [`ErrorKind::NotFound`], [`ErrorKind::Denied`];
/// [`ErrorKind::Unsupported`] for what is no ordinary file, and for one with several hard links, which
/// a rename would tear apart.
pub(crate) fn replace(
    folder: &LocalFolder,
    file: &FileRef,
    body: &Bytes,
    options: &WriteOptions,
) -> Result<FileMeta> {
    let path = folder.path_of_ref(OPERATION, file)?;
    let shown = folder.show(&path);
    let cannot = |cause: Errno| failed(OPERATION, shown.as_str(), cause);
    let original = beneath::open(&folder.root, &path, beneath::READ).map_err(cannot)?;
    let status = Status::of_open(&original).map_err(cannot)?;
    refuse_unless_replaceable(&status, &shown)?;
    expect(&status, options, &shown)?;

    // Should this be another folder by now, the second look at the version below finds out.
    let (parent_path, name) = split(&path);
    let parent = beneath::open(&folder.root, parent_path, beneath::LIST).map_err(cannot)?;
    let mut unfinished = Unfinished::create(&parent).map_err(cannot)?;
    unfinished
        .fill(body)
        .map_err(|cause| failed(OPERATION, shown.as_str(), cause))?;
    copy_attributes(&original, &status, &unfinished.file).map_err(cannot)?;
    if options.keep_modified {
        keep_modified(&unfinished.file, status.stamp.modified).map_err(cannot)?;
    }
    fsync(&unfinished.file).map_err(cannot)?;

    let now = Status::of_entry(&parent, name).map_err(cannot)?;
    expect(&now, options, &shown)?;
    match unfinished.put_in_place(name, &now.stamp).map_err(cannot)? {
        Placing::Exchanged | Placing::Renamed => {}
        Placing::PutBack => return Err(Error::new(ErrorKind::Changed, OPERATION, shown)),
        Placing::Kept(beside) => {
            let covered = CoveredEdit {
                by: None,
                version: Some(String::from_utf8_lossy(&beside).into_owned()),
                put_back: false,
            };
            return Err(Error::new(ErrorKind::Changed, OPERATION, shown).with_covered_edit(covered));
        }
    }
    // Some network file systems cannot sync a folder; they have no promise to keep then.
    match fsync(&parent) {
        Ok(()) | Err(Errno::INVAL | Errno::OPNOTSUPP) => {}
        Err(cause) => return Err(cannot(cause)),
    }
    let written = Status::of_open(&unfinished.file).map_err(cannot)?;
    Ok(folder.meta(&path, FileKind::File, &written))
}

fn refuse_unless_replaceable(status: &Status, shown: &str) -> Result<()> {
    let why = if status.file_type != FileType::RegularFile {
        "not an ordinary file"
    } else if status.links > 1 {
        "the file has several hard links, which a replacement would tear apart"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Unsupported, OPERATION, shown).with_source(why))
}

fn expect(status: &Status, options: &WriteOptions, shown: &str) -> Result<()> {
    if status.stamp.version() == options.expect {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Changed, OPERATION, shown))
}

/// A file beside the one to be replaced. What has its name in the end is deleted.
struct Unfinished<'folder> {
    folder: &'folder OwnedFd,
    name: Vec<u8>,
    file: File,
    is_name_free: bool,
}

impl<'folder> Unfinished<'folder> {
    fn create(folder: &'folder OwnedFd) -> std::result::Result<Self, Errno> {
        let name = [
            UNFINISHED_PREFIX,
            format!("{:016x}", random_number()).as_bytes(),
        ]
        .concat();
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = openat(folder, name.as_slice(), flags, Mode::RUSR | Mode::WUSR)?;
        Ok(Self {
            folder,
            name,
            file: File::from(file),
            is_name_free: false,
        })
    }

    fn fill(&self, body: &[u8]) -> io::Result<()> {
        (&self.file).write_all(body)
    }

    fn put_in_place(
        &mut self,
        name: &[u8],
        expected: &Stamp,
    ) -> std::result::Result<Placing, Errno> {
        let placing = put_in_place(self.folder, &self.name, name, expected);
        self.is_name_free = match &placing {
            Ok(Placing::Exchanged | Placing::PutBack) => false,
            Ok(Placing::Renamed | Placing::Kept(_)) => true,
            // Where it failed half way, somebody's edit has the name.
            Err(_) => !self.has_its_name(),
        };
        placing
    }

    fn has_its_name(&self) -> bool {
        let named = Status::of_entry(self.folder, &self.name);
        let own = Status::of_open(&self.file);
        matches!((named, own), (Ok(named), Ok(own)) if named.identity == own.identity)
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if !self.is_name_free {
            // What cannot be deleted now is found by a later enumeration.
            let _ = unlinkat(self.folder, self.name.as_slice(), AtFlags::empty());
        }
    }
}

/// Gives `copy` the owner, group, extended attributes (the access list is one) and mode of `original`.
fn copy_attributes(
    original: &OwnedFd,
    status: &Status,
    copy: &File,
) -> std::result::Result<(), Errno> {
    let made = Status::of_open(copy)?;
    if (made.user, made.group) != (status.user, status.group) {
        let user = Uid::from_raw(status.user);
        let group = Gid::from_raw(status.group);
        fchown(copy, Some(user), Some(group))?;
    }
    let names = attribute_names(original)?;
    for name in attribute_names(copy)? {
        // Inherited from the folder; the original was not given one, or has its own.
        if name == ACCESS_LIST && !names.contains(&name) {
            fremovexattr(copy, name.as_slice())?;
        }
    }
    for name in names {
        if BOUND_TO_CONTENT.contains(&name.as_slice()) {
            continue;
        }
        match copy_attribute(original, copy, &name) {
            Err(Errno::PERM | Errno::ACCESS | Errno::OPNOTSUPP) if is_for_the_system(&name) => {}
            outcome => outcome?,
        }
    }
    // Last, because a change of owner takes bits away.
    fchmod(copy, Mode::from_raw_mode(u32::from(status.mode) & 0o7777))
}

const ACCESS_LIST: &[u8] = b"system.posix_acl_access";

/// Hashes of the old content, and rights that the system takes away with any change of content.
const BOUND_TO_CONTENT: &[&[u8]] = &[b"security.ima", b"security.evm", b"security.capability"];

/// Attributes that the system sets by its own rules on a new file where we may not.
fn is_for_the_system(name: &[u8]) -> bool {
    name.starts_with(b"security.") || name.starts_with(b"trusted.")
}

fn attribute_names(file: impl AsFd) -> std::result::Result<Vec<Vec<u8>>, Errno> {
    let mut list = Vec::with_capacity(MAX_ATTRIBUTE_BYTES);
    match flistxattr(file, spare_capacity(&mut list)) {
        Ok(_) => {}
        Err(Errno::OPNOTSUPP) => return Ok(Vec::new()),
        Err(cause) => return Err(cause),
    }
    let names = list.split(|&byte| byte == 0);
    Ok(names
        .filter(|name| !name.is_empty())
        .map(<[u8]>::to_vec)
        .collect())
}

fn copy_attribute(original: &OwnedFd, copy: &File, name: &[u8]) -> std::result::Result<(), Errno> {
    let mut value = Vec::with_capacity(MAX_ATTRIBUTE_BYTES);
    match fgetxattr(original, name, spare_capacity(&mut value)) {
        // Removed meanwhile.
        Err(Errno::NODATA) => return Ok(()),
        outcome => outcome?,
    };
    fsetxattr(copy, name, &value, XattrFlags::empty())
}

fn keep_modified(file: &File, modified: FileTime) -> std::result::Result<(), Errno> {
    futimens(
        file,
        &Timestamps {
            last_access: Timespec {
                tv_sec: 0,
                tv_nsec: UTIME_OMIT,
            },
            last_modification: Timespec {
                tv_sec: modified.seconds,
                tv_nsec: modified.nanoseconds.into(),
            },
        },
    )
}

/// Whether the entry is a file that [`replace`] has not finished. One that a crash left behind is
/// deleted.
pub(crate) fn is_unfinished_write(name: &[u8], status: &Status, folder: &OwnedFd) -> bool {
    let is_ours = status.file_type == FileType::RegularFile
        && name
            .strip_prefix(UNFINISHED_PREFIX)
            .is_some_and(|digits| digits.len() == 16 && digits.iter().all(u8::is_ascii_hexdigit));
    if is_ours && is_stale(status.stamp.changed, SystemTime::now()) {
        // A folder that may not be written to keeps it; it is not listed all the same.
        let _ = unlinkat(folder, name, AtFlags::empty());
    }
    is_ours
}

/// By the time of status change, because `keep_modified` sets the other one.
fn is_stale(changed: FileTime, now: SystemTime) -> bool {
    let seconds = u64::try_from(changed.seconds).unwrap_or(0);
    now.duration_since(UNIX_EPOCH)
        .is_ok_and(|now| now.saturating_sub(STALE_AFTER) > Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_old_unfinished_file_is_stale() {
        let now = UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (seconds, stale) in [
            (1_000_000, false),
            (1_000_000 - 86_400, false),
            (1_000_000 - 86_401, true),
            (2_000_000, false),
            (-5, true),
        ] {
            let changed = FileTime {
                seconds,
                nanoseconds: 0,
            };
            assert_eq!(is_stale(changed, now), stale, "{seconds}");
        }
    }
}
