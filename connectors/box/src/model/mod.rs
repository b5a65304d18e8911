//! What the service says, as far as labeld reads it. Absent, `null` and a value are three cases (reference/box.md §6), of which the
//! first two mean the same here.

mod event;
mod item;
mod people;
mod tolerant;

pub(crate) use event::{Event, EventPage, Source, is_position};
pub(crate) use item::{Item, Lock, SharedLink};
pub(crate) use people::{Collaboration, Grantee, Membership, Person};
pub(crate) use tolerant::Id;

use serde::Deserialize;

/// A page of a list. The end is said with a `null`, an empty, or no marker (§0 fact 9).
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(crate) struct Page<T> {
    #[serde(default, deserialize_with = "tolerant::list")]
    pub(crate) entries: Vec<T>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) next_marker: Option<String>,
    /// In lists that are paged by offset.
    #[serde(default, deserialize_with = "tolerant::number")]
    pub(crate) total_count: Option<u64>,
}

impl<T> Page<T> {
    /// The marker of the next page.
    pub(crate) fn next(&self) -> Option<&str> {
        self.next_marker
            .as_deref()
            .filter(|marker| !marker.is_empty())
    }
}
