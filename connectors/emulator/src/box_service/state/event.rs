//! The log of what happened.

use serde::{Deserialize, Serialize};

use super::{Id, Millis};

/// The number of the first event: beyond 2^53, as the service's are (reference/box.md §0 fact 5).
pub(crate) const FIRST_POSITION: u64 = 1_152_922_976_252_290_800;

/// Added to a position to make that of the chronological stream, so that one is not taken for the other.
pub(crate) const CHRONOLOGICAL: u64 = 1_000_000_000_000;

/// Everything that happened, in order.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct EventLog(Vec<Event>);

/// Something that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    /// The type in the enterprise's streams; none where those do not tell of it.
    pub(crate) enterprise_type: Option<String>,
    /// The type in a user's stream.
    pub(crate) user_type: Option<String>,
    pub(crate) time: Millis,
    pub(crate) by: Id,
    /// Whether the app did it.
    pub(crate) by_app: bool,
    pub(crate) source: Source,
    /// The version that was made, and its size.
    pub(crate) version: Option<(Id, u64)>,
}

/// What it happened to, as it was then.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    Item {
        is_folder: bool,
        id: Id,
        name: Box<str>,
        /// Id and name of the folder; none in a root.
        parent: Option<(Id, Box<str>)>,
        owner: Id,
    },
    User(Id),
    Group(Id),
    Nothing,
}

impl EventLog {
    pub(crate) fn push(&mut self, event: Event) {
        self.0.push(event);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The events from place `at` on.
    pub(crate) fn from(&self, at: usize) -> &[Event] {
        self.0.get(at..).unwrap_or_default()
    }
}
