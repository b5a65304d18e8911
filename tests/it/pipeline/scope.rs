//! Which files get into the queue by themselves (rules §7).

use labeld::model::content_scan::ScanScope;
use labeld::store::Db;
use labeld_connector::Barrier;

use super::scripted::State;
use super::{Rig, everything};
use crate::store::on_both_stores;
use crate::workspace::docx;

on_both_stores!(
    files_are_scanned_as_the_table_says,
    what_is_modified_while_everything_is_listed_for_the_first_time_is_scanned,
    what_was_read_is_not_read_again,
);

/// What happens to a file after the app was connected.
type Event = fn(&mut State);

async fn files_are_scanned_as_the_table_says(db: Db) {
    let metadata_only: Event = |state| state.bar("a.docx", Some(Barrier::Denied));
    let modified: Event = |state| state.put("a.docx", docx(None));
    let nothing: Event = |_| {};
    let new: Event = |state| state.put("new.docx", docx(None));
    let came_within_reach: Event = |state| {
        state.bar("a.docx", Some(Barrier::Denied));
        state.bar("a.docx", None);
    };
    // The event, the file, and whether it is in the queue: with `auto_scan` off, with it on, and with a policy that looks
    // inside. The file was there when the app was connected, unless it is new.
    let table = [
        ("new", new, "new.docx", [false, true, true]),
        ("modified", modified, "a.docx", [false, true, true]),
        ("existing", nothing, "a.docx", [false, false, true]),
        ("metadata", metadata_only, "a.docx", [false, false, true]),
        (
            "within reach",
            came_within_reach,
            "a.docx",
            [false, false, true],
        ),
    ];
    for (event, happen, path, expected) in table {
        let scopes = [
            ScanScope::without_policies(false),
            ScanScope::without_policies(true),
            everything(),
        ];
        for (scope, expected) in scopes.into_iter().zip(expected) {
            let name = format!("{event}: {scope:?}");
            let rig = Rig::with_scope(db.clone(), scope).await;
            rig.source.put("a.docx", docx(None));
            rig.poll().await;
            happen(&mut rig.source.state());
            rig.poll().await;
            assert_eq!(rig.job(path).await.is_some(), expected, "{name}");
        }
    }
}

async fn what_is_modified_while_everything_is_listed_for_the_first_time_is_scanned(db: Db) {
    // Pages of the first list after which the file changes: it is listed once more in a later page, or by the next poll.
    for page in [2, 3] {
        let rig = Rig::new(db.clone()).await;
        for path in ["a.docx", "b.docx", "c.docx", "d.docx", "e.docx"] {
            rig.source.put(path, docx(None));
        }
        rig.source.at_page(page, |state| {
            state.put("a.docx", docx(None));
            state.name_again("a.docx");
        });
        rig.poll().await;
        rig.poll().await;
        assert!(rig.job("a.docx").await.is_some(), "page {page}");
        assert_eq!(rig.jobs().await, 1, "page {page}");
    }
}

async fn what_was_read_is_not_read_again(db: Db) {
    let rig = Rig::with_scope(db, everything()).await;
    rig.list("a.docx").await;
    rig.scan().await;
    for event in [(|state| state.bar("a.docx", None)) as Event, |state| {
        state.expire();
    }] {
        event(&mut rig.source.state());
        rig.poll().await;
        assert_eq!(rig.jobs().await, 0);
    }
    assert_eq!(rig.source.reads(), ["a.docx"]);
}
