//! What is remembered for a while, within bounds.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Answers by question, each for `lifetime`, at most `most` of them; the oldest go first. Time is the runtime's,
/// which no change of the machine's clock moves.
#[derive(Debug)]
pub struct Remembered<K, V> {
    most: usize,
    lifetime: Duration,
    held: Mutex<Held<K, V>>,
}

#[derive(Debug)]
struct Held<K, V> {
    values: HashMap<K, (V, u64, Instant)>,
    /// In the order in which they came, by number; one that was replaced since stands here twice.
    order: VecDeque<(K, u64)>,
    numbers: u64,
}

impl<K: Clone + Eq + Hash, V: Clone> Remembered<K, V> {
    /// Nothing yet.
    #[must_use]
    pub fn new(most: usize, lifetime: Duration) -> Self {
        Self {
            most,
            lifetime,
            held: Mutex::new(Held {
                values: HashMap::new(),
                order: VecDeque::new(),
                numbers: 0,
            }),
        }
    }

    /// Takes in an answer in place of the one before.
    pub fn put(&self, key: K, value: V) {
        let mut held = self.held();
        held.numbers += 1;
        let number = held.numbers;
        held.order.push_back((key.clone(), number));
        held.values.insert(key, (value, number, Instant::now()));
        while held.values.len() > self.most || held.order.len() > 2 * self.most {
            let Some((oldest, number)) = held.order.pop_front() else {
                return;
            };
            let is_it = held
                .values
                .get(&oldest)
                .is_some_and(|(_, is, _)| *is == number);
            if is_it {
                held.values.remove(&oldest);
            }
        }
    }

    /// The answer, while it is remembered.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let mut held = self.held();
        match held.values.get(key) {
            Some((value, _, since)) if since.elapsed() < self.lifetime => Some(value.clone()),
            Some(_) => {
                held.values.remove(key);
                None
            }
            None => None,
        }
    }

    /// Forgets an answer.
    pub fn remove<Q: Eq + Hash + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        self.held().values.remove(key);
    }

    /// Forgets all answers.
    pub fn clear(&self) {
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

    const LIFETIME: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn what_is_old_is_forgotten() {
        let remembered = Remembered::new(10, LIFETIME);
        remembered.put("a", 1);
        tokio::time::advance(LIFETIME - Duration::from_secs(1)).await;
        assert_eq!(remembered.get("a"), Some(1));
        remembered.put("b", 2);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!((remembered.get("a"), remembered.get("b")), (None, Some(2)));
        remembered.remove("b");
        assert_eq!(remembered.get("b"), None);
    }

    #[test]
    fn memory_is_bounded() {
        let remembered = Remembered::new(3, LIFETIME);
        for number in 0..10 {
            remembered.put(number, number);
        }
        let kept: Vec<_> = (0..10)
            .filter_map(|number| remembered.get(&number))
            .collect();
        assert_eq!(kept, [7, 8, 9]);
        for _ in 0..100 {
            remembered.put(9, 0);
            assert!(remembered.held().order.len() <= 6);
        }
        assert_eq!(remembered.get(&9), Some(0));
        remembered.clear();
        assert_eq!(remembered.get(&9), None);
    }
}
