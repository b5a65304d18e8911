//! Replacing a file's content (reference/google-drive.md §6).
//!
//! Drive v2 keeps a precondition, v3 does not. Through v3 what a person saves between the last look and the write lies under
//! ours; that is found out afterwards, and put back.

mod body;
mod settle;
mod through_v2;
mod through_v3;

use std::sync::atomic::Ordering;

use bytes::Bytes;
use labeld_connector::{Error, ErrorKind, FileMeta, FileRef, Result, Version, WriteOptions};

use crate::client::Purpose;
use crate::corpus::parse_file;
use crate::drive::GoogleDrive;
use crate::feeds::Sight;
use crate::options::WriteApi;
use crate::version::md5_hex;

const OPERATION: &str = "write file";

/// A write on its way.
struct Writing<'a> {
    sight: &'a Sight,
    id: &'a str,
    purpose: Purpose<'a>,
    body: Bytes,
    /// MD5 of the body in lower-case hex.
    md5: String,
    options: &'a WriteOptions,
}

impl Writing<'_> {
    /// The version that the file has once this is written.
    fn version(&self) -> Version {
        Version(format!("m:{}:{}", self.md5, self.body.len()))
    }

    fn changed(&self) -> Error {
        self.purpose.error(ErrorKind::Changed)
    }
}

/// What a write came to.
struct Written {
    modified: Option<chrono::DateTime<chrono::Utc>>,
}

impl GoogleDrive {
    /// Replaces the content of a file that still has the expected version.
    pub(crate) async fn write_file(
        &self,
        file: &FileRef,
        body: Bytes,
        options: &WriteOptions,
    ) -> Result<FileMeta> {
        let purpose = Purpose::new(OPERATION, &file.0);
        if self.options.read_only {
            let why = "the tenant is connected read-only";
            return Err(purpose.error(ErrorKind::Unsupported).with_source(why));
        }
        let (corpus, id) = parse_file(file, OPERATION)?;
        let sight = self.sight(&corpus, OPERATION).await?;
        let before = self.entry(&sight, &id, &purpose).await?;
        let writing = Writing {
            sight: &sight,
            id: &id,
            purpose,
            md5: md5_hex(&body),
            body,
            options,
        };
        if before.version != options.expect {
            return Err(writing.changed());
        }
        let written = self.write_somehow(&writing).await?;
        self.etags.remove(file);
        Ok(FileMeta {
            version: writing.version(),
            size: writing.body.len() as u64,
            modified: written.modified.or(before.modified),
            own_write: match self.options.stamp_writes {
                true => Some(true),
                false => before.own_write.filter(|_| before.owner.is_none()),
            },
            ..before
        })
    }

    async fn write_somehow(&self, writing: &Writing<'_>) -> Result<Written> {
        if self.options.writes == WriteApi::V3 {
            return self.write_through_v3(writing).await;
        }
        if self.asks_v2() {
            match self.write_through_v2(writing).await? {
                Some(written) => return Ok(written),
                None => {
                    self.v2_is_gone.store(true, Ordering::Relaxed);
                }
            }
        }
        match self.options.writes {
            WriteApi::V2ThenV3 => {
                tracing::warn!("Drive v2 is not there: files are written without a precondition");
                self.write_through_v3(writing).await
            }
            _ => {
                let why = "Drive v2 is not there, and v3 has no precondition: allow it in the configuration";
                Err(writing
                    .purpose
                    .error(ErrorKind::Unsupported)
                    .with_source(why))
            }
        }
    }
}

/// Whether the content may be changed at all. A restriction is never lifted for a label.
fn check_writable(
    writing: &Writing<'_>,
    is_restricted: bool,
    can_modify_content: Option<bool>,
) -> Result<()> {
    let why = if is_restricted {
        "its content is locked by a content restriction"
    } else if can_modify_content == Some(false) {
        "the impersonated user may not change its content"
    } else {
        return Ok(());
    };
    Err(writing.purpose.error(ErrorKind::Denied).with_source(why))
}
