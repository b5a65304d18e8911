//! The logs of changes (reference/google-drive.md §3).
//!
//! A log is of states: it has one entry for each file, the newest. All logs share one sequence, in which every
//! file and drive stands at its last change; what a user's or a drive's own log has beside it (losses, memberships) stands in
//! a list of its own.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::directory::UserId;
use super::file::FileNumber;

/// A place in the sequence.
pub(crate) type Sequence = u64;

/// Whose log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) enum LogOf {
    User(UserId),
    Drive(String),
}

/// What a log says beside the files that are there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Aside {
    /// A file is gone from this log, by id.
    Gone(String),
    /// The shared drive itself or the user's membership changed, by id.
    Drive(String),
    /// The shared drive is gone from this log, by id.
    DriveGone(String),
}

impl Aside {
    /// What it is about.
    fn subject(&self) -> &str {
        match self {
            Self::Gone(id) | Self::Drive(id) | Self::DriveGone(id) => id,
        }
    }
}

/// What a reader of a log wants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// What is gone from the log.
    pub(crate) removals: bool,
    /// Shared drives, and what lies in them, in a user's log.
    pub(crate) drives: bool,
    /// Beside a removal the file, where the reader still reaches it.
    pub(crate) corpus_removals: bool,
    /// Only what lies in the user's own My Drive.
    pub(crate) my_drive_only: bool,
}

/// All logs.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Logs {
    last: Sequence,
    /// Where each file stands.
    files: BTreeMap<Sequence, (FileNumber, DateTime<Utc>)>,
    #[serde(skip)]
    places: HashMap<FileNumber, Sequence>,
    #[serde(with = "as_pairs")]
    asides: HashMap<LogOf, BTreeMap<Sequence, (Aside, DateTime<Utc>)>>,
    /// The logs by number, for tokens.
    #[serde(with = "as_pairs")]
    numbers: HashMap<LogOf, u64>,
}

/// An entry before anybody asks whether the reader may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Entry {
    File(FileNumber),
    Aside(Aside),
}

impl Logs {
    /// The end of the sequence.
    pub(crate) fn last(&self) -> Sequence {
        self.last
    }

    /// The number of a log in its tokens.
    pub(crate) fn number(&mut self, log: &LogOf) -> u64 {
        let next = self.numbers.len() as u64 + 1;
        *self.numbers.entry(log.clone()).or_insert(next)
    }

    /// A file changed: it moves to the end.
    pub(crate) fn file_changed(&mut self, file: FileNumber, now: DateTime<Utc>) {
        self.forget(file);
        self.last += 1;
        self.files.insert(self.last, (file, now));
        self.places.insert(file, self.last);
    }

    /// A file is there no longer.
    pub(crate) fn forget(&mut self, file: FileNumber) {
        if let Some(place) = self.places.remove(&file) {
            self.files.remove(&place);
        }
    }

    /// Notes something in one log, in place of what it said about the same thing.
    pub(crate) fn note(&mut self, log: LogOf, aside: Aside, now: DateTime<Utc>) {
        self.last += 1;
        let asides = self.asides.entry(log).or_default();
        asides.retain(|_, (known, _)| known.subject() != aside.subject());
        asides.insert(self.last, (aside, now));
    }

    /// A file can be seen again in this log.
    pub(crate) fn withdraw(&mut self, log: &LogOf, id: &str) {
        if let Some(asides) = self.asides.get_mut(log) {
            asides.retain(|_, (known, _)| known.subject() != id);
        }
    }

    /// What comes after `after` in a log, for files whether or not they can be seen in it.
    pub(crate) fn since(
        &self,
        log: &LogOf,
        after: Sequence,
    ) -> impl Iterator<Item = (Sequence, Entry, DateTime<Utc>)> {
        let from = after.saturating_add(1);
        let mut files = self.files.range(from..).peekable();
        let asides = self.asides.get(log);
        let mut asides = asides
            .into_iter()
            .flat_map(move |asides| asides.range(from..))
            .peekable();
        std::iter::from_fn(move || {
            let file_is_next = match (files.peek(), asides.peek()) {
                (Some((file, _)), Some((aside, _))) => file < aside,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if file_is_next {
                let (place, (file, time)) = files.next()?;
                return Some((*place, Entry::File(*file), *time));
            }
            let (place, (aside, time)) = asides.next()?;
            Some((*place, Entry::Aside(aside.clone()), *time))
        })
    }

    /// Makes what is not saved anew.
    pub(crate) fn reindex(&mut self) {
        self.places = self
            .files
            .iter()
            .map(|(place, (file, _))| (*file, *place))
            .collect();
    }
}

/// Maps whose keys are no text, as lists of pairs.
mod as_pairs {
    use std::collections::HashMap;
    use std::hash::Hash;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer, K: Serialize + Ord, V: Serialize>(
        map: &HashMap<K, V>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let mut pairs: Vec<(&K, &V)> = map.iter().collect();
        pairs.sort_by(|one, other| one.0.cmp(other.0));
        pairs.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D, K, V>(deserializer: D) -> Result<HashMap<K, V>, D::Error>
    where
        D: Deserializer<'de>,
        K: Deserialize<'de> + Eq + Hash,
        V: Deserialize<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}
