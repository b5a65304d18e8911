//! Reading bytes (reference/microsoft-graph.md §4).

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use labeld_connector::http::range::checked_range;
use labeld_connector::http::{Answer, Call, Expect, Method, Redirects};
use labeld_connector::{Error, ErrorKind, FileRef, ReadOptions, Result, Version};

use super::Core;
use super::links::Link;
use super::reference::{ItemRef, has_version, hash_in, size_in};
use super::tag::same_tag;
use crate::batch::{Part, status_of};
use crate::call::{Purpose, UNITS_ONE};
use crate::model::DriveItem;
use crate::quick_xor::quick_xor_hash;

const OPERATION: &str = "read file";

/// Most bytes that one read returns. labeld reads parts of files, and whole ones of some 30 MB.
const MOST_BYTES: u64 = 256 << 20;

/// No file is so large; where a range begins after this, nobody needs to be asked.
const LARGEST_FILE: u64 = 1 << 53;

/// Attempts with a new address each.
const ATTEMPTS: usize = 3;

/// Fields that reading needs.
const LINK_FIELDS: &str =
    "id,name,size,eTag,cTag,file,parentReference,@microsoft.graph.downloadUrl";

/// A part of a file with what came beside it.
struct Fetched {
    bytes: Bytes,
    e_tag: Option<String>,
    /// Size of the whole file, where a part was asked for and the service told.
    total: Option<u64>,
}

/// What the file was when its bytes were asked for.
struct Before<'a> {
    e_tag: Option<&'a str>,
    size: Option<u64>,
}

/// How an attempt ended.
enum Outcome {
    Read(Bytes),
    /// Another attempt with a new address may help; the error where there is none.
    Again(Error),
}

