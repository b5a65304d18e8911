//! The conditional write (reference/google-drive.md §6.2, §6.3).

use labeld_connector::http::Method;
use labeld_connector::{ErrorKind, Result};
use serde_json::json;

use super::body::UploadBody;
use super::settle::fate_is_unknown;
use super::{Writing, Written, check_writable};
use crate::drive::GoogleDrive;
use crate::fields;
use crate::item::STAMP;
use crate::model::FileV2;
use crate::read::may_mean_no_v2;
use crate::version::version_of_v2;

/// Attempts: an etag moves for other reasons than the content too.
const ATTEMPTS: usize = 4;

impl GoogleDrive {
    /// Writes under the etag that the expected version has; `None` when there is no v2.
    pub(super) async fn write_through_v2(&self, writing: &Writing<'_>) -> Result<Option<Written>> {
        for _ in 0..ATTEMPTS {
            let before = match self.before_v2(writing).await {
                Ok(before) => before,
                Err(error) if may_mean_no_v2(&error) => {
                    // A file that v3 shows is there: then v2 is not.
                    self.content(writing.sight, writing.id, &writing.purpose)
                        .await?;
                    return Ok(None);
                }
                Err(error) => return Err(error),
            };
            if before.labels.trashed == Some(true) {
                return Err(writing
                    .purpose
                    .error(ErrorKind::NotFound)
                    .with_source("it is in the bin"));
            }
            if version_of_v2(&before).as_ref() != Some(&writing.options.expect) {
                return Err(writing.changed());
            }
            let is_restricted = before
                .content_restrictions
                .iter()
                .any(|it| it.read_only == Some(true));
            check_writable(
                writing,
                is_restricted,
                before.capabilities.can_modify_content,
            )?;
            let Some(etag) = before.etag.as_deref() else {
                return Err(writing
                    .purpose
                    .malformed("the service names no etag to write under"));
            };
            match self.put_v2(writing, &before, etag).await {
                Ok(after) if after.md5_checksum.as_deref() == Some(writing.md5.as_str()) => {
                    return Ok(Some(Written {
                        modified: after.modified_date,
                    }));
                }
                Ok(_) => {
                    let odd = writing
                        .purpose
                        .malformed("the service stored other bytes than were sent");
                    return self.settle(writing, odd).await.map(Some);
                }
                // Somebody was first, or the etag moved for another reason: the next look tells.
                Err(error) if error.kind() == ErrorKind::Changed => {}
                Err(error) if fate_is_unknown(&error) => {
                    return self.settle(writing, error).await.map(Some);
                }
                Err(error) => return Err(error),
            }
        }
        let why = "the file's etag keeps changing";
        Err(writing.purpose.error(ErrorKind::Transient).with_source(why))
    }

    async fn before_v2(&self, writing: &Writing<'_>) -> Result<FileV2> {
        let segments = ["drive", "v2", "files", writing.id];
        let url = self
            .client
            .drive_url(&segments, &[("fields", fields::WRITE_V2)], true)?;
        let units = self.client.units.get;
        self.client
            .get(url, &writing.purpose, units, &writing.sight.eyes)
            .await
    }

    async fn put_v2(&self, writing: &Writing<'_>, before: &FileV2, etag: &str) -> Result<FileV2> {
        let metadata = match self.options.stamp_writes {
            true => {
                json!({"properties": [{"key": STAMP, "value": writing.md5, "visibility": "PRIVATE"}]})
            }
            false => json!({}),
        };
        let body = UploadBody::new(writing.body.clone(), before.mime_type.as_deref(), &metadata);
        let mut query = vec![
            ("uploadType", body.upload_type),
            ("newRevision", "true"),
            ("updateViewedDate", "false"),
            ("fields", fields::WRITE_V2),
        ];
        if writing.options.keep_modified {
            query.push(("modifiedDateBehavior", "noChange"));
        }
        let segments = ["upload", "drive", "v2", "files", writing.id];
        let url = self.client.drive_url(&segments, &query, true)?;
        let units = self.client.units.write;
        let call = self
            .client
            .drive_call(
                Method::PUT,
                url,
                &writing.purpose,
                units,
                &writing.sight.eyes,
            )
            .set(|call| {
                call.header("if-match", etag)
                    .body(body.bytes, &body.content_type)
                    .repeatable(false)
            });
        self.client.send(call).await?.json()
    }
}
