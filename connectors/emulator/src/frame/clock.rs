//! The time of the emulated world.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Where a clock begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClockOptions {
    /// The time at the start; the machine's when `None`.
    pub start: Option<DateTime<Utc>>,
    /// Whether the clock stands still until somebody sets or advances it.
    pub frozen: bool,
}

/// A clock that runs with the machine's at a distance, or stands still. Expiries and `Date` headers follow
/// it. Clones are the same clock.
#[derive(Debug, Clone)]
pub struct EmulatorClock(Arc<Mutex<Time>>);

/// What a clock shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Time {
    /// So many microseconds after the machine's clock.
    Running { ahead_microseconds: i64 },
    /// Always this.
    Frozen { at: DateTime<Utc> },
}

impl Default for EmulatorClock {
    fn default() -> Self {
        Self::new(&ClockOptions::default())
    }
}

impl EmulatorClock {
    /// A clock that begins as `options` say.
    #[must_use]
    pub fn new(options: &ClockOptions) -> Self {
        let start = options.start.unwrap_or_else(Utc::now);
        Self(Arc::new(Mutex::new(if options.frozen {
            Time::Frozen { at: start }
        } else {
            Time::running_from(start)
        })))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.time().now()
    }

    /// Makes it `now`. A clock that stood still goes on standing still, a running one runs on from there.
    pub fn set(&self, now: DateTime<Utc>) {
        let mut time = self.time();
        *time = match *time {
            Time::Running { .. } => Time::running_from(now),
            Time::Frozen { .. } => Time::Frozen { at: now },
        };
    }

    /// Goes on by `distance`, or back when it is negative. Stops at the ends of what a date can hold.
    pub fn advance(&self, distance: TimeDelta) {
        let now = self.now();
        self.set(now.checked_add_signed(distance).unwrap_or(now));
    }

    /// Makes the clock stand still at what it shows.
    pub fn freeze(&self) {
        let mut time = self.time();
        *time = Time::Frozen { at: time.now() };
    }

    /// Makes a clock that stood still run on from what it shows.
    pub fn run(&self) {
        let mut time = self.time();
        *time = Time::running_from(time.now());
    }

    /// Whether the clock stands still.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        matches!(*self.time(), Time::Frozen { .. })
    }

    /// The time now in the form of a `Date` header (RFC 9110 §5.6.7).
    #[must_use]
    pub fn http_date(&self) -> String {
        let seconds = u64::try_from(self.now().timestamp()).unwrap_or(0);
        // The last moment that the format can show is in the year 9999.
        let seconds = seconds.min(253_402_300_799);
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
    }

    /// The state, for a snapshot. A running clock is kept as its distance from the machine's, so that
    /// time has passed when the snapshot is restored later.
    pub(crate) fn save(&self) -> Time {
        *self.time()
    }

    /// Takes over a saved state.
    pub(crate) fn restore(&self, saved: Time) {
        *self.time() = saved;
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Time {
    fn running_from(start: DateTime<Utc>) -> Self {
        let ahead = start.signed_duration_since(Utc::now());
        Self::Running {
            ahead_microseconds: ahead.num_microseconds().unwrap_or(0),
        }
    }

    fn now(self) -> DateTime<Utc> {
        match self {
            Self::Running { ahead_microseconds } => {
                let now = Utc::now();
                now.checked_add_signed(TimeDelta::microseconds(ahead_microseconds))
                    .unwrap_or(now)
            }
            Self::Frozen { at } => at,
        }
    }
}
