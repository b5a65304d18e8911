//! A connector with bad luck.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use labeld_connector::{
    Access, Capabilities, Change, ChangePage, Connector, Cursor, Error, ErrorKind, Examined,
    Exposure, FeedList, FeedRef, FileMeta, FileRef, LabelMirror, Obstacles, OwnerDetails,
    ReadOptions, Result, Version, WriteOptions,
};

use crate::random::Random;

/// How bad the luck is. Percentages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChaosOptions {
    /// Equal seeds give equal luck for equal calls.
    pub seed: u64,
    /// Calls that fail before anything is done.
    pub errors: u8,
    /// Calls that only read whose answer is lost.
    pub lost_answers: u8,
    /// Changes that are reported twice.
    pub duplicates: u8,
    /// Pairs of neighbours on a page that change places; changes of one file keep their order.
    pub swaps: u8,
    /// Pages that are cut in two.
    pub short_pages: u8,
}

impl ChaosOptions {
    /// Much of everything.
    #[must_use]
    pub fn with_seed(seed: u64) -> Self {
        Self {
            seed,
            errors: 15,
            lost_answers: 10,
            duplicates: 20,
            swaps: 40,
            short_pages: 30,
        }
    }
}

/// What was injected so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the fields are those of ChaosOptions")]
pub struct Injected {
    pub errors: usize,
    pub lost_answers: usize,
    pub duplicates: usize,
    pub swaps: usize,
    pub short_pages: usize,
}

/// A connector over another one that throttles, fails, loses answers, repeats and reorders changes and
/// cuts pages short, all within what the trait allows.
#[derive(Debug)]
pub struct Chaos {
    inner: Arc<dyn Connector>,
    options: ChaosOptions,
    luck: Mutex<Luck>,
}

#[derive(Debug)]
struct Luck {
    random: Random,
    injected: Injected,
    /// The rest of the page that was cut last, and the cursor that asks for it.
    rest: Option<(FeedRef, Cursor, ChangePage)>,
}

impl Chaos {
    /// Around `inner`.
    #[must_use]
    pub fn new(inner: Arc<dyn Connector>, options: ChaosOptions) -> Self {
        Self {
            inner,
            options,
            luck: Mutex::new(Luck {
                random: Random(options.seed),
                injected: Injected::default(),
                rest: None,
            }),
        }
    }

    /// What was injected so far.
    #[must_use]
    pub fn injected(&self) -> Injected {
        self.luck().injected
    }

    fn luck(&self) -> MutexGuard<'_, Luck> {
        self.luck.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn maybe_fail(&self, operation: &'static str) -> Result<()> {
        let mut luck = self.luck();
        if !luck.random.chance(self.options.errors) {
            return Ok(());
        }
        luck.injected.errors += 1;
        let kind = match luck.random.below(2) {
            0 => ErrorKind::Transient,
            _ => ErrorKind::Throttled,
        };
        Err(Error::new(kind, operation, "by chance").with_retry_after(Duration::from_micros(100)))
    }

    fn maybe_lose<T>(&self, operation: &'static str, answer: T) -> Result<T> {
        let mut luck = self.luck();
        if !luck.random.chance(self.options.lost_answers) {
            return Ok(answer);
        }
        luck.injected.lost_answers += 1;
        Err(Error::new(
            ErrorKind::Transient,
            operation,
            "by chance: the answer was lost",
        ))
    }

