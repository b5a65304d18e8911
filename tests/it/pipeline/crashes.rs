//! Readers that crash: with the whole process, which leaves a marker, or alone.

use std::mem;
use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use labeld::clock::Clock;
use labeld::pipeline::CrashMarkers;
use labeld::store::{Db, queue, workers};
use labeld_connector::ErrorKind;
use tempfile::TempDir;

use super::Rig;
use super::scripted::Failure;
use crate::store::on_both_stores;

on_both_stores!(
    three_killed_processes_make_a_file_poison,
    markers_of_the_living_are_left_alone,
    a_reader_that_crashes_alone_takes_only_its_file_with_it,
    a_failure_in_good_order_ends_a_series_of_crashes,
);

/// A process claims the app's files and dies while it parses some of them; the next one takes its place.
async fn die_while_parsing(rig: &mut Rig, state: &Path, paths: &[&str]) {
    let now = rig.clock.now();
    let jobs = queue::claim(&rig.db, rig.app_id, rig.work.worker, None, 10, now).await;
    assert!(jobs.unwrap().len() >= paths.len());
    let markers = CrashMarkers::open(state, &rig.db).await.unwrap();
    for path in paths {
        mem::forget(markers.enter(rig.file(path).await.id));
    }
    drop(markers);
    restart(rig, state).await;
}

async fn restart(rig: &mut Rig, state: &Path) {
    let dead = rig.work.worker;
    rig.work = rig.another_process().await;
    // On PostgreSQL its lease runs out.
    workers::leave(&rig.db, dead, rig.clock.now())
        .await
        .unwrap();
    rig.work.markers = Arc::new(CrashMarkers::open(state, &rig.db).await.unwrap());
}

async fn three_killed_processes_make_a_file_poison(db: Db) {
    let state = TempDir::new().unwrap();
    // What comes after the third crash: a day without anything, or a new version.
    for is_new_version in [false, true] {
        let mut rig = Rig::connected(db.clone()).await;
        let bad = "bad.docx";
        rig.list(bad).await;
        rig.list("good.docx").await;
        for crashes in 1..=3 {
            die_while_parsing(&mut rig, state.path(), &[bad]).await;
            assert_eq!(rig.job(bad).await.unwrap().crashes, crashes);
            assert_eq!(rig.job("good.docx").await.unwrap().crashes, 0);
        }
        rig.scan().await;
        assert_eq!(rig.outcome(bad).await, "file.poison");
        assert_eq!(rig.outcome("good.docx").await, "ok");
        assert!(!rig.source.reads().contains(&bad.to_owned()));
        let job = rig.job(bad).await.unwrap();
        assert_eq!(job.reason.as_deref(), Some("file.poison"));
        assert_eq!(job.due, rig.clock.now() + TimeDelta::hours(24));

        if is_new_version {
            rig.clock.advance(TimeDelta::seconds(1));
            rig.list(bad).await;
        } else {
            rig.clock
                .advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
            assert_eq!(rig.scan().await.files, 0);
            rig.clock.advance(TimeDelta::seconds(1));
        }
        assert_eq!(rig.scan().await.files, 1, "new version: {is_new_version}");
        assert_eq!(rig.outcome(bad).await, "ok");
        assert_eq!(rig.jobs().await, 0);
    }
}

async fn markers_of_the_living_are_left_alone(db: Db) {
    let state = TempDir::new().unwrap();
    let rig = Rig::connected(db).await;
    rig.list("a.docx").await;
    let file = rig.file("a.docx").await.id;
    let living = CrashMarkers::open(state.path(), &rig.db).await.unwrap();
    let marker = living.enter(file);
    let other = CrashMarkers::open(state.path(), &rig.db).await.unwrap();
    assert_eq!(rig.job("a.docx").await.unwrap().crashes, 0);
    drop(marker);
    drop((living, other));
    // What was parsed to its end has left nothing behind.
    drop(CrashMarkers::open(state.path(), &rig.db).await.unwrap());
    assert_eq!(rig.job("a.docx").await.unwrap().crashes, 0);
    let last = CrashMarkers::open(state.path(), &rig.db).await.unwrap();
    mem::forget(last.enter(file));
    drop(last);
    for _ in 0..2 {
        drop(CrashMarkers::open(state.path(), &rig.db).await.unwrap());
        assert_eq!(rig.job("a.docx").await.unwrap().crashes, 1, "counted once");
    }
}

async fn a_reader_that_crashes_alone_takes_only_its_file_with_it(db: Db) {
    let rig = Rig::connected(db).await;
    rig.source.fail("bad.docx", Some(Failure::Crash));
    for path in ["a.docx", "bad.docx", "c.docx"] {
        rig.list(path).await;
    }
    rig.scan().await;
    for (path, outcome, reads) in [
        ("a.docx", "ok", 1),
        ("bad.docx", "file.poison", 3),
        ("c.docx", "ok", 1),
    ] {
        assert_eq!(rig.outcome(path).await, outcome, "{path}");
        let all = rig.source.reads();
        let of_file = all.iter().filter(|read| *read == path);
        assert_eq!(of_file.count(), reads, "{path}");
    }
    assert_eq!(rig.jobs().await, 1);
    rig.source.fail("bad.docx", None);
    rig.clock.advance(TimeDelta::hours(24));
    rig.scan().await;
    assert_eq!(rig.outcome("bad.docx").await, "ok");
}

async fn a_failure_in_good_order_ends_a_series_of_crashes(db: Db) {
    let state = TempDir::new().unwrap();
    let mut rig = Rig::connected(db).await;
    rig.list("a.docx").await;
    let failure = Failure::Error(ErrorKind::Transient, None);
    for round in 0..2 {
        for crashes in 1..=2 {
            die_while_parsing(&mut rig, state.path(), &["a.docx"]).await;
            assert_eq!(rig.job("a.docx").await.unwrap().crashes, crashes, "{round}");
        }
        rig.source.fail("a.docx", Some(failure));
        rig.clock.set(rig.scan().await.next_due.unwrap());
        assert_eq!(rig.outcome("a.docx").await, "fetch.failed");
    }
    rig.source.fail("a.docx", None);
    rig.scan().await;
    assert_eq!(rig.outcome("a.docx").await, "ok");
}
