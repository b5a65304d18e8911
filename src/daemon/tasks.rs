//! A task that is done again and again: by one process at a time, never twice at once, begun by a timer or a nudge.
//!
//! What is known of a task stands in the store, so that any process takes over where another has ended, and a restart
//! forgets nothing.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::schedule::Timing;
use super::shared::Shared;
use crate::pipeline::{StageError, Work, error_chain};
use crate::store::{StoreError, tasks};
use crate::telemetry::{TaskEnded, TaskFailed, TaskLate, TaskStarted};

/// Why a task came to no good end.
#[derive(Debug)]
pub(super) enum TaskFailure {
    /// It was asked to stop; it goes on the next time.
    Stopped,
    /// Another process has taken it over.
    LeaseLost,
    /// The store.
    Store(StoreError),
    /// Anything else, in words.
    Other(String),
}

impl From<StageError> for TaskFailure {
    fn from(error: StageError) -> Self {
        match error {
            StageError::Stopped => Self::Stopped,
            StageError::LeaseLost { .. } => Self::LeaseLost,
            StageError::Store(error) => Self::Store(error),
            StageError::App(error) => Self::Other(error_chain(&error)),
        }
    }
}

impl From<StoreError> for TaskFailure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One run of a task.
type Run = Pin<Box<dyn Future<Output = Result<(), TaskFailure>> + Send>>;

/// When a run of a task was due.
pub(super) type Due = DateTime<Utc>;

/// A task.
pub(super) struct Task {
    /// Its name in the store.
    pub(super) name: String,
    /// When it is due.
    pub(super) timing: Timing,
    /// Told when it is wanted before it is due.
    pub(super) nudge: Arc<Notify>,
    /// What is done.
    pub(super) run: Box<dyn Fn(Due) -> Run + Send + Sync>,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// Longest time until the store is asked again: another process may have done the task, or have been told to nudge it.
const LOOK: chrono::TimeDelta = chrono::TimeDelta::seconds(10);

/// Pause while somebody else does the task.
const TAKEN: Duration = Duration::from_secs(1);

/// Pause after the store gave an error.
const AFTER_ERROR: Duration = Duration::from_secs(2);

/// When to look at a task again.
enum Look {
    Now,
    At {
        due: DateTime<Utc>,
        /// What the clock showed when that was found out.
        seen: DateTime<Utc>,
    },
    After(Duration),
}

/// Does a task whenever it is due, until the stop.
pub(super) async fn keep(task: Task, shared: Arc<Shared>, work: Work) {
    let first = task.timing.first(work.clock.now(), fastrand::f64());
    while shared.store.usable(&work.stop).await {
        let look = match task.look(&shared, &work, first).await {
            Ok(look) => look,
            Err(error) => {
                if !shared.store.note(&error) {
                    tracing::error!("task {}: {}", task.name, error_chain(&error));
                }
                Look::After(AFTER_ERROR)
            }
        };
        task.rest(&work, look).await;
    }
}

impl Task {
    async fn rest(&self, work: &Work, look: Look) {
        let pause = async {
            match look {
                Look::Now => {}
                Look::At { due, seen } => tokio::select! {
                    () = work.clock.sleep_until(due) => {}
                    // It is planned anew.
                    () = work.clock.sleep_while_after(seen) => {}
                },
                Look::After(pause) => tokio::time::sleep(pause).await,
            }
        };
        tokio::select! {
            () = work.stop.stopped() => {}
            () = self.nudge.notified() => {}
            () = pause => {}
        }
    }

    /// Does the task where it is due.
    async fn look(&self, shared: &Shared, work: &Work, first: Due) -> Result<Look, StoreError> {
        let now = work.clock.now();
        let state = tasks::get(&work.db, &self.name).await?;
        let nudged = state.as_ref().is_some_and(|state| state.nudged);
        let stored = state.and_then(|state| state.due);
        let due = self.timing.due(stored.unwrap_or(first), now);
        if stored.is_none_or(|stored| due < stored) {
            tasks::bring_forward(&work.db, &self.name, due).await?;
        }
        if due > now && !nudged {
            return Ok(Look::At {
                due: due.min(now + LOOK),
                seen: now,
            });
        }
        let Some(in_hand) = work.take_in_hand(&self.name) else {
            return Ok(Look::After(TAKEN));
        };
        if !tasks::claim(&work.db, &self.name, work.worker, now).await? {
            in_hand.give_back_lost(work).await?;
            return Ok(Look::After(TAKEN));
        }
        if !nudged && now - due > self.timing.tolerance() {
            let seconds = (now - due).to_std().unwrap_or_default();
            TaskLate {
                task: &self.name,
                seconds,
            }
            .emit();
        }
        self.perform(shared, work, due.min(now)).await?;
        drop(in_hand);
        Ok(Look::Now)
    }

    async fn perform(&self, shared: &Shared, work: &Work, due: Due) -> Result<(), StoreError> {
        TaskStarted { task: &self.name }.emit();
        let begun = Instant::now();
        let failure = (self.run)(due).await.err();
        let seconds = begun.elapsed();
        let error = match failure {
            // The worker leaves the store at once, which gives back what it holds.
            Some(TaskFailure::Stopped | TaskFailure::LeaseLost) => return Ok(()),
            Some(TaskFailure::Store(error)) => {
                let text = error_chain(&error);
                shared.store.note(&error);
                Some(text)
            }
            Some(TaskFailure::Other(text)) => Some(text),
            None => None,
        };
        match &error {
            Some(error) => TaskFailed {
                task: &self.name,
                seconds,
                error,
            }
            .emit(),
            None => TaskEnded {
                task: &self.name,
                seconds,
            }
            .emit(),
        }
        self.end(shared, work, error.as_deref()).await
    }

    /// Notes the end, as soon as the store takes it: a task that nobody ended would be done by nobody.
    async fn end(
        &self,
        shared: &Shared,
        work: &Work,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        while shared.store.usable(&work.stop).await {
            match self.note_end(work, error).await {
                Err(failure) if shared.store.note(&failure) => {}
                outcome => return outcome,
            }
        }
        Ok(())
    }

    async fn note_end(&self, work: &Work, error: Option<&str>) -> Result<(), StoreError> {
        let now = work.clock.now();
        let next = match error {
            Some(_) => self.timing.retry(now, fastrand::f64()),
            None => self.timing.next(now, fastrand::f64()),
        };
        tasks::end(&work.db, &self.name, work.worker, now, error, next).await?;
        Ok(())
    }
}
