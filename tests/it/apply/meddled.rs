//! A connector in whose writes the tests meddle, over a real one.

use std::collections::VecDeque;
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use labeld_connector::{
    Access, AssignLabel, AssignOutcome, Capabilities, ChangePage, Connector, Cursor, Error,
    ErrorKind, Examined, Exposure, FeedList, FeedRef, FileMeta, FileRef, NativeLabel, NativeLabels,
    Obstacles, ReadOptions, Result, WriteOptions,
};
use tokio::sync::Notify;

/// What becomes of the next write.
pub(crate) enum Fate {
    /// Something happens right before it.
    After(Box<dyn FnOnce() + Send>),
    /// The service takes it and does it later, or never; nobody hears of it.
    Kept,
    /// The service stores other bytes, and says that it is done.
    StoredAs(Bytes),
    /// The service sets the label that it is asked for, and its answer never comes.
    NeverAnswered,
}

/// A write that the service has taken and not done.
struct Kept {
    file: FileRef,
    body: Bytes,
    options: WriteOptions,
}

#[derive(Default)]
struct Plan {
    fates: VecDeque<Fate>,
    kept: Option<Kept>,
    times: VecDeque<DateTime<Utc>>,
}

/// The connector.
pub(crate) struct Meddled {
    inner: Arc<dyn Connector>,
    plan: Mutex<Plan>,
    waiting: Notify,
}

impl Meddled {
    pub(crate) fn over(inner: Arc<dyn Connector>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            plan: Mutex::default(),
            waiting: Notify::new(),
        })
    }

    /// The connector below.
    pub(super) fn inner(&self) -> Arc<dyn Connector> {
        Arc::clone(&self.inner)
    }

    /// Until somebody waits for an answer that never comes.
    pub(super) async fn is_waiting(&self) {
        self.waiting.notified().await;
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap()
    }

    /// The next writes are done in these ways, one after the other, and as they should be afterwards.
    pub(crate) fn next(&self, fate: Fate) {
        self.plan().fates.push_back(fate);
    }

    /// The witness says these times, one at each question, and the last one from then on.
    pub(crate) fn tell_times(&self, times: impl IntoIterator<Item = DateTime<Utc>>) {
        self.plan().times = times.into_iter().collect();
    }

    /// Does what was kept.
    pub(crate) async fn do_late(&self) -> Result<FileMeta> {
        let kept = self.plan().kept.take().unwrap();
        self.inner.write(&kept.file, kept.body, kept.options).await
    }
}

impl fmt::Debug for Meddled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Meddled")
    }
}

impl fmt::Display for Meddled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl Connector for Meddled {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn feeds(&self) -> Result<FeedList> {
        self.inner.feeds().await
    }

    async fn changes(&self, feed: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage> {
        self.inner.changes(feed, since).await
    }

    async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        self.inner.stat(file).await
    }

    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        self.inner.read(file, options).await
    }

    async fn write(&self, file: &FileRef, body: Bytes, options: WriteOptions) -> Result<FileMeta> {
        let fate = self.plan().fates.pop_front();
        match fate {
            None => self.inner.write(file, body, options).await,
            Some(Fate::After(step)) => {
                step();
                self.inner.write(file, body, options).await
            }
            Some(Fate::NeverAnswered) => pending().await,
            Some(Fate::StoredAs(other)) => self.inner.write(file, other, options).await,
            Some(Fate::Kept) => {
                let file = file.clone();
                let lost = Error::new(ErrorKind::Transient, "write file", &file.0);
                self.plan().kept = Some(Kept {
                    file,
                    body,
                    options,
                });
                Err(lost.with_source("the answer was lost"))
            }
        }
    }

    async fn exposure(&self, file: &FileRef) -> Result<Exposure> {
        self.inner.exposure(file).await
    }

    async fn access(&self, file: &FileRef) -> Result<Access> {
        self.inner.access(file).await
    }

    async fn obstacles(&self, file: &FileRef) -> Result<Obstacles> {
        self.inner.obstacles(file).await
    }

    async fn examine(&self) -> Vec<Examined> {
        self.inner.examine().await
    }

    fn native_labels(&self) -> Option<&dyn NativeLabels> {
        self.inner
            .native_labels()
            .map(|_| self as &dyn NativeLabels)
    }

    fn service_time(&self) -> Option<DateTime<Utc>> {
        let mut plan = self.plan();
        match plan.times.len() {
            0 => self.inner.service_time(),
            1 => plan.times.front().copied(),
            _ => plan.times.pop_front(),
        }
    }
}

#[async_trait]
impl NativeLabels for Meddled {
    async fn extract(&self, file: &FileRef) -> Result<Vec<NativeLabel>> {
        self.inner.native_labels().unwrap().extract(file).await
    }

    async fn assign(&self, file: &FileRef, request: &AssignLabel) -> Result<AssignOutcome> {
        let fate = self.plan().fates.pop_front();
        let outcome = self
            .inner
            .native_labels()
            .unwrap()
            .assign(file, request)
            .await;
        match fate {
            Some(Fate::NeverAnswered) => {
                self.waiting.notify_one();
                pending().await
            }
            _ => outcome,
        }
    }
}
