//! Budgets of calls, on a store in memory.

use chrono::TimeDelta;

use super::*;
use crate::clock::TestClock;
use crate::store::{Access, Location};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// How many of `wanted` calls may be made.
async fn made(budget: &dyn CallBudget, wanted: u32) -> u32 {
    let mut made = 0;
    for _ in 0..wanted {
        match budget.take().await {
            Ok(()) => made += 1,
            Err(NoCall::UsedUp { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    made
}

async fn store() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(folder.path().join("labeld.sqlite"));
    let db = Db::open(&location, Access::Write).await.unwrap();
    (folder, db)
}

#[tokio::test]
async fn a_month_has_as_many_calls_as_its_budget() {
    let (_folder, db) = store().await;
    let clock = TestClock::at(time("2026-01-31T23:59:59Z"));
    let budgets = CallBudgets::new(db.clone(), Arc::new(clock.clone()));
    let (tenant, app, other) = ("t".into(), "a".into(), "b".into());
    let budget = budgets.of(&tenant, &app, 250);
    assert_eq!(made(&*budget, 300).await, 250);
    let until = time("2026-02-01T00:00:00Z");
    let refused = NoCall::UsedUp {
        until,
        wait: std::time::Duration::from_secs(1),
    };
    assert_eq!(budget.take().await, Err(refused));
    let told: Vec<_> = budgets.used_up();
    assert_eq!(
        told,
        [UsedUp {
            tenant: "t".into(),
            app: "a".into(),
            budget: 250,
            since: clock.now(),
            until,
        }]
    );
    // Another app has calls of its own, a restart brings none, and a new month does.
    assert_eq!(made(&*budgets.of(&tenant, &other, 5), 9).await, 5);
    assert_eq!(made(&*budgets.of(&tenant, &app, 250), 9).await, 0);
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(budgets.used_up(), []);
    assert_eq!(made(&*budget, 9).await, 9);
}

#[tokio::test]
async fn what_is_made_is_never_more_than_what_is_counted() {
    let (_folder, db) = store().await;
    let clock: Arc<dyn Clock> = Arc::new(TestClock::at(time("2026-03-05T00:00:00Z")));
    let (tenant, app) = ("t".into(), "a".into());
    let mut all = 0;
    // Processes that die after a few calls.
    for _ in 0..100 {
        let budgets = CallBudgets::new(db.clone(), Arc::clone(&clock));
        all += made(&*budgets.of(&tenant, &app, 1000), 7).await;
    }
    // Each had reserved ten and made seven.
    assert_eq!(all, 700);
    let budgets = CallBudgets::new(db, clock);
    assert_eq!(made(&*budgets.of(&tenant, &app, 1000), 9).await, 0);
}

#[test]
fn a_month_ends_where_the_next_begins() {
    let table = [
        ("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("2026-01-31T23:59:59Z", "2026-02-01T00:00:00Z"),
        ("2026-12-31T12:00:00Z", "2027-01-01T00:00:00Z"),
        ("2028-02-29T12:00:00Z", "2028-03-01T00:00:00Z"),
    ];
    for (now, next) in table {
        assert_eq!(next_month(time(now)), time(next), "{now}");
    }
}
