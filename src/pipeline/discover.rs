//! Taking over what an app lists: inventory, queue and cursor in one transaction per page.
//!
//! An app's feeds are asked side by side, because each answer is a wait for the network; their pages are stored one
//! after the other. Whoever walks an app's feeds holds the lease on them ([`FeedLease`](super::lease::FeedLease)).

mod begin;
mod page;

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use labeld_connector::{Cursor, Error, ErrorKind, FeedRef};
use tokio::task::JoinSet;

use self::begin::{begin, begin_anew};
use self::page::take_over;
use super::backpressure::wait_for_room;
use super::{App, StageError, Work, error_chain};
use crate::model::Reason;
use crate::store::apps::AppId;
use crate::store::feeds::FeedId;
use crate::store::runs::{self, Counters, Reuse, RunId};
use crate::telemetry;

/// Feeds that are asked at a time. The connector's own pace bounds the calls; this bounds the pages in memory.
const SIDE_BY_SIDE: usize = 4;

/// Pages that a resumed cursor may expire on before that is an error: the answer to an expired cursor
/// is a full enumeration, which has none to expire.
const MOST_EXPIRIES: u32 = 2;

/// What a walk of an app's feeds notes beside the inventory, and what it has done so far.
#[derive(Debug)]
pub(super) struct Listing {
    /// The app's number in the store.
    pub(super) app: AppId,
    /// The run that knows what was seen.
    pub(super) run: Option<RunId>,
    /// What the run is there for.
    pub(super) purpose: Purpose,
    /// Which stored facts are taken for good.
    pub(super) reuse: Reuse,
    /// Sums so far.
    pub(super) counters: Counters,
    /// Files put into the queue.
    pub(super) enqueued: u64,
    /// Feeds and folders that could not be looked into.
    pub(super) unreadable: u64,
}

/// What the run of a walk is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A rescan: every file that is listed gets an outcome.
    Rescan,
    /// The service: only full enumerations need to know what they have seen. The run is there while one is under way.
    Upkeep,
}

impl Listing {
    /// Whether the files of this walk are noted with the run.
    fn notes(&self, walk: &Walk) -> Option<RunId> {
        match self.purpose {
            Purpose::Rescan => self.run,
            Purpose::Upkeep => self.run.filter(|_| walk.enumerating),
        }
    }
}

/// A feed that is being walked to its end.
#[derive(Debug)]
pub(super) struct Walk {
    id: FeedId,
    feed: FeedRef,
    title: String,
    /// As it is stored.
    cursor: Option<Cursor>,
    /// Everything in the feed is being listed.
    enumerating: bool,
    /// Everything is to be listed, once its turn has come.
    to_begin_anew: bool,
    expiries: u32,
}

/// Brings the inventory of an app up to date. `listed` is told the number of entries seen so far.
///
/// A feed that fails is noted with the run and does not hold up the others.
///
/// # Errors
///
/// What the store says, or the stop; what the app says where none of its feeds could be walked to the end, or where it
/// refuses the credentials. All complete pages are stored then, and the next call goes on behind them.
pub(super) async fn discover(
    work: &Work,
    app: &App,
    listing: &mut Listing,
    listed: &mut (dyn FnMut(u64) + Send),
) -> Result<(), StageError> {
    let (walks, failures) = begin(work, app, listing).await?;
    walk_all(work, app, listing, walks, failures, SIDE_BY_SIDE, listed).await
}

/// Lists everything in the feeds that were not listed whole since `since`, one feed after the other.
///
/// # Errors
///
/// As [`discover`].
pub(super) async fn enumerate(
    work: &Work,
    app: &App,
    listing: &mut Listing,
    since: DateTime<Utc>,
) -> Result<(), StageError> {
    let (walks, failures) = begin::begin_to_enumerate(work, app, listing, since).await?;
    walk_all(work, app, listing, walks, failures, 1, &mut |_| {}).await
}

