//! The change feed of a drive (reference/microsoft-graph.md §3.4).

use std::sync::{MutexGuard, PoisonError};

use labeld_connector::http::{Method, Url};
use labeld_connector::{
    Change, ChangePage, Cursor, Error, ErrorKind, Feed, FeedList, FeedRef, Result,
};

use super::Core;
use super::cursor::Position;
use super::forest::Forest;
use super::info::DriveInfo;
use super::item::ITEM_FIELDS;
use super::reference::ItemRef;
use super::scope::DriveList;
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
        let continued = since
            .map(|cursor| Position::parse(cursor, &self.tenant.endpoints.graph))
            .transpose()?;
        let drive = self.drive(&feed.0, OPERATION).await?;
        let (removed_folders, url) = match continued {
            Some((position, _)) if position.ended => {
                return self.told_removals(&drive, position, Vec::new());
            }
            Some((position, url)) => (position.removed_folders, url),
            None => (Vec::new(), self.first_page(&drive)?),
        };
        let page = self.delta(&drive, url, since.is_some()).await?;
        self.forest().begin_page(&drive.id, since);
        let (link, is_last) = match (page.next_link, page.delta_link) {
            (Some(next), _) => (next, false),
            (None, Some(delta)) => (delta, true),
            (None, None) => {
                return Err(
                    purpose(&drive).malformed("the page names neither a next one nor the end")
                );
            }
        };
        self.tenant.checked_link(&link, &purpose(&drive))?;
        let mut walked = self.walk_page(&drive, page.value, removed_folders).await?;
        let kept_back = match is_last {
            true => std::mem::take(&mut walked.removed_folders),
            false => {
                let over = walked.removed_folders.len().saturating_sub(MOST_KEPT_BACK);
                let told = walked.removed_folders.drain(..over);
                let told =
                    told.map(|id| Change::FolderRemoved(ItemRef::new(&drive.id, &id).folder()));
                walked.changes.extend(told.collect::<Vec<_>>());
                std::mem::take(&mut walked.removed_folders)
            }
        };
        let position = Position::new(link, kept_back, is_last);
        let mut answer = if is_last {
            self.told_removals(&drive, position, walked.changes)?
        } else {
            ChangePage {
                changes: walked.changes,
                unreadable: Vec::new(),
                next: position.to_cursor()?,
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
        let top = self.profile.page_size;
        url.set_query(Some(&format!("$select={ITEM_FIELDS}&$top={top}")));
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
            // Long walks see this for a moment, also while the drive is there (rule 11).
            Some(404) if self.is_there(drive).await => as_kind(ErrorKind::Transient, error),
            Some(501) => as_kind(ErrorKind::Unsupported, error),
            _ => error,
        }
    }

    /// Whether the drive itself can be seen.
    async fn is_there(&self, drive: &DriveInfo) -> bool {
        let Ok(mut url) = self.tenant.v1(&["drives", &drive.id]) else {
            return false;
        };
        url.set_query(Some("$select=id"));
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
