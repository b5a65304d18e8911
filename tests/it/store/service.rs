//! Workers, scheduled tasks and counted calls.

use chrono::TimeDelta;
use labeld::store::usage::{self, Month};
use labeld::store::workers::{self, Rescued, WorkerId};
use labeld::store::{Db, Location, subscriptions, tasks};
use labeld_connector::{FeedRef, Subscription};

use super::{at, finance, on_both_stores};

on_both_stores!(
    a_lease_is_kept_by_heartbeats_and_taken_after_it_ran_out,
    who_takes_a_place_has_buried_who_had_it,
    a_task_is_done_by_one_worker_and_when_it_is_due,
    a_nudge_is_kept_while_the_task_is_under_way,
    a_held_task_is_not_started_and_keeps_its_schedule,
    a_task_of_a_dead_worker_is_due_again,
    calls_are_reserved_up_to_the_budget,
    subscriptions_are_kept_until_they_have_ended,
);

const LEASE: TimeDelta = TimeDelta::seconds(60);

async fn register(db: &Db, seconds: i64) -> WorkerId {
    workers::register(db, "here:1", LEASE, at(seconds))
        .await
        .unwrap()
}

async fn a_lease_is_kept_by_heartbeats_and_taken_after_it_ran_out(db: Db) {
    let worker = register(&db, 0).await;
    assert!(
        workers::heartbeat(&db, worker, LEASE, at(50))
            .await
            .unwrap()
    );
    for (seconds, expected) in [(109, 0), (110, 1), (111, 0)] {
        let rescued = workers::rescue(&db, at(seconds)).await.unwrap();
        assert_eq!(rescued.workers, expected, "at {seconds}");
    }
    assert!(
        !workers::heartbeat(&db, worker, LEASE, at(111))
            .await
            .unwrap()
    );
    assert!(
        !tasks::claim(&db, "poll:a/b", worker, at(111))
            .await
            .unwrap()
    );
    let next = register(&db, 112).await;
    assert_ne!(next, worker);
    let alive = workers::all(&db).await.unwrap();
    assert_eq!((alive.len(), alive[0].id), (1, next));
    assert_eq!(
        (alive[0].name.as_str(), alive[0].expires),
        ("here:1", at(172))
    );

    // Long after, the rows of the ended ones are gone, and no number comes back.
    workers::leave(&db, next, at(120)).await.unwrap();
    let much_later = register(&db, 30 * 86_400).await;
    assert!(much_later > next);
}

async fn who_takes_a_place_has_buried_who_had_it(db: Db) {
    let names = |workers: Vec<workers::Worker>| -> Vec<WorkerId> {
        workers.into_iter().map(|worker| worker.id).collect()
    };
    // SQLite ends older workers as soon as another one registers: here all register first.
    let (first, second) = (register(&db, 0).await, register(&db, 0).await);
    let elsewhere = register(&db, 0).await;
    let live = names(workers::all(&db).await.unwrap());
    let mut expected = live.clone();
    for (worker, place) in [(first, "a"), (elsewhere, "b"), (second, "a")] {
        workers::take_place(&db, worker, place, at(1))
            .await
            .unwrap();
    }
    expected.retain(|worker| *worker != first);
    assert_eq!(names(workers::all(&db).await.unwrap()), expected);
    // Again is no harm.
    let rescued = workers::take_place(&db, second, "a", at(2)).await.unwrap();
    assert_eq!(rescued, Rescued::default());
    assert_eq!(names(workers::all(&db).await.unwrap()), expected);
}

async fn a_task_is_done_by_one_worker_and_when_it_is_due(db: Db) {
    let worker = register(&db, 0).await;
    let name = "label_sync:contoso";
    assert!(tasks::claim(&db, name, worker, at(1)).await.unwrap());
    assert!(!tasks::claim(&db, name, worker, at(2)).await.unwrap());
    let ended = tasks::end(&db, name, worker, at(3), Some("no network"), at(100)).await;
    assert!(ended.unwrap());
    let state = tasks::get(&db, name).await.unwrap().unwrap();
    assert_eq!(
        (state.started, state.finished, state.succeeded, state.due),
        (Some(at(1)), Some(at(3)), None, Some(at(100)))
    );
    assert_eq!(state.error.as_deref(), Some("no network"));

    assert!(!tasks::claim(&db, name, worker, at(99)).await.unwrap());
    assert!(tasks::claim(&db, name, worker, at(100)).await.unwrap());
    let other = WorkerId(worker.0 + 1);
    let foreign = tasks::end(&db, name, other, at(101), None, at(500)).await;
    assert!(!foreign.unwrap());
    let ended = tasks::end(&db, name, worker, at(102), None, at(200)).await;
    assert!(ended.unwrap());
    let state = &tasks::all(&db).await.unwrap()[0];
    assert_eq!((state.succeeded, &state.error), (Some(at(102)), &None));
}

