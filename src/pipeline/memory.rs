//! A bound for the memory that readings take together, each by its weight.
//!
//! A reading reserves what its first fetch needs. The few that need more take turns on a lane of their own, one at a time:
//! nobody who holds a part of the budget waits for another part of it, so that readings cannot block each other. All
//! readings together take at most the budget and one file's [`MOST_FETCHED`].
//!
//! [`MOST_FETCHED`]: labeld_formats::MOST_FETCHED

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What a reading takes beside the bytes of the file: inflated parts, the parser's own structures.
const OVERHEAD_KIB: u32 = 256;

/// The budget; one for a process.
#[derive(Debug)]
pub struct MemoryBudget {
    shared: Arc<Semaphore>,
    total_kib: u32,
    large: Arc<Semaphore>,
}

impl MemoryBudget {
    /// A budget of `bytes`; at least enough for one small file.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let total_kib = kib(bytes).max(OVERHEAD_KIB);
        Self {
            shared: Arc::new(Semaphore::new(total_kib as usize)),
            total_kib,
            large: Arc::new(Semaphore::new(1)),
        }
    }

    /// Waits until `bytes` of a file may be held in memory. What is more than the whole budget counts as the whole.
    pub async fn reserve(&self, bytes: u64) -> Reservation {
        let weight = kib(bytes).saturating_add(OVERHEAD_KIB).min(self.total_kib);
        Reservation {
            bytes,
            large: Arc::clone(&self.large),
            // The semaphore is never closed.
            _shared: Arc::clone(&self.shared)
                .acquire_many_owned(weight)
                .await
                .ok(),
            lane: None,
        }
    }
}

/// Memory that a reading may use until this is dropped.
#[derive(Debug)]
pub struct Reservation {
    bytes: u64,
    large: Arc<Semaphore>,
    _shared: Option<OwnedSemaphorePermit>,
    lane: Option<OwnedSemaphorePermit>,
}

impl Reservation {
    /// Waits until the reading may hold `bytes` in all.
    pub async fn grow_to(&mut self, bytes: u64) {
        if bytes > self.bytes && self.lane.is_none() {
            self.lane = Arc::clone(&self.large).acquire_owned().await.ok();
        }
    }
}

fn kib(bytes: u64) -> u32 {
    // A semaphore counts up to an eighth of what a pointer can.
    u32::try_from(bytes.div_ceil(1024))
        .unwrap_or(u32::MAX)
        .min(1 << 28)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    const MIB: u64 = 1 << 20;

    #[tokio::test]
    async fn readings_wait_for_memory_by_their_weight() {
        // Budget, weights that are let in at once, weight that has to wait.
        let table: [(u64, &[u64], u64); 4] = [
            (4 * MIB, &[MIB, MIB, MIB], MIB),
            (4 * MIB, &[3 * MIB], MIB),
            (MIB, &[100 * MIB], 1),
            (0, &[1], 1),
        ];
        for (budget, admitted, next) in table {
            let budget = MemoryBudget::new(budget);
            let mut held = Vec::new();
            for bytes in admitted {
                held.push(budget.reserve(*bytes).now_or_never().unwrap());
            }
            let mut waiting = Box::pin(budget.reserve(next));
            assert!((&mut waiting).now_or_never().is_none(), "{budget:?}");
            held.clear();
            waiting.await;
        }
    }

    #[tokio::test]
    async fn those_that_grow_take_turns() {
        let budget = MemoryBudget::new(4 * MIB);
        let mut one = budget.reserve(MIB).await;
        let mut other = budget.reserve(MIB).await;
        one.grow_to(MIB).await;
        one.grow_to(50 * MIB).await;
        one.grow_to(60 * MIB).await;
        let mut waiting = Box::pin(other.grow_to(2 * MIB));
        assert!((&mut waiting).now_or_never().is_none());
        drop(one);
        waiting.await;
    }
}
