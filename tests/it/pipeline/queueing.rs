//! One job for each file, attempts with growing delays, and the memory that readings take together.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use labeld::pipeline::scan::scan_waiting;
use labeld::pipeline::{MemoryBudget, ScanSettings, StageError};
use labeld::store::Db;
use labeld::store::queue::{self, JobClass};
use labeld_connector::ErrorKind;

use super::scripted::Failure;
use super::{Rig, SETTINGS, everything};
use crate::store::{at, on_both_stores};
use crate::workspace::{GENERAL, docx};

on_both_stores!(
    a_file_has_one_job_however_often_it_changes,
    a_change_during_a_scan_causes_one_more,
    what_has_changed_overtakes_the_backlog,
    failures_are_tried_again_later_or_not_at_all,
    delays_grow_until_it_goes_well,
    an_app_that_fails_file_after_file_has_failed,
    readings_share_the_memory_budget,
);

async fn a_file_has_one_job_however_often_it_changes(db: Db) {
    let rig = Rig::connected(db).await;
    for _ in 0..3 {
        rig.list("a.docx").await;
        assert_eq!(rig.jobs().await, 1);
    }
    let scanned = rig.scan().await;
    assert_eq!((scanned.files, scanned.next_due), (1, None));
    assert_eq!(rig.outcome("a.docx").await, "ok");
    assert_eq!(rig.jobs().await, 0);
    assert_eq!(rig.source.reads(), ["a.docx"]);
}

async fn a_change_during_a_scan_causes_one_more(db: Db) {
    let rig = Rig::connected(db).await;
    // Changes while the file is being read, and scans in all.
    for (changes, scans) in [(0, 1), (1, 2), (3, 2)] {
        rig.list("a.docx").await;
        rig.source.hold("a.docx");
        let scan = async { rig.scan().await };
        let change = async {
            rig.source.held.notified().await;
            for _ in 0..changes {
                rig.clock.advance(TimeDelta::seconds(1));
                rig.list("a.docx").await;
            }
            let job = rig.job("a.docx").await.unwrap();
            assert_eq!(
                (job.again, job.worker),
                (changes > 0, Some(rig.work.worker))
            );
            rig.source.let_go();
        };
        let (scanned, ()) = tokio::join!(scan, change);
        assert_eq!(scanned.files, scans, "{changes} changes");
        assert_eq!(rig.outcome("a.docx").await, "ok", "{changes} changes");
        assert_eq!(rig.jobs().await, 0, "{changes} changes");
    }
}

async fn what_has_changed_overtakes_the_backlog(db: Db) {
    let rig = Rig::with_scope(db, everything()).await;
    for name in ["a.docx", "b.docx", "c.docx", "d.docx", "e.docx"] {
        rig.source.put(name, docx(None));
    }
    rig.poll().await;
    rig.clock.advance(TimeDelta::seconds(1));
    rig.list("d.docx").await;
    rig.list("f.docx").await;
    let depths = rig.depths().await;
    let depths: Vec<_> = depths.iter().map(|it| (it.class, it.waiting)).collect();
    assert_eq!(depths, [(JobClass::Changed, 2), (JobClass::Backlog, 4)]);
    let one_by_one = ScanSettings {
        side_by_side: 1,
        ..SETTINGS
    };
    scan_waiting(&rig.work, &rig.app, one_by_one).await.unwrap();
    let expected = ["d.docx", "f.docx", "a.docx", "b.docx", "c.docx", "e.docx"];
    let mut reads = rig.source.reads();
    reads[..2].sort();
    assert_eq!(reads, expected);
}

async fn failures_are_tried_again_later_or_not_at_all(db: Db) {
    use ErrorKind::*;
    let rig = Rig::connected(db).await;
    let hour = Duration::from_secs(3600);
    // How the reading fails, its outcome, and the least and the longest delay in seconds.
    let table = [
        (Transient, None, "fetch.failed", Some((45, 60))),
        (Unexpected, None, "fetch.failed", Some((45, 60))),
        (Throttled, None, "fetch.throttled", Some((45, 60))),
        (Throttled, Some(hour), "fetch.throttled", Some((3600, 3600))),
        (Denied, None, "access.denied", None),
        (NotCovered, None, "access.not_covered", None),
        (NotFound, None, "file.deleted", None),
    ];
    for (number, (kind, wait, outcome, delay)) in table.into_iter().enumerate() {
        let path = format!("{number}.docx");
        rig.source.fail(&path, Some(Failure::Error(kind, wait)));
        rig.list(&path).await;
        assert_eq!(rig.scan().await.files, 1, "{kind:?}");
        assert_eq!(rig.outcome(&path).await, outcome, "{kind:?}");
        let job = rig.job(&path).await;
        assert_eq!(job.is_some(), delay.is_some(), "{kind:?}");
        if let Some((job, (least, longest))) = job.zip(delay) {
            let seconds = (job.due - at(0)).num_seconds();
            assert!((least..=longest).contains(&seconds), "{kind:?}: {job:?}");
            assert_eq!((job.attempt, job.reason.as_deref()), (1, Some(outcome)));
        }
        // Nothing is due before then.
        assert_eq!(rig.scan().await.files, 0, "{kind:?}");
    }
    assert!(rig.file("6.docx").await.removed.is_some());
}

