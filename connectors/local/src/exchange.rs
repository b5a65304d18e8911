//! Putting a new file in the place of the one that is expected there, and of no other.
//!
//! No system has a rename with a condition. Linux can exchange two names, though, at once for all who look: the new file takes
//! the place, and what has come out is looked at. Where somebody was quicker it goes back.

use rustix::fd::OwnedFd;
use rustix::fs::{RenameFlags, renameat, renameat_with};
use rustix::io::Errno;

use crate::status::{Stamp, Status};

/// What an edit is called that could not be put back, behind the file's own name.
const KEPT_SUFFIX: &[u8] = b".labeld-kept";

/// What became of the place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placing {
    /// The new file is there, and what was there before has its name.
    Exchanged,
    /// The new file is there, and its name is gone: the file system exchanges nothing, so that an edit in the last moment is
    /// lost.
    Renamed,
    /// Something else was there. It is there again, and the new file has its name.
    PutBack,
    /// Something else was there, and somebody was quicker once more: it lies beside the file under this name.
    Kept(Vec<u8>),
}

/// Gives the file `new` the place `name` in the same folder, where the file of `expected` is.
///
/// The time of status change is not compared, as the exchange itself sets it. What is not noticed is an edit in place between the
/// last look and the exchange that keeps both size and time of modification.
///
/// # Errors
///
/// Those of the system; `NOENT` where nothing has the name. Nothing was changed then.
pub(crate) fn put_in_place(
    folder: &OwnedFd,
    new: &[u8],
    name: &[u8],
    expected: &Stamp,
) -> Result<Placing, Errno> {
    let ours = Status::of_entry(folder, new)?.stamp;
    match exchange(folder, new, name) {
        // Network file systems and old ones; a filter of system calls may call it forbidden.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP | Errno::PERM) => {
            renameat(folder, new, folder, name)?;
            return Ok(Placing::Renamed);
        }
        outcome => outcome?,
    }
    let is_expected = |found: Status| is_same(&found.stamp, expected);
    if Status::of_entry(folder, new).is_ok_and(is_expected) {
        return Ok(Placing::Exchanged);
    }
    let is_put_back = exchange(folder, new, name).is_ok();
    let is_ours = |found: Status| found.stamp.inode == ours.inode;
    if is_put_back && Status::of_entry(folder, new).is_ok_and(is_ours) {
        return Ok(Placing::PutBack);
    }
    if is_put_back {
        // Saved once more in between: the newest is what people are to find.
        exchange(folder, new, name)?;
    }
    let kept = [name, KEPT_SUFFIX].concat();
    renameat_with(folder, new, folder, &*kept, RenameFlags::NOREPLACE)?;
    Ok(Placing::Kept(kept))
}

fn exchange(folder: &OwnedFd, one: &[u8], other: &[u8]) -> Result<(), Errno> {
    renameat_with(folder, one, folder, other, RenameFlags::EXCHANGE)
}

fn is_same(found: &Stamp, expected: &Stamp) -> bool {
    let known = |stamp: &Stamp| (stamp.inode, stamp.size, stamp.modified);
    known(found) == known(expected)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use rustix::fs::{Mode, OFlags, open};

    use super::*;

    fn remake(path: &Path, content: &str) {
        let draft = path.with_extension("draft");
        fs::write(&draft, content).unwrap();
        fs::rename(draft, path).unwrap();
    }

    /// What people do after the last look, and what has to be there in the end.
    type Deed = (&'static str, fn(&Path), Option<&'static str>, Placing);

    #[test]
    fn only_what_is_expected_is_replaced() {
        let deeds: &[Deed] = &[
            ("nothing", |_| {}, Some("new"), Placing::Exchanged),
            (
                "a save in place",
                |path| fs::write(path, "edited").unwrap(),
                Some("edited"),
                Placing::PutBack,
            ),
            (
                "another file",
                |path| remake(path, "old"),
                Some("old"),
                Placing::PutBack,
            ),
            (
                "a link",
                |path| {
                    remake(&path.with_extension("target"), "elsewhere");
                    fs::remove_file(path).unwrap();
                    symlink("report.target", path).unwrap();
                },
                Some("elsewhere"),
                Placing::PutBack,
            ),
            (
                "a folder",
                |path| {
                    fs::remove_file(path).unwrap();
                    fs::create_dir(path).unwrap();
                },
                None,
                Placing::PutBack,
            ),
        ];
        for (what, deed, content, expected) in deeds {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("report.docx");
            fs::write(&path, "old").unwrap();
            let opened = open(folder.path(), OFlags::RDONLY, Mode::empty()).unwrap();
            let looked = Status::of_entry(&opened, b"report.docx").unwrap().stamp;
            deed(&path);
            fs::write(folder.path().join("unfinished"), "new").unwrap();
            let placing = put_in_place(&opened, b"unfinished", b"report.docx", &looked).unwrap();
            assert_eq!(&placing, expected, "{what}");
            assert_eq!(
                fs::read_to_string(&path).ok().as_deref(),
                *content,
                "{what}"
            );
            let beside = fs::read_to_string(folder.path().join("unfinished")).unwrap();
            let replaced = if placing == Placing::Exchanged {
                "old"
            } else {
                "new"
            };
            assert_eq!(beside, replaced, "{what}");
        }
    }

    #[test]
    fn a_file_that_is_gone_is_not_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let opened = open(folder.path(), OFlags::RDONLY, Mode::empty()).unwrap();
        fs::write(folder.path().join("unfinished"), "new").unwrap();
        let looked = Status::of_entry(&opened, b"unfinished").unwrap().stamp;
        let placing = put_in_place(&opened, b"unfinished", b"report.docx", &looked);
        assert_eq!(placing, Err(Errno::NOENT));
        assert!(!folder.path().join("report.docx").exists());
    }
}
