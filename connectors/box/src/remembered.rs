//! What is remembered for a while, within bounds.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Answers by question, each for `lifetime`, at most `most` of them; the oldest go first.
#[derive(Debug)]
pub(crate) struct Remembered<K, V> {
    most: usize,
    lifetime: Duration,
    held: Mutex<Held<K, V>>,
}

#[derive(Debug)]
struct Held<K, V> {
    values: HashMap<K, Kept<V>>,
    /// In the order in which they came, each with its number. One that was removed since stands here still.
    order: VecDeque<(K, u64)>,
    last_number: u64,
}

#[derive(Debug)]
struct Kept<V> {
    value: V,
    since: Instant,
    number: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Remembered<K, V> {
    pub(crate) fn new(most: usize, lifetime: Duration) -> Self {
        Self {
            most: most.max(1),
            lifetime,
            held: Mutex::new(Held {
                values: HashMap::new(),
                order: VecDeque::new(),
                last_number: 0,
            }),
        }
    }

    /// Takes in an answer. A question that was answered before keeps its place in the order.
    pub(crate) fn put(&self, key: K, value: V) {
        let mut held = self.held();
        let since = Instant::now();
        if let Some(kept) = held.values.get_mut(&key) {
            kept.value = value;
            kept.since = since;
            return;
        }
        held.last_number += 1;
        let number = held.last_number;
        held.order.push_back((key.clone(), number));
        let kept = Kept {
            value,
            since,
            number,
        };
        held.values.insert(key, kept);
        while held.order.len() > self.most {
            let Some((oldest, number)) = held.order.pop_front() else {
                return;
            };
            if held
                .values
                .get(&oldest)
                .is_some_and(|kept| kept.number == number)
            {
                held.values.remove(&oldest);
            }
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let held = self.held();
        let kept = held.values.get(key)?;
        (kept.since.elapsed() < self.lifetime).then(|| kept.value.clone())
    }

    pub(crate) fn remove(&self, key: &K) {
        self.held().values.remove(key);
    }

    pub(crate) fn clear(&self) {
        let mut held = self.held();
        held.values.clear();
        held.order.clear();
    }

    fn held(&self) -> MutexGuard<'_, Held<K, V>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_the_oldest_go_first() {
        let remembered = Remembered::new(3, Duration::from_secs(60));
        for number in 0..10 {
            remembered.put(number, number);
        }
        let kept: Vec<_> = (0..10)
            .filter_map(|number| remembered.get(&number))
            .collect();
        assert_eq!(kept, [7, 8, 9]);
        for _ in 0..100 {
            remembered.remove(&9);
            remembered.put(9, 0);
            assert!(remembered.held().order.len() <= 3);
        }
        assert_eq!(remembered.get(&9), Some(0));
        remembered.clear();
        assert_eq!(remembered.get(&9), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_old_is_forgotten() {
        let remembered = Remembered::new(3, Duration::from_secs(60));
        remembered.put("a", 1);
        tokio::time::advance(Duration::from_secs(59)).await;
        assert_eq!(remembered.get(&"a"), Some(1));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(remembered.get(&"a"), None);
    }
}
