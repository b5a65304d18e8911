//! The connector.

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use labeld_connector::{
    Access, AssignLabel, AssignOutcome, Capabilities, ChangeHints, ChangePage, Connector, Cursor,
    Examined, Exposure, FeedList, FeedRef, FileMeta, FileRef, HintAnswer, HintRequest, NativeLabel,
    NativeLabels, Obstacles, OwnerDetails, ReadOptions, Result, Subscription, Version,
    WriteOptions,
};

use super::item::ITEM_FIELDS;
use super::reference::ItemRef;
use super::{Core, Drives, Extent, Scope};
use crate::call::Purpose;

#[async_trait]
impl<S: Scope> Connector for Drives<S> {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_feed: true,
            stable_refs: true,
            write: !self.core.tenant.read_only,
            // `If-Match` on content is not heeded everywhere (§5.1).
            conditional_write: false,
            // Setting it would make one more version (§5.1).
            keeps_modified: false,
            free_ranges: false,
        }
    }

    async fn feeds(&self) -> Result<FeedList> {
        let found = self.scope.find(&self.core.tenant, Extent::All).await?;
        Ok(self.core.feeds(found))
    }

    async fn changes(&self, feed: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage> {
        self.core.changes(feed, since).await
    }

    async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        self.core.stat(file).await
    }

    async fn prepare(&self, files: &[(FileRef, Version)]) {
        self.core.prepare(files).await;
    }

    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        self.core.read(file, options).await
    }

    async fn write(&self, file: &FileRef, body: Bytes, options: WriteOptions) -> Result<FileMeta> {
        self.core.write(file, body, &options).await
    }

    async fn exposure(&self, file: &FileRef) -> Result<Exposure> {
        self.core.exposure(file).await
    }

    async fn access(&self, file: &FileRef) -> Result<Access> {
        self.core.access(file).await
    }

    async fn obstacles(&self, file: &FileRef) -> Result<Obstacles> {
        self.core.obstacles(file).await
    }

    async fn owner_details(&self, owners: &[String]) -> Result<Vec<OwnerDetails>> {
        self.core.owner_details(owners).await
    }

    async fn examine(&self) -> Vec<Examined> {
        self.look_at_everything().await
    }

    fn native_labels(&self) -> Option<&dyn NativeLabels> {
        Some(&self.core)
    }

    fn service_time(&self) -> Option<DateTime<Utc>> {
        self.core.tenant.service.clock().told()
    }

    fn change_hints(&self) -> Option<&dyn ChangeHints> {
        let is_on = self.core.tenant.hints.is_some();
        is_on.then_some(&self.core as &dyn ChangeHints)
    }
}

impl Core {
    async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        const OPERATION: &str = "look at file";
        let at = ItemRef::of(file, OPERATION)?;
        let purpose = Purpose {
            operation: OPERATION,
            context: &file.0,
        };
        let drive = self.drive(at.drive, OPERATION).await?;
        let item = self.item(at, ITEM_FIELDS, &purpose).await?;
        let folder = self.folder_below_root(&drive, &item, OPERATION).await?;
        self.meta(&drive, &item, drive.path_of(&folder))
            .ok_or_else(|| {
                purpose.malformed("the service says neither size nor version of the file")
            })
    }
}

#[async_trait]
impl NativeLabels for Core {
    async fn extract(&self, file: &FileRef) -> Result<Vec<NativeLabel>> {
        Core::extract(self, file).await
    }

    async fn assign(&self, file: &FileRef, request: &AssignLabel) -> Result<AssignOutcome> {
        Core::assign(self, file, request).await
    }
}

#[async_trait]
impl ChangeHints for Core {
    async fn subscribe(
        &self,
        feed: &FeedRef,
        known: Option<&Subscription>,
    ) -> Result<Subscription> {
        Core::subscribe(self, feed, known).await
    }

    async fn unsubscribe(&self, subscription: &Subscription) -> Result<()> {
        Core::unsubscribe(self, subscription).await
    }

    fn receive(&self, request: &HintRequest<'_>, known: &[Subscription]) -> HintAnswer {
        Core::receive(self, request, known)
    }
}
