//! Several workers on one PostgreSQL database.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::TimeDelta;
use labeld::model::inventory::FileId;
use labeld::store::apps::AppId;
use labeld::store::queue::{self, JobClass, JobEnd};
use labeld::store::runs::Reuse;
use labeld::store::usage::{self, Month};
use labeld::store::workers::{self, WorkerId};
use labeld::store::{Access, Db, Location, files, tasks};
use labeld_connector::Change;

use super::{at, facts, finance, meta};

const WORKERS: usize = 4;
const FILES: usize = 600;
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// Processes on one database: each has a pool of its own.
async fn processes() -> Option<(Vec<Db>, String)> {
    let url = crate::postgres::new_schema().await?;
    let location = Location::parse(&url);
    let mut all = Vec::new();
    for _ in 0..WORKERS {
        all.push(Db::open(&location, Access::Write).await.unwrap());
    }
    Some((all, url))
}

async fn register(db: &Db) -> WorkerId {
    workers::register(db, "here:1", LEASE, at(0)).await.unwrap()
}

/// A page of all files in one version, from the front or from the back.
fn page(version: usize) -> Vec<Change> {
    let mut page: Vec<Change> = (0..FILES)
        .map(|number| {
            let mut file = meta(&format!("{number:04}.docx"));
            file.version.0 = format!("v{version}");
            Change::Upserted(file)
        })
        .collect();
    if version % 2 == 1 {
        page.reverse();
    }
    page
}

