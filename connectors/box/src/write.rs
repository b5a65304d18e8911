//! Replacing a file's content (reference/box.md §5.1, §5.3, §5.4).
//!
//! The `etag` of the file as it was looked at guards the upload, so that nobody's save is lost. The new version's SHA-1
//! says whether an upload whose answer was lost took effect.

use bytes::Bytes;
use chrono::SecondsFormat;
use labeld_connector::http::{CallFailure, Method};
use labeld_connector::{Error, ErrorKind, FileMeta, FileRef, Result, WriteOptions};

use crate::address::below;
use crate::app::BoxApp;
use crate::call::{Acting, Purpose};
use crate::item::{FILE_FIELDS, OwnFile, place_of};
use crate::model::{Item, Page};
use crate::multipart::{Attributes, Multipart, upload};
use crate::read::hex_sha1;
use crate::reference::{FileName, content_of, has_version, version_of};

const OPERATION: &str = "write file";

/// What an upload counts in calls: Box takes 240 a minute and a thousand of other calls, and a hundred are enough (§9).
const UNITS: u32 = 6;

/// Attempts, each after a look at the file.
const ATTEMPTS: usize = 4;

/// How an attempt ended that did not fail for good.
enum Outcome {
    Written(Box<Item>),
    /// The file must be looked at again; the error where there is no further attempt.
    Again(Error),
}

impl BoxApp {
    /// Replaces the content of a file that still has the expected version.
    pub(crate) async fn write_file(
        &self,
        file: &FileRef,
        body: Bytes,
        options: &WriteOptions,
    ) -> Result<FileMeta> {
        let purpose = Purpose {
            operation: OPERATION,
            context: &file.0,
        };
        if self.read_only {
            return Err(purpose
                .error(ErrorKind::Unsupported)
                .with_source("the app is connected read-only"));
        }
        let sha1 = hex_sha1(&body);
        let mut before = self.writable(file, options, &purpose).await?;
        // The same bytes would make another version all the same (§10 item 16).
        if before
            .item
            .sha1
            .as_deref()
            .is_some_and(|known| known.eq_ignore_ascii_case(&sha1))
        {
            return self.told(&before, &purpose);
        }
        self.expect_original(&before).await?;
        let mut last = purpose.error(ErrorKind::Transient);
        for _ in 0..ATTEMPTS {
            match self.put(&before, &body, &sha1, options, &purpose).await? {
                Outcome::Written(item) => {
                    return self.written(before, *item, &sha1, &purpose).await;
                }
                Outcome::Again(error) => last = error,
            }
            // What came of it, or what moved the etag.
            let now = self.own_file(file, &purpose).await?;
            if is_sha1(&now.item, &sha1) {
                return self.told(&now, &purpose);
            }
            before = self.still_writable(now, options, &purpose)?;
        }
        Err(last)
    }

    /// Looks at the file, which must have the expected version and no lock.
    async fn writable(
        &self,
        file: &FileRef,
        options: &WriteOptions,
        purpose: &Purpose<'_>,
    ) -> Result<OwnFile> {
        let own = self.own_file(file, purpose).await?;
        self.still_writable(own, options, purpose)
    }

    fn still_writable(
        &self,
        own: OwnFile,
        options: &WriteOptions,
        purpose: &Purpose<'_>,
    ) -> Result<OwnFile> {
        if !has_version(&own.item, &options.expect) {
            return Err(purpose.error(ErrorKind::Changed));
        }
        let now = self.service.clock().now();
        match own.item.lock.as_ref().and_then(|lock| lock.hold(now)) {
            Some(hold) => Err(purpose.error(hold.kind())),
            None => Ok(own),
        }
    }

    /// A file with a watermark is written only when what is served is the original: a rendition that is written back
    /// would destroy it (§5.6).
    async fn expect_original(&self, before: &OwnFile) -> Result<()> {
        if !before.item.is_watermarked() {
            return Ok(());
        }
        let file = before.name.file_ref();
        let options = labeld_connector::ReadOptions {
            range: None,
            if_match: version_of(&before.item),
        };
        self.read_file(&file, options).await.map(|_| ())
    }

