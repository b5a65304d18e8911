//! The right to walk an app's feeds: one worker at a time has it, because a feed has one cursor.

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

/// The lease on an app's feeds, until [`FeedLease::release`] or until its worker leaves or dies.
#[derive(Debug)]
#[must_use]
pub(super) struct FeedLease {
    task: String,
    _in_hand: TaskInHand,
}

impl FeedLease {
    /// Takes the lease; waits while another walk holds it, also one of this process.
    pub(super) async fn take(work: &Work, app: &App) -> Result<Self, StageError> {
        let task = poll_task(app);
        let mut is_told = false;
        loop {
            if let Some(in_hand) = work.take_in_hand(&task) {
                if tasks::hold(&work.db, &task, work.worker).await? {
                    return Ok(Self {
                        task,
                        _in_hand: in_hand,
                    });
                }
                in_hand.give_back_lost(work).await?;
            }
            if !is_told {
                tracing::info!("{app}: waiting for the process that is listing it");
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

/// Waits for what another worker does. What dead ones have left is taken up by whoever keeps a lease alive
/// ([`keep_lease`](super::keep_lease)), who alone knows of jumps of the clock, by which nobody is dead.
pub(super) async fn pause(work: &Work, how_long: Duration) -> Result<(), StageError> {
    tokio::select! {
        () = tokio::time::sleep(how_long) => Ok(()),
        () = work.stop.stopped() => Err(StageError::Stopped),
    }
}
