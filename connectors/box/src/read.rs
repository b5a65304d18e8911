//! Reading bytes (reference/box.md §4).
//!
//! The API redirects to a pre-signed address on another host, which gets neither the token nor the user's name. A whole
//! file is proved by its SHA-1. A part cannot be: it is asked for by the number of the version, which labeld's own name of a
//! version holds, so that its bytes are of that version whatever the file has become. That needs no look at the file before;
//! only a version that is no longer there is looked for.

use std::ops::Range;

use bytes::Bytes;
use data_encoding::HEXLOWER;
use labeld_connector::http::range::checked_range;
use labeld_connector::http::{Answer, Call, Expect, Method, Redirects, StatusCode, Url};
use labeld_connector::{Error, ErrorKind, FileRef, ReadOptions, Result, Version};
use sha1::{Digest as _, Sha1};

use crate::app::BoxApp;
use crate::call::{Acting, Purpose};
use crate::item::acting_login;
use crate::model::{Id, Item};
use crate::reference::{FileName, content_of, has_version, version_of};
use crate::words::status_of;

const OPERATION: &str = "read file";

/// Most bytes that one read returns.
const MOST_BYTES: u64 = 256 << 20;

/// How much longer than the file an answer may be, so that a page in its place is seen to be one.
const SLACK: u64 = 64 << 10;

/// Attempts at a whole file that comes with other bytes than it is said to have.
const ATTEMPTS: usize = 3;

/// The content that is to be read.
struct Wanted {
    name: FileName,
    /// The number of the version; `None` reads the present one.
    version: Option<Id>,
    size: u64,
    /// In lower-case hex.
    sha1: Option<String>,
}

impl Wanted {
    fn is_proved_by(&self, bytes: &[u8]) -> bool {
        let is_proved = |sha1: &String| *sha1 == hex_sha1(bytes);
        self.sha1.as_ref().is_none_or(is_proved)
    }
}

