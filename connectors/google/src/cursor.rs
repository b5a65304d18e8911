//! The text of a cursor.

use chrono::{DateTime, Utc};
use labeld_connector::{Cursor, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// Changes with the meaning of any field.
const FORMAT: u8 = 1;

/// The longest cursor that is read, in bytes.
const MOST_BYTES: usize = 128 << 10;

/// Most folders in the bin that are remembered, so that their return is noticed. What was put there before the last so many
/// comes back unnoticed, unless the service lists what lies in it.
pub(crate) const MOST_TRASHED: usize = 300;

/// Most removals that a walk keeps back to its end. A walk with more begins anew.
pub(crate) const MOST_KEPT_BACK: usize = 1_000;

/// Where a walk through a corpus stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Position {
    #[serde(rename = "v")]
    format: u8,
    pub(crate) at: Stage,
    /// Of the change log: where it begins once the listing is done, or where it goes on.
    pub(crate) token: String,
    /// Of the listing: the next page; the first one where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) page: Option<String>,
    /// What is newer than this may have been missing from the listing, and is listed once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) newer_than: Option<DateTime<Utc>>,
    /// Folders in the bin, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) trashed: Vec<String>,
    /// What the walk was told to be gone, and may be a folder, until its end: what is still to come may have been moved out of
    /// it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) removed: Vec<String>,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Stage {
    /// A page of folders: first, so that it is known where files are.
    Folders,
    /// A page of everything else.
    Files,
    /// A page of what may have been missing.
    Recent,
    /// A page of the change log.
    Changes,
}

impl Position {
    /// Before anything.
    pub(crate) fn beginning(token: String) -> Self {
        Self {
            format: FORMAT,
            at: Stage::Folders,
            token,
            page: None,
            newer_than: None,
            trashed: Vec::new(),
            removed: Vec::new(),
        }
    }

    /// Reads a cursor.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorExpired`] for anything that is not a cursor of this connector.
    pub(crate) fn parse(cursor: &Cursor) -> Result<Self> {
        let expired = || Error::new(ErrorKind::CursorExpired, "list changes", "since a cursor");
        if cursor.0.len() > MOST_BYTES {
            return Err(expired().with_source("it is longer than any cursor"));
        }
        let position: Self =
            serde_json::from_str(&cursor.0).map_err(|cause| expired().with_source(cause))?;
        if position.format != FORMAT || position.token.is_empty() {
            return Err(expired().with_source("it is of another version of labeld"));
        }
        Ok(position)
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

    /// Remembers a folder that is in the bin.
    pub(crate) fn remember_trashed(&mut self, id: &str) {
        self.trashed.retain(|known| known != id);
        self.trashed.push(id.to_owned());
        let over = self.trashed.len().saturating_sub(MOST_TRASHED);
        self.trashed.drain(..over);
    }

    /// Keeps back that something is gone.
    pub(crate) fn keep_back(&mut self, id: &str) {
        if !self.removed.iter().any(|known| known == id) {
            self.removed.push(id.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_cursors_are_followed() {
        let mut position = Position::beginning("812".to_owned());
        assert_eq!(
            position.to_cursor().unwrap().0,
            r#"{"v":1,"at":"folders","token":"812"}"#
        );
        position.page = Some("~!!~AI9".to_owned());
        position.newer_than = Some("2026-03-04T10:00:00Z".parse().unwrap());
        position.remember_trashed("1");
        position.keep_back("2");
        assert_eq!(
            Position::parse(&position.to_cursor().unwrap()).unwrap(),
            position
        );
        let long = format!(
            r#"{{"v":1,"at":"changes","token":"{}"}}"#,
            "x".repeat(MOST_BYTES)
        );
        for text in [
            "",
            "{}",
            "812",
            r#"{"v":1}"#,
            r#"{"v":2,"at":"changes","token":"812"}"#,
            r#"{"v":1,"at":"changes","token":""}"#,
            r#"{"v":1,"at":"elsewhere","token":"812"}"#,
            r#"{"v":1,"at":"changes","token":"812","more":1}"#,
            &long,
        ] {
            let error = Position::parse(&Cursor(text.to_owned())).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CursorExpired, "{text}");
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut position = Position::beginning("812".to_owned());
        for number in 0..MOST_TRASHED + 10 {
            position.remember_trashed(&number.to_string());
        }
        assert_eq!(position.trashed.len(), MOST_TRASHED);
        assert_eq!(position.trashed.first().map(String::as_str), Some("10"));
    }
}
