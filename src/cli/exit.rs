//! Exit codes (product §1).

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All is well.
    Ok = 0,
    /// The command failed.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// Finished, but some files had errors.
    SomeFilesFailed = 3,
    /// Stopped by the cap; work remains.
    CapReached = 4,
    /// Something would change.
    ChangesFound = 5,
    /// The store is missing, damaged or newer than this program.
    Store = 10,
    /// Another process writes to the store.
    StoreInUse = 11,
    /// An app does not accept the credentials.
    Authentication = 12,
    /// Throttled by an app: try later.
    Throttled = 75,
    /// The configuration is wrong.
    Configuration = 78,
    /// Interrupted by the operator.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
