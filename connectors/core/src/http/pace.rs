//! How fast one app calls one tenant.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use http::HeaderMap;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::clock::ServerClock;
use super::wait::{LONGEST_WAIT, allowance};

/// What part of a minute's units may be used at once. With a sixth no minute sees more than seven sixths
/// of the rate.
const BURSTS_PER_MINUTE: u32 = 6;

/// How fast one app may call one tenant, in the units in which the service counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaceOptions {
    /// Units for each minute.
    pub units_per_minute: u32,
    /// Units for each day (UTC, by the service's clock), counted since the program started.
    pub units_per_day: Option<u32>,
    /// How many calls may run at the same time.
    pub side_by_side: usize,
}

/// 60 % of what the smallest tenants are allowed (microsoft-graph.md §8.1).
impl Default for PaceOptions {
    fn default() -> Self {
        Self {
            units_per_minute: 750,
            units_per_day: Some(720_000),
            side_by_side: 4,
        }
    }
}

/// Paces all calls of one app to one tenant. Every [`Service`](super::Service) for them shares it.
///
/// Calls get their turn in the order in which they ask. What costs more than may be used at once is paid
/// bit by bit, so that no cost can block.
#[derive(Debug)]
pub struct Pacer {
    rate: RateLimiter<NotKeyed, InMemoryState, SinceStart, NoOpMiddleware<Duration>>,
    rate_clock: SinceStart,
    burst: NonZeroU32,
    places: Arc<Semaphore>,
    /// Held by the call whose turn it is.
    turn: tokio::sync::Mutex<()>,
    standing: Mutex<Standing>,
    clock: Arc<ServerClock>,
}

/// Leave for one call, until it is dropped.
#[derive(Debug)]
pub struct Pass {
    _place: OwnedSemaphorePermit,
}

/// The call cannot be made in its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("calls to this app must wait")]
pub struct Overdue {
    /// How long calls must wait now, where that is known.
    pub wait: Option<Duration>,
}

impl Pacer {
    /// A pacer at the rate of `options`; a rate or a number of calls of 0 counts as 1. `clock` is the
    /// one that says when a day is over.
    #[must_use]
    pub fn new(options: &PaceOptions, clock: Arc<ServerClock>) -> Self {
        let a_minute = NonZeroU32::new(options.units_per_minute).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(a_minute.get() / BURSTS_PER_MINUTE).unwrap_or(NonZeroU32::MIN);
        let rate_clock = SinceStart(Instant::now());
        Self {
            rate: RateLimiter::direct_with_clock(
                Quota::per_minute(a_minute).allow_burst(burst),
                rate_clock.clone(),
            ),
            rate_clock,
            burst,
            places: Arc::new(Semaphore::new(
                options.side_by_side.clamp(1, Semaphore::MAX_PERMITS),
            )),
            turn: tokio::sync::Mutex::default(),
            standing: Mutex::new(Standing {
                day: Day {
                    date: clock.now().date_naive(),
                    used: 0,
                    bound: options.units_per_day.map(u64::from),
                },
                paused_until: None,
                slowed: None,
            }),
            clock,
        }
    }

