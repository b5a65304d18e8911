//! The connector.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use labeld_connector::{
    Access, Answer, Capabilities, ChangePage, Connector, Cursor, Error, ErrorKind, Examined,
    Exposure, FeedList, FeedRef, FileMeta, FileRef, Obstacles, ReadOptions, Result, WriteOptions,
};

use crate::file::LocalFile;
use crate::folder::{LocalFolder, PathFilter};
use crate::listing::Listing;
use crate::state::State;
use crate::status::Status;
use crate::write::replace;

/// Changes on a page unless the options say otherwise.
const DEFAULT_PAGE_SIZE: usize = 1_000;

/// What a local app is.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// Name of the app, for people.
    pub name: String,
    /// The folder to look at.
    pub root: PathBuf,
    /// A folder of labeld's own for what was seen so far: about 60 bytes a file, twice during an
    /// enumeration. One app each. Made when it is missing.
    pub state: PathBuf,
    /// What an enumeration leaves out.
    pub exclude: Option<Arc<dyn PathFilter>>,
    /// Most changes on one page.
    pub page_size: usize,
}

impl LocalOptions {
    /// Everything but the three left at its default.
    pub fn new(
        name: impl Into<String>,
        root: impl Into<PathBuf>,
        state: impl Into<PathBuf>,
    ) -> Self {
        Self {
            name: name.into(),
            root: root.into(),
            state: state.into(),
            exclude: None,
            page_size: DEFAULT_PAGE_SIZE,
        }
    }
}

/// A folder as an app.
///
/// The root is opened with the first call and again with each enumeration: an app whose network mount
/// is missing for now can be made, fails with [`ErrorKind::NotFound`], and works once it is there.
///
/// A version is size, time of modification, time of status change and inode. Changes to mode, owner or
/// number of hard links make a new version too, which costs a needless read and hides no edit.
#[derive(Debug)]
pub struct Local {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    options: LocalOptions,
    folder: Mutex<Option<Arc<LocalFolder>>>,
    /// The enumeration under way, which goes on when its own cursor comes back and is otherwise
    /// rebuilt from the cursor that does.
    listing: Mutex<Option<(Cursor, Listing)>>,
}

impl Local {
    /// The connector. Touches nothing yet.
    #[must_use]
    pub fn new(options: LocalOptions) -> Self {
        Self {
            shared: Arc::new(Shared {
                options,
                folder: Mutex::default(),
                listing: Mutex::default(),
            }),
        }
    }

    /// The folder, for synchronous use.
    ///
    /// # Errors
    ///
    /// As [`LocalFolder::open`].
    pub fn folder(&self) -> Result<Arc<LocalFolder>> {
        self.shared.folder()
    }

    /// As [`LocalFolder::open_file`].
    ///
    /// # Errors
    ///
    /// As [`LocalFolder::open_file`] and [`LocalFolder::open`].
    pub fn open_file(&self, file: &FileRef) -> Result<LocalFile> {
        self.shared.folder()?.open_file(file)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        operation: &'static str,
        work: impl FnOnce(&Shared) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let shared = Arc::clone(&self.shared);
        tokio::task::spawn_blocking(move || work(&shared))
            .await
            .unwrap_or_else(|cause| {
                let app = self.to_string();
                Err(Error::new(ErrorKind::Unexpected, operation, app).with_source(cause))
            })
    }
}

impl Shared {
    fn folder(&self) -> Result<Arc<LocalFolder>> {
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        match &*folder {
            Some(folder) => Ok(Arc::clone(folder)),
            None => {
                let opened = self.open_folder()?;
                *folder = Some(Arc::clone(&opened));
                Ok(opened)
            }
        }
    }

    fn open_folder(&self) -> Result<Arc<LocalFolder>> {
        let options = &self.options;
        let mut folder = LocalFolder::open(&options.root, options.exclude.clone())?;
        // It need not exist before the first enumeration.
        folder.own_state = std::fs::File::open(&options.state)
            .ok()
            .and_then(|state| Status::of_open(&state).ok())
            .map(|status| status.identity);
        Ok(Arc::new(folder))
    }

