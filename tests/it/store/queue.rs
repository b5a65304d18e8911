//! The scan queue.

use chrono::TimeDelta;
use labeld::model::inventory::FileId;
use labeld::store::apps::AppId;
use labeld::store::queue::{self, Depth, Job, JobClass, JobEnd};
use labeld::store::runs::{self, Reuse};
use labeld::store::workers::{self, WorkerId};
use labeld::store::{Db, files};
use labeld_connector::{Change, FileRef};

use super::{at, facts, finance, meta, on_both_stores, upserted, whole_feed};

on_both_stores!(
    one_row_per_file_while_it_is_unfinished,
    changed_files_overtake_the_backlog,
    a_change_during_a_scan_causes_one_more,
    a_lost_lease_ends_nothing,
    failed_files_wait_and_a_new_version_does_not,
    only_files_without_facts_are_enqueued,
    removed_files_leave_the_queue,
    files_of_a_run_are_enqueued_and_claimed_alone,
    crashes_are_counted_until_a_scan_ends_in_order,
    how_much_there_is_to_do,
);

const LEASE: TimeDelta = TimeDelta::seconds(60);

async fn begin(db: &Db) -> (AppId, WorkerId) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    tx.commit().await.unwrap();
    (app, register(db, 0).await)
}

async fn register(db: &Db, seconds: i64) -> WorkerId {
    workers::register(db, "here:1", LEASE, at(seconds))
        .await
        .unwrap()
}

/// Takes a page over, as the pipeline does.
async fn list(db: &Db, app: AppId, class: JobClass, changes: &[Change], seconds: i64) -> u64 {
    let tx = db.begin().await.unwrap();
    files::apply_changes(&tx, app, changes, at(seconds))
        .await
        .unwrap();
    let reuse = Reuse::Reader(1);
    let rows = queue::enqueue_changes(&tx, app, changes, reuse, class, at(seconds)).await;
    tx.commit().await.unwrap();
    rows.unwrap()
}

async fn claim(db: &Db, app: AppId, worker: WorkerId, limit: u32, seconds: i64) -> Vec<Job> {
    queue::claim(db, app, worker, None, limit, at(seconds))
        .await
        .unwrap()
}

async fn finish(db: &Db, worker: WorkerId, ends: &[(FileId, JobEnd)]) -> u64 {
    let tx = db.begin().await.unwrap();
    let held = queue::finish(&tx, worker, ends).await.unwrap();
    tx.commit().await.unwrap();
    held
}

/// Stores facts of the version that each job names, and ends it.
async fn read(db: &Db, worker: WorkerId, jobs: &[Job]) -> u64 {
    let tx = db.begin().await.unwrap();
    let read = jobs.iter().map(|job| {
        let mut facts = facts(Vec::new());
        facts.version = job.file.version.clone();
        (job.file.id, facts)
    });
    files::store_facts(&tx, &read.collect::<Vec<_>>())
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let ends: Vec<_> = jobs.iter().map(|job| (job.file.id, JobEnd::Done)).collect();
    finish(db, worker, &ends).await
}

fn names(jobs: &[Job]) -> String {
    let names: Vec<&str> = jobs.iter().map(|job| job.file.name.as_str()).collect();
    names.join(" ")
}

fn newer(path: &str, version: &str) -> Change {
    let mut file = meta(path);
    file.version.0 = version.to_owned();
    Change::Upserted(file)
}

async fn one_row_per_file_while_it_is_unfinished(db: Db) {
    let (app, worker) = begin(&db).await;
    let page = upserted(&["a.docx", "b.docx", "b.docx"]);
    assert_eq!(list(&db, app, JobClass::Backlog, &page, 1).await, 2);
    list(&db, app, JobClass::Backlog, &page, 2).await;
    assert_eq!(queue::waiting(&db, app, 10).await.unwrap(), 2);
    assert_eq!(queue::waiting(&db, app, 1).await.unwrap(), 1);
    let jobs = claim(&db, app, worker, 10, 3).await;
    assert_eq!(names(&jobs), "a.docx b.docx");
    assert_eq!((jobs[0].listed, jobs[0].attempt), (at(1), 0));
    assert!(claim(&db, app, worker, 10, 3).await.is_empty());
    assert_eq!(read(&db, worker, &jobs).await, 2);
    assert_eq!(queue::waiting(&db, app, 10).await.unwrap(), 0);
    assert_eq!(queue::of_file(&db, jobs[0].file.id).await.unwrap(), None);
}

