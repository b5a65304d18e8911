//! A caller as the pipeline is one: patient with what may pass by itself.

use std::sync::Arc;

use bytes::Bytes;
use labeld_connector::{
    Access, Capabilities, Change, ChangePage, Connector, Cursor, ErrorKind, Examined, Exposure,
    FeedList, FeedRef, FileMeta, FileRef, LabelMirror, Obstacles, ReadOptions, Result,
    WriteOptions,
};

use crate::suite::{Violation, ensure};

/// Attempts at one call.
const ATTEMPTS: usize = 100;

/// Calls a connector, and tries again what is worth it. Paths are those of the harness.
pub(crate) struct Caller {
    pub(crate) connector: Arc<dyn Connector>,
    /// Where the app's paths begin.
    pub(crate) root: String,
}

impl Caller {
    pub(crate) fn capabilities(&self) -> Capabilities {
        self.connector.capabilities()
    }

    pub(crate) async fn feeds(&self) -> Result<FeedList> {
        patiently(async || self.connector.feeds().await).await
    }

    pub(crate) async fn changes(
        &self,
        feed: &FeedRef,
        since: Option<&Cursor>,
    ) -> Result<ChangePage> {
        let mut page = patiently(async || self.connector.changes(feed, since).await).await?;
        for change in &mut page.changes {
            match change {
                Change::Upserted(meta) => meta.folder = self.below_root(&meta.folder),
                Change::FolderAt(folder) => folder.path = self.below_root(&folder.path),
                Change::Removed(_) | Change::FolderRemoved(_) => {}
            }
        }
        Ok(page)
    }

    pub(crate) async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        self.told(patiently(async || self.connector.stat(file).await).await)
    }

    fn told(&self, answer: Result<FileMeta>) -> Result<FileMeta> {
        let mut meta = answer?;
        meta.folder = self.below_root(&meta.folder);
        Ok(meta)
    }

    /// A path that does not begin at the root stays whole, so that the comparison with the truth shows it.
    fn below_root(&self, path: &str) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        below.strip_prefix('/').unwrap_or(below).to_owned()
    }

    pub(crate) async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        patiently(async || self.connector.read(file, options.clone()).await).await
    }

    pub(crate) async fn write(
        &self,
        file: &FileRef,
        body: &[u8],
        options: WriteOptions,
    ) -> Result<FileMeta> {
        let body = Bytes::copy_from_slice(body);
        let write = async || {
            self.connector
                .write(file, body.clone(), options.clone())
                .await
        };
        self.told(patiently(write).await)
    }

    pub(crate) fn label_mirror(&self) -> Option<&dyn LabelMirror> {
        self.connector.label_mirror()
    }

    pub(crate) async fn exposure(&self, file: &FileRef) -> Result<Exposure> {
        patiently(async || self.connector.exposure(file).await).await
    }

    pub(crate) async fn access(&self, file: &FileRef) -> Result<Access> {
        patiently(async || self.connector.access(file).await).await
    }

    pub(crate) async fn obstacles(&self, file: &FileRef) -> Result<Obstacles> {
        patiently(async || self.connector.obstacles(file).await).await
    }

    pub(crate) async fn examine(&self) -> Vec<Examined> {
        self.connector.examine().await
    }
}

async fn patiently<T>(call: impl AsyncFn() -> Result<T>) -> Result<T> {
    for _ in 1..ATTEMPTS {
        match call().await {
            Err(error) if error.kind().is_retryable() => {
                tokio::time::sleep(error.retry_after().unwrap_or_default()).await;
            }
            outcome => return outcome,
        }
    }
    call().await
}

/// `Ok` when the call failed as it must.
pub(crate) fn expect_error<T>(
    what: &str,
    outcome: Result<T>,
    kind: ErrorKind,
) -> std::result::Result<(), Violation> {
    match outcome {
        Ok(_) => Err(Violation(format!("{what}: worked, expected {kind:?}"))),
        Err(error) => ensure(error.kind() == kind, || {
            format!("{what}: {:?}, expected {kind:?}", error.kind())
        }),
    }
}