    async fn put(
        &self,
        before: &OwnFile,
        body: &Bytes,
        sha1: &str,
        options: &WriteOptions,
        purpose: &Purpose<'_>,
    ) -> Result<Outcome> {
        let FileName { owner, file } = before.name;
        let Multipart { body, content_type } = multipart(before, body, options, purpose)?;
        let etag = before.item.etag.as_deref();
        let etag = etag.ok_or_else(|| {
            purpose
                .malformed("the service gives the file no etag, without which a write is not safe")
        })?;
        let id = file.to_string();
        let url = below(
            &self.endpoints.upload,
            &["api", "2.0", "files", &id, "content"],
            &[("fields", FILE_FIELDS)],
        )?;
        let call = self
            .call(Method::POST, url, Acting::As(owner), purpose)
            .header("if-match", etag)
            // SHA-1, despite the name.
            .header("content-md5", sha1)
            .body(body, &content_type)
            .units(UNITS)
            .repeatable(false);
        let error = match self.service.send(call).await {
            Ok(answer) => {
                let stored: Page<Item> = answer.json()?;
                let item = stored.entries.into_iter().next();
                return match item {
                    Some(item) => Ok(Outcome::Written(Box::new(item))),
                    None => Ok(Outcome::Again(
                        answer.malformed("does not say what became of the file"),
                    )),
                };
            }
            Err(error) => error,
        };
        if error.kind() == ErrorKind::Changed || fate_is_unknown(&error) {
            return Ok(Outcome::Again(error));
        }
        Err(error)
    }

    /// The file as it is after a write.
    async fn written(
        &self,
        before: OwnFile,
        item: Item,
        sha1: &str,
        purpose: &Purpose<'_>,
    ) -> Result<FileMeta> {
        if !is_sha1(&item, sha1) {
            return Err(purpose.malformed("the service stored other bytes than it was sent"));
        }
        let is_told_whole =
            item.path_collection.is_some() && item.owner() == Some(before.name.owner);
        if !is_told_whole {
            let now = self.own_file(&before.name.file_ref(), purpose).await?;
            return self.told(&now, purpose);
        }
        let people = self.people().await?;
        let login = people
            .member(before.name.owner)
            .map(|member| &*member.login);
        let (folder, parent) = place_of(&item, login.unwrap_or_default());
        let after = OwnFile {
            item,
            folder,
            parent,
            ..before
        };
        self.told(&after, purpose)
    }

    fn told(&self, own: &OwnFile, purpose: &Purpose<'_>) -> Result<FileMeta> {
        self.meta_of(own)
            .ok_or_else(|| purpose.malformed("the service does not say what became of the file"))
    }
}

fn multipart(
    before: &OwnFile,
    body: &Bytes,
    options: &WriteOptions,
    purpose: &Purpose<'_>,
) -> Result<Multipart> {
    let name = before.item.name.as_deref();
    let modified = before.item.content_modified_at.or(before.item.modified_at);
    let kept = modified.filter(|_| options.keep_modified);
    let attributes = Attributes {
        name: name.ok_or_else(|| purpose.malformed("the service does not say the file's name"))?,
        content_modified_at: kept.map(|time| time.to_rfc3339_opts(SecondsFormat::Secs, true)),
    };
    upload(&attributes, body)
        .map_err(|cause| purpose.error(ErrorKind::Unexpected).with_source(cause))
}

fn is_sha1(item: &Item, sha1: &str) -> bool {
    version_of(item)
        .as_ref()
        .and_then(content_of)
        .is_some_and(|content| content.sha1 == sha1)
}

/// Whether the upload may have taken effect although it failed: also a 503 does (§5.4).
fn fate_is_unknown(error: &Error) -> bool {
    CallFailure::of(error).is_none_or(CallFailure::fate_is_unknown)
        && error.kind() != ErrorKind::Unauthenticated
}
