//! What the stages share.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use labeld_formats::Coauthoring;
use tokio::sync::Notify;

use super::{CrashMarkers, MemoryBudget, StopSignal};
use crate::clock::Clock;
use crate::model::inventory::FileId;
use crate::store::actions::ActionId;
use crate::store::workers::WorkerId;
use crate::store::{Db, StoreError, tasks};

/// What every stage needs; cheap to clone. A service has one for each app, which differ in whom they tell and in what they
/// could not give back.
#[derive(Debug, Clone)]
pub struct Work {
    /// The store.
    pub db: Db,
    /// The process, as the store knows it. Whoever made it keeps its lease alive.
    pub worker: WorkerId,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Asks all stages to stop where nothing is lost.
    pub stop: StopSignal,
    /// Memory for readings.
    pub budget: Arc<MemoryBudget>,
    /// Files under the parser.
    pub markers: Arc<CrashMarkers>,
    /// Told whenever files were put into the queue, for whoever waits with [`scan_waiting`](super::scan::scan_waiting).
    pub queued: Arc<Notify>,
    /// Told whenever something about the app's files is new, for whoever decides about them
    /// ([`Governor`](super::govern::Governor)).
    pub undecided: Arc<Notify>,
    /// Files that a scan could not give back.
    pub unreturned: Arc<Unreturned>,
    /// Tasks that this process is at.
    pub tasks_in_hand: Arc<TasksInHand>,
    /// Actions that this process is at.
    pub actions_in_hand: Arc<ActionsInHand>,
}

impl Work {
    /// Work that nobody waits for yet.
    #[must_use]
    pub fn new(
        db: Db,
        worker: WorkerId,
        clock: Arc<dyn Clock>,
        stop: StopSignal,
        budget: Arc<MemoryBudget>,
        markers: Arc<CrashMarkers>,
    ) -> Self {
        Self {
            db,
            worker,
            clock,
            stop,
            budget,
            markers,
            queued: Arc::default(),
            undecided: Arc::default(),
            unreturned: Arc::default(),
            tasks_in_hand: Arc::default(),
            actions_in_hand: Arc::default(),
        }
    }

    /// The right to a task within this process, whose parts the store cannot tell apart; `None` while another part has it. To
    /// be had before the task's lease is asked for, and for as long as that is held.
    #[must_use]
    pub fn take_in_hand(&self, task: &str) -> Option<TaskInHand> {
        let is_free = self.tasks_in_hand.lock().insert(task.to_owned());
        is_free.then(|| TaskInHand {
            task: task.to_owned(),
            all: Arc::clone(&self.tasks_in_hand),
        })
    }
}

/// The tasks that some part of the process is at.
#[derive(Debug, Default)]
pub struct TasksInHand(Mutex<HashSet<String>>);

impl TasksInHand {
    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to a task within this process, until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct TaskInHand {
    task: String,
    all: Arc<TasksInHand>,
}

impl TaskInHand {
    /// Gives the task's lease back where the store says that this process has it: nobody here does, so that the answer to
    /// taking it or to giving it back was lost with a connection.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn give_back_lost(&self, work: &Work) -> Result<(), StoreError> {
        let state = tasks::get(&work.db, &self.task).await?;
        if state.is_some_and(|state| state.worker == Some(work.worker)) {
            tasks::release(&work.db, &self.task, work.worker).await?;
        }
        Ok(())
    }
}

impl Drop for TaskInHand {
    fn drop(&mut self) {
        self.all.lock().remove(&self.task);
    }
}

/// Files that the worker has claimed and nobody is at, because the store failed when they should have been given back. The
/// next scan does it.
#[derive(Debug, Default)]
pub struct Unreturned(Mutex<Vec<FileId>>);

impl Unreturned {
    pub(super) fn add(&self, files: impl IntoIterator<Item = FileId>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(files);
    }

    pub(super) fn take(&self) -> Vec<FileId> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The actions that some part of the process is at. What the worker has claimed and is not here was left behind, because the
/// store did not answer when it should have been given back.
#[derive(Debug, Default)]
pub struct ActionsInHand {
    held: Mutex<HashSet<ActionId>>,
    claiming: tokio::sync::Mutex<()>,
}

impl ActionsInHand {
    fn held(&self) -> std::sync::MutexGuard<'_, HashSet<ActionId>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps others from claiming and from looking for what was left behind: between a claim and
    /// [`take`](Self::take) it would look so.
    pub(super) async fn claiming(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.claiming.lock().await
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<ActionId> {
        self.held().iter().copied().collect()
    }

    /// Whether some part of the process is at it.
    pub(super) fn has(&self, action: ActionId) -> bool {
        self.held().contains(&action)
    }

    /// Says that a part of the process is at an action, until the answer is dropped.
    pub(super) fn take(self: &Arc<Self>, action: ActionId) -> ActionInHand {
        self.held().insert(action);
        ActionInHand {
            action,
            all: Arc::clone(self),
        }
    }
}

/// An action that this part of the process is at.
#[derive(Debug)]
#[must_use]
pub(super) struct ActionInHand {
    action: ActionId,
    all: Arc<ActionsInHand>,
}

impl Drop for ActionInHand {
    fn drop(&mut self) {
        self.all.held().remove(&self.action);
    }
}

/// How an app's files are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanSettings {
    /// The tenant's co-authoring setting, which says where labels stand (rules §4, L1).
    pub coauthoring: Coauthoring,
    /// Files that are read side by side. A parse takes microseconds; this hides the waits for disk or network.
    pub side_by_side: usize,
}

impl ScanSettings {
    /// Files read side by side unless configured otherwise.
    pub const SIDE_BY_SIDE: usize = 16;
}

/// Why a stage ended early. Whatever was complete is stored, and the same call goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The app.
    #[error(transparent)]
    App(#[from] labeld_connector::Error),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operator.
    #[error("interrupted")]
    Stopped,
    /// Another worker has taken over what this one was doing: its lease has run out.
    #[error("the lease on {what} was lost: another worker goes on with it")]
    LeaseLost {
        /// What was being done.
        what: String,
    },
}