async fn changed_files_overtake_the_backlog(db: Db) {
    let (app, worker) = begin(&db).await;
    let old = upserted(&["a.docx", "b.docx", "c.docx"]);
    list(&db, app, JobClass::Backlog, &old, 1).await;
    list(&db, app, JobClass::Changed, &upserted(&["d.docx"]), 2).await;
    // One of the backlog changes: its one row goes to the front, and does not fall back.
    list(&db, app, JobClass::Changed, &[newer("c.docx", "v2")], 3).await;
    list(&db, app, JobClass::Backlog, &[newer("c.docx", "v3")], 4).await;
    for (limit, expected) in [(1, "c.docx"), (2, "d.docx a.docx"), (9, "b.docx")] {
        assert_eq!(names(&claim(&db, app, worker, limit, 5).await), expected);
    }
}

async fn a_change_during_a_scan_causes_one_more(db: Db) {
    let (app, worker) = begin(&db).await;
    list(&db, app, JobClass::Changed, &upserted(&["a.docx"]), 1).await;
    for end in [
        JobEnd::Done,
        JobEnd::Released,
        JobEnd::Retry {
            due: at(9999),
            reason: "fetch.failed",
        },
    ] {
        let jobs = claim(&db, app, worker, 10, 2).await;
        let file = jobs[0].file.id;
        let version = format!("{end:?}");
        let page = [newer("a.docx", &version)];
        list(&db, app, JobClass::Changed, &page, 2).await;
        // Listed again without a change: that asks for no more.
        list(&db, app, JobClass::Changed, &page, 3).await;
        assert!(
            claim(&db, app, worker, 10, 3).await.is_empty(),
            "it is being scanned"
        );
        assert!(queue::of_file(&db, file).await.unwrap().unwrap().again);
        assert_eq!(finish(&db, worker, &[(file, end)]).await, 1, "{end:?}");
        let state = queue::of_file(&db, file).await.unwrap().unwrap();
        assert_eq!((state.again, state.attempt), (false, 0), "{end:?}");
        assert!(state.due <= at(3), "{end:?}");
    }
    let jobs = claim(&db, app, worker, 10, 4).await;
    assert_eq!(jobs[0].listed, at(3));
    read(&db, worker, &jobs).await;
    assert!(claim(&db, app, worker, 10, 5).await.is_empty());

    // Listed again while it is scanned, without a change: no further scan.
    list(&db, app, JobClass::Changed, &[newer("a.docx", "v9")], 6).await;
    let jobs = claim(&db, app, worker, 10, 7).await;
    list(&db, app, JobClass::Changed, &[newer("a.docx", "v9")], 8).await;
    read(&db, worker, &jobs).await;
    assert!(claim(&db, app, worker, 10, 9).await.is_empty());
}

async fn a_lost_lease_ends_nothing(db: Db) {
    let (app, slow) = begin(&db).await;
    let page = upserted(&["a.docx", "b.docx"]);
    list(&db, app, JobClass::Changed, &page, 1).await;
    let jobs = claim(&db, app, slow, 10, 2).await;
    let rescued = workers::rescue(&db, at(60)).await.unwrap();
    assert_eq!((rescued.workers, rescued.jobs), (1, 2));
    assert!(claim(&db, app, slow, 10, 61).await.is_empty());

    let quick = register(&db, 61).await;
    let taken_up = claim(&db, app, quick, 1, 62).await;
    assert_eq!(names(&taken_up), "a.docx");
    let ends: Vec<_> = jobs.iter().map(|job| (job.file.id, JobEnd::Done)).collect();
    assert_eq!(finish(&db, slow, &ends).await, 0, "it holds nothing");
    let retry = JobEnd::Retry {
        due: at(999),
        reason: "fetch.failed",
    };
    for end in [retry, JobEnd::Released] {
        assert_eq!(finish(&db, slow, &[(jobs[0].file.id, end)]).await, 0);
    }
    assert_eq!(finish(&db, quick, &ends).await, 1);
    assert_eq!(names(&claim(&db, app, quick, 10, 63).await), "b.docx");
}

