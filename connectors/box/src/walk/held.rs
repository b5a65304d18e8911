//! The folders that a walk has open. All of it can be fetched again.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{MutexGuard, PoisonError};

use labeld_connector::Cursor;

use crate::app::BoxApp;
use crate::model::{Id, Item};

/// Most entries of listings in memory, over all levels: some 10 MB.
const MOST_ENTRIES: usize = 10_000;

/// Most folders of others that are remembered to have been listed.
const MOST_FOREIGN: usize = 20_000;

/// What tells one cursor from others. Never 0 for one that there is.
pub(crate) fn key_of(cursor: Option<&Cursor>) -> u64 {
    match cursor {
        None => 0,
        Some(cursor) => {
            let mut hasher = DefaultHasher::new();
            cursor.0.hash(&mut hasher);
            hasher.finish() | 1
        }
    }
}

/// What the walk that goes on at a cursor has open: one for each level of the cursor's stack.
#[derive(Debug, Default)]
pub(crate) struct Held {
    key: u64,
    levels: Vec<Open>,
}

/// A folder that a walk is in.
#[derive(Debug, Default)]
pub(crate) struct Open {
    /// Where it is, and whose; `None` until it was looked at.
    pub(crate) place: Option<OpenPlace>,
    /// The entries of the page that are still to come; `None` until they are fetched.
    pub(crate) entries: Option<VecDeque<Item>>,
    pub(crate) next_marker: Option<String>,
    /// How often its marker was refused.
    pub(crate) refusals: u32,
}

/// Where an open folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OpenPlace {
    pub(crate) path: String,
    pub(crate) owner: Id,
}

impl Open {
    pub(crate) fn at(path: String, owner: Id) -> Self {
        Self {
            place: Some(OpenPlace { path, owner }),
            ..Self::default()
        }
    }

    fn len(&self) -> usize {
        self.entries.as_ref().map_or(0, VecDeque::len)
    }
}

/// Keeps what is in memory within bounds: the outermost folders are fetched again when the walk comes back to them.
pub(crate) fn shrink(levels: &mut [Open]) {
    let mut held: usize = levels.iter().map(Open::len).sum();
    for level in levels.iter_mut() {
        if held <= MOST_ENTRIES {
            return;
        }
        held -= level.len();
        level.entries = None;
    }
}

impl BoxApp {
    /// What is open at a cursor with a stack of `depth`; nothing looked at where that is not in memory.
    pub(super) fn take_held(&self, key: u64, depth: usize) -> Vec<Open> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let mut levels = std::mem::take(&mut held.levels);
        if held.key != key || key == 0 || levels.len() != depth {
            levels = Vec::new();
        }
        levels.resize_with(depth, Open::default);
        levels
    }

    /// Keeps what is open at the cursor that was just made.
    pub(super) fn hold(&self, cursor: &Cursor, levels: Vec<Open>) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Held {
            key: key_of(Some(cursor)),
            levels,
        };
    }

    pub(super) fn foreign(&self) -> MutexGuard<'_, Foreign> {
        self.foreign.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Folders of others that a walk has been in, through whichever of their collaborators came first.
#[derive(Debug, Default)]
pub(crate) struct Foreign(HashSet<Id>);

impl Foreign {
    pub(super) fn clear(&mut self) {
        self.0 = HashSet::new();
    }

    /// Whether a folder is walked into for the first time. When there are too many to remember some are walked again.
    pub(super) fn is_first(&mut self, folder: Id) -> bool {
        if self.0.len() >= MOST_FOREIGN {
            self.clear();
        }
        self.0.insert(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outermost_folders_are_given_up_first() {
        let item: Item = serde_json::from_str(r#"{"id":"1"}"#).unwrap();
        let open = |count: usize| Open {
            entries: Some(vec![item.clone(); count].into()),
            ..Open::default()
        };
        let mut levels = vec![open(6_000), open(3_000), open(3_000)];
        shrink(&mut levels);
        let kept: Vec<usize> = levels.iter().map(Open::len).collect();
        assert_eq!(kept, [0, 3_000, 3_000]);
    }

    #[test]
    fn a_folder_of_others_is_listed_once() {
        let mut foreign = Foreign::default();
        assert!(foreign.is_first(Id(1)));
        assert!(!foreign.is_first(Id(1)));
        foreign.clear();
        assert!(foreign.is_first(Id(1)));
        for number in 0..3 * MOST_FOREIGN as u64 {
            foreign.is_first(Id(number));
            assert!(foreign.0.len() <= MOST_FOREIGN);
        }
    }
}
