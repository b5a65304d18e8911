//! Where the walk of each feed begins, and what a run knows of it.

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::{DateTime, Utc};
use labeld_connector::{ErrorKind, Feed, FeedList, FeedRef};

use super::{Failures, Listing, Purpose, Walk, reason_of};
use crate::pipeline::{App, StageError, Work, error_chain};
use crate::store::feeds::{self, FeedId, StoredFeed};
use crate::store::runs::{self, RunId};
use crate::store::{StoreError, Tx};
use crate::telemetry;

/// Looks which feeds there are, and where each goes on.
pub(super) async fn begin(
    work: &Work,
    app: &App,
    listing: &mut Listing,
) -> Result<(VecDeque<Walk>, Failures), StageError> {
    let mut list = app.connector.feeds().await?;
    let feeds = std::mem::take(&mut list.feeds);
    let known = feeds::of_app(&work.db, listing.app).await?;
    let tx = work.db.begin().await?;
    remove_missing(&tx, &known, &feeds, &list, work.clock.now()).await?;
    let known: HashMap<FeedRef, StoredFeed> = known
        .into_iter()
        .map(|stored| (stored.feed.clone(), stored))
        .collect();
    let must_enumerate = feeds.iter().any(|feed| {
        let stored = known
            .get(&feed.feed)
            .and_then(|stored| stored.position.as_ref());
        stored.is_none_or(|position| {
            position.enumerating || !app.connector.capabilities().change_feed
        })
    });
    if must_enumerate {
        ensure_run(&tx, work, listing).await?;
    }
    let failures = note_unreadable(&tx, app, listing, list).await?;
    let enumerating = match listing.run {
        Some(run) => runs::enumerations(&tx, run).await?,
        None => HashSet::new(),
    };
    let mut walks = VecDeque::with_capacity(feeds.len());
    for feed in feeds {
        let stored = known.get(&feed.feed);
        walks.push_back(begin_walk(&tx, app, listing, feed, stored, &enumerating).await?);
    }
    tx.commit().await?;
    Ok((walks, failures))
}

/// As [`begin`], for the feeds that were not listed whole since `since`. Each is begun anew when its turn comes.
pub(super) async fn begin_to_enumerate(
    work: &Work,
    app: &App,
    listing: &mut Listing,
    since: DateTime<Utc>,
) -> Result<(VecDeque<Walk>, Failures), StageError> {
    let (mut walks, failures) = begin(work, app, listing).await?;
    let known = feeds::of_app(&work.db, listing.app).await?;
    let fresh: HashSet<FeedId> = known
        .into_iter()
        .filter(|stored| stored.enumerated_at.is_some_and(|at| at >= since))
        .map(|stored| stored.id)
        .collect();
    walks.retain(|walk| walk.enumerating || !fresh.contains(&walk.id));
    for walk in &mut walks {
        walk.to_begin_anew = !walk.enumerating;
    }
    Ok((walks, failures))
}

/// The walk whose turn has come.
pub(super) async fn go_on(
    work: &Work,
    listing: &mut Listing,
    walk: Walk,
) -> Result<Walk, StoreError> {
    if walk.to_begin_anew {
        begin_anew(work, listing, walk).await
    } else {
        Ok(walk)
    }
}

/// What was seen before the feed broke off says nothing about what is there now.
pub(super) async fn begin_anew(
    work: &Work,
    listing: &mut Listing,
    walk: Walk,
) -> Result<Walk, StoreError> {
    let tx = work.db.begin().await?;
    let run = ensure_run(&tx, work, listing).await?;
    feeds::clear(&tx, walk.id).await?;
    runs::begin_enumeration(&tx, run, walk.id).await?;
    tx.commit().await?;
    Ok(Walk {
        cursor: None,
        enumerating: true,
        to_begin_anew: false,
        ..walk
    })
}

/// All feeds were walked: the service's run is over where no enumeration is under way any more.
pub(super) async fn end(work: &Work, listing: &Listing) -> Result<(), StoreError> {
    let (Purpose::Upkeep, Some(run)) = (listing.purpose, listing.run) else {
        return Ok(());
    };
    let tx = work.db.begin().await?;
    if runs::enumerations(&tx, run).await?.is_empty() {
        runs::finish(&tx, run, work.clock.now()).await?;
    }
    tx.commit().await
}

/// The run of the walk; the service's is found again or begun, with all enumerations of runs that were stopped.
async fn ensure_run(tx: &Tx, work: &Work, listing: &mut Listing) -> Result<RunId, StoreError> {
    if let Some(run) = listing.run {
        return Ok(run);
    }
    let run = match runs::unfinished(tx, listing.app, runs::ENUMERATION).await? {
        Some(run) => run.id,
        None => runs::begin(tx, listing.app, runs::ENUMERATION, work.clock.now()).await?,
    };
    runs::take_over_enumerations(tx, run, listing.app, listing.reuse).await?;
    listing.run = Some(run);
    Ok(run)
}

async fn note_unreadable(
    tx: &Tx,
    app: &App,
    listing: &mut Listing,
    list: FeedList,
) -> Result<Failures, StoreError> {
    let mut failures = Failures::default();
    let mut unreadable = Vec::with_capacity(list.unreadable.len());
    for place in list.unreadable {
        telemetry::FeedFailed {
            tenant: &app.tenant,
            app: &app.name,
            feed: &place.path,
            error: &error_chain(&place.error),
        }
        .emit();
        unreadable.push((place.path, reason_of(&place.error).code().to_owned()));
        if place.error.kind() != ErrorKind::NotCovered {
            failures.add(place.error);
        }
    }
    listing.unreadable += unreadable.len() as u64;
    if let Some(run) = listing.run {
        runs::forget_failed_feeds(tx, run).await?;
        runs::record_unreadable_folders(tx, run, None, &unreadable).await?;
    }
    Ok(failures)
}

async fn remove_missing(
    tx: &Tx,
    known: &[StoredFeed],
    feeds: &[Feed],
    list: &FeedList,
    now: DateTime<Utc>,
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
            feeds::remove(tx, stored.id, now).await?;
        }
    }
    Ok(())
}

async fn begin_walk(
    tx: &Tx,
    app: &App,
    listing: &Listing,
    feed: Feed,
    stored: Option<&StoredFeed>,
    enumerating: &HashSet<FeedId>,
) -> Result<Walk, StoreError> {
    let id = match stored {
        Some(stored) => stored.id,
        None => feeds::ensure(tx, listing.app, &feed.feed).await?,
    };
    let has_seen = enumerating.contains(&id);
    let stored_cursor = stored.and_then(|stored| stored.position.as_ref());
    let position = stored_cursor.filter(|position| {
        if position.enumerating {
            // The first pages of it were another run's, which is no longer there to tell what it saw.
            has_seen
        } else {
            app.connector.capabilities().change_feed
        }
    });
    if position.is_none() {
        feeds::clear(tx, id).await?;
        if let Some(run) = listing.run {
            runs::begin_enumeration(tx, run, id).await?;
        }
    }
    Ok(Walk {
        id,
        feed: feed.feed,
        title: feed.title,
        enumerating: position.is_none_or(|it| it.enumerating),
        cursor: position.map(|position| position.cursor.clone()),
        to_begin_anew: false,
        expiries: 0,
    })
}