async fn a_nudge_is_kept_while_the_task_is_under_way(db: Db) {
    let worker = register(&db, 0).await;
    let name = "poll:contoso/finance";
    for expected in [true, false, true] {
        if expected {
            tasks::nudge(&db, name).await.unwrap();
        }
        assert_eq!(
            tasks::claim(&db, name, worker, at(1)).await.unwrap(),
            expected
        );
        if expected {
            tasks::end(&db, name, worker, at(1), None, at(100))
                .await
                .unwrap();
        }
    }
    tasks::nudge(&db, name).await.unwrap();
    assert!(tasks::claim(&db, name, worker, at(2)).await.unwrap());
    tasks::nudge(&db, name).await.unwrap();
    tasks::end(&db, name, worker, at(3), None, at(100))
        .await
        .unwrap();
    assert!(tasks::claim(&db, name, worker, at(4)).await.unwrap());
}

async fn a_held_task_is_not_started_and_keeps_its_schedule(db: Db) {
    let worker = register(&db, 0).await;
    let name = "poll:contoso/finance";
    assert!(tasks::hold(&db, name, worker).await.unwrap());
    assert!(!tasks::hold(&db, name, worker).await.unwrap());
    assert!(!tasks::claim(&db, name, worker, at(1)).await.unwrap());
    tasks::release(&db, name, worker).await.unwrap();
    let state = tasks::get(&db, name).await.unwrap().unwrap();
    assert_eq!((state.worker, state.due, state.started), (None, None, None));
    assert!(tasks::claim(&db, name, worker, at(2)).await.unwrap());
}

async fn a_task_of_a_dead_worker_is_due_again(db: Db) {
    let worker = register(&db, 0).await;
    let name = "reconcile:contoso/finance";
    assert!(tasks::claim(&db, name, worker, at(1)).await.unwrap());
    let rescued = workers::rescue(&db, at(61)).await.unwrap();
    let expected = Rescued {
        workers: 1,
        jobs: 0,
        tasks: 1,
    };
    assert_eq!(rescued, expected);
    assert!(
        !tasks::end(&db, name, worker, at(62), None, at(100))
            .await
            .unwrap()
    );
    let state = tasks::get(&db, name).await.unwrap().unwrap();
    assert_eq!((state.worker, state.succeeded), (None, None));
    assert!(state.error.unwrap().contains("has ended"));
    let next = register(&db, 63).await;
    assert!(tasks::claim(&db, name, next, at(64)).await.unwrap());

    // A worker that leaves in good order gives back too, and that is no error.
    workers::leave(&db, next, at(65)).await.unwrap();
    let last = register(&db, 66).await;
    assert!(tasks::claim(&db, name, last, at(67)).await.unwrap());
}

async fn calls_are_reserved_up_to_the_budget(db: Db) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    tx.commit().await.unwrap();
    let month = Month::from(at(0));
    let table = [
        (Some(250), 100, 100),
        (Some(250), 100, 200),
        (Some(250), 50, 250),
        (Some(250), 0, 250),
        (None, 100, 350),
        (Some(250), 0, 350),
    ];
    for (budget, granted, used) in table {
        let got = usage::reserve(&db, app, month, 100, budget).await;
        assert_eq!(got.unwrap(), granted, "{budget:?}");
        assert_eq!(usage::used(&db, app, month).await.unwrap(), used);
    }
    usage::give_back(&db, app, month, 50).await.unwrap();
    assert_eq!(usage::used(&db, app, month).await.unwrap(), 300);
    let next = Month::from(at(31 * 86_400));
    assert_ne!(next, month);
    assert_eq!(usage::used(&db, app, next).await.unwrap(), 0);
}

async fn subscriptions_are_kept_until_they_have_ended(db: Db) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    tx.commit().await.unwrap();
    let subscription = |feed: &str, id: &str, expires| Subscription {
        id: id.to_owned(),
        feed: FeedRef(feed.to_owned()),
        secret: "sent back".to_owned(),
        expires: at(expires),
    };
    let first = subscription("a", "1", 100);
    let renewed = subscription("a", "1", 300);
    let second = subscription("a", "2", 400);
    let other = subscription("b", "1", 200);
    for stored in [&first, &renewed, &second, &other] {
        subscriptions::put(&db, app, stored).await.unwrap();
    }
    let known = async || subscriptions::of_app(&db, app).await.unwrap();
    assert_eq!(known().await, [renewed, second.clone(), other]);
    // Each of this name is to be renewed.
    subscriptions::expire(&db, app, "1", at(50)).await.unwrap();
    let ends: Vec<_> = known().await.iter().map(|known| known.expires).collect();
    assert_eq!(ends, [at(50), at(400), at(50)]);
    subscriptions::forget_ended(&db, app, at(50)).await.unwrap();
    assert_eq!(known().await, [second]);
}

#[tokio::test]
async fn on_sqlite_a_new_process_ends_the_one_before() {
    let folder = tempfile::TempDir::new().unwrap();
    let location = Location::from(folder.path().join("labeld.db").as_path());
    let open = || Db::open(&location, labeld::store::Access::Write);
    let db = open().await.unwrap();
    let first = register(&db, 0).await;
    assert!(tasks::claim(&db, "poll:a/b", first, at(0)).await.unwrap());
    db.close().await.unwrap();
    let db = open().await.unwrap();
    let second = register(&db, 1).await;
    assert!(!workers::heartbeat(&db, first, LEASE, at(1)).await.unwrap());
    assert!(tasks::claim(&db, "poll:a/b", second, at(1)).await.unwrap());
}
