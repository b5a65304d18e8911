//! Taking over what an app lists: inventory, run and cursor in one transaction per page.
//!
//! An app's feeds are asked side by side, because each answer is a wait for the network; their pages are stored one
//! after the other.

use std::collections::{HashMap, HashSet, VecDeque};

use labeld_connector::{
    Change, ChangePage, Cursor, Error, ErrorKind, Feed, FeedList, FeedRef, UnreadableFolder,
};
use tokio::task::JoinSet;

use super::{App, StopSignal, error_chain};
use crate::clock::Clock;
use crate::model::Reason;
use crate::store::apps::AppId;
use crate::store::feeds::{self, FeedId, StoredCursor, StoredFeed};
use crate::store::files::Origin;
use crate::store::runs::{self, Counters, Phase, Reuse, RunId};
use crate::store::{Db, StoreError, Tx, files};

/// Why a stage ended early.
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
}

/// A run under way.
#[derive(Debug)]
pub struct RunState {
    /// The app's number in the store.
    pub app: AppId,
    /// The run.
    pub run: RunId,
    /// Which stored facts it takes for good.
    pub reuse: Reuse,
    /// Its sums so far.
    pub counters: Counters,
}

/// Feeds that are asked at a time. The connector's own pace bounds the calls; this bounds the pages in memory.
const SIDE_BY_SIDE: usize = 4;

/// Pages that a resumed cursor may expire on before that is an error: the answer to an expired cursor
/// is a full enumeration, which has none to expire.
const MOST_EXPIRIES: u32 = 2;

/// Brings the inventory of an app up to date. `listed` is told the number of entries seen so far.
///
/// A feed that fails is noted with the run and does not hold up the others.
///
/// # Errors
///
/// What the store says, or the stop; what the app says where none of its feeds could be walked to the end, or where it
/// refuses the credentials. All complete pages are stored then, and the next call goes on behind them.
pub async fn discover(
    db: &Db,
    app: &App,
    state: &mut RunState,
    clock: &dyn Clock,
    stop: &StopSignal,
    listed: &mut (dyn FnMut(u64) + Send),
) -> Result<(), StageError> {
    let (mut waiting, mut failures) = begin(db, app, state, clock).await?;
    let places = waiting.len() + failures.feeds;
    let mut asked = JoinSet::new();
    loop {
        if stop.is_stopped() {
            return Err(StageError::Stopped);
        }
        while asked.len() < SIDE_BY_SIDE
            && let Some(walk) = waiting.pop_front()
        {
            let connector = app.connector.clone();
            asked.spawn(async move {
                let page = connector.changes(&walk.feed, walk.cursor.as_ref()).await;
                (walk, page)
            });
        }
        let Some(answer) = asked.join_next().await else {
            return failures.outcome(places).map_err(StageError::App);
        };
        let (walk, page) = answer.map_err(|cause| task_died(app, cause))?;
        match page {
            Ok(page) => {
                let next = take_over(db, state, walk, page, clock).await?;
                listed(state.counters.listed);
                // In front, so that few walks are under way at a time: each has folders in the connector's memory.
                if let Some(next) = next {
                    waiting.push_front(next);
                }
            }
            Err(error)
                if error.kind() == ErrorKind::CursorExpired && walk.expiries < MOST_EXPIRIES =>
            {
                tracing::warn!(app = %app.name, "{}: listing {} anew", error_chain(&error), walk.title);
                waiting.push_front(begin_anew(db, state, walk).await?);
            }
            Err(error) if error.kind() == ErrorKind::Unauthenticated => return Err(error.into()),
            Err(error) => {
                note_failure(db, app, state, &walk, &error).await?;
                if error.kind() != ErrorKind::NotCovered {
                    failures.add(error);
                }
            }
        }
    }
}

