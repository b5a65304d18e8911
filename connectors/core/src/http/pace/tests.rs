use http::{HeaderName, HeaderValue};

use super::*;

fn pacer(units_per_minute: u32, units_per_day: Option<u32>, side_by_side: usize) -> Arc<Pacer> {
    let options = PaceOptions {
        units_per_minute,
        units_per_day,
        side_by_side,
    };
    Arc::new(Pacer::new(&options, Arc::new(ServerClock::new())))
}

fn left(remaining: &'static str, reset: &'static str) -> HeaderMap {
    [
        ("ratelimit-remaining", remaining),
        ("ratelimit-reset", reset),
    ]
    .into_iter()
    .map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    })
    .collect()
}

/// Seconds, rounded, that calls of these costs take one after the other.
async fn time_of(pacer: &Pacer, costs: &[u32]) -> u64 {
    let start = Instant::now();
    for units in costs {
        drop(pacer.acquire(*units).await);
    }
    (start.elapsed() + Duration::from_millis(500)).as_secs()
}

#[tokio::test(start_paused = true)]
async fn the_rate_of_a_minute_is_kept() {
    // 60 units a minute, of which 10 at once.
    let table: &[(&[u32], u64)] = &[
        (&[1; 10], 0),
        (&[1; 70], 60),
        (&[5; 14], 60),
        (&[70], 60),
        (&[10, 100], 100),
        (&[0, 0, 0], 0),
    ];
    for (costs, seconds) in table {
        assert_eq!(
            time_of(&pacer(60, None, 4), costs).await,
            *seconds,
            "{costs:?}"
        );
    }
    let table = [(1, 3, 120), (0, 2, 60), (u32::MAX, 1000, 0)];
    for (rate, calls, seconds) in table {
        assert_eq!(
            time_of(&pacer(rate, None, 0), &vec![1; calls]).await,
            seconds,
            "{rate}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_stops_every_call_and_is_never_shortened() {
    let pacer = pacer(6000, None, 4);
    let start = Instant::now();
    pacer.pause_until(start + Duration::from_secs(30));
    pacer.pause_until(start + Duration::from_secs(10));
    let calls: Vec<_> = (0..10)
        .map(|_| {
            let pacer = Arc::clone(&pacer);
            tokio::spawn(async move {
                pacer.acquire(1).await;
                start.elapsed()
            })
        })
        .collect();
    // A pause that is made longer while calls wait holds them too.
    tokio::time::sleep(Duration::from_secs(20)).await;
    pacer.pause_until(start + Duration::from_secs(60));
    for call in calls {
        let time = call.await.unwrap();
        assert!(
            time >= Duration::from_secs(60) && time < Duration::from_secs(61),
            "{time:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_must_wait_too_long_is_told_at_once() {
    let soon = Instant::now() + Duration::from_secs(20);
    let paused = pacer(6000, None, 4);
    paused.pause_until(Instant::now() + Duration::from_secs(30));
    let used_up = pacer(6000, Some(5), 4);
    drop(used_up.acquire(5).await);
    let slow = pacer(1, None, 4);
    drop(slow.acquire(1).await);
    let busy = pacer(6000, None, 1);
    let _pass = busy.acquire(1).await;
    let table = [
        ("paused", &paused, 0, true),
        ("used up", &used_up, 0, true),
        ("slow", &slow, 0, true),
        ("busy", &busy, 20, false),
    ];
    for (name, pacer, seconds, told) in table {
        let start = Instant::now();
        let overdue = pacer.acquire_before(1, soon).await.unwrap_err();
        assert_eq!(start.elapsed().as_secs(), seconds, "{name}");
        assert_eq!(overdue.wait.is_some(), told, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_service_has_left_is_spread() {
    // (remaining, reset, costs, seconds)
    let table: &[(&'static str, &'static str, &[u32], u64)] = &[
        ("10", "60", &[1; 3], 12),
        ("10", "60", &[2; 3], 24),
        ("10, 10;w=60", "60", &[1; 2], 6),
        ("0", "45", &[1; 3], 45),
        ("0", "86400", &[1], 3600),
        // The pace is of no concern after the reset.
        ("1", "10", &[1; 50], 10),
        ("99999999999999", "60", &[1; 50], 0),
        ("10", "0", &[1; 50], 0),
        ("-1", "60", &[1; 3], 0),
        ("ten", "60", &[1; 3], 0),
        ("10", "soon", &[1; 3], 0),
    ];
    for (remaining, reset, costs, seconds) in table {
        let pacer = pacer(60_000, None, 4);
        pacer.observe(&left(remaining, reset));
        assert_eq!(
            time_of(&pacer, costs).await,
            *seconds,
            "{remaining} {reset} {costs:?}"
        );
    }
    let pacer = pacer(60_000, None, 4);
    pacer.observe(&HeaderMap::new());
    assert_eq!(time_of(&pacer, &[1; 50]).await, 0);
}

#[tokio::test(start_paused = true)]
async fn only_so_many_calls_run_side_by_side() {
    let pacer = pacer(60_000, None, 2);
    let (one, two) = (pacer.acquire(1).await, pacer.acquire(1).await);
    let soon = || Instant::now() + Duration::from_secs(1);
    assert!(pacer.acquire_before(1, soon()).await.is_err());
    drop(one);
    let three = pacer.acquire_before(1, soon()).await.unwrap();
    assert!(pacer.acquire_before(1, soon()).await.is_err());
    drop((two, three));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_gives_up_waiting_blocks_nobody() {
    let pacer = pacer(60, None, 1);
    let given_up = pacer.acquire_before(60, Instant::now() + Duration::from_secs(15));
    assert!(
        tokio::time::timeout(Duration::from_secs(5), given_up)
            .await
            .is_err()
    );
    // What was paid is gone; what was not is free.
    assert!(time_of(&pacer, &[1; 5]).await <= 11);
}

#[test]
fn the_units_of_a_day_are_counted() {
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().to_utc();
    let evening = at("2026-03-04T23:59:00Z");
    let next = at("2026-03-05T00:00:00Z");
    let day = |used, bound| Day {
        date: evening.date_naive(),
        used,
        bound,
    };
    let table = [
        (day(0, None), 1000, evening, 0),
        (day(90, Some(100)), 10, evening, 0),
        (day(90, Some(100)), 11, evening, 60),
        (day(100, Some(100)), 1, evening, 60),
        (day(100, Some(100)), 1, next, 0),
        (day(0, Some(100)), 500, evening, 0),
        (day(1, Some(100)), 500, evening, 60),
        (day(1, Some(0)), 1, evening, 60),
    ];
    for (mut day, units, now, seconds) in table {
        assert_eq!(
            day.wait(units, now),
            Duration::from_secs(seconds),
            "{day:?} {units}"
        );
        if seconds == 0 {
            let before = day.used_on(now.date_naive());
            day.charge(units, now);
            assert_eq!(day.used_on(now.date_naive()), before + u64::from(units));
        }
    }
}
