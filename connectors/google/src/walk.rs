//! Walking a corpus: the token of the change log first, then the listing, then the log (reference/google-drive.md §3.3).

mod listing;
mod places;
mod poll;

use std::sync::Arc;

use labeld_connector::{Change, ChangePage, Cursor, FeedRef, FolderMeta, Result, UnreadableFolder};

use crate::client::Purpose;
use crate::corpus::Corpus;
use crate::cursor::{Position, Stage};
use crate::domains::OwnDomains;
use crate::drive::GoogleDrive;
use crate::feeds::Sight;
use crate::fields;
use crate::forest::{Known, Place};
use crate::item;
use crate::model::{File, StartPageToken};
use crate::walk::places::{folder_of, locked, plant};

pub(crate) const OPERATION: &str = "list changes";

/// Stands for a folder whose place the service does not tell.
pub(crate) const SOMEWHERE: &str = "…";

/// One page on its way to the caller.
struct Page<'a> {
    sight: &'a Sight,
    /// The organisation's domains, where listings show permissions.
    own: Option<Arc<OwnDomains>>,
    position: Position,
    changes: Vec<Change>,
    unreadable: Vec<UnreadableFolder>,
    more: bool,
}

impl GoogleDrive {
    /// One page of a feed.
    pub(crate) async fn page_of(
        &self,
        feed: &FeedRef,
        since: Option<&Cursor>,
    ) -> Result<ChangePage> {
        let position = since.map(Position::parse).transpose()?;
        let corpus = Corpus::of(feed, OPERATION)?;
        let sight = self.sight(&corpus, OPERATION).await?;
        let walked = self.walk(&sight, position, since).await;
        if let (Err(error), Corpus::Drive(id)) = (&walked, &corpus)
            && !error.kind().is_retryable()
        {
            // The member may no longer be one; the next try chooses anew.
            self.members.forget(id);
        }
        walked
    }

    async fn walk(
        &self,
        sight: &Sight,
        position: Option<Position>,
        since: Option<&Cursor>,
    ) -> Result<ChangePage> {
        let is_first = position.is_none();
        let position = match position {
            Some(position) => position,
            None => self.beginning(sight).await?,
        };
        locked(&self.forest).begin_page(&sight.corpus, since);
        let mut page = Page {
            sight,
            own: self.domains_for_listing().await?,
            position,
            changes: Vec::new(),
            unreadable: Vec::new(),
            more: true,
        };
        if is_first {
            self.tell_top(&mut page).await?;
        }
        match page.position.at {
            Stage::Folders | Stage::Files | Stage::Recent => self.list(&mut page).await?,
            Stage::Changes => self.poll(&mut page).await?,
        }
        let next = page.position.to_cursor()?;
        locked(&self.forest).end_page(&sight.corpus, since, &next);
        Ok(ChangePage {
            changes: page.changes,
            unreadable: page.unreadable,
            next,
            more: page.more,
        })
    }

    /// Where the change log stands now, so that nothing falls between it and the listing.
    async fn beginning(&self, sight: &Sight) -> Result<Position> {
        self.start_token(sight).await.map(Position::beginning)
    }

    /// The end of the change log.
    pub(crate) async fn start_token(&self, sight: &Sight) -> Result<String> {
        let purpose = Purpose::new(OPERATION, &sight.title);
        let mut query = vec![("fields", "startPageToken")];
        if let Corpus::Drive(id) = &sight.corpus {
            query.push(("driveId", id));
        }
        let segments = ["drive", "v3", "changes", "startPageToken"];
        let url = self.client.drive_url(&segments, &query, true)?;
        let token: StartPageToken = self
            .client
            .get(url, &purpose, self.client.units.get, &sight.eyes)
            .await?;
        match token.start_page_token.is_empty() {
            true => Err(purpose.malformed("the change log has no beginning")),
            false => Ok(token.start_page_token),
        }
    }

