//! What one worker at a time may do: walk an app's feeds, because a feed has one cursor, and govern an app.

use std::time::Duration;

use super::work::TaskInHand;
use super::{App, StageError, Work};
use crate::store::{StoreError, tasks};

/// How long to wait before asking for a lease again that somebody else has.
const PAUSE: Duration = Duration::from_millis(500);

/// The task whose lease is that right.
#[must_use]
pub fn poll_task(app: &App) -> String {
    format!("poll:{app}")
}

/// The lease on a task, until [`TaskLease::release`] or until its worker leaves or dies.
#[derive(Debug)]
#[must_use]
pub(super) struct TaskLease {
    task: String,
    _in_hand: TaskInHand,
}

impl TaskLease {
    /// Takes the lease; `None` where another part of this process, or another process has it.
    pub(super) async fn try_take(work: &Work, task: &str) -> Result<Option<Self>, StoreError> {
        let Some(in_hand) = work.take_in_hand(task) else {
            return Ok(None);
        };
        if tasks::hold(&work.db, task, work.worker).await? {
            return Ok(Some(Self {
                task: task.to_owned(),
                _in_hand: in_hand,
            }));
        }
        in_hand.give_back_lost(work).await?;
        Ok(None)
    }

    /// Takes the lease; waits while somebody else has it. `doing`: what they do to whom, for people.
    pub(super) async fn take(work: &Work, task: &str, doing: &str) -> Result<Self, StageError> {
        let mut is_told = false;
        loop {
            if let Some(lease) = Self::try_take(work, task).await? {
                return Ok(lease);
            }
            if !is_told {
                tracing::warn!("waiting for the process that is {doing}");
                is_told = true;
            }
            pause(work, PAUSE).await?;
        }
    }

    /// Gives it back.
    pub(super) async fn release(self, work: &Work) -> Result<(), StoreError> {
        tasks::release(&work.db, &self.task, work.worker).await
    }
}

/// The lease on an app's feeds.
#[derive(Debug)]
#[must_use]
pub(super) struct FeedLease(TaskLease);

impl FeedLease {
    /// Takes the lease; waits while another walk holds it, also one of this process.
    pub(super) async fn take(work: &Work, app: &App) -> Result<Self, StageError> {
        let doing = format!("listing {app}");
        TaskLease::take(work, &poll_task(app), &doing)
            .await
            .map(Self)
    }

    /// Gives it back.
    pub(super) async fn release(self, work: &Work) -> Result<(), StoreError> {
        self.0.release(work).await
    }
}

/// Waits for what another worker does. What dead ones have left is taken up by whoever keeps a lease alive
/// ([`keep_lease`](super::keep_lease)), who alone knows of jumps of the clock, by which nobody is dead.
pub(super) async fn pause(work: &Work, how_long: Duration) -> Result<(), StageError> {
    tokio::select! {
        () = tokio::time::sleep(how_long) => Ok(()),
        () = work.stop.stopped() => Err(StageError::Stopped),
    }
}
