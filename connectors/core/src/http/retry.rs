//! How often and when a failed call is made again.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};

/// When a failed call is made again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryOptions {
    /// How often a call is made at most, the first time included.
    pub attempts: u32,
    /// The wait before the second attempt. Each further wait is twice as long, and each is made longer
    /// by a random part of itself, so that calls that failed together do not come back together.
    pub first_delay: Duration,
    /// The longest wait, before the random part. What a service asks for is waited for even when it is
    /// longer.
    pub longest_delay: Duration,
    /// How long a call may take with all its attempts, unless it says otherwise.
    pub deadline: Duration,
    /// How many repetitions all calls together may make.
    pub budget: RetryBudget,
}

/// Five attempts after 1, 2, 4 and 8 seconds (microsoft-graph.md §8.2: at most five), within five
/// minutes.
impl Default for RetryOptions {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(60),
            deadline: Duration::from_secs(300),
            budget: RetryBudget::default(),
        }
    }
}

/// How many repetitions all calls of a [`Service`](super::Service) together may make. Without it a
/// service that is down would get every call several times over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryBudget {
    /// Repetitions to start with, and the most that can be saved up.
    pub repetitions: u32,
    /// How many successful calls earn one repetition.
    pub successes_per_repetition: u32,
}

/// 20 repetitions, and one more for every ten successful calls: a dead service gets 20 calls more than
/// were made, an ailing one a tenth more.
impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            repetitions: 20,
            successes_per_repetition: 10,
        }
    }
}

impl RetryOptions {
    /// The waits before the second, third, … attempt.
    pub(super) fn delays(&self) -> impl Iterator<Item = Duration> + Send + use<> {
        let repetitions = self.attempts.saturating_sub(1);
        ExponentialBuilder::new()
            .with_min_delay(self.first_delay.min(self.longest_delay))
            .with_max_delay(self.longest_delay)
            .with_factor(2.0)
            .with_jitter()
            .with_max_times(usize::try_from(repetitions).unwrap_or(usize::MAX))
            .build()
    }
}

/// What is left of a [`RetryBudget`], in parts of a repetition: a success earns one part.
#[derive(Debug)]
pub(super) struct Budget {
    parts: Mutex<u64>,
    per_repetition: u64,
    most: u64,
}

impl Budget {
    pub(super) fn new(options: &RetryBudget) -> Self {
        let per_repetition = u64::from(options.successes_per_repetition.max(1));
        let most = u64::from(options.repetitions) * per_repetition;
        Self {
            parts: Mutex::new(most),
            per_repetition,
            most,
        }
    }

    /// A call succeeded.
    pub(super) fn earn(&self) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        *parts = (*parts + 1).min(self.most);
    }

    /// Takes one repetition, if there is one.
    pub(super) fn spend(&self) -> bool {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        match parts.checked_sub(self.per_repetition) {
            Some(rest) => {
                *parts = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_double_and_are_spread() {
        let options = RetryOptions {
            attempts: 6,
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(5),
            ..RetryOptions::default()
        };
        let waits: Vec<_> = options.delays().collect();
        let expected = [1, 2, 4, 5, 5];
        assert_eq!(waits.len(), expected.len());
        for (wait, seconds) in waits.iter().zip(expected) {
            let least = Duration::from_secs(seconds);
            assert!(
                *wait >= least && *wait <= least * 2,
                "{wait:?} for {seconds}"
            );
        }
        let never = |attempts| RetryOptions {
            attempts,
            ..RetryOptions::default()
        };
        assert_eq!(never(1).delays().count(), 0);
        assert_eq!(never(0).delays().count(), 0);
    }

    #[test]
    fn repetitions_are_earned() {
        let budget = Budget::new(&RetryBudget {
            repetitions: 2,
            successes_per_repetition: 3,
        });
        assert!(budget.spend());
        assert!(budget.spend());
        assert!(!budget.spend(), "used up");
        budget.earn();
        budget.earn();
        assert!(!budget.spend(), "two successes are not enough");
        budget.earn();
        assert!(budget.spend());
        for _ in 0..100 {
            budget.earn();
        }
        assert!(budget.spend() && budget.spend());
        assert!(!budget.spend(), "no more is saved than the budget");
    }
}
