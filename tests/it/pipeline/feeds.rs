//! Walking an app's feed: backpressure, lost cursors, and what comes while the first list is made.

use labeld::model::content_scan::ScanScope;
use labeld::pipeline::StageError;
use labeld::pipeline::poll::reconcile;
use labeld::store::runs::{self, ENUMERATION};
use labeld::store::{Db, feeds};
use labeld_connector::ErrorKind;

use super::{Rig, everything};
use crate::store::{at, on_both_stores};
use crate::workspace::docx;

on_both_stores!(
    a_feed_waits_while_the_queue_is_long,
    a_lost_cursor_leads_to_a_full_list,
    a_cursor_that_is_lost_again_and_again_is_an_error,
    a_poll_that_is_stopped_goes_on_at_its_page,
    a_reconciliation_finds_what_the_feed_did_not_tell,
);

/// The queue's length at which a feed waits (see `backpressure.rs`).
const HIGH_WATER: usize = 20_000;

async fn a_feed_waits_while_the_queue_is_long(db: Db) {
    let rig = Rig::with_scope(db, everything()).await;
    {
        let mut state = rig.source.state();
        state.set_page_size(5_000);
        for number in 0..30_000 {
            state.put(&format!("{number:05}.txt"), "text");
        }
    }
    // At its high-water mark the feed wakes the scan, which is what makes it go on.
    let poll = async { rig.poll().await };
    let work = async {
        while rig.jobs().await < HIGH_WATER as u64 {
            rig.work.queued.notified().await;
        }
        rig.work.queued.notified().await;
        let pages = rig.source.pages();
        assert_eq!(rig.jobs().await, HIGH_WATER as u64);
        while rig.scan().await.files > 0 {}
        pages
    };
    let (polled, pages) = tokio::join!(poll, work);
    assert_eq!((pages, rig.source.pages()), (4, 6));
    assert_eq!(polled.enqueued, 30_000);
    while rig.scan().await.files > 0 {}
    assert_eq!(rig.jobs().await, 0);
}

async fn a_lost_cursor_leads_to_a_full_list(db: Db) {
    // The page of the poll before which the cursor is lost.
    for page in 1..=3 {
        let rig = Rig::connected(db.clone()).await;
        for name in ["a.docx", "b.docx", "c.docx", "gone.docx", "quiet.docx"] {
            rig.source.put(name, docx(None));
        }
        rig.poll().await;
        rig.scan().await;
        let reads = rig.source.reads().len();
        for name in ["a.docx", "b.docx", "c.docx", "new.docx", "newer.docx"] {
            rig.source.put(name, docx(None));
        }
        rig.source.at_page(page, move |state| {
            state.expire();
            state.remove("gone.docx", false);
        });
        rig.poll().await;
        rig.scan().await;
        for name in [
            "a.docx",
            "b.docx",
            "c.docx",
            "new.docx",
            "newer.docx",
            "quiet.docx",
        ] {
            assert_eq!(rig.outcome(name).await, "ok", "page {page}: {name}");
        }
        let removed = rig.file("gone.docx").await.removed;
        assert!(removed.is_some(), "page {page}");
        assert_eq!(rig.source.reads().len() - reads, 5, "page {page}");
        let feed = feeds::of_app(&rig.db, rig.app_id).await.unwrap().remove(0);
        assert!(!feed.position.unwrap().enumerating, "page {page}");
        let run = runs::unfinished(&rig.db, rig.app_id, ENUMERATION).await;
        assert_eq!(run.unwrap(), None, "page {page}");
        // What was listed is not listed again.
        assert_eq!(rig.poll().await.listed, 0, "page {page}");
    }
}

async fn a_cursor_that_is_lost_again_and_again_is_an_error(db: Db) {
    let rig = Rig::connected(db).await;
    rig.source.state().refuse_all_cursors(true);
    for path in ["a.docx", "b.docx", "c.docx"] {
        rig.source.put(path, docx(None));
    }
    let polled = rig.try_poll().await;
    let Err(StageError::App(error)) = polled else {
        panic!("{polled:?}")
    };
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
    rig.source.state().refuse_all_cursors(false);
    rig.poll().await;
    assert_eq!(rig.scan().await.files, 3);
}

async fn a_poll_that_is_stopped_goes_on_at_its_page(db: Db) {
    // Whether the list is of everything, or of changes.
    for is_first in [true, false] {
        let mut rig = Rig::with_scope(db.clone(), everything()).await;
        if !is_first {
            rig.poll().await;
        }
        for number in 0..8 {
            rig.source.put(&format!("{number}.docx"), docx(None));
        }
        let stop = rig.work.stop.clone();
        rig.source.at_page(3, move |_| stop.stop());
        let polled = rig.try_poll().await;
        assert!(matches!(polled, Err(StageError::Stopped)), "{polled:?}");
        let pages = rig.source.pages();
        assert!(rig.jobs().await < 8, "{is_first}");

        rig.work = rig.another_process().await;
        rig.poll().await;
        assert_eq!(rig.jobs().await, 8, "{is_first}");
        assert!(rig.source.pages() - pages <= 2, "{is_first}");
        assert_eq!(rig.scan().await.files, 8, "{is_first}");
    }
}

async fn a_reconciliation_finds_what_the_feed_did_not_tell(db: Db) {
    let rig = Rig::with_scope(db, ScanScope::without_policies(true)).await;
    for path in ["a.docx", "b.docx", "c.docx"] {
        rig.source.put(path, docx(None));
    }
    rig.poll().await;
    {
        let mut state = rig.source.state();
        state.remove("b.docx", false);
        state.put("new.docx", docx(None));
        state.put("a.docx", docx(None));
        // The two versions.
        state.forget_to_tell(2);
    }
    assert_eq!(rig.poll().await.listed, 0);
    rig.clock.set(at(100));
    let done = reconcile(&rig.work, &rig.app, at(100)).await.unwrap();
    assert_eq!((done.listed, done.enqueued), (3, 2));
    assert!(rig.file("b.docx").await.removed.is_some());
    assert_eq!(rig.scan().await.files, 2);
    // One that goes on has the feeds left that were not walked since: here there is none.
    let pages = rig.source.pages();
    reconcile(&rig.work, &rig.app, at(100)).await.unwrap();
    assert_eq!(rig.source.pages(), pages);
}
