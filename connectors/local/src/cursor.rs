//! The text of a cursor.

use labeld_connector::{Cursor, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::snapshot::Position;
use crate::state::SnapshotId;

/// Changes with the meaning of any field, here or in a snapshot.
const FORMAT: u8 = 1;

/// Where a listing stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListingCursor {
    format: u8,
    /// The snapshot that the listing writes, or has written.
    pub(crate) snapshot: SnapshotId,
    /// Where the walk stands; `None` when it is finished, and the snapshot is the next one's base.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) walk: Option<WalkCursor>,
}

/// Where an unfinished walk stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WalkCursor {
    /// Bytes of the snapshot that are right; what comes after them is written anew.
    pub(crate) written: u64,
    /// The last path that was handled, in the form of a file's name; empty at the beginning.
    pub(crate) after: String,
    /// What the walk is compared with; `None` on a full enumeration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) base: Option<BaseCursor>,
}

/// Where the comparison stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaseCursor {
    pub(crate) snapshot: SnapshotId,
    pub(crate) at: Position,
}

impl ListingCursor {
    pub(crate) fn new(snapshot: SnapshotId, walk: Option<WalkCursor>) -> Self {
        Self {
            format: FORMAT,
            snapshot,
            walk,
        }
    }

    /// Reads a cursor.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorExpired`] for anything that is not a cursor of this connector.
    pub(crate) fn parse(cursor: &Cursor) -> Result<Self> {
        let expired = || Error::new(ErrorKind::CursorExpired, "list changes", "since a cursor");
        let parsed: Self =
            serde_json::from_str(&cursor.0).map_err(|cause| expired().with_source(cause))?;
        if parsed.format != FORMAT {
            return Err(expired().with_source("the cursor is of another version of labeld"));
        }
        Ok(parsed)
    }

    /// As text to store.
    ///
    /// # Errors
    ///
    /// None in practice: plain data has a JSON form.
    pub(crate) fn to_cursor(&self) -> Result<Cursor> {
        serde_json::to_string(self).map(Cursor).map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "write down", "a cursor").with_source(cause)
        })
    }
}