    /// The service's clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<ServerClock> {
        &self.clock
    }

    /// Leave for a call that costs `units`, however long that takes.
    pub async fn acquire(&self, units: u32) -> Pass {
        loop {
            let far = Instant::now() + LONGEST_WAIT * 48;
            if let Ok(pass) = self.acquire_before(units, far).await {
                return pass;
            }
        }
    }

    /// Leave for a call that costs `units`, if it can be had before `deadline`.
    ///
    /// # Errors
    ///
    /// [`Overdue`]: at once when a pause or the bound of the day already rules it out.
    pub async fn acquire_before(&self, units: u32, deadline: Instant) -> Result<Pass, Overdue> {
        self.in_time(
            self.standing()
                .wait(units, Instant::now(), self.clock.now()),
            deadline,
        )?;
        let place = timeout_at(deadline, Arc::clone(&self.places).acquire_owned()).await;
        let place = place
            .ok()
            .and_then(Result::ok)
            .ok_or_else(|| self.too_late())?;
        let turn = timeout_at(deadline, self.turn.lock()).await;
        let _turn = turn.map_err(|_| self.too_late())?;
        self.pay(units, deadline).await?;
        self.stand(units, deadline).await?;
        Ok(Pass { _place: place })
    }

    /// No call starts before `until`. Returns how much later that is than what held before.
    pub fn pause_until(&self, until: Instant) -> Duration {
        let paused = &mut self.standing().paused_until;
        let before = (*paused).map_or_else(Instant::now, |paused| paused.max(Instant::now()));
        *paused = (*paused).max(Some(until));
        until.saturating_duration_since(before)
    }

    /// Takes over what the service says is left (`RateLimit-Remaining`, `RateLimit-Reset`), also in good
    /// answers: the rest is spread over the time until the reset, and when nothing is left no call
    /// starts before it. Returns how much longer calls pause by that.
    pub fn observe(&self, headers: &HeaderMap) -> Duration {
        let Some(left) = allowance(headers) else {
            return Duration::ZERO;
        };
        let now = Instant::now();
        let until = now + left.reset;
        match u32::try_from(left.remaining).map(|remaining| left.reset.checked_div(remaining)) {
            Ok(None) => return self.pause_until(until),
            Ok(Some(a_unit)) => self.standing().slow_down(a_unit, now, until),
            // So much is left that there is nothing to slow down.
            Err(_) => self.standing().slowed = None,
        }
        Duration::ZERO
    }

    /// Units used since the day began (UTC, by the service's clock).
    #[must_use]
    pub fn used_today(&self) -> u64 {
        self.standing().day.used_on(self.clock.now().date_naive())
    }

    /// Pays by the rate of a minute.
    async fn pay(&self, units: u32, deadline: Instant) -> Result<(), Overdue> {
        let mut owed = units;
        while let Some(part) = NonZeroU32::new(owed.min(self.burst.get())) {
            if let Ok(Err(not_until)) = self.rate.check_n(part) {
                let wait = not_until.wait_time_from(self.rate_clock.now());
                self.sleep(wait, deadline).await?;
            } else {
                owed -= part.get();
            }
        }
        Ok(())
    }

    /// Waits for the end of a pause, for the pace that the service asked for, and for the day's bound.
    async fn stand(&self, units: u32, deadline: Instant) -> Result<(), Overdue> {
        loop {
            let wait = {
                let mut standing = self.standing();
                let (now, utc) = (Instant::now(), self.clock.now());
                let wait = standing.wait(units, now, utc);
                if wait.is_zero() {
                    standing.charge(units, now, utc);
                    return Ok(());
                }
                wait
            };
            self.sleep(wait, deadline).await?;
        }
    }

    async fn sleep(&self, wait: Duration, deadline: Instant) -> Result<(), Overdue> {
        self.in_time(wait, deadline)?;
        sleep_until(Instant::now() + wait).await;
        Ok(())
    }

    fn in_time(&self, wait: Duration, deadline: Instant) -> Result<(), Overdue> {
        if wait > deadline.saturating_duration_since(Instant::now()) {
            return Err(Overdue { wait: Some(wait) });
        }
        Ok(())
    }

    fn too_late(&self) -> Overdue {
        let wait = self.standing().wait(0, Instant::now(), self.clock.now());
        Overdue {
            wait: Some(wait).filter(|wait| !wait.is_zero()),
        }
    }

    fn standing(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What stands against a call besides the rate of a minute.
#[derive(Debug)]
struct Standing {
    day: Day,
    paused_until: Option<Instant>,
    slowed: Option<Slowed>,
}

/// The pace that the service asked for.
#[derive(Debug)]
struct Slowed {
    a_unit: Duration,
    next: Instant,
    until: Instant,
}

impl Standing {
    fn wait(&self, units: u32, now: Instant, utc: DateTime<Utc>) -> Duration {
        let pause = self
            .paused_until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        let slow = match &self.slowed {
            Some(slowed) => slowed.next.saturating_duration_since(now),
            None => Duration::ZERO,
        };
        pause.max(slow).max(self.day.wait(units, utc))
    }

    fn charge(&mut self, units: u32, now: Instant, utc: DateTime<Utc>) {
        self.day.charge(units, utc);
        self.slowed.take_if(|slowed| slowed.until <= now);
        if let Some(slowed) = &mut self.slowed {
            let time = slowed.a_unit.saturating_mul(units).min(LONGEST_WAIT);
            slowed.next = (now + time).min(slowed.until);
        }
    }

    fn slow_down(&mut self, a_unit: Duration, now: Instant, until: Instant) {
        let next = self
            .slowed
            .as_ref()
            .map_or(now, |slowed| slowed.next.min(until));
        self.slowed = Some(Slowed {
            a_unit,
            next,
            until,
        });
    }
}

/// The units of a day.
#[derive(Debug)]
struct Day {
    date: NaiveDate,
    used: u64,
    bound: Option<u64>,
}

impl Day {
    fn used_on(&self, date: NaiveDate) -> u64 {
        if self.date == date { self.used } else { 0 }
    }

    /// How long a call must wait for the next day; what costs more than a day has goes first on a new
    /// one.
    fn wait(&self, units: u32, utc: DateTime<Utc>) -> Duration {
        let today = utc.date_naive();
        let used = self.used_on(today);
        let fits = self
            .bound
            .is_none_or(|bound| used == 0 || used + u64::from(units) <= bound);
        if fits {
            return Duration::ZERO;
        }
        let midnight = today
            .succ_opt()
            .map_or(utc, |day| day.and_time(NaiveTime::MIN).and_utc());
        let wait = midnight
            .signed_duration_since(utc)
            .to_std()
            .unwrap_or_default();
        wait.max(Duration::from_secs(1))
    }

    fn charge(&mut self, units: u32, utc: DateTime<Utc>) {
        let today = utc.date_naive();
        self.used = self.used_on(today).saturating_add(u64::from(units));
        self.date = today;
    }
}

/// Time for the rate, by the runtime's clock: the one that its sleeps go by.
#[derive(Debug, Clone)]
struct SinceStart(Instant);

impl Clock for SinceStart {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests;
