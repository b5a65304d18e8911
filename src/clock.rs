//! The only place that reads the wall clock (architecture §3).

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};

/// Says what time it is. Passed to whatever needs the time, so that tests can set it.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present time in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// The clock of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock for tests: it stands still until it is set or moved. Clones share the time.
#[derive(Debug, Clone)]
pub struct TestClock {
    now: Arc<Mutex<DateTime<Utc>>>,
}

impl TestClock {
    /// A clock that stands at `now`.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now: Arc::new(Mutex::new(now)),
        }
    }

    /// Sets the time, also backwards.
    pub fn set(&self, now: DateTime<Utc>) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// Moves the time by `step`, which may be negative.
    pub fn advance(&self, step: TimeDelta) {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) += step;
    }
}

impl Clock for TestClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_test_clock_share_the_time() {
        let clock = TestClock::at(DateTime::UNIX_EPOCH);
        let seen_elsewhere = clock.clone();
        clock.advance(TimeDelta::days(1));
        assert_eq!(
            seen_elsewhere.now(),
            DateTime::UNIX_EPOCH + TimeDelta::days(1)
        );
        clock.set(DateTime::UNIX_EPOCH);
        assert_eq!(seen_elsewhere.now(), DateTime::UNIX_EPOCH);
    }
}
