//! Looking at one file.

use labeld_connector::{ErrorKind, FileMeta, FileRef, Result};

use crate::client::Purpose;
use crate::corpus::parse_file;
use crate::drive::GoogleDrive;
use crate::feeds::Sight;
use crate::fields;
use crate::item;
use crate::model::File;
use crate::walk::placed;

const OPERATION: &str = "look at file";

impl GoogleDrive {
    /// The present state of a file, as a listing shows it.
    pub(crate) async fn look(&self, file: &FileRef) -> Result<FileMeta> {
        let (corpus, id) = parse_file(file, OPERATION)?;
        let sight = self.sight(&corpus, OPERATION).await?;
        self.entry(&sight, &id, &Purpose::new(OPERATION, &file.0))
            .await
    }

    /// The entry of a file in the inventory.
    pub(crate) async fn entry(
        &self,
        sight: &Sight,
        id: &str,
        purpose: &Purpose<'_>,
    ) -> Result<FileMeta> {
        let fields = self.list_fields(sight);
        let file = self.file(sight, id, &fields, purpose).await?;
        if file.is_folder() {
            return Err(purpose
                .error(ErrorKind::NotFound)
                .with_source("it is a folder"));
        }
        // Not from memory: what a walk has seen is of the time of its last page.
        let (folder, parent) = placed(sight, self.climb(sight, &file, purpose.operation).await?);
        let own = self.domains_for_listing().await?;
        let now = self.client.drive.clock().now();
        let (own, opens_groups) = (own.as_deref(), self.options.expand_groups);
        item::meta(&file, &sight.corpus, folder, parent, own, opens_groups, now).ok_or_else(|| {
            purpose.malformed("the service says neither size nor version of the file")
        })
    }

    /// A file that is there, and in the corpus that its name says.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when it is in the bin, or elsewhere.
    pub(crate) async fn file(
        &self,
        sight: &Sight,
        id: &str,
        fields: &str,
        purpose: &Purpose<'_>,
    ) -> Result<File> {
        let url =
            self.client
                .drive_url(&["drive", "v3", "files", id], &[("fields", fields)], true)?;
        let file: File = self
            .client
            .get(url, purpose, self.client.units.get, &sight.eyes)
            .await?;
        if file.is_trashed() {
            return Err(purpose
                .error(ErrorKind::NotFound)
                .with_source("it is in the bin"));
        }
        if !item::belongs_to(&file, &sight.corpus) {
            let why = "it has gone to another owner or drive";
            return Err(purpose.error(ErrorKind::NotFound).with_source(why));
        }
        Ok(file)
    }

    /// What is asked of a file's content, with what [`file`](Self::file) needs.
    pub(crate) async fn content(
        &self,
        sight: &Sight,
        id: &str,
        purpose: &Purpose<'_>,
    ) -> Result<File> {
        self.file(sight, id, fields::CONTENT, purpose).await
    }
}
