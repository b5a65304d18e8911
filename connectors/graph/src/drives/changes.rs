//! The change feed of a drive (reference/microsoft-graph.md §3.4).

use std::sync::{MutexGuard, PoisonError};

use labeld_connector::http::{Method, Url};
use labeld_connector::{
    Change, ChangePage, Cursor, Error, ErrorKind, Feed, FeedList, FeedRef, Result,
};

use super::Core;
use super::children::ChildWalk;
use super::cursor::Position;
use super::forest::Forest;
use super::info::DriveInfo;
use super::item::ITEM_FIELDS;
use super::reference::ItemRef;
use super::scope::DriveList;
use crate::address::ask;
use crate::batch::status_of;
use crate::call::{Purpose, UNITS_LIST, UNITS_ONE};
use crate::model::{DriveItem, Page};

pub(super) const OPERATION: &str = "list changes";

/// Asks for items that were lost from sight as deleted, for what lies below folders that the app may not read, and for
/// changes of sharing.
const PREFER: &str =
    "deltashowremovedasdeleted, deltatraversepermissiongaps, deltashowsharingchanges";

/// Most folders whose removal is kept back to the end of a walk. What is over it is told at once, which at worst
/// lists moved files as removed and then as new.
const MOST_KEPT_BACK: usize = 5_000;

impl Core {
    /// The list of feeds, one for each drive.
    pub(super) fn feeds(&self, found: DriveList) -> FeedList {
        let mut feeds: Vec<Feed> = Vec::with_capacity(found.drives.len());
        for drive in found.drives {
            let drive = self.know(drive);
            feeds.push(Feed {
                feed: FeedRef(drive.id.clone()),
                title: drive.path.clone(),
            });
        }
        FeedList {
            feeds,
            unreadable: found.unreadable,
            complete: found.complete,
        }
    }

    /// One page of changes.
    pub(super) async fn changes(
        &self,
        feed: &FeedRef,
        since: Option<&Cursor>,
    ) -> Result<ChangePage> {
        let graph = &self.tenant.endpoints.graph;
        if let Some(walk) = since.and_then(ChildWalk::parse) {
            let drive = self.drive(&feed.0, OPERATION).await?;
            return self.children_page(&drive, since, walk).await;
        }
        let continued = since
            .map(|cursor| Position::parse(cursor, graph))
            .transpose()?;
        let drive = self.drive(&feed.0, OPERATION).await?;
        let (removed_folders, url) = match continued {
            Some((position, _)) if position.ended => {
                return self.told_removals(&drive, position, Vec::new());
            }
            Some((position, url)) => (position.removed_folders, url),
            None => (Vec::new(), self.first_page(&drive)?),
        };
        match self.delta(&drive, url, since.is_some()).await {
            Ok(page) => self.delta_page(&drive, since, page, removed_folders).await,
            Err(error) if since.is_none() && error.kind() == ErrorKind::Unsupported => {
                let walk = ChildWalk::default();
                self.children_page(&drive, since, walk).await
            }
            Err(error) => Err(error),
        }
    }

    /// Takes in a page of delta.
    async fn delta_page(
        &self,
        drive: &DriveInfo,
        since: Option<&Cursor>,
        page: Page<DriveItem>,
        removed_folders: Vec<String>,
    ) -> Result<ChangePage> {
        let (link, is_last) = match (page.next_link, page.delta_link) {
            (Some(next), _) => (next, false),
            (None, Some(delta)) => (delta, true),
            (None, None) => {
                let why = "the page names neither a next one nor the end";
                return Err(purpose(drive).malformed(why));
            }
        };
        self.tenant.checked_link(&link, &purpose(drive))?;
        self.forest().begin_page(&drive.id, since);
        let mut walked = self.walk_page(drive, page.value, removed_folders).await?;
        let mut answer = if is_last {
            let position = Position::new(link, walked.removed_folders, true);
            self.told_removals(drive, position, walked.changes)?
        } else {
            let over = walked.removed_folders.len().saturating_sub(MOST_KEPT_BACK);
            for id in walked.removed_folders.drain(..over) {
                let folder = ItemRef::new(&drive.id, &id).folder();
                walked.changes.push(Change::FolderRemoved(folder));
            }
            ChangePage {
                changes: walked.changes,
                unreadable: Vec::new(),
                next: Position::new(link, walked.removed_folders, false).to_cursor()?,
                more: true,
            }
        };
        answer.unreadable = walked.unreadable;
        self.forest().end_page(&drive.id, since, &answer.next);
        Ok(answer)
    }

