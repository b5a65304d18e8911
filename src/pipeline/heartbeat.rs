//! Keeping the lease on what this process has claimed, and taking up what dead processes have left.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::store::workers::{self, WorkerId};
use crate::store::{Db, StoreError};
use crate::telemetry::{LeaseLost, WorkRescued};

/// For how long a process is thought to be alive after it was last heard of.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(30);

/// Time between two heartbeats: several may be missed within a lease.
const BEAT: Duration = Duration::from_secs(5);

/// Time between two heartbeats while the store is in trouble: the first that succeeds ends it.
const BEAT_IN_TROUBLE: Duration = Duration::from_secs(1);

/// Time between two looks at the clock.
const LOOK: Duration = Duration::from_millis(250);

/// A wall clock that runs so far from the monotonic one between two beats has been set.
const JUMP: TimeDelta = TimeDelta::seconds(10);

/// Beats for which nobody is declared dead after a jump of the clock, so that living processes can beat by the new time.
const GRACE: u32 = 4;

/// Who is told how the store takes the heartbeats.
pub trait BeatWatch: Send + Sync {
    /// One was stored.
    fn stored(&self);

    /// One was not.
    fn failed(&self, error: &StoreError);

    /// Whether the store is in trouble, as far as is known: it is tried again sooner then.
    fn is_in_trouble(&self) -> bool;
}

/// Keeps the lease of a process alive until it is lost, which is told to the log: another process may have taken up
/// everything that was claimed.
pub async fn keep_lease(db: &Db, worker: WorkerId, clock: &dyn Clock, watch: &dyn BeatWatch) {
    let mut heart = Heart {
        db,
        worker,
        clock,
        last_beat: Instant::now(),
        seen: (Instant::now(), clock.now()),
        grace: 0,
    };
    loop {
        heart.rest(watch).await;
        match heart.beat().await {
            Ok(true) => watch.stored(),
            Ok(false) => break,
            Err(error) => {
                watch.failed(&error);
                if heart.has_run_out() {
                    break;
                }
            }
        }
    }
    LeaseLost {}.emit();
}

struct Heart<'a> {
    db: &'a Db,
    worker: WorkerId,
    clock: &'a dyn Clock,
    last_beat: Instant,
    /// Monotonic and wall clock at the last beat.
    seen: (Instant, DateTime<Utc>),
    grace: u32,
}

impl Heart<'_> {
    /// `false`: the lease is lost.
    async fn beat(&mut self) -> Result<bool, StoreError> {
        let now = self.clock.now();
        if self.has_jumped(now) {
            self.grace = GRACE;
        }
        if !workers::heartbeat(self.db, self.worker, LEASE, now).await? {
            return Ok(false);
        }
        self.last_beat = Instant::now();
        self.grace = self.grace.saturating_sub(1);
        if self.grace == 0 {
            let rescued = workers::rescue(self.db, now).await?;
            if rescued.workers > 0 {
                WorkRescued {
                    workers: rescued.workers,
                    jobs: rescued.jobs,
                    tasks: rescued.tasks,
                }
                .emit();
            }
        }
        Ok(true)
    }

    /// Waits for the next beat; one is due at once when the clock has been set, since the lease may have run out by it.
    async fn rest(&self, watch: &dyn BeatWatch) {
        let pause = if watch.is_in_trouble() {
            BEAT_IN_TROUBLE
        } else {
            BEAT
        };
        let begun = Instant::now();
        while begun.elapsed() < pause && !is_set(self.seen, self.clock.now()) {
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Whether the lease has run out while the store could not be told otherwise. Where the store has one writer, nobody
    /// else can have taken anything up.
    fn has_run_out(&self) -> bool {
        let lease = LEASE.to_std().unwrap_or_default();
        self.last_beat.elapsed() > lease && !self.db.has_one_writer()
    }

    fn has_jumped(&mut self, now: DateTime<Utc>) -> bool {
        is_set(
            std::mem::replace(&mut self.seen, (Instant::now(), now)),
            now,
        )
    }
}

/// Whether the wall clock has been set since both clocks were looked at.
fn is_set((instant, wall): (Instant, DateTime<Utc>), now: DateTime<Utc>) -> bool {
    (now - (wall + instant.elapsed())).abs() > JUMP
}