async fn failed_files_wait_and_a_new_version_does_not(db: Db) {
    let (app, worker) = begin(&db).await;
    list(&db, app, JobClass::Changed, &upserted(&["a.docx"]), 1).await;
    let file = claim(&db, app, worker, 10, 1).await[0].file.id;
    let retry = JobEnd::Retry {
        due: at(100),
        reason: "fetch.failed",
    };
    let tx = db.begin().await.unwrap();
    let mut failed = super::refused("error", "fetch.failed");
    failed.reader = 0;
    files::store_facts(&tx, &[(file, failed)]).await.unwrap();
    queue::finish(&tx, worker, &[(file, retry)]).await.unwrap();
    tx.commit().await.unwrap();
    let state = queue::of_file(&db, file).await.unwrap().unwrap();
    assert_eq!((state.attempt, state.due), (1, at(100)));
    assert_eq!(state.reason.as_deref(), Some("fetch.failed"));
    assert_eq!(queue::next_due(&db, app).await.unwrap(), Some(at(100)));

    // A list of everything names it once more: the delay stays.
    list(&db, app, JobClass::Changed, &upserted(&["a.docx"]), 50).await;
    assert!(claim(&db, app, worker, 10, 99).await.is_empty());
    let jobs = claim(&db, app, worker, 10, 100).await;
    assert_eq!(jobs[0].attempt, 1);
    finish(&db, worker, &[(file, retry)]).await;

    list(&db, app, JobClass::Changed, &[newer("a.docx", "v2")], 60).await;
    let jobs = claim(&db, app, worker, 10, 60).await;
    assert_eq!((names(&jobs).as_str(), jobs[0].attempt), ("a.docx", 0));
}

async fn only_files_without_facts_are_enqueued(db: Db) {
    let (app, worker) = begin(&db).await;
    let page = upserted(&["a.docx", "b.docx"]);
    list(&db, app, JobClass::Changed, &page, 1).await;
    let jobs = claim(&db, app, worker, 10, 1).await;
    read(&db, worker, &jobs).await;
    assert_eq!(list(&db, app, JobClass::Changed, &page, 2).await, 0);
    let mut moved = meta("a.docx");
    moved.name = "renamed.docx".to_owned();
    let page = [Change::Upserted(moved), newer("b.docx", "v2")];
    assert_eq!(list(&db, app, JobClass::Changed, &page, 3).await, 1);
    assert_eq!(names(&claim(&db, app, worker, 10, 3).await), "b.docx");

    for (reuse, expected) in [
        (Reuse::Reader(1), 0),
        (Reuse::Reader(2), 1),
        (Reuse::Nothing, 1),
    ] {
        let tx = db.begin().await.unwrap();
        let page = upserted(&["a.docx"]);
        let rows = queue::enqueue_changes(&tx, app, &page, reuse, JobClass::Backlog, at(4)).await;
        assert_eq!(rows.unwrap(), expected, "{reuse:?}");
    }
}