async fn delays_grow_until_it_goes_well(db: Db) {
    let rig = Rig::connected(db).await;
    let failure = Failure::Error(ErrorKind::Transient, None);
    rig.source.fail("a.docx", Some(failure));
    rig.list("a.docx").await;
    let mut before = TimeDelta::zero();
    for attempt in 1..=12 {
        let scanned = rig.scan().await;
        assert_eq!(scanned.files, 1);
        let due = scanned.next_due.unwrap();
        let delay = due - rig.work.clock.now();
        assert!(delay > before, "{attempt}: {delay} after {before}");
        assert!(delay <= TimeDelta::hours(6), "{attempt}: {delay}");
        assert_eq!(rig.job("a.docx").await.unwrap().attempt, attempt);
        rig.clock.set(due - TimeDelta::milliseconds(1));
        assert_eq!(rig.scan().await.files, 0, "{attempt}: before its time");
        rig.clock.set(due);
        // From the tenth on it is the longest delay but for the spread.
        before = if attempt < 10 {
            delay
        } else {
            TimeDelta::hours(4)
        };
    }
    rig.source.fail("a.docx", None);
    let scanned = rig.scan().await;
    assert_eq!((scanned.files, scanned.next_due), (1, None));
    assert_eq!(rig.outcome("a.docx").await, "ok");

    // A new version is a new beginning.
    rig.source.fail("a.docx", Some(failure));
    rig.list("a.docx").await;
    rig.scan().await;
    rig.source.fail("a.docx", None);
    rig.clock.advance(TimeDelta::seconds(1));
    rig.list("a.docx").await;
    assert_eq!(rig.scan().await.files, 1);
    assert_eq!(rig.outcome("a.docx").await, "ok");
}

async fn an_app_that_fails_file_after_file_has_failed(db: Db) {
    let rig = Rig::connected(db).await;
    for number in 0..40 {
        let path = format!("{number}.docx");
        rig.source
            .fail(&path, Some(Failure::Error(ErrorKind::Transient, None)));
        rig.source.put(&path, docx(None));
    }
    rig.poll().await;
    let scanned = scan_waiting(&rig.work, &rig.app, SETTINGS).await;
    let Err(StageError::App(error)) = scanned else {
        panic!("{scanned:?}")
    };
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(rig.source.reads().len() < 40, "the others are left alone");
    // Nothing is lost, and nothing stays claimed.
    let depths = rig.depths().await;
    let sum = |count: fn(&queue::Depth) -> u64| depths.iter().map(count).sum::<u64>();
    assert_eq!((sum(|it| it.waiting), sum(|it| it.claimed)), (40, 0));
}

async fn readings_share_the_memory_budget(db: Db) {
    const MIB: u64 = 1 << 20;
    let rig = Rig::connected(db).await;
    let mut body = docx(Some(GENERAL));
    body.resize(900 << 10, 0);
    // Budget, and files of 900 KiB that are read at a time.
    for (round, (budget, most)) in [(MIB, 1), (3 * MIB, 2), (64 * MIB, 8)]
        .into_iter()
        .enumerate()
    {
        for number in 0..8 {
            rig.source
                .put(&format!("{round}/{number}.docx"), body.clone());
        }
        rig.poll().await;
        let mut work = rig.work.clone();
        work.budget = Arc::new(MemoryBudget::new(budget));
        let settings = ScanSettings {
            side_by_side: 16,
            ..SETTINGS
        };
        scan_waiting(&work, &rig.app, settings).await.unwrap();
        assert_eq!(rig.source.most_side_by_side(), most, "{budget} bytes");
    }
}
