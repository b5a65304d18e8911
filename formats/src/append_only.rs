//! A list that grows through a shared reference, so that what was borrowed of it stays borrowed.

use std::cell::{Cell, OnceCell};

/// Room of the first bucket; each further one has twice the room of the one before.
const FIRST: usize = 8;
/// Buckets: room for more items than any file needs reads.
const BUCKETS: usize = 24;

/// See the [module documentation](self). Items never move.
#[derive(Debug)]
pub(crate) struct AppendOnly<T> {
    buckets: [OnceCell<Box<[OnceCell<T>]>>; BUCKETS],
    len: Cell<usize>,
}

impl<T> Default for AppendOnly<T> {
    fn default() -> Self {
        Self {
            buckets: [const { OnceCell::new() }; BUCKETS],
            len: Cell::new(0),
        }
    }
}

impl<T> AppendOnly<T> {
    /// Adds an item and says where; `None` when there is no more room.
    pub(crate) fn push(&self, item: T) -> Option<usize> {
        let index = self.len.get();
        let (bucket, at) = place(index);
        let room = FIRST << bucket;
        let bucket = self.buckets.get(bucket)?;
        let items = bucket.get_or_init(|| (0..room).map(|_| OnceCell::new()).collect());
        items.get(at)?.set(item).ok()?;
        self.len.set(index + 1);
        Some(index)
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let (bucket, at) = place(index);
        self.buckets.get(bucket)?.get()?.get(at)?.get()
    }
}

/// The bucket of an item, and where in it.
fn place(index: usize) -> (usize, usize) {
    let number = index + FIRST;
    let bucket = (number.ilog2() - FIRST.ilog2()) as usize;
    (bucket, number - (FIRST << bucket))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_stay_where_they_were_put() {
        let list = AppendOnly::default();
        assert_eq!(list.get(0), None);
        let first = (list.push(0usize), list.get(0));
        for item in 1..1_000 {
            assert_eq!(list.push(item), Some(item));
        }
        assert_eq!(first, (Some(0), Some(&0)));
        for item in 0..1_000 {
            assert_eq!(list.get(item), Some(&item));
        }
        assert_eq!(list.get(1_000), None);
    }
}
