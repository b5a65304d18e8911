//! When a task is due. Pure: the time is the caller's.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::schedule::Schedule;

/// When a task is done again and again.
#[derive(Debug, Clone)]
pub(super) struct Timing {
    rhythm: Rhythm,
    /// Longest time by which a start is put off, by chance.
    jitter: TimeDelta,
    /// Whether it is done at once where it was never done.
    begins_at_once: bool,
}

#[derive(Debug, Clone)]
enum Rhythm {
    /// So long after the end of the last one.
    Every(TimeDelta),
    At(Arc<Schedule>),
}

/// A task that failed is tried again after so long, where its schedule would let it wait longer.
const RETRY: TimeDelta = TimeDelta::minutes(10);

/// A share of a poll interval by which polls are put off, so that the apps do not all poll in the same second.
const POLL_JITTER: u32 = 10;

/// A schedule that has come to its end is looked at again after so long.
const NEVER: TimeDelta = TimeDelta::days(365);

impl Timing {
    /// Again and again, at once for the first time.
    pub(super) fn every(interval: Duration) -> Self {
        Self {
            rhythm: Rhythm::Every(delta(interval)),
            jitter: delta(interval / POLL_JITTER),
            begins_at_once: true,
        }
    }

    /// By a schedule.
    pub(super) fn at(schedule: &Schedule, jitter: Duration) -> Self {
        Self {
            rhythm: Rhythm::At(Arc::new(schedule.clone())),
            jitter: delta(jitter),
            begins_at_once: false,
        }
    }

    /// The same, done at once where it was never done.
    pub(super) fn begun_at_once(self) -> Self {
        Self {
            begins_at_once: true,
            ..self
        }
    }

    /// When to start next, seen from `now`; `chance` is from 0 to 1.
    pub(super) fn next(&self, now: DateTime<Utc>, chance: f64) -> DateTime<Utc> {
        let off = self.jitter.as_seconds_f64() * chance.clamp(0.0, 1.0);
        self.earliest(now) + delta(Duration::from_secs_f64(off))
    }

    /// When to start next after a failure.
    pub(super) fn retry(&self, now: DateTime<Utc>, chance: f64) -> DateTime<Utc> {
        self.next(now, chance).min(now + RETRY)
    }

    /// When the task is really due, where the store says `stored`.
    ///
    /// A time that lies further ahead than any that could be chosen now was chosen by a clock that has been put back
    /// since, or by a longer schedule: the task would stand still until then.
    pub(super) fn due(&self, stored: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        stored.min(self.earliest(now) + self.jitter)
    }

    /// When a task is due that was never done, seen from the start of the service.
    pub(super) fn first(&self, now: DateTime<Utc>, chance: f64) -> DateTime<Utc> {
        if self.begins_at_once {
            now
        } else {
            self.next(now, chance)
        }
    }

    /// How late a start may be without being worth a word.
    pub(super) fn tolerance(&self) -> TimeDelta {
        TimeDelta::minutes(1)
    }

    fn earliest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match &self.rhythm {
            Rhythm::Every(interval) => now + *interval,
            Rhythm::At(schedule) => schedule.next_after(now).unwrap_or(now + NEVER),
        }
    }
}

/// Durations of the configuration are far from the ends of what either type can hold.
fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hourly() -> Timing {
        Timing::at(&"0 * * * *".parse().unwrap(), Duration::from_secs(300))
    }

    fn polling() -> Timing {
        Timing::every(Duration::from_secs(300))
    }

    /// 29 March and 25 October 2026 have the nights in which clocks in Europe are changed: nothing special in UTC.
    #[test]
    fn the_next_start() {
        for (timing, now, chance, expected) in [
            (
                hourly(),
                "2026-03-29T00:59:59Z",
                0.0,
                "2026-03-29T01:00:00Z",
            ),
            (
                hourly(),
                "2026-03-29T01:00:00Z",
                0.5,
                "2026-03-29T02:02:30Z",
            ),
            (
                hourly(),
                "2026-10-25T00:04:00Z",
                1.0,
                "2026-10-25T01:05:00Z",
            ),
            (
                hourly(),
                "2026-10-25T01:04:00Z",
                0.0,
                "2026-10-25T02:00:00Z",
            ),
            (
                polling(),
                "2026-10-25T01:04:00Z",
                0.0,
                "2026-10-25T01:09:00Z",
            ),
            (
                polling(),
                "2026-10-25T01:04:00Z",
                1.0,
                "2026-10-25T01:09:30Z",
            ),
            (
                polling(),
                "2026-10-25T01:04:00Z",
                7.0,
                "2026-10-25T01:09:30Z",
            ),
        ] {
            assert_eq!(timing.next(time(now), chance), time(expected), "{now}");
        }
    }

    #[test]
    fn a_failure_is_tried_again_soon() {
        let weekly = Timing::at(&"30 1 * * SUN".parse().unwrap(), Duration::ZERO);
        let now = time("2026-03-25T12:00:00Z");
        assert_eq!(weekly.retry(now, 0.0), time("2026-03-25T12:10:00Z"));
        assert_eq!(polling().retry(now, 0.0), time("2026-03-25T12:05:00Z"));
        let shortly_before = time("2026-03-29T01:29:00Z");
        assert_eq!(
            weekly.retry(shortly_before, 0.0),
            time("2026-03-29T01:30:00Z")
        );
    }

    #[test]
    fn the_first_start() {
        let now = time("2026-03-29T10:10:00Z");
        let first = |timing: Timing| timing.first(now, 0.0);
        assert_eq!(first(polling()), now);
        assert_eq!(first(hourly().begun_at_once()), now);
        assert_eq!(first(hourly()), time("2026-03-29T11:00:00Z"));
    }

    /// What the store says, the time now, when the task is due.
    #[test]
    fn what_is_due_when() {
        let table = [
            ("waiting", hourly(), "11:03", "10:10", "11:03"),
            ("put off by chance", hourly(), "11:03", "11:01", "11:03"),
            ("overslept", hourly(), "09:03", "14:10", "09:03"),
            (
                "the clock was put back",
                hourly(),
                "18:03",
                "10:10",
                "11:05",
            ),
            (
                "polls, the clock was put back",
                polling(),
                "18:03",
                "10:10",
                "10:15",
            ),
            ("polls, waiting", polling(), "10:14", "10:10", "10:14"),
        ];
        for (case, timing, stored, now, expected) in table {
            let at = |clock: &str| time(&format!("2026-03-29T{clock}:00Z"));
            let due = timing.due(at(stored), at(now));
            let expected = at(expected);
            // Polls are put off by up to 30 s.
            assert!(
                due >= expected && due <= expected + TimeDelta::seconds(30),
                "{case}: {due}"
            );
        }
    }
}