impl Core {
    /// The bytes of a range.
    pub(super) async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        let at = ItemRef::of(file, OPERATION)?;
        let purpose = Purpose {
            operation: OPERATION,
            context: &file.0,
        };
        let range = bounded(options.range, &purpose)?;
        let expected = options.if_match.as_ref();
        let size = match self.served_sizes.get(file) {
            Some((_, size)) => Some(size),
            None => expected.and_then(size_in),
        };
        if is_surely_empty(range.as_ref(), size) {
            self.fresh(at, expected, &purpose).await?;
            return Ok(Bytes::new());
        }
        let known = self.tenant.links.get(file);
        // What is remembered may be out of date, also where it contradicts.
        let known = known.filter(|link| expected.is_none_or(|version| link.version == *version));
        if let Some(link) = known {
            match self
                .attempt(at, &link, range.as_ref(), expected, &purpose)
                .await?
            {
                Outcome::Read(bytes) => return Ok(bytes),
                Outcome::Again(_) => self.tenant.links.remove(file),
            }
        }
        let mut last = purpose.error(ErrorKind::Changed);
        for _ in 1..ATTEMPTS {
            let item = self.fresh(at, expected, &purpose).await?;
            let outcome = match Link::of(&item) {
                Some(link) => {
                    let link = Arc::new(link);
                    self.tenant.links.put(file, Arc::clone(&link));
                    self.attempt(at, &link, range.as_ref(), expected, &purpose)
                        .await?
                }
                None => {
                    self.stream(at, &item, range.as_ref(), expected, &purpose)
                        .await?
                }
            };
            match outcome {
                Outcome::Read(bytes) => return Ok(bytes),
                Outcome::Again(error) => last = error,
            }
            self.tenant.links.remove(file);
        }
        Err(last)
    }

    /// Looks at the item, which must have the version that is expected.
    async fn fresh(
        &self,
        at: ItemRef<'_>,
        expected: Option<&Version>,
        purpose: &Purpose<'_>,
    ) -> Result<DriveItem> {
        let item = self.item(at, LINK_FIELDS, purpose).await?;
        match expected {
            Some(version) if !has_version(&item, version) => Err(purpose.error(ErrorKind::Changed)),
            _ => Ok(item),
        }
    }

    /// Reads through a pre-authenticated address.
    async fn attempt(
        &self,
        at: ItemRef<'_>,
        link: &Link,
        range: Option<&Range<u64>>,
        expected: Option<&Version>,
        purpose: &Purpose<'_>,
    ) -> Result<Outcome> {
        let url = link.url.0.clone();
        if !self.tenant.endpoints.sharepoint.contain(&url) {
            return Err(
                purpose.malformed("the service gives a download address of another service")
            );
        }
        let call = Call::new(Method::GET, url, purpose.operation, purpose.context).units(UNITS_ONE);
        let fetched = match self.fetch(call, range).await {
            Ok(fetched) => fetched,
            Err(error) => return address_refused(error, purpose),
        };
        let before = Before {
            e_tag: link.e_tag.as_deref(),
            size: link.size,
        };
        self.verified(at, fetched, &before, range.is_none(), expected, purpose)
            .await
    }

    /// Reads through Graph, which redirects, or streams (announced).
    async fn stream(
        &self,
        at: ItemRef<'_>,
        item: &DriveItem,
        range: Option<&Range<u64>>,
        expected: Option<&Version>,
        purpose: &Purpose<'_>,
    ) -> Result<Outcome> {
        let url = self.item_url(at, &["content"], None)?;
        let call = self
            .tenant
            .call(Method::GET, url, purpose, UNITS_ONE)
            .redirects(Redirects::Follow);
        let fetched = self.fetch(call, range).await?;
        let before = Before {
            e_tag: item.e_tag.as_deref(),
            size: item.size,
        };
        self.verified(at, fetched, &before, range.is_none(), expected, purpose)
            .await
    }

    async fn fetch(&self, call: Call, range: Option<&Range<u64>>) -> Result<Fetched> {
        let tag_of = |answer: &Answer| answer.header("etag").map(str::to_owned);
        match range {
            Some(range) => {
                let call = call.range(range.clone()).most_bytes(MOST_BYTES);
                let answer = self.tenant.service.send(call).await?;
                let e_tag = tag_of(&answer);
                let part = checked_range(&answer, range)?;
                Ok(Fetched {
                    bytes: part.bytes,
                    e_tag,
                    total: part.total,
                })
            }
            None => {
                let call = call.expect(Expect::Bytes).most_bytes(MOST_BYTES);
                let answer = self.tenant.service.send(call).await?;
                Ok(Fetched {
                    e_tag: tag_of(&answer),
                    bytes: answer.body,
                    total: None,
                })
            }
        }
    }

    /// Makes sure that the bytes are of the version that is expected, and of a file of the size that it was listed with.
    async fn verified(
        &self,
        at: ItemRef<'_>,
        fetched: Fetched,
        before: &Before<'_>,
        is_whole: bool,
        expected: Option<&Version>,
        purpose: &Purpose<'_>,
    ) -> Result<Outcome> {
        let Some(version) = expected else {
            return Ok(Outcome::Read(fetched.bytes));
        };
        let told = fetched.e_tag.as_deref();
        let is_same = |other: Option<&str>| same_tag(told?, other?);
        if is_same(before.e_tag) == Some(true) {
            self.expect_size(at, before, fetched.total, purpose)?;
            return Ok(Outcome::Read(fetched.bytes));
        }
        // The service's own hash proves it too; that it differs proves nothing.
        if is_whole && hash_in(version) == Some(&quick_xor_hash(&fetched.bytes)) {
            return Ok(Outcome::Read(fetched.bytes));
        }
        let item = self.fresh(at, Some(version), purpose).await?;
        if is_same(item.e_tag.as_deref()) == Some(false) {
            return Ok(Outcome::Again(
                purpose.error(ErrorKind::Changed).with_source(
                    "the bytes are of another state of the file than the one that was looked at",
                ),
            ));
        }
        if let Some(link) = Link::of(&item) {
            self.tenant.links.put(&at.file(), Arc::new(link));
        }
        let now = Before {
            e_tag: item.e_tag.as_deref(),
            size: item.size,
        };
        self.expect_size(at, &now, fetched.total, purpose)?;
        Ok(Outcome::Read(fetched.bytes))
    }

    /// Refuses a part of a file that is larger or smaller than it was listed: its end would not be its end. The size that is
    /// served is the true one, and is told from now on (§3.5 `size`).
    fn expect_size(
        &self,
        at: ItemRef<'_>,
        listed: &Before<'_>,
        total: Option<u64>,
        purpose: &Purpose<'_>,
    ) -> Result<()> {
        let (Some(total), Some(size), Some(e_tag)) = (total, listed.size, listed.e_tag) else {
            return Ok(());
        };
        if total == self.true_size(&at.file(), Some(e_tag), size) {
            return Ok(());
        }
        self.served_sizes.put(at.file(), (e_tag.to_owned(), total));
        Err(purpose.error(ErrorKind::Changed).with_source(
            "the service serves the file with another size than it lists it with; look at it again",
        ))
    }

    /// The size that a file is served with, where that is known to differ from the one it is listed with.
    pub(super) fn true_size(&self, file: &FileRef, e_tag: Option<&str>, listed: u64) -> u64 {
        match self.served_sizes.get(file) {
            Some((of, size)) if e_tag == Some(&of) => size,
            _ => listed,
        }
    }

    /// Fetches the download addresses of files that will be read.
    pub(super) async fn prepare(&self, files: &[(FileRef, Version)]) {
        let mut parts = Vec::new();
        let mut wanting = Vec::new();
        for (file, version) in files {
            let known = self.tenant.links.get(file);
            if known.is_some_and(|link| link.version == *version) {
                continue;
            }
            let Ok(at) = ItemRef::of(file, OPERATION) else {
                continue;
            };
            let Ok(url) = self.item_url(at, &[], Some(LINK_FIELDS)) else {
                continue;
            };
            parts.push(Part {
                url,
                context: file.0.clone(),
                units: UNITS_ONE,
            });
            wanting.push(file);
        }
        match self
            .tenant
            .batch::<DriveItem>("prepare reading", &parts)
            .await
        {
            Ok(items) => {
                for (file, item) in wanting.into_iter().zip(items) {
                    if let Some(link) = item.ok().as_ref().and_then(Link::of) {
                        self.tenant.links.put(file, Arc::new(link));
                    }
                }
            }
            Err(error) => tracing::debug!(%error, "files are read without preparation"),
        }
    }
}

