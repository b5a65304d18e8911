//! Keeping the lease on what this process has claimed, and taking up what dead processes have left.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};

use super::generation::LEASE;
use super::shared::Shared;
use crate::pipeline::{Work, error_chain};
use crate::store::{StoreError, workers};
use crate::telemetry::WorkRescued;

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

/// Keeps the lease alive until it is lost: another process may have taken up everything that was claimed.
pub(super) async fn keep(shared: &Shared, work: &Work) {
    let mut heart = Heart {
        last_beat: Instant::now(),
        seen: (Instant::now(), shared.clock.now()),
        grace: 0,
    };
    loop {
        heart.rest(shared).await;
        match heart.beat(shared, work).await {
            Ok(true) => shared.store.wrote(),
            Ok(false) => return,
            Err(error) => {
                if !shared.store.note(&error) {
                    tracing::error!("cannot keep the lease: {}", error_chain(&error));
                }
                // The lease has run out while the store could not be told otherwise.
                if heart.last_beat.elapsed() > LEASE.to_std().unwrap_or_default() {
                    heart.last_beat = Instant::now();
                    if !shared.has_one_writer {
                        return;
                    }
                }
            }
        }
    }
}

struct Heart {
    last_beat: Instant,
    /// Monotonic and wall clock at the last beat.
    seen: (Instant, DateTime<Utc>),
    grace: u32,
}

impl Heart {
    /// `false`: the lease is lost.
    async fn beat(&mut self, shared: &Shared, work: &Work) -> Result<bool, StoreError> {
        let now = shared.clock.now();
        if self.has_jumped(now) {
            self.grace = GRACE;
        }
        if !workers::heartbeat(&work.db, work.worker, LEASE, now).await? {
            return Ok(false);
        }
        self.last_beat = Instant::now();
        self.grace = self.grace.saturating_sub(1);
        if self.grace == 0 {
            let rescued = workers::rescue(&work.db, now).await?;
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
    async fn rest(&self, shared: &Shared) {
        let pause = if shared.store.is_usable() {
            BEAT
        } else {
            BEAT_IN_TROUBLE
        };
        let begun = Instant::now();
        while begun.elapsed() < pause && !is_set(self.seen, shared.clock.now()) {
            tokio::time::sleep(LOOK).await;
        }
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
