//! What a caller knows of an app from its change feed alone.

use std::collections::{BTreeMap, BTreeSet};

use labeld_connector::{Change, ChangePage, Cursor, FileKind, FileMeta, FileRef};

use crate::caller::Caller;
use crate::harness::MAX_PAGE;
use crate::suite::{Violation, ensure};

/// Pages of one enumeration of the suite's small trees, with room for short pages.
const MAX_PAGES: usize = 2_000;

/// The files that the feed told of, and where it stands.
#[derive(Debug, Clone, Default)]
pub(crate) struct Model {
    pub(crate) files: BTreeMap<FileRef, FileMeta>,
    pub(crate) cursor: Option<Cursor>,
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

    /// Takes in everything up to the end of the feed.
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

    /// Takes in one page; whether there is another one.
    pub(crate) async fn next_page(&mut self, caller: &Caller) -> Result<bool, Violation> {
        let page = caller.changes(self.cursor.as_ref()).await?;
        let more = page.more;
        self.apply(page)?;
        Ok(more)
    }

    fn apply(&mut self, page: ChangePage) -> Result<(), Violation> {
        // A wrapper may repeat changes on a page.
        ensure(page.changes.len() <= 2 * MAX_PAGE, || {
            format!("a page of {} changes", page.changes.len())
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
            }
        }
        self.cursor = Some(page.next);
        Ok(())
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
