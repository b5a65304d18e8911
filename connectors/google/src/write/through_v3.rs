//! The write without a precondition, and how a loss is found out and made good (reference/google-drive.md §6.3, §6.5).

use bytes::Bytes;
use chrono::SecondsFormat;
use labeld_connector::http::{Expect, Method};
use labeld_connector::{CoveredEdit, ErrorKind, Result};
use serde_json::{Value, json};

use super::body::UploadBody;
use super::settle::fate_is_unknown;
use super::{Writing, Written, check_writable};
use crate::drive::GoogleDrive;
use crate::fields;
use crate::item::STAMP;
use crate::model::{File, Revision, RevisionList};
use crate::version::version_of;

/// Most pages of revisions. There are at most some 300 revisions of a file.
const MOST_PAGES: usize = 5;

/// The largest content that is put back, in bytes.
const MOST_BYTES: u64 = 256 << 20;

impl GoogleDrive {
    /// Writes, and looks afterwards whether somebody saved the file in between.
    pub(super) async fn write_through_v3(&self, writing: &Writing<'_>) -> Result<Written> {
        let before = self
            .file(
                writing.sight,
                writing.id,
                fields::WRITE_V3,
                &writing.purpose,
            )
            .await?;
        if version_of(&before).as_ref() != Some(&writing.options.expect) {
            return Err(writing.changed());
        }
        let can_modify = before.capabilities.can_modify_content;
        check_writable(writing, before.is_restricted(), can_modify)?;
        let mut metadata = json!({});
        if writing.options.keep_modified
            && let Some(modified) = before.modified_time
        {
            metadata["modifiedTime"] = json!(modified.to_rfc3339_opts(SecondsFormat::Millis, true));
        }
        if self.options.stamp_writes {
            metadata["appProperties"] = json!({ STAMP: writing.md5 });
        }
        let media_type = before.mime_type.as_deref();
        let after = match self
            .patch_v3(writing, writing.body.clone(), media_type, &metadata)
            .await
        {
            Ok(after) => after,
            Err(error) if fate_is_unknown(&error) => {
                let written = self.settle(writing, error).await?;
                self.look_for_loss(writing, &before, None).await?;
                return Ok(written);
            }
            Err(error) => return Err(error),
        };
        if after.md5_checksum.as_deref() != Some(writing.md5.as_str()) {
            let odd = writing
                .purpose
                .malformed("the service stored other bytes than were sent");
            return self.settle(writing, odd).await;
        }
        self.look_for_loss(writing, &before, after.head_revision_id.as_deref())
            .await?;
        Ok(Written {
            modified: after.modified_time,
        })
    }

    async fn patch_v3(
        &self,
        writing: &Writing<'_>,
        bytes: Bytes,
        media_type: Option<&str>,
        metadata: &Value,
    ) -> Result<File> {
        let body = UploadBody::new(bytes, media_type, metadata);
        let query = [
            ("uploadType", body.upload_type),
            ("fields", fields::WRITE_V3),
        ];
        let segments = ["upload", "drive", "v3", "files", writing.id];
        let url = self.client.drive_url(&segments, &query, true)?;
        let units = self.client.units.write;
        let call = self
            .client
            .drive_call(
                Method::PATCH,
                url,
                &writing.purpose,
                units,
                &writing.sight.eyes,
            )
            .set(|call| call.body(body.bytes, &body.content_type).repeatable(false));
        self.client.send(call).await?.json()
    }

    /// Looks whether a revision lies between the one that was read and ours; if so, puts it back.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Changed`] when there is one, whether or not it could be put back.
    async fn look_for_loss(
        &self,
        writing: &Writing<'_>,
        before: &File,
        ours: Option<&str>,
    ) -> Result<()> {
        let revisions = match self.revisions(writing).await {
            Ok(revisions) => revisions,
            Err(error) => {
                tracing::warn!(
                    file = writing.purpose.context,
                    "{}: whether somebody saved the file just before it was written is not known",
                    error.sentence()
                );
                return Ok(());
            }
        };
        let base = before.head_revision_id.as_deref();
        let Some(covered) = covered(&revisions, base, ours, &writing.md5) else {
            return Ok(());
        };
        let id = covered.id.as_deref().unwrap_or_default();
        let by = covered.last_modifying_user.as_ref();
        let by = by.and_then(|user| user.email_address.clone());
        let put_back = self.put_back(writing, id, before.mime_type.as_deref());
        let put_back = put_back.await;
        let edit = CoveredEdit {
            by: by.clone(),
            version: covered.id.clone(),
            put_back: put_back.is_ok(),
        };
        let outcome = match put_back {
            Ok(()) => "it was put back".to_owned(),
            Err(error) => format!(
                "it is revision {id} of the file and must be put back by hand ({})",
                error.sentence()
            ),
        };
        let who = by.as_deref().unwrap_or("somebody");
        let told = format!("{who} saved the file just before it was written over; {outcome}");
        tracing::warn!(file = writing.purpose.context, "{told}");
        Err(writing.changed().with_source(told).with_covered_edit(edit))
    }