/// A feed that is being walked to its end.
#[derive(Debug)]
struct Walk {
    id: FeedId,
    feed: FeedRef,
    title: String,
    cursor: Option<Cursor>,
    /// Everything in the feed is being listed.
    enumerating: bool,
    expiries: u32,
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

/// Looks which feeds there are, and where each goes on.
async fn begin(
    db: &Db,
    app: &App,
    state: &mut RunState,
    clock: &dyn Clock,
) -> Result<(VecDeque<Walk>, Failures), StageError> {
    let mut list = app.connector.feeds().await?;
    let feeds = std::mem::take(&mut list.feeds);
    let known = feeds::of_app(db, state.app).await?;
    let tx = db.begin().await?;
    runs::forget_failed_feeds(&tx, state.run).await?;
    remove_missing(&tx, &known, &feeds, &list, clock).await?;
    let mut failures = Failures::default();
    let mut unreadable = Vec::with_capacity(list.unreadable.len());
    for place in list.unreadable {
        tracing::warn!(app = %app.name, "{}: left out", error_chain(&place.error));
        unreadable.push((place.path, reason_of(&place.error).code().to_owned()));
        if place.error.kind() != ErrorKind::NotCovered {
            failures.add(place.error);
        }
    }
    runs::record_unreadable_folders(&tx, state.run, None, &unreadable).await?;
    let enumerating = runs::enumerations(&tx, state.run).await?;
    let known: HashMap<FeedRef, StoredFeed> = known
        .into_iter()
        .map(|stored| (stored.feed.clone(), stored))
        .collect();
    let mut walks = VecDeque::with_capacity(feeds.len());
    for feed in feeds {
        let stored = known.get(&feed.feed);
        walks.push_back(begin_walk(&tx, app, state, feed, stored, &enumerating).await?);
    }
    tx.commit().await?;
    Ok((walks, failures))
}

async fn remove_missing(
    tx: &Tx,
    known: &[StoredFeed],
    feeds: &[Feed],
    list: &FeedList,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    if !list.complete {
        return Ok(());
    }
    let there: HashSet<&FeedRef> = feeds.iter().map(|feed| &feed.feed).collect();
    for stored in known {
        let is_unreadable = list
            .unreadable
            .iter()
            .any(|place| stored.feed.0.starts_with(&place.prefix));
        if !there.contains(&stored.feed) && !is_unreadable {
            feeds::remove(tx, stored.id, clock.now()).await?;
        }
    }
    Ok(())
}

async fn begin_walk(
    tx: &Tx,
    app: &App,
    state: &RunState,
    feed: Feed,
    stored: Option<&StoredFeed>,
    enumerating: &HashSet<FeedId>,
) -> Result<Walk, StoreError> {
    let id = match stored {
        Some(stored) => stored.id,
        None => feeds::ensure(tx, state.app, &feed.feed).await?,
    };
    let has_seen = enumerating.contains(&id);
    let position = stored.and_then(|stored| stored.position.clone());
    let position = position.filter(|position| {
        if position.enumerating {
            // The first pages of it were another run's, which is no longer there to tell what it saw.
            has_seen
        } else {
            app.connector.capabilities().change_feed
        }
    });
    let walk = Walk {
        id,
        feed: feed.feed,
        title: feed.title,
        enumerating: position.as_ref().is_none_or(|it| it.enumerating),
        cursor: position.map(|position| position.cursor),
        expiries: 0,
    };
    if walk.cursor.is_none() {
        runs::begin_enumeration(tx, state.run, id).await?;
    }
    Ok(walk)
}

/// What was seen before the feed broke off says nothing about what is there now.
async fn begin_anew(db: &Db, state: &RunState, walk: Walk) -> Result<Walk, StoreError> {
    let tx = db.begin().await?;
    feeds::clear(&tx, walk.id).await?;
    runs::begin_enumeration(&tx, state.run, walk.id).await?;
    tx.commit().await?;
    Ok(Walk {
        cursor: None,
        enumerating: true,
        expiries: walk.expiries + 1,
        ..walk
    })
}

/// Stores a page; the walk to its next page where there is one.
async fn take_over(
    db: &Db,
    state: &mut RunState,
    mut walk: Walk,
    page: ChangePage,
    clock: &dyn Clock,
) -> Result<Option<Walk>, StoreError> {
    let now = clock.now();
    let is_file = |change: &&Change| matches!(change, Change::Upserted(_));
    state.counters.listed += page.changes.iter().filter(is_file).count() as u64;
    let origin = Origin {
        app: state.app,
        feed: Some(walk.id),
    };
    let tx = db.begin().await?;
    files::apply_changes(&tx, origin, &page.changes, now).await?;
    runs::record_listed(&tx, state.run, state.app, state.reuse, &page.changes).await?;
    let unreadable: Vec<_> = page.unreadable.iter().map(unreadable_folder).collect();
    runs::record_unreadable_folders(&tx, state.run, Some(walk.id), &unreadable).await?;
    if !page.more && walk.enumerating {
        runs::end_enumeration(&tx, state.run, walk.id, now).await?;
    }
    let position = StoredCursor {
        cursor: page.next,
        stored_at: now,
        enumerating: page.more && walk.enumerating,
    };
    feeds::set(&tx, walk.id, &position).await?;
    runs::set_progress(&tx, state.run, Phase::Enumerating, &state.counters).await?;
    tx.commit().await?;
    walk.cursor = Some(position.cursor);
    Ok(page.more.then_some(walk))
}

async fn note_failure(
    db: &Db,
    app: &App,
    state: &RunState,
    walk: &Walk,
    error: &Error,
) -> Result<(), StoreError> {
    tracing::warn!(app = %app.name, "{}: {} is left out", error_chain(error), walk.title);
    let failed = [(walk.title.clone(), reason_of(error).code().to_owned())];
    let tx = db.begin().await?;
    runs::record_unreadable_folders(&tx, state.run, None, &failed).await?;
    tx.commit().await
}

fn unreadable_folder(folder: &UnreadableFolder) -> (String, String) {
    let reason = reason_of(&folder.error).code().to_owned();
    (folder.path.clone(), reason)
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
