//! The scan queue: one row for each file while it is to be scanned (product §3).
//!
//! A change makes a file due at once and overtakes the backlog. A worker claims files for as long as its lease lasts
//! ([`workers`](super::workers)), and only what it still holds can it [`finish`]. A file that changes while it is being
//! scanned is marked, and due once more afterwards.

mod claim;
mod depth;
mod enqueue;
mod finish;
mod marks;
#[cfg(test)]
mod plan_tests;

pub use claim::claim;
pub use depth::{Depth, JobState, depth, has_due, next_due, of_file, waiting};
pub use enqueue::{enqueue_changes, enqueue_run};
pub use finish::{JobEnd, finish, note_crash};
pub(super) use marks::LowWaterMarks;

use chrono::{DateTime, Utc};

use super::error::{Result, StoreError};
use crate::model::inventory::ScanTarget;

/// Why a file is in the queue. What comes first is done first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JobClass {
    /// It changed.
    Changed,
    /// It was there before, or somebody asked for many files.
    Backlog,
}

impl JobClass {
    /// Both, in their order.
    pub const ALL: [Self; 2] = [Self::Changed, Self::Backlog];

    fn code(self) -> i64 {
        match self {
            Self::Changed => 0,
            Self::Backlog => 1,
        }
    }

    fn from_code(code: i64) -> Result<Self> {
        match code {
            0 => Ok(Self::Changed),
            1 => Ok(Self::Backlog),
            other => Err(StoreError::content(format!(
                "{other} stands for no class of jobs"
            ))),
        }
    }

    /// As metrics and people name it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Backlog => "backlog",
        }
    }
}

/// A file that a worker has claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The file as it is known now.
    pub file: ScanTarget,
    /// Why it is in the queue.
    pub class: JobClass,
    /// Attempts that have failed since it was enqueued.
    pub attempt: u32,
    /// Processes that died over it since its last attempt that ended in any other way.
    pub crashes: u32,
    /// When the change that it is scanned for was taken over.
    pub listed: DateTime<Utc>,
}
