//! The only place that reads the wall clock (architecture §3).

#[cfg(feature = "test-clock")]
mod followed;

use std::fmt::Debug;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

#[cfg(feature = "test-clock")]
pub use followed::FollowedClock;

/// A wait for a time of the wall clock.
pub type Sleep<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Says what time it is. Passed to whatever needs the time, so that tests can set it.
pub trait Clock: Debug + Send + Sync + 'static {
    /// The present time in UTC.
    fn now(&self) -> DateTime<Utc>;

    /// Longest time for which [`sleep_until`](Self::sleep_until) does not look at the clock.
    fn longest_step(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// Waits until the clock shows `at` or later.
    ///
    /// Timers of the operating system stand still while the machine is suspended and know nothing of a clock that is
    /// put forward or back. So the clock is looked at in bounded steps: the wait ends at most one step late.
    fn sleep_until(&self, at: DateTime<Utc>) -> Sleep<'_> {
        Box::pin(async move {
            // A time that has passed has no distance.
            while let Ok(left) = (at - self.now()).to_std()
                && !left.is_zero()
            {
                tokio::time::sleep(left.min(self.longest_step())).await;
            }
        })
    }

    /// Waits until the clock shows a time before `seen`, which it has shown: until it has been put back.
    fn sleep_while_after(&self, seen: DateTime<Utc>) -> Sleep<'_> {
        Box::pin(async move {
            while self.now() >= seen {
                tokio::time::sleep(self.longest_step()).await;
            }
        })
    }
}

/// The clock that a process goes by: the operating system's.
///
/// # Errors
///
/// Only with the feature `test-clock`, where the clock that the environment names cannot be reached.
pub fn of_process() -> io::Result<Arc<dyn Clock>> {
    #[cfg(feature = "test-clock")]
    if let Some(followed) = FollowedClock::from_environment()? {
        return Ok(Arc::new(followed));
    }
    Ok(Arc::new(SystemClock))
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

    fn longest_step(&self) -> Duration {
        Duration::from_millis(1)
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

    /// The steps that a clock makes while somebody waits for noon, in minutes after midnight.
    #[tokio::test]
    async fn a_wait_follows_a_clock_that_jumps() {
        let midnight = DateTime::UNIX_EPOCH;
        let noon = midnight + TimeDelta::hours(12);
        for steps in [
            &[719, 720][..],
            &[1_440],
            &[719, -2_880, 719, 721],
            &[0, 0, 720],
        ] {
            let clock = TestClock::at(midnight);
            let waiting = tokio::spawn({
                let clock = clock.clone();
                async move { clock.sleep_until(noon).await }
            });
            let (last, before) = steps.split_last().unwrap();
            for minutes in before {
                clock.set(midnight + TimeDelta::minutes(*minutes));
                for _ in 0..3 {
                    tokio::time::sleep(clock.longest_step()).await;
                    assert!(!waiting.is_finished(), "{steps:?}");
                }
            }
            clock.set(midnight + TimeDelta::minutes(*last));
            waiting.await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_clock_that_is_put_back_is_noticed() {
        let clock = TestClock::at(DateTime::UNIX_EPOCH);
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_while_after(clock.now()).await }
        });
        for _ in 0..3 {
            clock.advance(TimeDelta::hours(1));
            tokio::time::sleep(clock.longest_step()).await;
            assert!(!waiting.is_finished());
        }
        clock.set(DateTime::UNIX_EPOCH - TimeDelta::seconds(1));
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn a_wait_for_the_past_is_none() {
        SystemClock.sleep_until(DateTime::UNIX_EPOCH).await;
    }
}