async fn walk_all(
    work: &Work,
    app: &App,
    listing: &mut Listing,
    mut waiting: VecDeque<Walk>,
    mut failures: Failures,
    side_by_side: usize,
    listed: &mut (dyn FnMut(u64) + Send),
) -> Result<(), StageError> {
    let places = waiting.len() + failures.feeds;
    let mut asked = JoinSet::new();
    loop {
        if work.stop.is_stopped() {
            return Err(StageError::Stopped);
        }
        while asked.len() < side_by_side
            && let Some(walk) = waiting.pop_front()
        {
            let walk = begin::go_on(work, listing, walk).await?;
            let connector = app.connector.clone();
            asked.spawn(async move {
                let page = connector.changes(&walk.feed, walk.cursor.as_ref()).await;
                (walk, page)
            });
        }
        let answer = tokio::select! {
            answer = asked.join_next() => answer,
            // A page that was not taken over is asked for again.
            () = work.stop.stopped() => return Err(StageError::Stopped),
        };
        let Some(answer) = answer else {
            begin::end(work, listing).await?;
            return failures.outcome(places).map_err(StageError::App);
        };
        let (walk, page) = answer.map_err(|cause| task_died(app, cause))?;
        match page {
            Ok(page) => {
                let before = listing.enqueued;
                let next = take_over(work, app, listing, walk, page).await?;
                listed(listing.counters.listed);
                if listing.enqueued > before {
                    work.queued.notify_one();
                    wait_for_room(work, app, listing).await?;
                }
                // In front, so that few walks are under way at a time: each has folders in the connector's memory.
                if let Some(next) = next {
                    waiting.push_front(next);
                }
            }
            Err(error)
                if error.kind() == ErrorKind::CursorExpired && walk.expiries < MOST_EXPIRIES =>
            {
                telemetry::FeedRestarted {
                    tenant: &app.tenant,
                    app: &app.name,
                    feed: &walk.title,
                    error: &error_chain(&error),
                }
                .emit();
                let walk = Walk {
                    expiries: walk.expiries + 1,
                    ..walk
                };
                waiting.push_front(begin_anew(work, listing, walk).await?);
            }
            Err(error) if error.kind() == ErrorKind::Unauthenticated => return Err(error.into()),
            Err(error) => {
                note_failure(work, app, listing, &walk, &error).await?;
                if error.kind() != ErrorKind::NotCovered {
                    failures.add(error);
                }
            }
        }
    }
}

/// The feeds that did not get to their end.
#[derive(Debug, Default)]
struct Failures {
    feeds: usize,
    first: Option<Error>,
}

impl Failures {
    fn add(&mut self, error: Error) {
        self.feeds += 1;
        self.first.get_or_insert(error);
    }

    /// An app of which nothing could be listed has failed.
    fn outcome(self, walked: usize) -> Result<(), Error> {
        match self.first {
            Some(error) if self.feeds >= walked => Err(error),
            _ => Ok(()),
        }
    }
}

async fn note_failure(
    work: &Work,
    app: &App,
    listing: &mut Listing,
    walk: &Walk,
    error: &Error,
) -> Result<(), StageError> {
    telemetry::FeedFailed {
        tenant: &app.tenant,
        app: &app.name,
        feed: &walk.title,
        error: &error_chain(error),
    }
    .emit();
    listing.unreadable += 1;
    let Some(run) = listing.run else {
        return Ok(());
    };
    let failed = [(walk.title.clone(), reason_of(error).code().to_owned())];
    let tx = work.db.begin().await?;
    runs::record_unreadable_folders(&tx, run, None, &failed).await?;
    tx.commit().await?;
    Ok(())
}

fn reason_of(error: &Error) -> Reason {
    match error.kind() {
        ErrorKind::Denied => Reason::AccessDenied,
        ErrorKind::NotCovered => Reason::AccessNotCovered,
        ErrorKind::Throttled => Reason::FetchThrottled,
        _ => Reason::FetchFailed,
    }
}

fn task_died(app: &App, cause: tokio::task::JoinError) -> Error {
    Error::new(ErrorKind::Unexpected, "list changes", app.to_string()).with_source(cause)
}
