//! What the feed has told, as far as it is remembered.
//!
//! A page may be asked for twice, because its first answer may have been lost. So everything here says from which cursor
//! it was learned, and what was learned from a cursor does not count when the same cursor is asked again. Losing all of it costs calls and
//! repetitions, never a change.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use crate::model::{Event, Id};
use labeld_connector::Remembered;

/// Most events that are remembered: twice what Box's own SDK does (reference/box.md §3.4).
const MOST_EVENTS: usize = 10_000;

/// Most folders and files of which place and owner are remembered.
const MOST_FOLDERS: usize = 50_000;
const MOST_FILES: usize = 100_000;

/// Age does not matter.
const FOREVER: Duration = Duration::MAX;

/// What the feed has told.
#[derive(Debug)]
pub(crate) struct Seen {
    /// Hashes of event ids, with the cursor.
    events: Remembered<u64, u64>,
    /// Owners and places.
    folders: Ledger<(Id, u64)>,
    /// Owners.
    files: Ledger<Id>,
}

impl Default for Seen {
    fn default() -> Self {
        Self {
            events: Remembered::new(MOST_EVENTS, FOREVER),
            folders: Ledger::new(MOST_FOLDERS),
            files: Ledger::new(MOST_FILES),
        }
    }
}

impl Seen {
    /// Whether an event came already, by another cursor. One without an id is new each time.
    pub(crate) fn knows_event(&self, event: &Event, from: u64) -> bool {
        let known = event
            .event_id
            .as_ref()
            .and_then(|id| self.events.get(&hash_of(id)));
        known.is_some_and(|known| known != from)
    }

    pub(crate) fn note_event(&self, event: &Event, from: u64) {
        if let Some(id) = &event.event_id {
            self.events.put(hash_of(id), from);
        }
    }

    /// Positions go back when everything is listed anew.
    pub(crate) fn clear_events(&self) {
        self.events.clear();
    }

    pub(crate) fn note_folder(&self, folder: Id, owner: Id, path: &str, from: u64) {
        self.folders.note(folder, (owner, hash_of(path)), from);
    }

    /// Whether the folder was told to be at this place.
    pub(crate) fn has_told_folder(&self, folder: Id, owner: Id, path: &str, from: u64) -> bool {
        self.folders.before(folder, from) == Some((owner, hash_of(path)))
    }

    /// The owner under whom the folder was told.
    pub(crate) fn folder_owner(&self, folder: Id, from: u64) -> Option<Id> {
        self.folders.before(folder, from).map(|(owner, _)| owner)
    }

    pub(crate) fn note_file(&self, file: Id, owner: Id, from: u64) {
        self.files.note(file, owner, from);
    }

    /// The owner under whom the file was told.
    pub(crate) fn file_owner(&self, file: Id, from: u64) -> Option<Id> {
        self.files.before(file, from)
    }
}

/// What was last told of each thing, and before that.
#[derive(Debug)]
struct Ledger<T>(Remembered<Id, Entry<T>>);

#[derive(Debug, Clone, Copy)]
struct Entry<T> {
    now: T,
    before: Option<T>,
    /// The cursor by which it became what it is now.
    from: u64,
}

impl<T: Copy> Ledger<T> {
    fn new(most: usize) -> Self {
        Self(Remembered::new(most, FOREVER))
    }

    fn note(&self, id: Id, now: T, from: u64) {
        let before = self.before(id, from);
        self.0.put(id, Entry { now, before, from });
    }

    /// What was told by other cursors than this one.
    fn before(&self, id: Id, from: u64) -> Option<T> {
        let entry = self.0.get(&id)?;
        if entry.from == from {
            entry.before
        } else {
            Some(entry.now)
        }
    }
}

fn hash_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_learned_from_a_cursor_does_not_count_for_it() {
        let seen = Seen::default();
        let event: Event = serde_json::from_str(r#"{"event_id":"e"}"#).unwrap();
        assert!(!seen.knows_event(&event, 1));
        seen.note_event(&event, 1);
        for (from, known) in [(1, false), (2, true)] {
            assert_eq!(seen.knows_event(&event, from), known);
        }
        let nameless: Event = serde_json::from_str("{}").unwrap();
        seen.note_event(&nameless, 1);
        assert!(!seen.knows_event(&nameless, 2));

        let (file, ana, bo) = (Id(1), Id(2), Id(3));
        assert_eq!(seen.file_owner(file, 1), None);
        seen.note_file(file, ana, 1);
        assert_eq!(seen.file_owner(file, 1), None);
        assert_eq!(seen.file_owner(file, 2), Some(ana));
        seen.note_file(file, bo, 2);
        seen.note_file(file, bo, 2);
        assert_eq!(seen.file_owner(file, 2), Some(ana));
        assert_eq!(seen.file_owner(file, 3), Some(bo));

        seen.note_folder(file, ana, "a/b", 1);
        assert!(!seen.has_told_folder(file, ana, "a/b", 1));
        assert!(seen.has_told_folder(file, ana, "a/b", 2));
        assert!(!seen.has_told_folder(file, ana, "a/c", 2));
        assert!(!seen.has_told_folder(file, bo, "a/b", 2));
        assert_eq!(seen.folder_owner(file, 2), Some(ana));
    }
}
