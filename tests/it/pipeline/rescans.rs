//! Rescans: stopped ones, several at once, and beside the service's own work.

use std::collections::BTreeMap;
use std::time::Duration;

use labeld::pipeline::rescan::{Finished, Progress, Scope, rescan};
use labeld::pipeline::scan::scan_waiting;
use labeld::pipeline::{StageError, StopSignal, Work, poll, poll_task};
use labeld::store::{Db, runs, tasks};
use labeld_connector::ErrorKind;

use super::scripted::Failure;
use super::{Rig, SETTINGS, everything};
use crate::store::on_both_stores;
use crate::workspace::{GENERAL, docx};

on_both_stores!(
    a_rescan_that_is_stopped_goes_on,
    a_run_that_nobody_goes_on_with_ends_with_a_later_one,
    an_unchanged_rescan_writes_nothing_for_a_file,
    a_rescan_asks_at_once_for_what_has_failed,
    a_lease_whose_answer_was_lost_with_a_connection_is_taken_again,
);

const FILES: usize = 600;

/// An app with files that nobody has listed.
async fn rig(db: Db) -> Rig {
    let rig = Rig::with_scope(db, everything()).await;
    let mut state = rig.source.state();
    state.set_page_size(100);
    for number in 0..FILES {
        state.put(&format!("{number:03}.docx"), docx(Some(GENERAL)));
    }
    drop(state);
    rig
}

async fn run(work: &Work, rig: &Rig, scope: &Scope) -> Result<Finished, StageError> {
    rescan(work, &rig.app, scope, SETTINGS, &mut |_| {}).await
}

/// The accounting identity (rules §5).
#[track_caller]
fn balances(finished: &Finished, files: usize) {
    assert_eq!(finished.in_scope, files as u64, "{finished:?}");
    let sum: u64 = finished.outcomes.iter().map(|it| it.files).sum();
    assert_eq!(sum, files as u64, "{finished:?}");
}

async fn a_lease_whose_answer_was_lost_with_a_connection_is_taken_again(db: Db) {
    let rig = rig(db).await;
    // As the store has it, and as this process never learned.
    let task = poll_task(&rig.app);
    assert!(tasks::hold(&rig.db, &task, rig.work.worker).await.unwrap());
    let scope = Scope::default();
    let done = run(&rig.work, &rig, &scope);
    let done = tokio::time::timeout(Duration::from_secs(30), done).await;
    balances(&done.unwrap().unwrap(), FILES);
    // Another process does have it: that is waited for.
    let other = rig.another_process().await;
    assert!(tasks::hold(&rig.db, &task, other.worker).await.unwrap());
    let in_hand = rig.work.take_in_hand(&task).unwrap();
    in_hand.give_back_lost(&rig.work).await.unwrap();
    let state = tasks::get(&rig.db, &task).await.unwrap().unwrap();
    assert_eq!(state.worker, Some(other.worker));
    assert!(rig.work.take_in_hand(&task).is_none(), "one part at a time");
}

/// How often each file was read.
fn times_read(rig: &Rig) -> BTreeMap<String, u32> {
    let mut times = BTreeMap::new();
    for path in rig.source.reads() {
        *times.entry(path).or_default() += 1;
    }
    times
}

