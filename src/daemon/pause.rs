//! How long a loop over an app waits before it looks again.

use std::time::Duration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use crate::pipeline::Work;

/// Longest time until it is looked again: another process may have brought something.
const LOOK: Duration = Duration::from_secs(5);

/// Pause after the work on an app has failed as a whole.
const AFTER_ERROR: Duration = Duration::from_secs(10);

/// What is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pause {
    /// Until something is there, or falls due.
    Work(Option<DateTime<Utc>>),
    Error,
    /// Until the stop, which has come or will.
    Stop,
}

impl Pause {
    /// Waits; `news` is told when something has come.
    pub(super) async fn wait(self, work: &Work, news: &Notify) {
        let (longest, due) = match self {
            Self::Work(due) => (LOOK, due),
            Self::Error => (AFTER_ERROR, None),
            Self::Stop => return work.stop.stopped().await,
        };
        let falls_due = async {
            match due {
                Some(due) => work.clock.sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = work.stop.stopped() => {}
            () = news.notified() => {}
            () = falls_due => {}
            () = tokio::time::sleep(longest) => {}
        }
    }
}
