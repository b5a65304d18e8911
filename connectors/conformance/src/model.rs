//! What a caller knows of an app from its change feed alone.

use std::collections::{BTreeMap, BTreeSet};

use labeld_connector::{
    Change, ChangePage, Cursor, FeedRef, FileKind, FileMeta, FileRef, FolderMeta, FolderRef,
};

use crate::caller::Caller;
use crate::harness::MAX_PAGE;
use crate::suite::{Violation, ensure};

/// Pages of one enumeration of the suite's small trees, with room for short pages.
const MAX_PAGES: usize = 2_000;

/// The files that the feeds told of, and where each stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) files: BTreeMap<FileRef, FileMeta>,
    folders: BTreeMap<FolderRef, FolderMeta>,
    cursors: BTreeMap<FeedRef, Cursor>,
    /// Feeds that this walk has still to come to; empty between two walks.
    to_walk: Vec<FeedRef>,
    /// What the last poll spoke of.
    pub(crate) touched: BTreeSet<FileRef>,
}

impl Model {
    /// What a full enumeration says.
    pub(crate) async fn enumerate(caller: &Caller) -> Result<Self, Violation> {
        let mut model = Self::default();
        model.drain(caller).await?;
        Ok(model)
    }

    /// Takes in everything up to the end of the feeds.
    pub(crate) async fn poll(&mut self, caller: &Caller) -> Result<(), Violation> {
        self.begin_poll(caller);
        self.drain(caller).await
    }

    /// Must come before the first page of a poll.
    pub(crate) fn begin_poll(&mut self, caller: &Caller) {
        self.touched.clear();
        if !caller.capabilities().change_feed {
            // Every poll enumerates all; what it does not name is gone.
            self.files.clear();
        }
    }

    /// Takes in all pages that are there.
    pub(crate) async fn drain(&mut self, caller: &Caller) -> Result<(), Violation> {
        for _ in 0..MAX_PAGES {
            if !self.next_page(caller).await? {
                return Ok(());
            }
        }
        Err(Violation(format!("no end after {MAX_PAGES} pages")))
    }

    /// Takes in one page; whether there is another one, of this feed or the next.
    pub(crate) async fn next_page(&mut self, caller: &Caller) -> Result<bool, Violation> {
        if self.to_walk.is_empty() {
            let list = caller.feeds().await?;
            if let Some(unreadable) = list.unreadable.first() {
                return Err(Violation(format!("unreadable feed {:?}", unreadable.path)));
            }
            self.to_walk = list.feeds.into_iter().map(|feed| feed.feed).collect();
        }
        let Some(feed) = self.to_walk.last().cloned() else {
            return Err(Violation("the app has no feed".to_owned()));
        };
        let page = caller.changes(&feed, self.cursors.get(&feed)).await?;
        if !page.more {
            self.to_walk.pop();
        }
        self.apply(feed, page)?;
        Ok(!self.to_walk.is_empty())
    }

    fn apply(&mut self, feed: FeedRef, page: ChangePage) -> Result<(), Violation> {
        let is_file = |change: &&Change| matches!(change, Change::Upserted(_) | Change::Removed(_));
        let files = page.changes.iter().filter(is_file).count();
        // A wrapper may repeat changes on a page.
        ensure(files <= 2 * MAX_PAGE, || {
            format!("a page of {files} changes")
        })?;
        if let Some(unreadable) = page.unreadable.first() {
            return Err(Violation(format!(
                "unreadable folder {:?}",
                unreadable.path
            )));
        }
        for change in page.changes {
            match change {
                Change::Upserted(meta) => {
                    self.touched.insert(meta.file.clone());
                    self.files.insert(meta.file.clone(), meta);
                }
                Change::Removed(file) => {
                    self.files.remove(&file);
                    self.touched.insert(file);
                }
                Change::FolderAt(folder) => self.folder_at(folder),
                Change::FolderRemoved(folder) => self.folder_removed(&folder),
            }
        }
        self.cursors.insert(feed, page.next);
        Ok(())
    }

