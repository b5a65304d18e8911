//! From what the kernel says to what a caller can do about it.

use std::io;

use labeld_connector::{Error, ErrorKind};
use rustix::io::Errno;

/// The error of `operation` on what `context` names.
pub(crate) fn failed(
    operation: &'static str,
    context: impl Into<String>,
    cause: impl Into<io::Error>,
) -> Error {
    let cause = cause.into();
    let kind = Errno::from_io_error(&cause).map_or(ErrorKind::Unexpected, kind_of);
    let error = Error::new(kind, operation, context);
    match Errno::from_io_error(&cause) {
        Some(Errno::NOSYS) => {
            error.with_source("this kernel has no openat2: Linux 5.6 or later is needed")
        }
        Some(Errno::LOOP) => {
            error.with_source("a symbolic link stands in the path; links are not followed")
        }
        _ => error.with_source(cause),
    }
}

fn kind_of(errno: Errno) -> ErrorKind {
    match errno {
        Errno::NOENT | Errno::NOTDIR | Errno::NAMETOOLONG => ErrorKind::NotFound,
        Errno::ACCESS | Errno::PERM | Errno::ROFS => ErrorKind::Denied,
        // NOSYS: no openat2; LOOP and XDEV: a link, which is never followed.
        Errno::NOSYS | Errno::OPNOTSUPP | Errno::LOOP | Errno::XDEV => ErrorKind::Unsupported,
        Errno::TXTBSY => ErrorKind::Locked,
        Errno::FBIG => ErrorKind::TooLarge,
        // What passes by itself; on a network mount that includes an input/output error.
        Errno::AGAIN
        | Errno::INTR
        | Errno::BUSY
        | Errno::IO
        | Errno::STALE
        | Errno::TIMEDOUT
        | Errno::HOSTDOWN
        | Errno::HOSTUNREACH
        | Errno::NETUNREACH
        | Errno::MFILE
        | Errno::NFILE
        | Errno::NOMEM => ErrorKind::Transient,
        _ => ErrorKind::Unexpected,
    }
}

/// Whether the thing is simply no longer there, or no longer a folder.
pub(crate) fn is_gone(errno: Errno) -> bool {
    matches!(errno, Errno::NOENT | Errno::NOTDIR | Errno::LOOP)
}