impl BoxApp {
    /// The bytes of a range.
    pub(crate) async fn read_file(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        let purpose = Purpose {
            operation: OPERATION,
            context: &file.0,
        };
        let name = FileName::of(file, OPERATION)?;
        acting_login(&*self.people().await?, name.owner, &purpose)?;
        let expected = options.if_match.as_ref();
        if let Some(content) = expected.and_then(content_of)
            && content.size > 0
            && is_whole(options.range.as_ref(), content.size)
        {
            // Its SHA-1 will tell whether it is still that version: no look before it.
            let wanted = Wanted {
                name,
                version: None,
                size: content.size,
                sha1: Some(content.sha1.to_owned()),
            };
            return self.read_whole(&wanted, expected, &purpose).await;
        }
        let wanted = match expected.and_then(|version| of_that_version(name, version)) {
            Some(wanted) => wanted,
            None => self.looked_up(name, expected, &purpose).await?,
        };
        let range = bounded(options.range, wanted.size, &purpose)?;
        if range.is_empty() {
            return Ok(Bytes::new());
        }
        if is_whole(Some(&range), wanted.size) {
            return self.read_whole(&wanted, expected, &purpose).await;
        }
        match self.read_part(&wanted, range, &purpose).await {
            // The version may be gone though the file is there: the owner deleted it, or the plan keeps none.
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.fresh(name, expected, &purpose).await?;
                Err(purpose.error(ErrorKind::Transient).with_source(error))
            }
            outcome => outcome,
        }
    }

    /// Looks at the file, which must have the version that is expected.
    async fn looked_up(
        &self,
        name: FileName,
        expected: Option<&Version>,
        purpose: &Purpose<'_>,
    ) -> Result<Wanted> {
        let item = self.fresh(name, expected, purpose).await?;
        let version = version_of(&item);
        let content = version.as_ref().and_then(content_of);
        Ok(Wanted {
            name,
            version: item.file_version.map(|version| version.id),
            size: item.size.ok_or_else(|| {
                purpose.malformed("the service does not say how large the file is")
            })?,
            sha1: content.map(|content| content.sha1.to_owned()),
        })
    }

    async fn fresh(
        &self,
        name: FileName,
        expected: Option<&Version>,
        purpose: &Purpose<'_>,
    ) -> Result<Item> {
        let item = self.file_as(name.file, name.owner, purpose).await?;
        if item.owner().is_some_and(|owner| owner != name.owner) || item.is_gone() {
            return Err(purpose.error(ErrorKind::NotFound));
        }
        match expected {
            Some(version) if !has_version(&item, version) => Err(purpose.error(ErrorKind::Changed)),
            _ => Ok(item),
        }
    }

    /// Reads the whole file and proves it.
    async fn read_whole(
        &self,
        wanted: &Wanted,
        expected: Option<&Version>,
        purpose: &Purpose<'_>,
    ) -> Result<Bytes> {
        if wanted.size > MOST_BYTES {
            return Err(purpose.error(ErrorKind::TooLarge));
        }
        let mut is_watermarked = false;
        for _ in 0..ATTEMPTS {
            match self.fetch(wanted, None, purpose).await {
                Ok(bytes) if wanted.is_proved_by(&bytes) => return Ok(bytes),
                // More than there should be is as wrong as other bytes.
                Err(error) if error.kind() != ErrorKind::TooLarge => return Err(error),
                // Either the file changed, or what is served is not what is stored.
                _ => {
                    let now = self.fresh(wanted.name, expected, purpose).await?;
                    is_watermarked = now.is_watermarked();
                }
            };
        }
        if is_watermarked {
            let why = "the service serves the file with a watermark and not its original";
            return Err(purpose.error(ErrorKind::Watermarked).with_source(why));
        }
        Err(purpose.malformed(
            "the bytes are not those that the file's SHA-1 is of: the download was damaged",
        ))
    }

    async fn read_part(
        &self,
        wanted: &Wanted,
        range: Range<u64>,
        purpose: &Purpose<'_>,
    ) -> Result<Bytes> {
        let bytes = self.fetch(wanted, Some(&range), purpose).await?;
        if bytes.len() as u64 != range.end - range.start {
            return Err(purpose.error(ErrorKind::Changed));
        }
        Ok(bytes)
    }

    /// Fetches the content, or a part of it, by the address that is known or a new one.
    async fn fetch(
        &self,
        wanted: &Wanted,
        range: Option<&Range<u64>>,
        purpose: &Purpose<'_>,
    ) -> Result<Bytes> {
        let file = wanted.name.file;
        let known = wanted
            .version
            .and_then(|version| Some((version, self.links.get(file, version)?)));
        if let Some((version, url)) = known {
            match self.download(url, wanted, range, purpose).await {
                Err(error) if is_refused_address(&error) => self.links.remove(file, version),
                outcome => return outcome,
            }
        }
        let answer = self.ask_for_content(wanted, range, purpose).await?;
        if answer.status.is_success() {
            return part_of(&answer, wanted, range, purpose);
        }
        let url = answer
            .location()
            .filter(|url| self.endpoints.download_hosts.contain(url))
            .ok_or_else(|| {
                purpose.malformed("the service redirects to a host that is not known for downloads")
            })?;
        if let Some(version) = wanted.version {
            self.links.put(file, version, &url);
        }
        match self.download(url, wanted, range, purpose).await {
            // A new address is not refused for the file's sake.
            Err(error) if is_refused_address(&error) => {
                Err(purpose.error(ErrorKind::Transient).with_source(error))
            }
            outcome => outcome,
        }
    }

    /// Asks the API, which redirects to the content or, announced nowhere, sends it.
    async fn ask_for_content(
        &self,
        wanted: &Wanted,
        range: Option<&Range<u64>>,
        purpose: &Purpose<'_>,
    ) -> Result<Answer> {
        let FileName { owner, file } = wanted.name;
        let version = wanted.version.map(|version| version.to_string());
        let query: Vec<(&str, &str)> = version
            .iter()
            .map(|version| ("version", version.as_str()))
            .collect();
        let url = self.api(&["files", &file.to_string(), "content"], &query)?;
        let mut call = self
            .call(Method::GET, url, Acting::As(owner), purpose)
            .redirects(Redirects::Return)
            .expect(Expect::Anything)
            // A range counts the bytes of the file.
            .header("accept-encoding", "identity")
            .most_bytes(wanted.size.min(MOST_BYTES) + SLACK);
        if let Some(range) = range {
            let last = range.end.saturating_sub(1);
            call = call.header("range", format!("bytes={}-{last}", range.start));
        }
        self.service.send(call).await
    }

    /// Fetches from a pre-signed address.
    async fn download(
        &self,
        url: Url,
        wanted: &Wanted,
        range: Option<&Range<u64>>,
        purpose: &Purpose<'_>,
    ) -> Result<Bytes> {
        // No call of the API, and of no user.
        let call = Call::new(Method::GET, url, purpose.operation, purpose.context).units(0);
        let call = match range {
            Some(range) => call.range(range.clone()).most_bytes(MOST_BYTES),
            None => call.expect(Expect::Bytes).most_bytes(wanted.size + SLACK),
        };
        let answer = self.service.send(call).await?;
        part_of(&answer, wanted, range, purpose)
    }
}