    /// All that lies in the folder goes to its new place with it.
    fn folder_at(&mut self, new: FolderMeta) {
        if let Some(old) = self.folders.get(&new.folder).map(|old| old.path.clone())
            && old != new.path
        {
            for folder in self.within(&new.folder) {
                if let Some(folder) = self.folders.get_mut(&folder) {
                    move_below(&mut folder.path, &old, &new.path);
                }
            }
            for file in self.files_within(&new.folder) {
                if let Some(meta) = self.files.get_mut(&file) {
                    move_below(&mut meta.folder, &old, &new.path);
                }
            }
        }
        self.folders.insert(new.folder.clone(), new);
    }

    fn folder_removed(&mut self, folder: &FolderRef) {
        for file in self.files_within(folder) {
            self.files.remove(&file);
            self.touched.insert(file);
        }
        for folder in self.within(folder) {
            self.folders.remove(&folder);
        }
    }

    /// The folder, and all that are known to lie in it.
    fn within(&self, top: &FolderRef) -> BTreeSet<FolderRef> {
        let mut within = BTreeSet::from([top.clone()]);
        loop {
            let more: Vec<FolderRef> = self
                .folders
                .values()
                .filter(|folder| !within.contains(&folder.folder))
                .filter(|folder| {
                    folder
                        .parent
                        .as_ref()
                        .is_some_and(|parent| within.contains(parent))
                })
                .map(|folder| folder.folder.clone())
                .collect();
            if more.is_empty() {
                return within;
            }
            within.extend(more);
        }
    }

    fn files_within(&self, top: &FolderRef) -> Vec<FileRef> {
        let within = self.within(top);
        let is_within = |meta: &&FileMeta| {
            meta.parent
                .as_ref()
                .is_some_and(|parent| within.contains(parent))
        };
        let files = self.files.values().filter(is_within);
        files.map(|meta| meta.file.clone()).collect()
    }

    /// The file at `path`.
    pub(crate) fn at(&self, path: &str) -> Result<&FileMeta, Violation> {
        self.files
            .values()
            .find(|meta| path_of(meta) == path)
            .ok_or_else(|| Violation(format!("{path:?} is not listed")))
    }

    /// Says whether the feed told of exactly what is there.
    pub(crate) fn expect_truth(&self, truth: &BTreeMap<String, Vec<u8>>) -> Result<(), Violation> {
        let listed: BTreeMap<String, u64> = self
            .files
            .values()
            .map(|meta| (path_of(meta), meta.size))
            .collect();
        let true_sizes: BTreeMap<String, u64> = truth
            .iter()
            .map(|(path, body)| (path.clone(), body.len() as u64))
            .collect();
        ensure(listed == true_sizes, || {
            format!("the feed says {listed:?}, the truth is {true_sizes:?}")
        })?;
        // Two names in the app for one path would have been merged above.
        ensure(listed.len() == self.files.len(), || {
            format!(
                "{} files listed under {} paths",
                self.files.len(),
                listed.len()
            )
        })?;
        for meta in self.files.values() {
            ensure(meta.kind == FileKind::File, || {
                format!("{} is listed as {:?}", meta.file, meta.kind)
            })?;
        }
        Ok(())
    }
}

/// Path as shown to people.
pub(crate) fn path_of(meta: &FileMeta) -> String {
    if meta.folder.is_empty() {
        return meta.name.clone();
    }
    format!("{}/{}", meta.folder, meta.name)
}

/// Puts `path`, where it is `old` or below it, to the same place below `new`.
fn move_below(path: &mut String, old: &str, new: &str) {
    let below = path
        .strip_prefix(old)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    if let Some(below) = below.map(str::to_owned) {
        *path = format!("{new}{below}");
    }
}