/// What it means that a pre-authenticated address is refused: most often that it is too old.
fn address_refused(error: Error, purpose: &Purpose<'_>) -> Result<Outcome> {
    match status_of(&error) {
        Some(403) => Ok(Outcome::Again(error)),
        // A look at the item tells whether it is gone.
        Some(401 | 404 | 410) => Ok(Outcome::Again(
            purpose.error(ErrorKind::Transient).with_source(error),
        )),
        _ => Err(error),
    }
}

/// The range with an end that can be asked for.
fn bounded(range: Option<Range<u64>>, purpose: &Purpose<'_>) -> Result<Option<Range<u64>>> {
    let Some(range) = range else {
        return Ok(None);
    };
    let length = range.end.saturating_sub(range.start);
    // Beyond the end of any file there is nothing to be left out.
    if length > MOST_BYTES && range.end < LARGEST_FILE {
        return Err(purpose.error(ErrorKind::TooLarge));
    }
    let end = range.end.min(range.start.saturating_add(MOST_BYTES));
    Ok(Some(range.start..end))
}

/// Whether the range has no bytes, whatever the service would say.
fn is_surely_empty(range: Option<&Range<u64>>, size: Option<u64>) -> bool {
    match range {
        None => size == Some(0),
        Some(range) => {
            range.is_empty()
                || range.start >= LARGEST_FILE
                || size.is_some_and(|size| range.start >= size)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_bounded_before_anything_is_asked() {
        let purpose = Purpose {
            operation: OPERATION,
            context: "x",
        };
        let most = MOST_BYTES;
        for (range, expected) in [
            (None, Some(None)),
            (Some(0..10), Some(Some(0..10))),
            (Some(5..u64::MAX), Some(Some(5..5 + most))),
            (Some(5..5 + most), Some(Some(5..5 + most))),
            (Some(5..6 + most), None),
        ] {
            let found = bounded(range.clone(), &purpose).ok();
            assert_eq!(found, expected, "{range:?}");
        }
        for (range, size, empty) in [
            (Some(4..4), None, true),
            (Some(16..20), None, false),
            (Some(16..20), Some(16), true),
            (Some(15..20), Some(16), false),
            (Some(u64::MAX - 1..u64::MAX), None, true),
            (None, Some(16), false),
            (None, Some(0), true),
            (None, None, false),
        ] {
            assert_eq!(is_surely_empty(range.as_ref(), size), empty, "{range:?}");
        }
    }
}
