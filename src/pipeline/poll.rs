//! Keeping the inventory up to date: polls of the change feeds, and full reconciliations.

use chrono::{DateTime, Utc};
use labeld_formats::READER_VERSION;

use super::discover::{self, Listing, Purpose};
use super::lease::FeedLease;
use super::owners::look_up_owners;
use super::{App, StageError, Work};
use crate::store::apps::{self, AppId};
use crate::store::runs::{Counters, Reuse};
use crate::store::{Db, StoreError};

/// What a poll or a reconciliation did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Polled {
    /// Files listed as new or changed, or all where everything was listed.
    pub listed: u64,
    /// Files put into the queue, or found there.
    pub enqueued: u64,
    /// Feeds and folders that could not be looked into.
    pub unreadable: u64,
}

/// Takes over what changed in an app since the last time: inventory, queue and cursor in one transaction per page. Feeds
/// that were never listed, or whose cursor is lost, are listed whole. Pauses while the app's queue is long.
///
/// The caller has claimed the task [`poll_task`](super::lease::poll_task), and with it the lease on the app's feeds.
///
/// # Errors
///
/// What the store says, the stop, or a lost lease; what the app says where none of its feeds could be walked to the end, or
/// where it refuses the credentials. All complete pages are stored, and the next call goes on behind them.
pub async fn poll(work: &Work, app: &App) -> Result<Polled, StageError> {
    let mut listing = upkeep(&work.db, app).await?;
    discover::discover(work, app, &mut listing, &mut |_| {}).await?;
    look_up_owners(&work.db, app, listing.app, &*work.clock).await?;
    Ok(listing.polled())
}

/// Lists everything in an app, feed by feed, and so finds what its feeds did not tell. Feeds that were listed whole since
/// `since` are left out: a reconciliation that was stopped goes on with the others.
///
/// Waits for the lease on the app's feeds.
///
/// # Errors
///
/// As [`poll`].
pub async fn reconcile(work: &Work, app: &App, since: DateTime<Utc>) -> Result<Polled, StageError> {
    let lease = FeedLease::take(work, app).await?;
    let done = reconcile_with_lease(work, app, since).await;
    lease.release(work).await?;
    done
}

async fn reconcile_with_lease(
    work: &Work,
    app: &App,
    since: DateTime<Utc>,
) -> Result<Polled, StageError> {
    let mut listing = upkeep(&work.db, app).await?;
    discover::enumerate(work, app, &mut listing, since).await?;
    Ok(listing.polled())
}

async fn upkeep(db: &Db, app: &App) -> Result<Listing, StoreError> {
    Ok(Listing {
        app: app_id(db, app).await?,
        run: None,
        purpose: Purpose::Upkeep,
        reuse: Reuse::Reader(READER_VERSION),
        counters: Counters::default(),
        enqueued: 0,
        unreadable: 0,
    })
}

/// The app's number in the store; it gets one where it has none yet.
pub(super) async fn app_id(db: &Db, app: &App) -> Result<AppId, StoreError> {
    let tx = db.begin().await?;
    let id = apps::ensure(&tx, &app.tenant, &app.name).await?;
    tx.commit().await?;
    Ok(id)
}

impl Listing {
    fn polled(&self) -> Polled {
        Polled {
            listed: self.counters.listed,
            enqueued: self.enqueued,
            unreadable: self.unreadable,
        }
    }
}