/// A version that can be asked for by its number.
fn of_that_version(name: FileName, expected: &Version) -> Option<Wanted> {
    let content = content_of(expected)?;
    Some(Wanted {
        name,
        version: Some(content.number?),
        size: content.size,
        sha1: Some(content.sha1.to_owned()),
    })
}

/// The bytes that were asked for, out of an answer with bytes.
///
/// # Errors
///
/// [`ErrorKind::Changed`] for a part of a file with another size.
fn part_of(
    answer: &Answer,
    wanted: &Wanted,
    range: Option<&Range<u64>>,
    purpose: &Purpose<'_>,
) -> Result<Bytes> {
    match (range, answer.status) {
        (Some(range), _) => {
            let part = checked_range(answer, range)?;
            match part.total {
                Some(total) if total != wanted.size => Err(purpose.error(ErrorKind::Changed)),
                _ => Ok(part.bytes),
            }
        }
        (None, StatusCode::PARTIAL_CONTENT) => {
            Err(purpose.malformed("a part of the file came though all of it was asked for"))
        }
        (None, _) => Ok(answer.body.clone()),
    }
}

/// Whether a pre-signed address is no longer good.
fn is_refused_address(error: &Error) -> bool {
    matches!(status_of(error), Some(400 | 401 | 403 | 404 | 410))
}

/// Whether a range is the whole of a file.
fn is_whole(range: Option<&Range<u64>>, size: u64) -> bool {
    range.is_none_or(|range| range.start == 0 && range.end >= size)
}

/// The part of a range that the file has.
fn bounded(range: Option<Range<u64>>, size: u64, purpose: &Purpose<'_>) -> Result<Range<u64>> {
    let range = range.unwrap_or(0..u64::MAX);
    let bounded = range.start.min(size)..range.end.min(size).max(range.start.min(size));
    if bounded.end - bounded.start > MOST_BYTES {
        return Err(purpose.error(ErrorKind::TooLarge));
    }
    Ok(bounded)
}

/// SHA-1 in lower-case hex. Not by ring, which computes it without the processor's instructions for it: that took more time than
/// all the rest of a reading.
pub(crate) fn hex_sha1(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha1::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        let purpose = Purpose {
            operation: OPERATION,
            context: "x",
        };
        for (range, size, expected, whole) in [
            (None, 16, 0..16, true),
            (Some(0..16), 16, 0..16, true),
            (Some(0..u64::MAX), 16, 0..16, true),
            (Some(0..15), 16, 0..15, false),
            (Some(5..9), 16, 5..9, false),
            (Some(10..1000), 16, 10..16, false),
            (Some(16..20), 16, 16..16, false),
            (Some(u64::MAX - 1..u64::MAX), 16, 16..16, false),
            (Some(4..4), 16, 4..4, false),
            (None, 0, 0..0, true),
        ] {
            let found = bounded(range.clone(), size, &purpose).unwrap();
            assert_eq!(found, expected, "{range:?}");
            assert_eq!(is_whole(range.as_ref(), size), whole, "{range:?}");
        }
        assert!(bounded(Some(0..MOST_BYTES + 2), MOST_BYTES + 1, &purpose).is_err());
        assert_eq!(hex_sha1(b"abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
