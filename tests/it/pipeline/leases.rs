//! The lease of a process on what it has claimed: clocks that jump, and processes that are killed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use labeld::clock::{Clock, TestClock};
use labeld::pipeline::{CrashMarkers, Membership, StopSignal, register};
use labeld::store::{Db, tasks, workers};
use tempfile::TempDir;

use crate::store::{at, on_both_stores};

on_both_stores!(
    a_jump_of_the_clock_ends_no_lease,
    what_a_killed_process_held_is_free_for_the_next_in_its_state_folder,
);

/// The next heartbeats come long before.
const PATIENCE: Duration = Duration::from_secs(60);

async fn a_jump_of_the_clock_ends_no_lease(db: Db) {
    let clock = TestClock::at(at(0));
    let stop = StopSignal::default();
    // The first process on SQLite is ended by a second one.
    let processes = if db.has_one_writer() { 1 } else { 3 };
    let mut members = Vec::new();
    for _ in 0..processes {
        let (clock, markers) = (Arc::new(clock.clone()), CrashMarkers::nowhere());
        let member = Membership::join(db.clone(), clock, &markers, stop.clone()).await;
        members.push(member.unwrap());
    }
    for hours in [1, 1, -30, 24, 5_000] {
        clock.advance(TimeDelta::hours(hours));
        let now = clock.now();
        let begun = Instant::now();
        loop {
            let workers = workers::all(&db).await.unwrap();
            assert_eq!(workers.len(), processes, "after {hours} h: {workers:?}");
            let mut expiries = workers.iter().map(|worker| worker.expires);
            if expiries.all(|expires| expires > now && expires < now + TimeDelta::hours(1)) {
                break;
            }
            assert!(begun.elapsed() < PATIENCE, "after {hours} h: {workers:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    assert!(!stop.is_stopped());
}

/// Until its lease ran out, nobody could list an app that a killed rescan had been listing.
async fn what_a_killed_process_held_is_free_for_the_next_in_its_state_folder(db: Db) {
    let task = "poll:contoso/held";
    let state = TempDir::new().unwrap();
    let open = async || CrashMarkers::open(state.path(), &db).await.unwrap();
    let markers = open().await;
    let killed = register(&db, &markers, at(0)).await.unwrap();
    assert!(tasks::hold(&db, task, killed).await.unwrap());
    let mut alive = Vec::new();
    if !db.has_one_writer() {
        let others = open().await;
        let other = register(&db, &others, at(0)).await.unwrap();
        assert!(!tasks::hold(&db, task, other).await.unwrap());
        alive.push((other, others));
    }
    drop(markers);
    let markers = open().await;
    let next = register(&db, &markers, at(1)).await.unwrap();
    assert!(tasks::hold(&db, task, next).await.unwrap());
    let mut expected: Vec<_> = alive.iter().map(|(worker, _)| *worker).collect();
    expected.push(next);
    let workers = workers::all(&db).await.unwrap();
    let known: Vec<_> = workers.iter().map(|worker| worker.id).collect();
    assert_eq!(known, expected);
}
