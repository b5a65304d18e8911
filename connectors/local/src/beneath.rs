//! Opening things below one directory, and nowhere else.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{Mode, OFlags, ResolveFlags, openat2};
use rustix::io::Errno;

/// What one call takes, with room for the closing NUL (`PATH_MAX` is 4,096).
const MAX_BYTES_PER_CALL: usize = 4_000;

/// The kernel answers `EAGAIN` when a rename elsewhere makes it unsure whether `..` stays below.
const ATTEMPTS: u32 = 8;

/// For reading a file. A FIFO does not block it, a terminal does not become ours.
pub(crate) const READ: OFlags = OFlags::RDONLY
    .union(OFlags::NOFOLLOW)
    .union(OFlags::NONBLOCK)
    .union(OFlags::NOCTTY)
    .union(OFlags::CLOEXEC);

/// For listing a folder.
pub(crate) const LIST: OFlags = READ.union(OFlags::DIRECTORY);

/// For looking at an entry without opening it.
pub(crate) const LOOK: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// Opens `path` below `folder`; an empty path is the folder itself. No link is followed anywhere in
/// it, so that a link swapped in for a listed file or folder is refused (`ELOOP`).
///
/// A path longer than the kernel takes at once is resolved in parts, each below the one before.
pub(crate) fn open(folder: impl AsFd, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let mut rest = path;
    let mut reached: Option<OwnedFd> = None;
    while rest.len() > MAX_BYTES_PER_CALL {
        let head = rest.get(..MAX_BYTES_PER_CALL).unwrap_or(rest);
        let slash = head
            .iter()
            .rposition(|&byte| byte == b'/')
            .ok_or(Errno::NAMETOOLONG)?;
        let part = head.get(..slash).unwrap_or_default();
        let on_the_way = LOOK.union(OFlags::DIRECTORY);
        let next = match &reached {
            Some(reached) => open_part(reached, part, on_the_way)?,
            None => open_part(&folder, part, on_the_way)?,
        };
        reached = Some(next);
        rest = rest.get(slash + 1..).unwrap_or_default();
    }
    match &reached {
        Some(reached) => open_part(reached, rest, flags),
        None => open_part(folder, rest, flags),
    }
}

fn open_part(folder: impl AsFd, path: &[u8], flags: OFlags) -> Result<OwnedFd, Errno> {
    let path = if path.is_empty() { b"." } else { path };
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_SYMLINKS;
    insist(|| openat2(&folder, path, flags, Mode::empty(), resolve))
}

/// Whether the link at `path` leads to something below `root`. The target is found, not opened.
///
/// `false` for an absolute link even into the root (the kernel calls that an escape), for a dangling
/// one, and where the path is longer than one call takes.
pub(crate) fn leads_inside(root: impl AsFd, path: &[u8]) -> bool {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    insist(|| openat2(&root, path, flags, Mode::empty(), resolve)).is_ok()
}

fn insist(open: impl Fn() -> Result<OwnedFd, Errno>) -> Result<OwnedFd, Errno> {
    for _ in 1..ATTEMPTS {
        match open() {
            Err(Errno::AGAIN | Errno::INTR) => {}
            outcome => return outcome,
        }
    }
    open()
}
