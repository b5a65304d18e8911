//! Change feeds: what is where, and what changed since.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::file::{FileMeta, FileRef, FolderMeta, FolderRef};

/// The name of one of an app's change feeds: opaque outside the connector, unique within the app.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeedRef(pub String);

impl FeedRef {
    /// The only feed of an app that has one for all of it.
    #[must_use]
    pub fn whole() -> Self {
        Self(String::new())
    }
}

/// A part of an app with a change feed of its own: a library, a person's drive, a folder. Each has its own
/// cursor, so that one that is lost costs no more than its own part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Names the feed.
    pub feed: FeedRef,
    /// What it is, for people.
    pub title: String,
}

/// The feeds of an app.
#[derive(Debug, Default)]
pub struct FeedList {
    /// Those that can be asked for changes.
    pub feeds: Vec<Feed>,
    /// Those that could not be looked into this time. What is known of them is neither changed nor removed.
    pub unreadable: Vec<UnreadableFeed>,
    /// Whether a feed that is in neither list is gone. Not so where only a part of the app was looked at.
    pub complete: bool,
}

impl FeedList {
    /// The list of an app that has one feed for all of it.
    pub fn whole(title: impl Into<String>) -> Self {
        Self {
            feeds: vec![Feed {
                feed: FeedRef::whole(),
                title: title.into(),
            }],
            unreadable: Vec::new(),
            complete: true,
        }
    }
}

/// A feed, or a place where feeds may be, that could not be looked into.
#[derive(Debug)]
pub struct UnreadableFeed {
    /// Feeds whose names begin so are meant.
    pub prefix: String,
    /// What it is, for people: a path as in [`FileMeta::folder`].
    pub path: String,
    /// Why. [`ErrorKind::NotCovered`](crate::ErrorKind::NotCovered) for a place that no identity of labeld can ever reach: it
    /// is counted and reported, and is no failure.
    pub error: Error,
}

/// A position in a change feed: opaque outside the connector, safe to store.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

/// One thing that changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// The file is new, or something about it changed.
    Upserted(FileMeta),
    /// The file is gone, or out of reach for good.
    Removed(FileRef),
    /// The folder is at this place, perhaps since long ago. Files and folders known to lie in it are there
    /// with it, though the feed need not name them.
    FolderAt(FolderMeta),
    /// The folder is gone, with all that is still known to lie in it.
    FolderRemoved(FolderRef),
}

/// A folder that could not be listed. Files known below it are neither changed nor removed.
#[derive(Debug)]
pub struct UnreadableFolder {
    /// The folder's path as shown to people.
    pub path: String,
    /// Why, as in [`UnreadableFeed::error`].
    pub error: Error,
}

/// A page of changes.
#[derive(Debug)]
pub struct ChangePage {
    /// The changes, in the order of the feed.
    pub changes: Vec<Change>,
    /// Folders of this page that could not be listed.
    pub unreadable: Vec<UnreadableFolder>,
    /// Where to go on: the next page when `more`, else the next poll.
    pub next: Cursor,
    /// Whether the next page is there already.
    pub more: bool,
}
