//! The change log (reference/google-drive.md §3.2): of each file the newest state, whatever came before it.

use labeld_connector::http::Url;
use labeld_connector::{Change, ErrorKind, FolderMeta, Result};

use super::places::{locked, plant};
use super::{OPERATION, Page, folder_link};
use crate::client::Purpose;
use crate::corpus::Corpus;
use crate::cursor::{MOST_KEPT_BACK, Stage};
use crate::drive::GoogleDrive;
use crate::feeds::{Sight, one_segment};
use crate::forest::Place;
use crate::item;
use crate::model::{ChangeList, File, FileChange};

impl GoogleDrive {
    /// A page of the log.
    pub(super) async fn poll(&self, page: &mut Page<'_>) -> Result<()> {
        if page.position.newer_than.is_some() {
            // Once after an enumeration: what may have been missing from it, because the search index lagged behind.
            page.position.at = Stage::Recent;
            return self.list(page).await;
        }
        let purpose = Purpose::new(OPERATION, &page.sight.title);
        let url = self.changes_url(page)?;
        let list: ChangeList = self
            .client
            .get(url, &purpose, self.client.units.list, &page.sight.eyes)
            .await?;
        let next = list.next_page_token.filter(|token| !token.is_empty());
        let end = list.new_start_page_token.filter(|token| !token.is_empty());
        let (token, more) = match (next, end) {
            (Some(next), _) => (next, true),
            (None, Some(end)) => (end, false),
            (None, None) => {
                return Err(purpose.malformed("the page names neither a next one nor the end"));
            }
        };
        let alive = self.sort_changes(page, list.changes)?;
        self.tell_alive(page, alive).await?;
        page.position.token = token;
        page.more = more;
        if !more {
            for id in std::mem::take(&mut page.position.removed) {
                page.changes
                    .push(Change::FolderRemoved(page.sight.corpus.folder(&id)));
            }
        }
        Ok(())
    }

    fn changes_url(&self, page: &Page<'_>) -> Result<Url> {
        let fields = format!(
            "nextPageToken,newStartPageToken,changes(changeType,removed,fileId,driveId,file({}),drive(id,name))",
            self.list_fields(page.sight)
        );
        let size = self.options.page_size.clamp(1, 1000).to_string();
        let mut query = vec![
            ("pageToken", page.position.token.as_str()),
            ("pageSize", size.as_str()),
            ("spaces", "drive"),
            ("includeRemoved", "true"),
            ("fields", fields.as_str()),
        ];
        match &page.sight.corpus {
            // What others share is left out by its owner: a folder shared with the user must be known by its new name.
            Corpus::User(_) => {}
            Corpus::Drive(id) => {
                query.extend([
                    ("driveId", id.as_str()),
                    ("includeItemsFromAllDrives", "true"),
                ]);
            }
        }
        self.client
            .drive_url(&["drive", "v3", "changes"], &query, true)
    }

    /// Tells what is gone, and gives back what is there.
    fn sort_changes(&self, page: &mut Page<'_>, changes: Vec<FileChange>) -> Result<Vec<File>> {
        let mut alive = Vec::new();
        for change in changes {
            if change.change_type.as_deref() == Some("drive") {
                self.tell_drive(page, &change);
                continue;
            }
            let file = change.file.filter(|_| change.removed != Some(true));
            let id = change.file_id.or_else(|| file.as_ref()?.id.clone());
            let Some(id) = id else { continue };
            match file {
                Some(mut file) => {
                    file.id = Some(id.clone());
                    self.sort_file(page, &id, file, &mut alive)?;
                }
                // Deleted, out of reach, or in another corpus: in each case no longer in this one.
                None => {
                    page.position.trashed.retain(|known| *known != id);
                    self.tell_gone(page, &id)?;
                }
            }
        }
        Ok(alive)
    }

    fn sort_file(
        &self,
        page: &mut Page<'_>,
        id: &str,
        file: File,
        alive: &mut Vec<File>,
    ) -> Result<()> {
        let sight = page.sight;
        // Without a type nothing can be said of it; it is looked at.
        let is_whole = file.mime_type.is_some();
        if is_whole && !item::belongs_to(&file, &sight.corpus) {
            // Somebody else's, or now in another corpus, whose log has it.
            if !file.is_folder() {
                page.changes.push(Change::Removed(sight.corpus.file(id)));
            } else if !file.is_trashed() {
                plant(&self.forest, sight, &file);
            }
            return Ok(());
        }
        if file.is_trashed() {
            if !file.is_folder() {
                page.changes.push(Change::Removed(sight.corpus.file(id)));
                return Ok(());
            }
            if file.explicitly_trashed == Some(true) {
                page.position.remember_trashed(id);
            }
            return self.keep_back(page, id);
        }
        if file.is_folder() && page.position.trashed.iter().any(|known| known == id) {
            // What lies in it is back too, and the log need not say so.
            return Err(begin_anew(sight, "a folder was taken out of the bin"));
        }
        alive.push(file);
        Ok(())
    }

    /// Tells that something is gone, of whichever kind it was.
    pub(super) fn tell_gone(&self, page: &mut Page<'_>, id: &str) -> Result<()> {
        page.changes
            .push(Change::Removed(page.sight.corpus.file(id)));
        self.keep_back(page, id)
    }

    /// Notes that something is gone which may be a folder.
    fn keep_back(&self, page: &mut Page<'_>, id: &str) -> Result<()> {
        locked(&self.forest).remove(&page.sight.corpus, id);
        page.position.keep_back(id);
        if page.position.removed.len() > MOST_KEPT_BACK {
            return Err(begin_anew(
                page.sight,
                "more was removed than a walk can keep back",
            ));
        }
        Ok(())
    }

    /// What happened to the shared drive itself. In a person's log that is of no concern: each drive has its own.
    fn tell_drive(&self, page: &mut Page<'_>, change: &FileChange) {
        let Corpus::Drive(id) = &page.sight.corpus else {
            return;
        };
        if change.removed == Some(true) {
            page.position.keep_back(id);
            return;
        }
        let name = change.drive.as_ref().and_then(|drive| drive.name.clone());
        let path = name
            .as_deref()
            .map_or_else(|| page.sight.path_of(""), one_segment);
        locked(&self.forest).put(&page.sight.corpus, id, &Place::Top, true);
        page.changes.push(Change::FolderAt(FolderMeta {
            folder: page.sight.corpus.folder(id),
            parent: None,
            path,
            link: Some(folder_link(id)),
        }));
    }
}

fn begin_anew(sight: &Sight, why: &'static str) -> labeld_connector::Error {
    Purpose::new(OPERATION, &sight.title)
        .error(ErrorKind::CursorExpired)
        .with_source(why)
}
