//! How much there is to do, for those who ask again and again.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::store::queue::{self, Depth};
use crate::store::{Db, StoreError};

/// Jobs up to which the queue is counted anew for everybody who asks.
const FEW: u64 = 10_000;

/// A long queue is counted anew when this many times the time has passed that it took.
const REST: u32 = 100;

/// And at the latest after this.
const LONGEST_REST: Duration = Duration::from_secs(60);

/// The depth of the queue as it was last counted. A count looks at each job, so that those who look every few seconds at a
/// queue of a million would keep the store busy.
#[derive(Debug, Default)]
pub(super) struct QueueDepth {
    counted: Mutex<Option<Counted>>,
}

#[derive(Debug)]
struct Counted {
    depths: Vec<Depth>,
    at: Instant,
    rest: Duration,
}

impl QueueDepth {
    /// The depth by app and class; of a long queue as it was a moment ago.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub(super) async fn get(&self, db: &Db) -> Result<Vec<Depth>, StoreError> {
        let mut counted = self.counted.lock().await;
        if let Some(counted) = &*counted
            && counted.at.elapsed() < counted.rest
        {
            return Ok(counted.depths.clone());
        }
        let begun = Instant::now();
        let depths = queue::depth(db).await?;
        let jobs = depths.iter().map(|depth| depth.waiting + depth.claimed);
        let rest = rest(jobs.sum(), begun.elapsed());
        *counted = Some(Counted {
            depths: depths.clone(),
            at: Instant::now(),
            rest,
        });
        Ok(depths)
    }
}

/// How long a count holds that took so long.
fn rest(jobs: u64, took: Duration) -> Duration {
    if jobs <= FEW {
        return Duration::ZERO;
    }
    took.saturating_mul(REST).min(LONGEST_REST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_costs_a_hundredth_of_the_time_at_most() {
        let millis = Duration::from_millis;
        let table = [
            (0, millis(900), millis(0)),
            (FEW, millis(900), millis(0)),
            (FEW + 1, millis(2), millis(200)),
            (1_000_000, millis(150), millis(15_000)),
            (10_000_000, millis(2_000), LONGEST_REST),
        ];
        for (jobs, took, expected) in table {
            assert_eq!(rest(jobs, took), expected, "{jobs} in {took:?}");
        }
    }
}
