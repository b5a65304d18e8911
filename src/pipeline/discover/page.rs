//! Storing a page: inventory, run, queue and cursor in one transaction.

use chrono::{DateTime, Utc};
use labeld_connector::{Change, ChangePage, UnreadableFolder};
use labeld_formats::READER_VERSION;

use super::{Listing, Purpose, Walk, reason_of};
use crate::crash_points::{self, CrashPoint};
use crate::model::content_scan::ScanReach;
use crate::pipeline::{App, MOST_CONFLICTS, StageError, Work};
use crate::store::files::{self, Origin};
use crate::store::queue::{self, JobClass};
use crate::store::runs::{self, Phase, Reuse};
use crate::store::{StoreError, Tx, feeds};
use crate::telemetry;

/// Stores a page; the walk to its next page where there is one.
pub(super) async fn take_over(
    work: &Work,
    app: &App,
    listing: &mut Listing,
    mut walk: Walk,
    page: ChangePage,
) -> Result<Option<Walk>, StageError> {
    let is_file = |change: &&Change| matches!(change, Change::Upserted(_));
    listing.counters.listed += page.changes.iter().filter(is_file).count() as u64;
    listing.unreadable += page.unreadable.len() as u64;
    let mut conflicts = 0;
    let enqueued = loop {
        match store(work, app, listing, &walk, &page).await {
            Err(StageError::Store(error)) if error.is_conflict() && conflicts < MOST_CONFLICTS => {
                conflicts += 1;
            }
            stored => break stored?,
        }
    };
    listing.enqueued += enqueued;
    work.undecided.notify_one();
    telemetry::PageTaken {
        tenant: &app.tenant,
        app: &app.name,
        changes: page.changes.len() as u64,
    }
    .emit();
    if !page.more {
        return Ok(None);
    }
    walk.cursor = Some(page.next);
    Ok(Some(walk))
}

async fn store(
    work: &Work,
    app: &App,
    listing: &Listing,
    walk: &Walk,
    page: &ChangePage,
) -> Result<u64, StageError> {
    let now = work.clock.now();
    let origin = Origin {
        app: listing.app,
        feed: Some(walk.id),
    };
    let tx = work.db.begin().await?;
    files::apply_changes(&tx, origin, &page.changes, now).await?;
    let to_scan = to_scan(&tx, app, listing, &page.changes, now).await?;
    if !walk.enumerating {
        files::forget_asked_exposure(&tx, listing.app, &page.changes).await?;
    }
    if let Some(run) = listing.notes(walk) {
        runs::record_listed(&tx, run, listing.app, listing.reuse, &page.changes).await?;
    }
    if let Some(run) = listing.run {
        let unreadable: Vec<_> = page.unreadable.iter().map(unreadable_folder).collect();
        runs::record_unreadable_folders(&tx, run, Some(walk.id), &unreadable).await?;
        if listing.purpose == Purpose::Rescan {
            runs::set_progress(&tx, run, Phase::Enumerating, &listing.counters).await?;
        }
    }
    let class = if walk.enumerating {
        JobClass::Backlog
    } else {
        JobClass::Changed
    };
    // Also where a rescan reads everything anew: its run enqueues what it wants.
    let reuse = Reuse::Reader(READER_VERSION);
    let enqueued = queue::enqueue_changes(&tx, listing.app, &to_scan, reuse, class, now).await?;
    if !page.more && walk.enumerating {
        crash_points::pass(CrashPoint::BeforeEnumerationEnd);
        end_enumeration(&tx, listing, walk, now).await?;
    }
    let position = feeds::StoredCursor {
        cursor: page.next.clone(),
        stored_at: now,
        enumerating: page.more && walk.enumerating,
    };
    // Two walkers of one feed would each store pages that the other has passed already.
    if !feeds::advance(&tx, walk.id, walk.cursor.as_ref(), &position).await? {
        return Err(StageError::LeaseLost {
            what: format!("the feed {} of {app}", walk.title),
        });
    }
    crash_points::pass(CrashPoint::BeforePageCommit);
    tx.commit().await?;
    crash_points::pass(CrashPoint::AfterPageCommit);
    Ok(enqueued)
}

async fn end_enumeration(
    tx: &Tx,
    listing: &Listing,
    walk: &Walk,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if let Some(run) = listing.run {
        runs::end_enumeration(tx, run, walk.id, now).await?;
        if listing.purpose == Purpose::Upkeep {
            runs::forget_seen(tx, run, walk.id).await?;
        }
    }
    Ok(())
}

/// The changes that lead to a content scan (rules §7); those of versions that were read drop out in the store. The store
/// tells what has come since the app was connected, because `labeld explain` asks it, too.
async fn to_scan(
    tx: &Tx,
    app: &App,
    listing: &Listing,
    changes: &[Change],
    now: DateTime<Utc>,
) -> Result<Vec<Change>, StoreError> {
    let mut everything = Vec::new();
    let mut arrivals = Vec::new();
    for change in files::last_of_each(changes) {
        let Change::Upserted(meta) = change else {
            // What is gone leaves the queue.
            everything.push(change.clone());
            continue;
        };
        match app.scan_scope.reach(meta) {
            ScanReach::Everything => everything.push(change.clone()),
            ScanReach::Arrivals => arrivals.push(meta),
            ScanReach::Nothing => {}
        }
    }
    let refs = arrivals.iter().map(|meta| &meta.file);
    let arrived = files::arrived_at(tx, listing.app, refs, now).await?;
    let arrived = arrivals
        .into_iter()
        .filter(|meta| arrived.contains(&meta.file))
        .map(|meta| Change::Upserted(meta.clone()));
    everything.extend(arrived);
    Ok(everything)
}

fn unreadable_folder(folder: &UnreadableFolder) -> (String, String) {
    let reason = reason_of(&folder.error).code().to_owned();
    (folder.path.clone(), reason)
}
