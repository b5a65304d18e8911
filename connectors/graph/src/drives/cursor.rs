//! The text of a cursor.

use labeld_connector::http::Url;
use labeld_connector::{Cursor, Error, ErrorKind, Result};
use serde::{Deserialize, Serialize};

use crate::address::next_page;

/// Changes with the meaning of any field.
const FORMAT: u8 = 1;

/// Where a walk through a drive's changes stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Position {
    #[serde(rename = "v")]
    format: u8,
    /// The whole link to the next page, or to the next poll.
    pub(super) link: String,
    /// Ids of folders that the walk has told to be gone, until its end (§3.4 rule 3).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) removed_folders: Vec<String>,
    /// Whether the walk has reached its end, and only its removed folders are still to be told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) ended: bool,
}

impl Position {
    pub(super) fn new(link: String, removed_folders: Vec<String>, ended: bool) -> Self {
        Self {
            format: FORMAT,
            link,
            removed_folders,
            ended,
        }
    }

    /// Reads a cursor. The second part is its link, which leads to `graph`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::CursorExpired`] for anything that is not a cursor of this connector.
    pub(super) fn parse(cursor: &Cursor, graph: &Url) -> Result<(Self, Url)> {
        let expired = || Error::new(ErrorKind::CursorExpired, "list changes", "since a cursor");
        let position: Self =
            serde_json::from_str(&cursor.0).map_err(|cause| expired().with_source(cause))?;
        if position.format != FORMAT {
            return Err(expired().with_source("the cursor is of another version of labeld"));
        }
        let link = next_page(&position.link, graph)
            .ok_or_else(|| expired().with_source("its link does not lead to Microsoft Graph"))?;
        Ok((position, link))
    }

    /// As text to store.
    ///
    /// # Errors
    ///
    /// None in practice: plain data has a JSON form.
    pub(super) fn to_cursor(&self) -> Result<Cursor> {
        serde_json::to_string(self).map(Cursor).map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "write down", "a cursor").with_source(cause)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_cursors_are_followed() {
        let graph = Url::parse("https://graph.microsoft.com/").unwrap();
        let link = "https://graph.microsoft.com/v1.0/drives/b!x/root/delta?token=a";
        let whole = Position::new(link.to_owned(), vec!["01A".to_owned()], true);
        let (read, url) = Position::parse(&whole.to_cursor().unwrap(), &graph).unwrap();
        assert_eq!((read, url.as_str()), (whole, link));
        let short = Position::new(link.to_owned(), Vec::new(), false);
        assert_eq!(
            short.to_cursor().unwrap().0,
            format!("{{\"v\":1,\"link\":\"{link}\"}}")
        );
        for text in [
            "",
            "{}",
            "9999999999999999999999",
            "{\"v\":1}",
            "{\"v\":2,\"link\":\"https://graph.microsoft.com/x\"}",
            "{\"v\":1,\"link\":\"https://evil.example/x\"}",
            "{\"v\":1,\"link\":\"not a link\"}",
            "{\"v\":1,\"link\":\"https://graph.microsoft.com/x\",\"more\":1}",
        ] {
            let error = Position::parse(&Cursor(text.to_owned()), &graph).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CursorExpired, "{text}");
        }
    }
}