/// Every file was read, and none twice.
#[track_caller]
fn each_was_read_once(rig: &Rig) {
    let times = times_read(rig);
    assert_eq!(times.len(), FILES);
    let twice: Vec<_> = times.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

/// When a rescan is stopped.
type Moment = (&'static str, fn(Progress) -> bool);

async fn a_rescan_that_is_stopped_goes_on(db: Db) {
    let moments: [Moment; 3] = [
        ("while listing", |it| it == Progress::Listed(300)),
        ("before reading", |it| matches!(it, Progress::ToRead(_))),
        ("while reading", |it| matches!(it, Progress::Read(_))),
    ];
    for (moment, is_it) in moments {
        let rig = rig(db.clone()).await;
        let mut work = rig.work.clone();
        work.stop = StopSignal::default();
        let mut watch = |progress| {
            if is_it(progress) {
                work.stop.stop();
            }
        };
        let scope = Scope::default();
        let stopped = rescan(&work, &rig.app, &scope, SETTINGS, &mut watch).await;
        assert!(matches!(stopped, Err(StageError::Stopped)), "{moment}");
        assert!(times_read(&rig).len() < FILES, "{moment}");
        let depths = rig.depths().await;
        let claimed: u64 = depths.iter().map(|depth| depth.claimed).sum();
        assert_eq!(claimed, 0, "{moment}: given back");

        let mut resumes = 0;
        let mut watch = |progress| resumes += u32::from(progress == Progress::Resuming);
        let done = rescan(&rig.work, &rig.app, &scope, SETTINGS, &mut watch).await;
        balances(&done.unwrap(), FILES);
        assert_eq!(resumes, 1, "{moment}");
        assert_eq!(rig.jobs().await, 0, "{moment}");
        // Those under way at the stop were read to their end.
        each_was_read_once(&rig);
    }
}

/// A rescan that is stopped at a moment.
async fn stop(rig: &Rig, is_it: fn(Progress) -> bool) {
    let mut work = rig.work.clone();
    work.stop = StopSignal::default();
    let mut watch = |progress| {
        if is_it(progress) {
            work.stop.stop();
        }
    };
    let stopped = rescan(&work, &rig.app, &Scope::default(), SETTINGS, &mut watch).await;
    assert!(matches!(stopped, Err(StageError::Stopped)), "{stopped:?}");
}

async fn a_run_that_nobody_goes_on_with_ends_with_a_later_one(db: Db) {
    let listing: fn(Progress) -> bool = |it| it == Progress::Listed(300);
    let reading: fn(Progress) -> bool = |it| matches!(it, Progress::ToRead(_));
    // When the first was stopped, whether somebody is at it when the second one ends, how many are left then, and how often
    // another rescan asks for the list, which the first may have left half way.
    let table = [
        (listing, false, 0, 1),
        (listing, true, 1, 2),
        (reading, true, 1, 1),
    ];
    for (moment, is_held, left, pages) in table {
        let rig = rig(db.clone()).await;
        stop(&rig, moment).await;
        let first = runs::latest(&db, rig.app_id, 1).await.unwrap().remove(0);
        // Somebody is at the first run, so that the next rescan begins one of its own.
        let task = format!("rescan:{}", first.id.0);
        assert!(tasks::hold(&db, &task, rig.work.worker).await.unwrap());
        stop(&rig, reading).await;
        if !is_held {
            tasks::release(&db, &task, rig.work.worker).await.unwrap();
        }
        let scope = Scope::default();
        balances(&run(&rig.work, &rig, &scope).await.unwrap(), FILES);
        let runs = runs::latest(&db, rig.app_id, 9).await.unwrap();
        assert_eq!(runs.len(), 2);
        let unfinished = runs.iter().filter(|run| run.finished.is_none());
        assert_eq!(unfinished.count(), left, "{runs:?}");
        let first = runs::get(&db, first.id).await.unwrap().unwrap();
        assert!(first.interrupted && first.outcomes.is_none(), "{first:?}");

        let other = Scope {
            unlabelled: true,
            ..Scope::default()
        };
        let before = rig.source.pages();
        run(&rig.work, &rig, &other).await.unwrap();
        assert_eq!(rig.source.pages() - before, pages);
    }
}

async fn an_unchanged_rescan_writes_nothing_for_a_file(db: Db) {
    let rig = rig(db).await;
    let scope = Scope::default();
    balances(&run(&rig.work, &rig, &scope).await.unwrap(), FILES);
    let before = rig.file("007.docx").await;
    let reads = rig.source.reads().len();
    for _ in 0..2 {
        rig.clock.advance(chrono::TimeDelta::hours(1));
        let finished = run(&rig.work, &rig, &scope).await.unwrap();
        balances(&finished, FILES);
        assert_eq!((finished.counters.listed, finished.counters.read), (0, 0));
    }
    assert_eq!(rig.source.reads().len(), reads);
    assert_eq!(rig.file("007.docx").await, before);
    assert_eq!(rig.jobs().await, 0);
    let latest = runs::latest(&rig.db, rig.app_id, 9).await.unwrap();
    assert!(
        latest.iter().all(|run| run.finished.is_some()),
        "{latest:?}"
    );
    for run in latest {
        let left = runs::pending_count(&rig.db, run.id).await.unwrap();
        assert_eq!(left, 0, "{run:?}");
    }
}

async fn a_rescan_asks_at_once_for_what_has_failed(db: Db) {
    let rig = Rig::connected(db).await;
    let failure = Failure::Error(ErrorKind::Transient, None);
    rig.source.fail("a.docx", Some(failure));
    rig.list("a.docx").await;
    rig.list("b.docx").await;
    rig.scan().await;
    // It fails once more: that is its outcome, and the service goes on trying.
    let failed = run(&rig.work, &rig, &Scope::default()).await.unwrap();
    balances(&failed, 2);
    let outcomes: Vec<_> = failed
        .outcomes
        .iter()
        .map(|it| (it.outcome.as_deref(), it.files))
        .collect();
    assert!(
        outcomes.contains(&(Some("fetch.failed"), 1)),
        "{outcomes:?}"
    );
    assert_eq!(rig.job("a.docx").await.unwrap().attempt, 2);
    rig.source.fail("a.docx", None);
    let done = run(&rig.work, &rig, &Scope::default()).await.unwrap();
    balances(&done, 2);
    assert_eq!(rig.outcome("a.docx").await, "ok");
    assert_eq!(rig.jobs().await, 0);
}

/// On SQLite there is one process at a time.
#[tokio::test(flavor = "multi_thread")]
async fn two_rescans_at_once_share_the_work() {
    let Some(db) = crate::store::postgres().await else {
        return;
    };
    // Whether both have the same scope.
    for is_same in [true, false] {
        let rig = rig(db.clone()).await;
        let other = rig.another_process().await;
        let everything = Scope::default();
        let some = Scope {
            path: Some("0*.docx".to_owned()),
            ..Scope::default()
        };
        let second = if is_same { &everything } else { &some };
        let (one, two) = tokio::join!(run(&rig.work, &rig, &everything), run(&other, &rig, second));
        balances(&one.unwrap(), FILES);
        balances(&two.unwrap(), if is_same { FILES } else { 100 });
        each_was_read_once(&rig);
        assert_eq!(rig.jobs().await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rescan_beside_the_service_shares_the_work() {
    let Some(db) = crate::store::postgres().await else {
        return;
    };
    let rig = rig(db).await;
    let service = rig.another_process().await;
    let poll_and_scan = async {
        while !service.stop.is_stopped() {
            let task = poll_task(&rig.app);
            if tasks::hold(&rig.db, &task, service.worker).await.unwrap() {
                let polled = poll::poll(&service, &rig.app).await;
                tasks::release(&rig.db, &task, service.worker)
                    .await
                    .unwrap();
                polled?;
            }
            scan_waiting(&service, &rig.app, SETTINGS).await?;
        }
        Ok::<(), StageError>(())
    };
    let rescan = async {
        let finished = run(&rig.work, &rig, &Scope::default()).await;
        service.stop.stop();
        finished
    };
    let (served, finished) = tokio::join!(poll_and_scan, rescan);
    assert!(
        matches!(served, Ok(()) | Err(StageError::Stopped)),
        "{served:?}"
    );
    balances(&finished.unwrap(), FILES);
    each_was_read_once(&rig);
    // What the service had in hand when it was stopped is given back, and is nothing that stays.
    rig.scan().await;
    assert_eq!(rig.jobs().await, 0);
}