    /// The organisation's domains, where the listing needs them to tell who can reach a file. Where the directory does not
    /// tell them, exposures of shared files stay unknown.
    pub(crate) async fn domains_for_listing(&self) -> Result<Option<Arc<OwnDomains>>> {
        if !self.options.list_permissions {
            return Ok(None);
        }
        match self.own_addresses().await {
            Ok(own) => Ok(Some(own)),
            Err(error) if error.kind().is_retryable() => Err(error),
            Err(error) => {
                tracing::warn!("{}: who can reach a file stays unknown", error.sentence());
                Ok(None)
            }
        }
    }

    /// Says where the top folder is, and that it is one.
    async fn tell_top(&self, page: &mut Page<'_>) -> Result<()> {
        let id = self.top_folder(page.sight).await?;
        locked(&self.forest).put(&page.sight.corpus, &id, &Place::Top, true);
        page.changes.push(Change::FolderAt(FolderMeta {
            folder: page.sight.corpus.folder(&id),
            parent: None,
            path: page.sight.path_of(""),
            link: Some(folder_link(&id)),
        }));
        Ok(())
    }

    /// What is asked of files in lists.
    pub(crate) fn list_fields(&self, sight: &Sight) -> String {
        match (&sight.corpus, self.options.list_permissions) {
            // Shared drives do not tell.
            (Corpus::User(_), true) => {
                format!("{},permissions({})", fields::FILE, fields::PERMISSION)
            }
            _ => fields::FILE.to_owned(),
        }
    }

    /// Takes in files that are there: says where folders are, and what files there are.
    async fn tell_alive(&self, page: &mut Page<'_>, files: Vec<File>) -> Result<()> {
        let files = self.complete(page, files).await?;
        for folder in files.iter().filter(|file| file.is_folder()) {
            plant(&self.forest, page.sight, folder);
        }
        self.find_places(&self.forest, page.sight, &files, OPERATION)
            .await?;
        let now = self.client.drive.clock().now();
        for file in &files {
            let Some(id) = file.id.as_deref() else {
                continue;
            };
            let parent = folder_of(&self.forest, page.sight, file);
            if file.is_folder() {
                // Somebody else's folder is known by its name alone.
                if item::belongs_to(file, &page.sight.corpus) {
                    page.position.removed.retain(|removed| removed != id);
                    page.changes
                        .push(Change::FolderAt(folder_meta(page.sight, id, file, parent)));
                }
                continue;
            }
            let (folder, parent) = placed(page.sight, parent);
            let own = page.own.as_deref();
            let opens_groups = self.options.expand_groups;
            let corpus = &page.sight.corpus;
            match item::meta(file, corpus, folder.clone(), parent, own, opens_groups, now) {
                Some(meta) => page.changes.push(Change::Upserted(meta)),
                None => page.unreadable.push(UnreadableFolder {
                    path: format!("{folder}/{}", file.name.as_deref().unwrap_or(SOMEWHERE)),
                    error: Purpose::new(OPERATION, &page.sight.title)
                        .malformed("the service says neither size nor version of a file"),
                }),
            }
        }
        Ok(())
    }
}

/// A folder and where it lies, as far as that is known.
pub(crate) struct Parent {
    id: String,
    known: Known,
}

/// Path of the folder that a file lies in, and the folder's name where its feed tells what becomes of it.
pub(crate) fn placed(
    sight: &Sight,
    parent: Option<Parent>,
) -> (String, Option<labeld_connector::FolderRef>) {
    match parent {
        Some(Parent { id, known }) => {
            let folder = known.is_own.then(|| sight.corpus.folder(&id));
            (sight.path_of(&known.path), folder)
        }
        None => (sight.path_of(""), None),
    }
}

fn folder_meta(sight: &Sight, id: &str, file: &File, parent: Option<Parent>) -> FolderMeta {
    let (above, parent) = placed(sight, parent);
    let name = crate::feeds::one_segment(file.name.as_deref().unwrap_or(SOMEWHERE));
    FolderMeta {
        folder: sight.corpus.folder(id),
        parent,
        path: format!("{above}/{name}"),
        link: Some(folder_link(id)),
    }
}

/// The address of a folder. That of a file in it cannot be made of its name, which has more in it than the service's id.
fn folder_link(id: &str) -> String {
    format!("https://drive.google.com/drive/folders/{id}")
}