    async fn page(&self, feed: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage> {
        let cut = since.and_then(CutPage::parse);
        if let Some(cursor) = since
            && cut.is_some()
        {
            let mut luck = self.luck();
            let is_asked_for =
                |rest: &mut (FeedRef, Cursor, ChangePage)| rest.0 == *feed && rest.1 == *cursor;
            if let Some((_, _, page)) = luck.rest.take_if(is_asked_for) {
                return Ok(page);
            }
        }
        // Of a cut page whose rest is lost, all of it comes again.
        let since = cut.as_ref().map_or(since, |cut| cut.since.as_ref());
        let mut page = self.inner.changes(feed, since).await?;
        let mut luck = self.luck();
        self.repeat(&mut luck, &mut page.changes);
        self.swap(&mut luck, &mut page.changes);
        let length = page.changes.len();
        if length < 2 || !luck.random.chance(self.options.short_pages) {
            return Ok(page);
        }
        luck.injected.short_pages += 1;
        let kept = 1 + luck.random.below(length - 1);
        // Counted, because the same page cut anew has other changes in its first part.
        let cursor = CutPage {
            seed: self.options.seed,
            number: luck.injected.short_pages,
            since: since.cloned(),
        }
        .to_cursor();
        let first = ChangePage {
            changes: page.changes.drain(..kept).collect(),
            unreadable: Vec::new(),
            next: cursor.clone(),
            more: true,
        };
        luck.rest = Some((feed.clone(), cursor, page));
        Ok(first)
    }

    fn repeat(&self, luck: &mut Luck, changes: &mut Vec<Change>) {
        for index in (0..changes.len()).rev() {
            if luck.random.chance(self.options.duplicates)
                && let Some(change) = changes.get(index).cloned()
            {
                changes.insert(index, change);
                luck.injected.duplicates += 1;
            }
        }
    }

    fn swap(&self, luck: &mut Luck, changes: &mut [Change]) {
        for index in 1..changes.len() {
            let files = (
                changes.get(index - 1).map(file_of),
                changes.get(index).map(file_of),
            );
            let (Some(Some(one)), Some(Some(other))) = files else {
                continue;
            };
            if one != other && luck.random.chance(self.options.swaps) {
                changes.swap(index - 1, index);
                luck.injected.swaps += 1;
            }
        }
    }
}

/// The file that a change is about; none for folders, which keep their places on a page.
fn file_of(change: &Change) -> Option<&FileRef> {
    match change {
        Change::Upserted(meta) => Some(&meta.file),
        Change::Removed(file) => Some(file),
        Change::FolderAt(_) | Change::FolderRemoved(_) => None,
    }
}

/// The cursor of the rest of a page that was cut.
struct CutPage {
    /// Of the wrapper that cut it: one that comes after a restart counts anew.
    seed: u64,
    number: usize,
    since: Option<Cursor>,
}

impl CutPage {
    const PREFIX: &'static str = "chaos/";

    fn to_cursor(&self) -> Cursor {
        let (mark, since) = match &self.since {
            None => ('-', ""),
            Some(cursor) => ('+', cursor.0.as_str()),
        };
        let Self { seed, number, .. } = self;
        Cursor(format!("{}{seed}.{number}/{mark}{since}", Self::PREFIX))
    }

    fn parse(cursor: &Cursor) -> Option<Self> {
        let (cut, rest) = cursor.0.strip_prefix(Self::PREFIX)?.split_once('/')?;
        let (seed, number) = cut.split_once('.')?;
        let since = rest.strip_prefix('+');
        Some(Self {
            seed: seed.parse().ok()?,
            number: number.parse().ok()?,
            since: since.map(|since| Cursor(since.to_owned())),
        })
    }
}

impl fmt::Display for Chaos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} with bad luck", self.inner)
    }
}

#[async_trait]
impl Connector for Chaos {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    fn service_time(&self) -> Option<DateTime<Utc>> {
        self.inner.service_time()
    }

    async fn feeds(&self) -> Result<FeedList> {
        self.maybe_fail("list feeds")?;
        let feeds = self.inner.feeds().await?;
        self.maybe_lose("list feeds", feeds)
    }

    async fn changes(&self, feed: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage> {
        self.maybe_fail("list changes")?;
        let page = self.page(feed, since).await?;
        self.maybe_lose("list changes", page)
    }

    async fn prepare(&self, files: &[(FileRef, Version)]) {
        self.inner.prepare(files).await;
    }

    async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        self.maybe_fail("look at file")?;
        let meta = self.inner.stat(file).await?;
        self.maybe_lose("look at file", meta)
    }

    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        self.maybe_fail("read file")?;
        let bytes = self.inner.read(file, options).await?;
        self.maybe_lose("read file", bytes)
    }

    async fn write(&self, file: &FileRef, body: Bytes, options: WriteOptions) -> Result<FileMeta> {
        self.maybe_fail("write file")?;
        self.inner.write(file, body, options).await
    }

    async fn exposure(&self, file: &FileRef) -> Result<Exposure> {
        self.maybe_fail("find out who can reach file")?;
        let exposure = self.inner.exposure(file).await?;
        self.maybe_lose("find out who can reach file", exposure)
    }

    async fn access(&self, file: &FileRef) -> Result<Access> {
        self.maybe_fail("find out who can reach file")?;
        let access = self.inner.access(file).await?;
        self.maybe_lose("find out who can reach file", access)
    }

    async fn obstacles(&self, file: &FileRef) -> Result<Obstacles> {
        self.maybe_fail("find out what stands against a write")?;
        let obstacles = self.inner.obstacles(file).await?;
        self.maybe_lose("find out what stands against a write", obstacles)
    }

    async fn owner_details(&self, owners: &[String]) -> Result<Vec<OwnerDetails>> {
        self.maybe_fail("look up owners")?;
        let details = self.inner.owner_details(owners).await?;
        self.maybe_lose("look up owners", details)
    }

    fn label_mirror(&self) -> Option<&dyn LabelMirror> {
        self.inner.label_mirror()
    }

    /// Without bad luck: an examination reports what it finds instead of failing.
    async fn examine(&self) -> Vec<Examined> {
        self.inner.examine().await
    }
}
