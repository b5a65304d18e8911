//! The daily cap: the vectors of rules §6, and workers that race for the last place.

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use labeld::model::TenantName;
use labeld::model::cap::{CapDay, CapReset, CapRule};
use labeld::store::Db;
use labeld::store::cap::{self, CapKey, Reserved};

use super::on_both_stores;
use crate::cli_actions::open;
use crate::workspace::{Store, Workspace};

on_both_stores!(
    the_vectors_of_the_rules,
    workers_race_for_the_last_place,
    apps_and_tenants_have_caps_of_their_own,
    a_clock_that_is_back_is_told,
);

/// What happens at a time.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// So many places are wanted; so many are granted.
    Take(u32, u32),
    /// None is granted before then.
    PausedUntil(&'static str),
    /// Writes that took places on this date land; they were in flight over midnight or not.
    Land(&'static str, u32, bool),
    /// Writes that took places on this date did not happen.
    GiveBack(&'static str, u32),
    /// The limit becomes this.
    Limit(u32),
}

use Step::{GiveBack, Land, Limit, PausedUntil, Take};

/// Monday, and the days behind it.
const MON: &str = "2026-03-02";

/// What it shows, the reading, and the steps with their times.
type Vector = (&'static str, CapReset, &'static [(&'static str, Step)]);

/// Rules §6, "test vector (reading B)", and the same for reading C where it differs.
const VECTORS: &[Vector] = &[
    (
        "the hundredth shortly after midnight",
        CapReset::Noon,
        &[
            ("2026-03-02T00:05:00Z", Take(101, 100)),
            ("2026-03-02T23:59:59Z", PausedUntil("2026-03-03T12:00:00Z")),
            ("2026-03-03T11:59:59Z", PausedUntil("2026-03-03T12:00:00Z")),
            ("2026-03-03T12:00:00Z", Take(101, 100)),
        ],
    ),
    (
        "the hundredth in the morning",
        CapReset::Noon,
        &[
            ("2026-03-02T09:00:00Z", Take(100, 100)),
            ("2026-03-02T12:00:00Z", PausedUntil("2026-03-03T12:00:00Z")),
            ("2026-03-03T12:00:00Z", Take(1, 1)),
        ],
    ),
    (
        "the hundredth at the last second",
        CapReset::Noon,
        &[
            ("2026-03-02T23:59:59Z", Take(100, 100)),
            ("2026-03-03T00:00:00Z", PausedUntil("2026-03-03T12:00:00Z")),
            ("2026-03-03T12:00:00Z", Take(1, 1)),
        ],
    ),
    (
        "sixty, so that the cap was not reached",
        CapReset::Noon,
        &[
            ("2026-03-02T09:00:00Z", Take(60, 60)),
            ("2026-03-02T23:59:59Z", Take(1, 1)),
            ("2026-03-03T00:00:00Z", Take(101, 100)),
        ],
    ),
    (
        "stopped until Wednesday",
        CapReset::Noon,
        &[
            ("2026-03-02T09:00:00Z", Take(100, 100)),
            ("2026-03-04T03:00:00Z", Take(100, 100)),
        ],
    ),
    (
        "the clock is set back two days",
        CapReset::Noon,
        &[
            ("2026-03-02T09:00:00Z", Take(100, 100)),
            ("2026-02-28T09:00:00Z", PausedUntil("2026-03-03T12:00:00Z")),
            ("2026-03-03T11:59:59Z", PausedUntil("2026-03-03T12:00:00Z")),
            ("2026-03-03T12:00:00Z", Take(1, 1)),
        ],
    ),
    (
        "the clock jumps forward and is corrected",
        CapReset::Noon,
        &[
            ("2026-03-02T09:00:00Z", Take(60, 60)),
            ("2026-03-07T09:00:00Z", Take(101, 100)),
            // Back on Monday: nothing more than what the time that was seen has left.
            ("2026-03-02T09:01:00Z", PausedUntil("2026-03-08T12:00:00Z")),
            ("2026-03-07T13:00:00Z", PausedUntil("2026-03-08T12:00:00Z")),
        ],
    ),
    (
        "not sent before midnight",
        CapReset::Noon,
        &[
            ("2026-03-02T23:59:59Z", Take(1, 1)),
            ("2026-03-03T00:00:00Z", GiveBack(MON, 1)),
            ("2026-03-03T00:00:00Z", Take(101, 100)),
        ],
    ),
    (
        "in flight at midnight",
        CapReset::Noon,
        &[
            ("2026-03-02T23:59:59Z", Take(2, 2)),
            ("2026-03-03T00:00:01Z", Land(MON, 2, true)),
            ("2026-03-03T00:00:01Z", Take(100, 98)),
        ],
    ),
    (
        "the limit is raised",
        CapReset::Noon,
        &[
            ("2026-03-02T09:00:00Z", Take(100, 100)),
            ("2026-03-02T09:00:01Z", PausedUntil("2026-03-03T12:00:00Z")),
            ("2026-03-02T09:00:02Z", Limit(150)),
            ("2026-03-02T09:00:02Z", Take(51, 50)),
        ],
    ),
    (
        "three of a hundred come back",
        CapReset::Noon,
        &[
            ("2026-03-02T09:00:00Z", Take(100, 100)),
            ("2026-03-02T09:00:01Z", Land(MON, 97, false)),
            ("2026-03-02T09:00:01Z", GiveBack(MON, 3)),
            ("2026-03-02T09:00:02Z", Take(4, 3)),
            ("2026-03-02T09:00:03Z", Land(MON, 3, false)),
            // What has landed does not come back.
            ("2026-03-02T09:00:04Z", GiveBack(MON, 5)),
            ("2026-03-02T09:00:05Z", PausedUntil("2026-03-03T12:00:00Z")),
        ],
    ),
    (
        "the limit is lowered below what is used",
        CapReset::Noon,
        &[
            ("2026-03-02T09:00:00Z", Take(60, 60)),
            ("2026-03-02T09:00:01Z", Limit(50)),
            ("2026-03-02T09:00:02Z", PausedUntil("2026-03-03T12:00:00Z")),
            ("2026-03-03T12:00:00Z", Take(51, 50)),
        ],
    ),
    (
        "a limit of nothing",
        CapReset::Noon,
        &[
            ("2026-03-02T09:00:00Z", Limit(0)),
            ("2026-03-02T09:00:00Z", PausedUntil("2026-03-03T12:00:00Z")),
        ],
    ),
    (
        "reading C",
        CapReset::Midnight,
        &[
            ("2026-03-02T09:00:00Z", Take(101, 100)),
            ("2026-03-02T23:59:59Z", PausedUntil("2026-03-03T00:00:00Z")),
            ("2026-03-03T00:00:00Z", Take(101, 100)),
        ],
    ),
];

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn day(date: &str) -> CapDay {
    CapDay::of(time(&format!("{date}T00:00:00Z")))
}

async fn reserve(db: &Db, key: CapKey<'_>, rule: CapRule, now: &str) -> Reserved {
    let tx = db.begin().await.unwrap();
    let reserved = cap::reserve(&tx, key, rule, time(now)).await.unwrap();
    tx.commit().await.unwrap();
    reserved
}

/// Workers that take places at once.
const WORKERS: u32 = 4;

/// So many places are wanted by workers that race for them; so many are granted.
async fn race(db: &Db, key: CapKey<'_>, rule: CapRule, (now, wanted): (&str, u32)) -> u32 {
    let worker = async |places: u32| {
        let mut granted = 0;
        for _ in 0..places {
            let reserved = reserve(db, key, rule, now).await;
            granted += u32::from(matches!(reserved, Reserved::Place(_)));
        }
        granted
    };
    let shares = (0..WORKERS).map(|number| (wanted + number) / WORKERS);
    join_all(shares.map(worker)).await.into_iter().sum()
}

/// Each step in a transaction of its own, as if the process were killed between any two; places are raced for.
async fn check(db: &Db, name: &str, reset: CapReset, steps: &[(&str, Step)]) {
    let tenant = TenantName::from(name);
    let key = CapKey {
        tenant: &tenant,
        app_kind: "box",
    };
    follow(db, key, CapRule { limit: 100, reset }, steps).await;
}

async fn follow(db: &Db, key: CapKey<'_>, mut rule: CapRule, steps: &[(&str, Step)]) {
    let name = key.tenant;
    for (now, step) in steps {
        match *step {
            Take(wanted, expected) => {
                let granted = race(db, key, rule, (now, wanted)).await;
                assert_eq!(granted, expected, "{name} at {now}");
            }
            PausedUntil(until) => {
                let until = time(until);
                let shown = cap::state(db, key, rule, time(now)).await.unwrap();
                assert_eq!(shown.paused_until, Some(until), "{name} at {now}");
                let reserved = reserve(db, key, rule, now).await;
                assert_eq!(reserved, Reserved::Paused { until }, "{name} at {now}");
            }
            Land(date, writes, also_next) => {
                let tx = db.begin().await.unwrap();
                for _ in 0..writes {
                    cap::land(&tx, key, day(date), also_next).await.unwrap();
                }
                tx.commit().await.unwrap();
            }
            GiveBack(date, writes) => {
                let tx = db.begin().await.unwrap();
                for _ in 0..writes {
                    cap::give_back(&tx, key, day(date)).await.unwrap();
                }
                tx.commit().await.unwrap();
            }
            Limit(limit) => rule.limit = limit,
        }
    }
}

async fn the_vectors_of_the_rules(db: Db) {
    for (name, reset, steps) in VECTORS {
        check(&db, name, *reset, steps).await;
    }
}

async fn workers_race_for_the_last_place(db: Db) {
    let rule = CapRule {
        limit: 100,
        ..CapRule::default()
    };
    let tenant = TenantName::from("contoso");
    let key = CapKey {
        tenant: &tenant,
        app_kind: "google",
    };
    let now = "2026-03-02T09:00:00Z";
    assert_eq!(race(&db, key, rule, (now, 99)).await, 99);
    assert_eq!(race(&db, key, rule, (now, WORKERS)).await, 1);
    // Each that comes back is taken once more.
    for _ in 0..20 {
        let tx = db.begin().await.unwrap();
        cap::give_back(&tx, key, day(MON)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(race(&db, key, rule, (now, WORKERS)).await, 1);
    }
}

/// "Paused, process killed and restarted Tue 11:59Z": the pause is durable.
#[test]
fn a_pause_outlives_the_process() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        std::fs::create_dir_all(workspace.path("data")).unwrap();
        let rule = CapRule::default();
        let tenant = TenantName::from("contoso");
        let key = CapKey {
            tenant: &tenant,
            app_kind: "box",
        };
        // A process each: nothing but the store is left of the one before.
        let lives: [&[(&str, Step)]; 2] = [
            &[("2026-03-02T09:00:00Z", Take(101, 100))],
            &[
                ("2026-03-03T11:59:00Z", PausedUntil("2026-03-03T12:00:00Z")),
                ("2026-03-03T12:00:00Z", Take(101, 100)),
            ],
        ];
        for steps in lives {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let db = open(&workspace).await;
                follow(&db, key, rule, steps).await;
            });
        }
    }
}

async fn apps_and_tenants_have_caps_of_their_own(db: Db) {
    let rule = CapRule {
        limit: 1,
        ..CapRule::default()
    };
    let (one, other) = (TenantName::from("one"), TenantName::from("other"));
    for (tenant, app_kind) in [(&one, "box"), (&one, "google"), (&other, "box")] {
        let key = CapKey { tenant, app_kind };
        let now = "2026-03-02T09:00:00Z";
        let first = reserve(&db, key, rule, now).await;
        assert_eq!(first, Reserved::Place(day(MON)), "{key:?}");
        let second = reserve(&db, key, rule, now).await;
        assert!(matches!(second, Reserved::Paused { .. }), "{key:?}");
    }
}

async fn a_clock_that_is_back_is_told(db: Db) {
    let tenant = TenantName::from("contoso");
    let key = CapKey {
        tenant: &tenant,
        app_kind: "local",
    };
    let rule = CapRule::default();
    reserve(&db, key, rule, "2026-03-02T09:00:00Z").await;
    for (now, is_back) in [
        ("2026-03-02T08:59:30Z", false),
        ("2026-03-02T08:00:00Z", true),
        ("2026-03-03T08:00:00Z", false),
    ] {
        let state = cap::state(&db, key, rule, time(now)).await.unwrap();
        assert_eq!(state.clock_is_back, is_back, "{now}");
        assert_eq!(state.used, u32::from(now < "2026-03-03"), "{now}");
    }
}
