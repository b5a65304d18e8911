//! Listing a drive folder by folder, where it does not tell its changes: national clouds may have no delta
//! (reference/microsoft-graph.md §1.4).
//!
//! Such a walk is always a full enumeration. Its last cursor is an expired one, so that the next poll is one too.

use labeld_connector::http::Url;
use labeld_connector::{ChangePage, Cursor, Error, ErrorKind, Result, UnreadableFolder};
use serde::{Deserialize, Serialize};

use super::Core;
use super::changes::{OPERATION, purpose};
use super::info::DriveInfo;
use super::item::ITEM_FIELDS;
use super::page::is_folder;
use super::reference::ItemRef;
use crate::address::{ask, next_page};
use crate::call::UNITS_LIST;
use crate::model::{DriveItem, Page};

/// Changes with the meaning of any field.
const FORMAT: &str = "children/1";

/// Most folders that wait for their turn: they stand in the cursor.
const MOST_PENDING: usize = 50_000;

/// Where such a walk stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChildWalk {
    walk: String,
    /// Whether the root was listed.
    begun: bool,
    /// Ids of folders to be listed, the next one last.
    pending: Vec<String>,
    /// The next page of the folder that is being listed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl Default for ChildWalk {
    fn default() -> Self {
        Self {
            walk: FORMAT.to_owned(),
            begun: false,
            pending: Vec::new(),
            link: None,
        }
    }
}

impl ChildWalk {
    /// Reads a cursor; `None` where it is not one of such a walk.
    pub(super) fn parse(cursor: &Cursor) -> Option<Self> {
        let walk: Self = serde_json::from_str(&cursor.0).ok()?;
        (walk.walk == FORMAT).then_some(walk)
    }

    fn to_cursor(&self) -> Result<Cursor> {
        serde_json::to_string(self).map(Cursor).map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "write down", "a cursor").with_source(cause)
        })
    }
}

impl Core {
    /// One page of the walk.
    pub(super) async fn children_page(
        &self,
        drive: &DriveInfo,
        since: Option<&Cursor>,
        mut walk: ChildWalk,
    ) -> Result<ChangePage> {
        let mut unreadable = Vec::new();
        let items = if !walk.begun {
            walk.begun = true;
            vec![self.root(drive).await?]
        } else if let Some((folder, url)) = self.next_listing(drive, &mut walk)? {
            match self
                .tenant
                .get::<Page<DriveItem>>(url, &purpose(drive), UNITS_LIST)
                .await
            {
                Ok(page) => {
                    walk.link = page.next_link;
                    page.value
                }
                // Removed since its parent was listed.
                Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
                Err(error) if error.kind().is_retryable() => return Err(error),
                Err(error) => {
                    let path = self.forest().path(&drive.id, &folder);
                    let below = path.map_or(folder, |(path, _)| path);
                    let path = drive.path_of(&below);
                    unreadable.push(UnreadableFolder { path, error });
                    Vec::new()
                }
            }
        } else {
            let error = purpose(drive).error(ErrorKind::CursorExpired);
            return Err(error.with_source("the drive does not tell its changes"));
        };
        let folders = items
            .iter()
            .filter(|item| is_folder(item) && item.package.is_none());
        walk.pending
            .extend(folders.filter_map(|item| item.id.clone()));
        if walk.pending.len() > MOST_PENDING {
            let error = purpose(drive).error(ErrorKind::TooLarge);
            return Err(
                error.with_source("too many folders beside each other to be listed without delta")
            );
        }
        self.forest().begin_page(&drive.id, since);
        let walked = self.walk_page(drive, items, Vec::new()).await?;
        unreadable.extend(walked.unreadable);
        let next = walk.to_cursor()?;
        self.forest().end_page(&drive.id, since, &next);
        Ok(ChangePage {
            changes: walked.changes,
            unreadable,
            next,
            more: walk.link.is_some() || !walk.pending.is_empty(),
        })
    }

    async fn root(&self, drive: &DriveInfo) -> Result<DriveItem> {
        let mut url = self.tenant.v1(&["drives", &drive.id, "root"])?;
        ask(&mut url, &[("$select", ITEM_FIELDS)]);
        self.tenant.get(url, &purpose(drive), UNITS_LIST).await
    }

    /// What to list next: the rest of a folder, or another one; its id, and the address.
    fn next_listing(
        &self,
        drive: &DriveInfo,
        walk: &mut ChildWalk,
    ) -> Result<Option<(String, Url)>> {
        if let Some(link) = walk.link.take() {
            let url = next_page(&link, &self.tenant.endpoints.graph).ok_or_else(|| {
                Error::new(ErrorKind::CursorExpired, OPERATION, drive.path.clone())
            })?;
            return Ok(Some((String::new(), url)));
        }
        let Some(folder) = walk.pending.pop() else {
            return Ok(None);
        };
        let at = ItemRef::new(&drive.id, &folder);
        let mut url = self.item_url(at, &["children"], None)?;
        let top = self.profile.page_size.to_string();
        ask(&mut url, &[("$select", ITEM_FIELDS), ("$top", &top)]);
        Ok(Some((folder, url)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_cursor_is_told_from_others() {
        let walk = ChildWalk {
            begun: true,
            pending: vec!["01A".to_owned()],
            ..ChildWalk::default()
        };
        assert_eq!(ChildWalk::parse(&walk.to_cursor().unwrap()), Some(walk));
        for text in [
            "",
            "{}",
            r#"{"v":1,"link":"https://graph.microsoft.com/x"}"#,
            r#"{"walk":"children/2","begun":true,"pending":[]}"#,
        ] {
            assert_eq!(ChildWalk::parse(&Cursor(text.to_owned())), None, "{text}");
        }
    }
}