    /// All revisions, the oldest first. The call knows no `supportsAllDrives`.
    async fn revisions(&self, writing: &Writing<'_>) -> Result<Vec<Revision>> {
        let fields = "nextPageToken,revisions(id,md5Checksum,lastModifyingUser(emailAddress))";
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![("pageSize", "1000"), ("fields", fields)];
            if let Some(token) = &token {
                query.push(("pageToken", token));
            }
            let segments = ["drive", "v3", "files", writing.id, "revisions"];
            let url = self.client.drive_url(&segments, &query, false)?;
            let units = self.client.units.list;
            let page: RevisionList = self
                .client
                .get(url, &writing.purpose, units, &writing.sight.eyes)
                .await?;
            all.extend(page.revisions);
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(all);
            }
        }
        Err(writing
            .purpose
            .malformed("there are more revisions than any file has"))
    }

    /// Makes what a person saved the present content again. Only what is marked to be kept can be read (§5), and the mark cannot be
    /// taken back.
    async fn put_back(
        &self,
        writing: &Writing<'_>,
        revision: &str,
        media_type: Option<&str>,
    ) -> Result<()> {
        let segments = ["drive", "v3", "files", writing.id, "revisions", revision];
        let url = self
            .client
            .drive_url(&segments, &[("fields", "id")], false)?;
        let eyes = &writing.sight.eyes;
        let units = self.client.units;
        let keep = self
            .client
            .drive_call(Method::PATCH, url, &writing.purpose, units.write, eyes)
            .set(|call| call.json(&json!({"keepForever": true})).repeatable(true));
        self.client.send(keep).await?;
        let url = self
            .client
            .drive_url(&segments, &[("alt", "media")], false)?;
        let read = self
            .client
            .drive_call(Method::GET, url, &writing.purpose, units.download, eyes)
            .set(|call| call.expect(Expect::Bytes).most_bytes(MOST_BYTES));
        let bytes = self.client.send(read).await?.body;
        let now = self
            .content(writing.sight, writing.id, &writing.purpose)
            .await?;
        if version_of(&now).as_ref() != Some(&writing.version()) {
            let why = "the file was saved again since, which may build on it";
            return Err(writing.purpose.error(ErrorKind::Changed).with_source(why));
        }
        self.patch_v3(writing, bytes, media_type, &json!({}))
            .await?;
        Ok(())
    }
}

/// The newest revision between `base` and ours that is neither. Ours is the one with that id, or the last with our digest.
fn covered<'r>(
    revisions: &'r [Revision],
    base: Option<&str>,
    ours: Option<&str>,
    md5: &str,
) -> Option<&'r Revision> {
    let is = |revision: &Revision, id: Option<&str>| id.is_some() && revision.id.as_deref() == id;
    let from = revisions.iter().position(|revision| is(revision, base))?;
    let to = match ours {
        Some(_) => revisions.iter().rposition(|revision| is(revision, ours)),
        None => revisions
            .iter()
            .rposition(|revision| revision.md5_checksum.as_deref() == Some(md5)),
    }?;
    let between = revisions.get(from + 1..to)?;
    between
        .iter()
        .rev()
        .find(|revision| revision.md5_checksum.as_deref() != Some(md5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_in_between_is_found() {
        for (ids, base, ours, expected) in [
            ("a:1 b:9", "a", Some("b"), None),
            ("a:1 x:2 b:9", "a", Some("b"), Some("x")),
            ("a:1 x:2 y:3 b:9 z:4", "a", Some("b"), Some("y")),
            ("a:1 x:9 b:9", "a", Some("b"), None),
            ("a:1 x:2 b:9 z:4", "a", None, Some("x")),
            ("x:2 b:9", "a", Some("b"), None),
            ("a:1", "a", Some("b"), None),
            ("b:9 a:1", "a", Some("b"), None),
            ("", "a", Some("b"), None),
        ] {
            let revisions: Vec<Revision> = ids
                .split_whitespace()
                .filter_map(|text| text.split_once(':'))
                .map(|(id, md5)| Revision {
                    id: Some(id.to_owned()),
                    md5_checksum: Some(md5.to_owned()),
                    last_modifying_user: None,
                })
                .collect();
            let found = covered(&revisions, Some(base), ours, "9").and_then(|it| it.id.as_deref());
            assert_eq!(found, expected, "{ids}");
        }
    }
}