async fn list(db: &Db, app: AppId, version: usize) {
    let page = page(version);
    let now = at(version as i64);
    let tx = db.begin().await.unwrap();
    files::apply_changes(&tx, app, &page, now).await.unwrap();
    let reuse = Reuse::Reader(1);
    queue::enqueue_changes(&tx, app, &page, reuse, JobClass::Changed, now)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

/// Which files are being scanned by whom, and how often each was.
#[derive(Default)]
struct Watch {
    held: HashSet<FileId>,
    scans: HashMap<FileId, usize>,
}

/// Scans until nothing is due: facts and the ends of the jobs in one transaction.
async fn scan_all(db: Db, app: AppId, watch: Arc<Mutex<Watch>>) {
    let worker = register(&db).await;
    loop {
        let jobs = queue::claim(&db, app, worker, None, 20, at(1000)).await;
        let jobs = jobs.unwrap();
        if jobs.is_empty() {
            return;
        }
        {
            let mut watch = watch.lock().unwrap();
            for job in &jobs {
                assert!(watch.held.insert(job.file.id), "claimed twice at once");
                *watch.scans.entry(job.file.id).or_default() += 1;
            }
        }
        tokio::task::yield_now().await;
        let read = jobs.iter().rev().map(|job| {
            let mut facts = facts(Vec::new());
            facts.version = job.file.version.clone();
            (job.file.id, facts)
        });
        let read: Vec<_> = read.collect();
        let ends: Vec<_> = read.iter().map(|(file, _)| (*file, JobEnd::Done)).collect();
        let tx = db.begin().await.unwrap();
        files::apply_changes(&tx, app, &[], at(5)).await.unwrap();
        files::store_facts(&tx, &read).await.unwrap();
        let held = queue::finish(&tx, worker, &ends).await.unwrap();
        assert_eq!(held, ends.len() as u64);
        {
            let mut watch = watch.lock().unwrap();
            for (file, _) in &ends {
                watch.held.remove(file);
            }
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_is_scanned_by_one_worker_at_a_time() {
    let Some((processes, url)) = processes().await else {
        return;
    };
    let tx = processes[0].begin().await.unwrap();
    let app = finance(&tx).await;
    tx.commit().await.unwrap();
    list(&processes[0], app, 1).await;
    let watch = Arc::default();
    let mut scanning = Vec::new();
    for db in &processes {
        scanning.push(tokio::spawn(scan_all(db.clone(), app, Arc::clone(&watch))));
    }
    for version in 2..5 {
        list(&processes[0], app, version).await;
    }
    for task in scanning {
        task.await.unwrap();
    }
    // Changes may have come after the others had seen the end of the queue.
    scan_all(processes[0].clone(), app, Arc::clone(&watch)).await;
    let scans: Vec<_> = watch.lock().unwrap().scans.values().copied().collect();
    assert_eq!(scans.len(), FILES);
    assert!(scans.iter().all(|scans| (1..=4).contains(scans)));
    assert_eq!(queue::waiting(&processes[0], app, 1).await.unwrap(), 0);
    let unread = files::Page {
        after: None,
        limit: 1,
    };
    let unread = files::needing_read(&processes[0], app, 1, unread).await;
    assert_eq!(unread.unwrap(), [], "no scan was lost");
    expect_claims_to_use_the_index(&url).await;
}

/// No claim has read the table from end to end. The server tells its counters a moment after a transaction.
async fn expect_claims_to_use_the_index(url: &str) {
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let counters =
        "SELECT COALESCE(SUM(idx_scan), 0)::BIGINT, COALESCE(SUM(seq_tup_read), 0)::BIGINT
        FROM pg_stat_user_tables WHERE relname = 'scan_job' AND schemaname = current_schema()";
    for _ in 0..300 {
        let row = client.query_one(counters, &[]).await.unwrap();
        let (through_index, read_in_whole): (i64, i64) = (row.get(0), row.get(1));
        // `waiting` and the like may look at a table that is empty.
        assert!(
            read_in_whole < FILES as i64,
            "{read_in_whole} rows were read without the index"
        );
        if through_index > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the server tells no counters");
}

#[tokio::test]
async fn one_of_many_gets_a_task_and_all_together_no_more_than_the_budget() {
    let Some((processes, _)) = processes().await else {
        return;
    };
    let tx = processes[0].begin().await.unwrap();
    let app = finance(&tx).await;
    tx.commit().await.unwrap();
    let mut starting = Vec::new();
    for db in processes {
        starting.push(tokio::spawn(async move {
            let worker = register(&db).await;
            let mut calls = 0;
            for _ in 0..5 {
                let month = Month::from(at(0));
                calls += usage::reserve(&db, app, month, 10, Some(95)).await.unwrap();
            }
            let started = tasks::claim(&db, "poll:contoso/finance", worker, at(0)).await;
            (started.unwrap(), calls)
        }));
    }
    let (mut started, mut calls) = (0, 0);
    for task in starting {
        let (got, reserved) = task.await.unwrap();
        started += usize::from(got);
        calls += reserved;
    }
    assert_eq!((started, calls), (1, 95));
}

#[tokio::test]
async fn a_worker_that_lost_its_lease_takes_nothing_from_the_next_one() {
    let Some((processes, _)) = processes().await else {
        return;
    };
    let (slow_db, quick_db) = (&processes[0], &processes[1]);
    let tx = slow_db.begin().await.unwrap();
    let app = finance(&tx).await;
    tx.commit().await.unwrap();
    list(slow_db, app, 1).await;
    let slow = register(slow_db).await;
    let lost = queue::claim(slow_db, app, slow, None, 10, at(10)).await;
    let lost = lost.unwrap();
    // It is late with its heartbeat, and the other one takes its files up.
    let quick = workers::register(quick_db, "there:1", LEASE, at(59)).await;
    let quick = quick.unwrap();
    let rescued = workers::rescue(quick_db, at(60)).await.unwrap();
    assert_eq!((rescued.workers, rescued.jobs), (1, 10));
    let taken_up = queue::claim(quick_db, app, quick, None, 10, at(61)).await;
    let taken_up = taken_up.unwrap();
    assert_eq!(
        taken_up.iter().map(|job| job.file.id).collect::<Vec<_>>(),
        lost.iter().map(|job| job.file.id).collect::<Vec<_>>(),
        "what was rescued comes first again"
    );
    let ends: Vec<_> = lost.iter().map(|job| (job.file.id, JobEnd::Done)).collect();
    for (db, worker, held) in [(slow_db, slow, 0), (quick_db, quick, 10)] {
        let tx = db.begin().await.unwrap();
        assert_eq!(queue::finish(&tx, worker, &ends).await.unwrap(), held);
        tx.commit().await.unwrap();
    }
}