    /// The end of a walk: `changes`, and after them as many of the removed folders as one page takes.
    fn told_removals(
        &self,
        drive: &DriveInfo,
        mut position: Position,
        mut changes: Vec<Change>,
    ) -> Result<ChangePage> {
        let room = usize::try_from(self.profile.page_size)
            .unwrap_or(usize::MAX)
            .max(1);
        let told = position.removed_folders.len().min(room);
        for id in position.removed_folders.drain(..told) {
            changes.push(Change::FolderRemoved(ItemRef::new(&drive.id, &id).folder()));
        }
        position.ended = !position.removed_folders.is_empty();
        Ok(ChangePage {
            changes,
            unreadable: Vec::new(),
            next: position.to_cursor()?,
            more: position.ended,
        })
    }

    fn first_page(&self, drive: &DriveInfo) -> Result<Url> {
        let mut url = self.tenant.v1(&["drives", &drive.id, "root", "delta"])?;
        let top = self.profile.page_size.to_string();
        ask(&mut url, &[("$select", ITEM_FIELDS), ("$top", &top)]);
        Ok(url)
    }

    /// Asks for a page.
    async fn delta(&self, drive: &DriveInfo, url: Url, continues: bool) -> Result<Page<DriveItem>> {
        let units = if continues { UNITS_ONE } else { UNITS_LIST };
        let purpose = purpose(drive);
        let call = self
            .tenant
            .call(Method::GET, url, &purpose, units)
            .header("prefer", PREFER);
        match self.tenant.service.send(call).await {
            Ok(answer) => answer.json(),
            Err(error) => Err(self.delta_refused(drive, error, continues).await),
        }
    }

    /// What it means that a page was refused.
    async fn delta_refused(&self, drive: &DriveInfo, error: Error, continues: bool) -> Error {
        let as_kind = |kind, error: Error| purpose(drive).error(kind).with_source(error);
        match status_of(&error) {
            // A malformed or outlived token; without one it would be our mistake.
            Some(400 | 410) if continues && error.kind() != ErrorKind::Unsupported => {
                as_kind(ErrorKind::CursorExpired, error)
            }
            Some(405 | 501) => as_kind(ErrorKind::Unsupported, error),
            Some(404) if self.is_there(drive).await => {
                // National clouds may have no delta (§1.4). Where there is one, long walks see this for a moment, also
                // while the drive is there (rule 11).
                let may_be_missing = !continues && !self.tenant.endpoints.has_delta();
                let kind = if may_be_missing {
                    ErrorKind::Unsupported
                } else {
                    ErrorKind::Transient
                };
                as_kind(kind, error)
            }
            _ => error,
        }
    }

    /// Whether the drive itself can be seen.
    async fn is_there(&self, drive: &DriveInfo) -> bool {
        let Ok(mut url) = self.tenant.v1(&["drives", &drive.id]) else {
            return false;
        };
        ask(&mut url, &[("$select", "id")]);
        let look: Result<serde_json::Value> =
            self.tenant.get(url, &purpose(drive), UNITS_ONE).await;
        look.is_ok()
    }

    pub(super) fn forest(&self) -> MutexGuard<'_, Forest> {
        self.forest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn purpose(drive: &DriveInfo) -> Purpose<'_> {
    Purpose {
        operation: OPERATION,
        context: &drive.path,
    }
}
