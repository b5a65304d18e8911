//! Whether a part is of the version that was asked for.

use labeld_connector::{ErrorKind, Result, Version};

use super::{Fetched, Reading};
use crate::drive::GoogleDrive;
use crate::fields;
use crate::model::FileV2;
use crate::version::{digest_in, version_of_v2};

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    IsExpected,
    IsOther,
    /// It cannot be told of these bytes, but may be of the next.
    ReadAgain,
}

impl GoogleDrive {
    /// Compares what came beside the bytes; looks at the file where that does not tell.
    pub(super) async fn verify(
        &self,
        reading: &Reading<'_>,
        fetched: &Fetched,
        expected: &Version,
    ) -> Result<Verdict> {
        let digest = digest_in(expected);
        if let (Some(total), Some((_, size))) = (fetched.total, digest)
            && total != size
        {
            return Ok(Verdict::IsOther);
        }
        if let (Some(md5), Some((wanted, _))) = (&fetched.md5, digest) {
            return Ok(if md5 == wanted {
                Verdict::IsExpected
            } else {
                Verdict::IsOther
            });
        }
        let Some(etag) = &fetched.etag else {
            return match self.must_have(reading, expected).await {
                Ok(_) => Ok(Verdict::IsExpected),
                Err(error) if error.kind() == ErrorKind::Changed => Ok(Verdict::IsOther),
                Err(error) => Err(error),
            };
        };
        if self.came_with_its_etag(reading, fetched, expected) {
            return Ok(Verdict::IsExpected);
        }
        self.look_for_etag(reading, etag, expected).await
    }

    /// Whether the bytes came with the etag under which the version was seen.
    pub(super) fn came_with_its_etag(
        &self,
        reading: &Reading<'_>,
        fetched: &Fetched,
        expected: &Version,
    ) -> bool {
        let known = self.etags.get(reading.file);
        known.is_some_and(|(version, known)| version == *expected && Some(known) == fetched.etag)
    }

    /// Asks which etag and which version the file has now. An etag also moves for other reasons than the content (§6.2).
    async fn look_for_etag(
        &self,
        reading: &Reading<'_>,
        etag: &str,
        expected: &Version,
    ) -> Result<Verdict> {
        let segments = ["drive", "v2", "files", reading.id];
        let url = self
            .client
            .drive_url(&segments, &[("fields", fields::CONTENT_V2)], true)?;
        let now: FileV2 = self
            .client
            .get(
                url,
                &reading.purpose,
                self.client.units.get,
                &reading.sight.eyes,
            )
            .await?;
        if version_of_v2(&now).as_ref() != Some(expected) || now.labels.trashed == Some(true) {
            return Ok(Verdict::IsOther);
        }
        let Some(present) = now.etag else {
            // Looked at after the bytes came.
            return Ok(Verdict::IsExpected);
        };
        let is_same = present == etag;
        self.etags
            .put(reading.file.clone(), (expected.clone(), present));
        Ok(if is_same {
            Verdict::IsExpected
        } else {
            Verdict::ReadAgain
        })
    }
}