async fn removed_files_leave_the_queue(db: Db) {
    let (app, worker) = begin(&db).await;
    let page = upserted(&["a.docx", "b.docx", "c.docx"]);
    list(&db, app, JobClass::Changed, &page, 1).await;
    let gone = [Change::Removed(FileRef("a.docx".to_owned()))];
    list(&db, app, JobClass::Changed, &gone, 2).await;
    assert_eq!(queue::waiting(&db, app, 10).await.unwrap(), 2);
    // This one went without the queue being told, as with its folder.
    let tx = db.begin().await.unwrap();
    let gone = [Change::Removed(FileRef("b.docx".to_owned()))];
    files::apply_changes(&tx, app, &gone, at(3)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(names(&claim(&db, app, worker, 1, 4).await), "c.docx");
    assert_eq!(queue::waiting(&db, app, 10).await.unwrap(), 1);
}

async fn files_of_a_run_are_enqueued_and_claimed_alone(db: Db) {
    let (app, worker) = begin(&db).await;
    let page = upserted(&["a.docx", "b.docx", "c.docx"]);
    let tx = db.begin().await.unwrap();
    let run = runs::begin(&tx, app, "{}", at(0)).await.unwrap();
    let feed = whole_feed(&tx, app).await;
    let origin = files::Origin {
        app,
        feed: Some(feed),
    };
    files::apply_changes(&tx, origin, &page, at(1))
        .await
        .unwrap();
    runs::record_listed(&tx, run, app, Reuse::Reader(1), &page[..2])
        .await
        .unwrap();
    let changed =
        queue::enqueue_changes(&tx, app, &page, Reuse::Reader(1), JobClass::Changed, at(1));
    assert_eq!(changed.await.unwrap(), 3);
    tx.commit().await.unwrap();

    let of_run = queue::claim(&db, app, worker, Some(run), 10, at(2)).await;
    let jobs = of_run.unwrap();
    assert_eq!(names(&jobs), "a.docx b.docx");
    let (first, second) = (jobs[0].file.id, jobs[1].file.id);
    let ends = ["fetch.failed", "file.poison"].map(|reason| JobEnd::Retry {
        due: at(1000),
        reason,
    });
    finish(&db, worker, &[(first, ends[0]), (second, ends[1])]).await;
    let none = queue::claim(&db, app, worker, Some(run), 10, at(3)).await;
    assert!(none.unwrap().is_empty(), "they wait");

    let tx = db.begin().await.unwrap();
    assert_eq!(queue::enqueue_run(&tx, run, at(4)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let of_run = queue::claim(&db, app, worker, Some(run), 10, at(4)).await;
    let jobs = of_run.unwrap();
    assert_eq!(names(&jobs), "a.docx");
    read(&db, worker, &jobs).await;
    let tx = db.begin().await.unwrap();
    runs::record_everywhere(&tx, app, &[(first, "ok")])
        .await
        .unwrap();
    assert_eq!(queue::enqueue_run(&tx, run, at(4)).await.unwrap(), 0);
    tx.commit().await.unwrap();
    assert_eq!(names(&claim(&db, app, worker, 10, 5).await), "c.docx");
}

async fn crashes_are_counted_until_a_scan_ends_in_order(db: Db) {
    let (app, _) = begin(&db).await;
    list(&db, app, JobClass::Changed, &upserted(&["a.docx"]), 1).await;
    let mut file = FileId(0);
    for crashes in 0..3 {
        let worker = register(&db, 100 * crashes).await;
        let jobs = claim(&db, app, worker, 1, 100 * crashes + 1).await;
        assert_eq!(i64::from(jobs[0].crashes), crashes);
        file = jobs[0].file.id;
        workers::rescue(&db, at(100 * crashes + 60)).await.unwrap();
        let tx = db.begin().await.unwrap();
        queue::note_crash(&tx, &[file]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let worker = register(&db, 400).await;
    let crashes = || async {
        let state = queue::of_file(&db, file).await.unwrap();
        state.unwrap().crashes
    };
    claim(&db, app, worker, 1, 400).await;
    finish(&db, worker, &[(file, JobEnd::Released)]).await;
    assert_eq!(crashes().await, 3, "nothing was tried");
    list(&db, app, JobClass::Changed, &upserted(&["a.docx"]), 401).await;
    assert_eq!(crashes().await, 3, "the same version");
    claim(&db, app, worker, 1, 402).await;
    let denied = JobEnd::Retry {
        due: at(100_000),
        reason: "file.poison",
    };
    finish(&db, worker, &[(file, denied)]).await;
    assert_eq!(crashes().await, 0, "it is tried anew when it is due");
    let tx = db.begin().await.unwrap();
    queue::note_crash(&tx, &[file]).await.unwrap();
    tx.commit().await.unwrap();
    list(&db, app, JobClass::Changed, &[newer("a.docx", "v2")], 403).await;
    assert_eq!(crashes().await, 0, "a new version");
}

async fn how_much_there_is_to_do(db: Db) {
    let (app, worker) = begin(&db).await;
    let depth = |app, class, waiting, claimed, oldest| Depth {
        app,
        class,
        waiting,
        claimed,
        oldest,
    };
    assert_eq!(queue::depth(&db).await.unwrap(), []);
    assert_eq!(queue::next_due(&db, app).await.unwrap(), None);
    let old = upserted(&["a.docx", "b.docx"]);
    list(&db, app, JobClass::Backlog, &old, 1).await;
    list(&db, app, JobClass::Changed, &upserted(&["c.docx"]), 2).await;
    claim(&db, app, worker, 2, 3).await;
    assert_eq!(queue::next_due(&db, app).await.unwrap(), Some(at(1)));
    let tx = db.begin().await.unwrap();
    let other = labeld::store::apps::ensure(&tx, &"contoso".into(), &"sales".into()).await;
    tx.commit().await.unwrap();
    let other = other.unwrap();
    list(&db, other, JobClass::Backlog, &old, 4).await;
    let expected = [
        depth(app, JobClass::Changed, 0, 1, None),
        depth(app, JobClass::Backlog, 1, 1, Some(at(1))),
        depth(other, JobClass::Backlog, 2, 0, Some(at(4))),
    ];
    assert_eq!(queue::depth(&db).await.unwrap(), expected);
}
