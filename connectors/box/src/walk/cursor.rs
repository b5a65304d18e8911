//! The text of a cursor.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use labeld_connector::{Cursor, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::model::{Id, is_position};

/// Changes with the meaning of any field.
const FORMAT: u8 = 1;

/// Deepest nesting of folders that is walked into.
pub(crate) const MOST_DEPTH: usize = 200;

/// Most folders that wait to be listed anew: each comes of an event of one page.
const MOST_TASKS: usize = 1_000;

/// The longest marker that is stored.
pub(crate) const MOST_MARKER: usize = 2_048;

/// Where the feed stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    #[serde(rename = "v")]
    format: u8,
    /// The position in the enterprise's stream of events: opaque digits, never a number.
    pub(crate) at: String,
    /// When nothing was missing up to that position, in seconds since 1970. The stream goes back two weeks.
    pub(crate) on: i64,
    /// Events older than the stream that are still to be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) back: Option<Backlog>,
    /// The walk that is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) walk: Option<Walk>,
    /// Folders that are to be listed anew.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    pub(crate) todo: VecDeque<Task>,
}

/// Events in the chronological stream, in a window of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backlog {
    /// The beginning of the window, in seconds since 1970.
    pub(crate) after: i64,
    /// Its end.
    pub(crate) before: i64,
    /// The position within it; none at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<String>,
}

/// A walk: the folders from a user's root, or from a folder, to the present one. Never what is still to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Walk {
    /// In whose name.
    #[serde(rename = "u")]
    pub(crate) user: Id,
    #[serde(rename = "s")]
    pub(crate) stack: Vec<Level>,
    /// Whether the users after this one are walked too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) all: bool,
}

/// A folder that a walk is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Level {
    #[serde(rename = "f")]
    pub(crate) folder: Id,
    /// The page that it is at; none for the first. Markers do not live long, and a walk whose marker is refused lists the
    /// folder from its beginning.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(crate) marker: Option<String>,
    /// The last entry of the page that was gone past.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<Id>,
}

/// A folder that is to be listed anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Task {
    #[serde(rename = "f")]
    pub(crate) folder: Id,
    #[serde(rename = "u")]
    pub(crate) user: Id,
}

impl Level {
    pub(crate) fn new(folder: Id) -> Self {
        Self {
            folder,
            marker: None,
            after: None,
        }
    }

    /// Whether nothing of it was listed yet.
    pub(crate) fn is_new(&self) -> bool {
        self.marker.is_none() && self.after.is_none()
    }
}

impl Walk {
    /// Through all users from this one on.
    pub(crate) fn through_all(first: Id) -> Self {
        Self {
            user: first,
            stack: vec![Level::new(Id::ROOT)],
            all: true,
        }
    }

    /// Through one folder.
    pub(crate) fn of(task: Task) -> Self {
        Self {
            user: task.user,
            stack: vec![Level::new(task.folder)],
            all: false,
        }
    }
}

impl Position {
    pub(crate) fn new(at: String, now: DateTime<Utc>) -> Self {
        Self {
            format: FORMAT,
            at,
            on: now.timestamp(),
            back: None,
            walk: None,
            todo: VecDeque::new(),
        }
    }

    pub(crate) fn next_task(&mut self) -> Option<Task> {
        self.todo.pop_front()
    }

    /// Reads a cursor.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorExpired`] for anything that is not a cursor of this connector.
    pub(crate) fn parse(cursor: &Cursor) -> Result<Self> {
        let expired = || Error::new(ErrorKind::CursorExpired, "list changes", "since a cursor");
        let position: Self =
            serde_json::from_str(&cursor.0).map_err(|cause| expired().with_source(cause))?;
        if position.format != FORMAT {
            return Err(expired().with_source("the cursor is of another version of labeld"));
        }
        if !position.is_sound() {
            return Err(expired().with_source("the cursor is out of bounds"));
        }
        Ok(position)
    }

    fn is_sound(&self) -> bool {
        let levels = self.walk.iter().flat_map(|walk| &walk.stack);
        let mut markers = levels.filter_map(|level| level.marker.as_ref());
        let positions = [
            Some(&self.at),
            self.back.as_ref().and_then(|back| back.at.as_ref()),
        ];
        self.walk
            .as_ref()
            .is_none_or(|walk| walk.stack.len() <= MOST_DEPTH)
            && self.todo.len() <= MOST_TASKS
            && markers.all(|marker| marker.len() <= MOST_MARKER)
            && positions.into_iter().flatten().all(|at| is_position(at))
            && DateTime::from_timestamp(self.on, 0).is_some()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn position() -> Position {
        let now = DateTime::from_timestamp(1_777_910_000, 0).unwrap();
        Position::new("1152922976252290886".to_owned(), now)
    }

    #[test]
    fn only_our_own_cursors_are_followed() {
        let short = position();
        let text = r#"{"v":1,"at":"1152922976252290886","on":1777910000}"#;
        assert_eq!(short.to_cursor().unwrap().0, text);
        let whole = Position {
            back: Some(Backlog {
                after: 1,
                before: 2,
                at: Some("7".to_owned()),
            }),
            walk: Some(Walk {
                stack: vec![
                    Level::new(Id(0)),
                    Level {
                        folder: Id(5),
                        marker: Some("m".to_owned()),
                        after: Some(Id(6)),
                    },
                ],
                ..Walk::through_all(Id(7001))
            }),
            todo: VecDeque::from([Task {
                folder: Id(8),
                user: Id(9),
            }]),
            ..position()
        };
        assert_eq!(Position::parse(&whole.to_cursor().unwrap()).unwrap(), whole);
        let deep = Position {
            walk: Some(Walk {
                stack: vec![Level::new(Id(1)); MOST_DEPTH + 1],
                ..Walk::through_all(Id(1))
            }),
            ..position()
        };
        for text in [
            String::new(),
            "{}".to_owned(),
            "9999999999999999999999".to_owned(),
            text.replace("\"v\":1", "\"v\":2"),
            text.replace("1152922976252290886", ""),
            text.replace("1152922976252290886", "0"),
            text.replace("1152922976252290886", "1 2"),
            text.replace('}', ",\"more\":1}"),
            text.replace("1777910000", "9223372036854775807"),
            deep.to_cursor().unwrap().0,
        ] {
            let error = Position::parse(&Cursor(text.clone())).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CursorExpired, "{text}");
        }
    }
}
