//! The app as labeld sees it.

use std::sync::atomic::Ordering;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use labeld_connector::{
    Access, Capabilities, ChangeHints, ChangePage, Connector, Cursor, Examined, Exposure, FeedList,
    FeedRef, FileMeta, FileRef, LabelMirror, Obstacles, OwnerDetails, ReadOptions, Result, Version,
    WriteOptions,
};

use crate::drive::GoogleDrive;
use crate::options::WriteApi;

#[async_trait]
impl Connector for GoogleDrive {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_feed: true,
            stable_refs: true,
            write: !self.options.read_only,
            conditional_write: self.options.writes == WriteApi::V2,
            keeps_modified: true,
            // Each range costs as much as the whole file (reference/google-drive.md §5).
            free_ranges: false,
        }
    }

    fn service_time(&self) -> Option<DateTime<Utc>> {
        self.client.drive.clock().told()
    }

    async fn feeds(&self) -> Result<FeedList> {
        self.list_feeds().await
    }

    async fn changes(&self, feed: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage> {
        self.page_of(feed, since).await
    }

    async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        self.look(file).await
    }

    async fn prepare(&self, files: &[(FileRef, Version)]) {
        self.learn_etags(files).await;
    }

    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        self.read_file(file, options).await
    }

    async fn write(&self, file: &FileRef, body: Bytes, options: WriteOptions) -> Result<FileMeta> {
        self.write_file(file, body, &options).await
    }

    async fn exposure(&self, file: &FileRef) -> Result<Exposure> {
        self.exposure_of(file).await
    }

    async fn access(&self, file: &FileRef) -> Result<Access> {
        self.access_of(file).await
    }

    async fn obstacles(&self, file: &FileRef) -> Result<Obstacles> {
        self.obstacles_to(file).await
    }

    async fn owner_details(&self, owners: &[String]) -> Result<Vec<OwnerDetails>> {
        self.details_of(owners).await
    }

    async fn examine(&self) -> Vec<Examined> {
        self.examine_all().await
    }

    fn label_mirror(&self) -> Option<&dyn LabelMirror> {
        self.options
            .mirror_label
            .as_ref()
            .map(|_| self as &dyn LabelMirror)
    }

    fn change_hints(&self) -> Option<&dyn ChangeHints> {
        self.options
            .hints
            .as_ref()
            .map(|_| self as &dyn ChangeHints)
    }
}

impl GoogleDrive {
    /// Whether v2 is to be asked: it may be switched off by configuration, or be gone.
    pub(crate) fn asks_v2(&self) -> bool {
        self.options.writes != WriteApi::V3 && !self.v2_is_gone.load(Ordering::Relaxed)
    }
}