    /// Opens the root again, which may have been mounted or replaced since.
    fn reopen_folder(&self) -> Result<Arc<LocalFolder>> {
        let opened = self.open_folder()?;
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        *folder = Some(Arc::clone(&opened));
        Ok(opened)
    }

    fn changes(&self, since: Option<&Cursor>) -> Result<ChangePage> {
        let mut under_way = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut listing = match under_way.take() {
            Some((cursor, listing)) if since == Some(&cursor) => listing,
            given_up => {
                // First, because it holds the lock of the state folder.
                drop(given_up);
                let state = State::lock(&self.options.state)?;
                Listing::open(self.reopen_folder()?, state, since)?
            }
        };
        let page = listing.next_page(self.options.page_size)?;
        if page.more {
            *under_way = Some((page.next.clone(), listing));
        }
        Ok(page)
    }

    fn read(&self, file: &FileRef, options: &ReadOptions) -> Result<Bytes> {
        let opened = self.folder()?.open_file(file)?;
        if let Some(expected) = &options.if_match {
            opened.expect_version(expected)?;
        }
        let whole = 0..opened.meta().size;
        let bytes = opened.read(options.range.clone().unwrap_or(whole))?;
        opened.verify_unchanged()?;
        Ok(bytes)
    }
}

impl fmt::Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options = &self.shared.options;
        write!(
            f,
            "local app {:?} at {}",
            options.name,
            options.root.display()
        )
    }
}

#[async_trait]
impl Connector for Local {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_feed: true,
            // The name of a file is its path.
            stable_refs: false,
            write: true,
            // Between the last look at the file and the rename that replaces it there is a moment.
            conditional_write: false,
            keeps_modified: true,
            free_ranges: true,
        }
    }

    async fn feeds(&self) -> Result<FeedList> {
        Ok(FeedList::whole(self.shared.options.name.clone()))
    }

    /// Whatever the feed is called: a folder has one.
    async fn changes(&self, _feed: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage> {
        let since = since.cloned();
        self.blocking("list changes", move |shared| shared.changes(since.as_ref()))
            .await
    }

    async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        let file = file.clone();
        self.blocking("look at file", move |shared| shared.folder()?.stat(&file))
            .await
    }

    /// Fails with [`ErrorKind::Changed`] also without `if_match` when the file changes meanwhile.
    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        let file = file.clone();
        self.blocking("read file", move |shared| shared.read(&file, &options))
            .await
    }

    async fn write(&self, file: &FileRef, body: Bytes, options: WriteOptions) -> Result<FileMeta> {
        let file = file.clone();
        self.blocking("write file", move |shared| {
            replace(&*shared.folder()?, &file, &body, &options)
        })
        .await
    }

    /// Always [`Exposure::Unknown`]: mode bits say nothing of who can reach the machine or the share.
    async fn exposure(&self, _file: &FileRef) -> Result<Exposure> {
        Ok(Exposure::Unknown)
    }

    /// Nothing is known: owners and groups of a folder are names of the machine and no addresses.
    async fn access(&self, _file: &FileRef) -> Result<Access> {
        Ok(Access {
            exposure: Exposure::Unknown,
            collaborators: None,
        })
    }

    /// Nothing but what a folder cannot tell: locks of other programs are advisory and not looked for.
    async fn obstacles(&self, _file: &FileRef) -> Result<Obstacles> {
        Ok(Obstacles {
            retained: Answer::No,
            checkout_required: Answer::No,
            checked_out: Answer::No,
            ..Obstacles::default()
        })
    }

    /// Opens the folder and the place for the feed's state.
    async fn examine(&self) -> Vec<Examined> {
        let subject = format!("folder {}", self.shared.options.root.display());
        let opened = self.blocking("open folder", Shared::reopen_folder);
        let found = match opened.await {
            Ok(_) => Examined::passed(subject, "it can be opened"),
            Err(error) => Examined::failure(
                subject,
                &error,
                "check `root` of the app, its mount, and the rights of labeld's account",
            ),
        };
        vec![found]
    }
}
