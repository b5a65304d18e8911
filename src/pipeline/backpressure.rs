//! The feed never runs away from the queue: listing waits while an app's queue is long.

use std::time::Duration;

use super::discover::{Listing, Purpose};
use super::{App, StageError, Work};
use crate::store::queue;
use crate::telemetry;

/// Files in an app's queue at which its feeds wait.
const HIGH_WATER: u32 = 20_000;

/// Files in the queue at which they go on.
const LOW_WATER: u32 = 10_000;

/// How long until the queue is looked at again.
const PAUSE: Duration = Duration::from_secs(1);

/// Waits while the app's queue is full. A rescan does not wait: its run knows all its files anyway, and it reads them
/// itself when it has listed them.
pub(super) async fn wait_for_room(
    work: &Work,
    app: &App,
    listing: &Listing,
) -> Result<(), StageError> {
    if listing.purpose == Purpose::Rescan {
        return Ok(());
    }
    let mut waiting = queue::waiting(&work.db, listing.app, HIGH_WATER).await?;
    if waiting < u64::from(HIGH_WATER) {
        return Ok(());
    }
    telemetry::FeedPaused {
        tenant: &app.tenant,
        app: &app.name,
        waiting,
    }
    .emit();
    while waiting > u64::from(LOW_WATER) {
        work.queued.notify_one();
        tokio::select! {
            () = tokio::time::sleep(PAUSE) => {}
            () = work.stop.stopped() => return Err(StageError::Stopped),
        }
        waiting = queue::waiting(&work.db, listing.app, HIGH_WATER).await?;
    }
    Ok(())
}
