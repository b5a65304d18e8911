//! Reading bytes (reference/google-drive.md §5).
//!
//! What is read must be of the version that is asked for. Bytes come with the etag that v2 sends beside them: the one under
//! which [`prepare`](labeld_connector::Connector::prepare) saw the version, a hundred files at a time. Where that does not
//! tell, all of a file is checked by its digest, and a part needs one more look after it.

mod etags;
mod verify;

use std::ops::Range;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use labeld_connector::http::range::checked_range;
use labeld_connector::http::{Answer, Expect, Method};
use labeld_connector::{ErrorKind, FileRef, ReadOptions, Result, Version};

use self::verify::Verdict;
use crate::batch::Api;
use crate::client::Purpose;
use crate::corpus::parse_file;
use crate::drive::GoogleDrive;
use crate::feeds::Sight;
use crate::version::{digest_in, md5_hex, version_of};

pub(crate) const OPERATION: &str = "read file";

/// Most bytes that one read returns. labeld reads parts of files, and whole ones of some 30 MB.
const MOST_BYTES: u64 = 256 << 20;

/// Attempts at one read: an etag that moved for another reason than the content costs one.
const ATTEMPTS: usize = 3;

/// What is being read.
struct Reading<'a> {
    sight: &'a Sight,
    file: &'a FileRef,
    id: &'a str,
    purpose: Purpose<'a>,
}

/// Bytes with what came beside them.
struct Fetched {
    bytes: Bytes,
    /// Size of the whole file, where the service told.
    total: Option<u64>,
    etag: Option<String>,
    /// MD5 of the whole file in lower-case hex, where the service told.
    md5: Option<String>,
}

impl GoogleDrive {
    /// The bytes of a range.
    pub(crate) async fn read_file(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        let (corpus, id) = parse_file(file, OPERATION)?;
        let sight = self.sight(&corpus, OPERATION).await?;
        let reading = Reading {
            sight: &sight,
            file,
            id: &id,
            purpose: Purpose::new(OPERATION, &file.0),
        };
        let range = bounded(options.range, &reading.purpose)?;
        let expected = match options.if_match {
            Some(version) => version,
            // The bin still gives its bytes away, so that it must be asked whether the file is there.
            None => self.present(&reading).await?,
        };
        let Some((md5, size)) = digest_in(&expected) else {
            return self
                .read_looked_at(&reading, range.as_ref(), &expected)
                .await;
        };
        match part_of(range, size) {
            // Nothing to fetch, and the service refuses ranges that the file does not have.
            None => {
                self.must_have(&reading, &expected).await?;
                Ok(Bytes::new())
            }
            Some(range) if range.start == 0 && range.end == size => {
                self.read_whole(&reading, md5, size, &expected).await
            }
            Some(range) => self.read_part(&reading, &range, &expected).await,
        }
    }

    /// All of a file, checked by its digest where nothing that came beside it tells: computing it costs more than all the rest.
    async fn read_whole(
        &self,
        reading: &Reading<'_>,
        md5: &str,
        size: u64,
        expected: &Version,
    ) -> Result<Bytes> {
        for _ in 0..ATTEMPTS {
            let fetched = self.fetch(reading, None).await?;
            let has_its_size = fetched.bytes.len() as u64 == size;
            let is_it = || {
                self.came_with_its_etag(reading, &fetched, expected)
                    || md5_hex(&fetched.bytes) == md5
            };
            if has_its_size && is_it() {
                return Ok(fetched.bytes);
            }
            // A mismatch is a reason to look again (§10 "Checksums").
            self.must_have(reading, expected).await?;
        }
        let why = "the bytes do not have the digest that the service names";
        Err(reading.purpose.error(ErrorKind::Transient).with_source(why))
    }

    /// A part of a file.
    async fn read_part(
        &self,
        reading: &Reading<'_>,
        range: &Range<u64>,
        expected: &Version,
    ) -> Result<Bytes> {
        for _ in 0..ATTEMPTS {
            let fetched = self.fetch(reading, Some(range)).await?;
            match self.verify(reading, &fetched, expected).await? {
                Verdict::IsExpected => return Ok(fetched.bytes),
                Verdict::IsOther => return Err(reading.purpose.error(ErrorKind::Changed)),
                Verdict::ReadAgain => {}
            }
        }
        let why = "the file keeps changing while it is read";
        Err(reading.purpose.error(ErrorKind::Transient).with_source(why))
    }

    /// A file without a digest: looked at before and after.
    async fn read_looked_at(
        &self,
        reading: &Reading<'_>,
        range: Option<&Range<u64>>,
        expected: &Version,
    ) -> Result<Bytes> {
        let before = self.must_have(reading, expected).await?;
        let is_empty = range.is_some_and(|range| range.start >= range.end) || before == Some(0);
        if is_empty {
            return Ok(Bytes::new());
        }
        let fetched = self.fetch(reading, range).await?;
        self.must_have(reading, expected).await?;
        Ok(fetched.bytes)
    }

    async fn present(&self, reading: &Reading<'_>) -> Result<Version> {
        let file = self
            .content(reading.sight, reading.id, &reading.purpose)
            .await?;
        version_of(&file).ok_or_else(|| {
            reading
                .purpose
                .malformed("the service does not tell the file's version")
        })
    }

    /// Makes sure that the file has a version now; its size, where it is told.
    async fn must_have(&self, reading: &Reading<'_>, expected: &Version) -> Result<Option<u64>> {
        let file = self
            .content(reading.sight, reading.id, &reading.purpose)
            .await?;
        if version_of(&file).as_ref() == Some(expected) {
            Ok(file.size)
        } else {
            Err(reading.purpose.error(ErrorKind::Changed))
        }
    }

    /// Fetches bytes through v2, which sends an etag beside them, or v3.
    async fn fetch(&self, reading: &Reading<'_>, range: Option<&Range<u64>>) -> Result<Fetched> {
        if !self.asks_v2() {
            return self.fetch_through(Api::V3, reading, range).await;
        }
        match self.fetch_through(Api::V2, reading, range).await {
            Err(error) if may_mean_no_v2(&error) => {
                // A file that v3 shows is there: then v2 is not (§6.2).
                self.content(reading.sight, reading.id, &reading.purpose)
                    .await?;
                self.v2_is_gone.store(true, Ordering::Relaxed);
                tracing::warn!(
                    "Drive v2 is not there any longer: reading costs one more call for each part"
                );
                self.fetch_through(Api::V3, reading, range).await
            }
            outcome => outcome,
        }
    }

    async fn fetch_through(
        &self,
        api: Api,
        reading: &Reading<'_>,
        range: Option<&Range<u64>>,
    ) -> Result<Fetched> {
        let segments = ["drive", api.name(), "files", reading.id];
        let url = self
            .client
            .drive_url(&segments, &[("alt", "media")], true)?;
        let call = self.client.drive_call(
            Method::GET,
            url,
            &reading.purpose,
            self.client.units.download,
            &reading.sight.eyes,
        );
        let Some(range) = range else {
            let call = call.set(|call| call.expect(Expect::Bytes).most_bytes(MOST_BYTES));
            let answer = self.client.send(call).await?;
            return Ok(Fetched {
                total: Some(answer.body.len() as u64),
                etag: etag_of(&answer),
                md5: md5_of(&answer),
                bytes: answer.body,
            });
        };
        let answer = self
            .client
            .send(call.set(|call| call.range(range.clone())))
            .await?;
        let part = checked_range(&answer, range)?;
        Ok(Fetched {
            bytes: part.bytes,
            total: part.total,
            etag: etag_of(&answer),
            md5: md5_of(&answer),
        })
    }
}

/// Whether a refusal through v2 may mean that there is no v2 any longer, and not that there is no such file.
pub(crate) fn may_mean_no_v2(error: &labeld_connector::Error) -> bool {
    error.kind() == ErrorKind::NotFound || crate::dialect::reason_of(error) == "accessNotConfigured"
}

fn etag_of(answer: &Answer) -> Option<String> {
    answer.header("etag").map(str::to_owned)
}

/// The digest in `x-goog-hash`, where there is one: `crc32c=…,md5=…` in base64.
fn md5_of(answer: &Answer) -> Option<String> {
    let values = answer.headers.get_all("x-goog-hash").iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    let digest = texts
        .flat_map(|text| text.split(','))
        .find_map(|part| part.trim().strip_prefix("md5="))?;
    let digest = data_encoding::BASE64.decode(digest.as_bytes()).ok()?;
    (digest.len() == 16).then(|| data_encoding::HEXLOWER.encode(&digest))
}

/// A range that can be asked for.
fn bounded(range: Option<Range<u64>>, purpose: &Purpose<'_>) -> Result<Option<Range<u64>>> {
    let Some(range) = range else {
        return Ok(None);
    };
    let length = range.end.saturating_sub(range.start);
    let is_to_the_end = range.end == u64::MAX;
    if length > MOST_BYTES && !is_to_the_end {
        let why = "more bytes are asked for than one read gives";
        return Err(purpose.error(ErrorKind::TooLarge).with_source(why));
    }
    let end = range.end.min(range.start.saturating_add(MOST_BYTES));
    Ok(Some(range.start..end))
}

/// What of a file of `size` bytes a range covers; `None` when nothing.
fn part_of(range: Option<Range<u64>>, size: u64) -> Option<Range<u64>> {
    let range = range.unwrap_or(0..size);
    let end = range.end.min(size);
    (range.start < end).then_some(range.start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_cut_to_the_file() {
        for (range, size, part) in [
            (None, 10, Some(0..10)),
            (None, 0, None),
            (Some(0..5), 10, Some(0..5)),
            (Some(5..50), 10, Some(5..10)),
            (Some(10..20), 10, None),
            (Some(4..4), 10, None),
            (Some(0..u64::MAX), 10, Some(0..10)),
        ] {
            assert_eq!(part_of(range.clone(), size), part, "{range:?} of {size}");
        }
        let purpose = Purpose::new(OPERATION, "file");
        assert_eq!(
            bounded(Some(3..u64::MAX), &purpose).unwrap(),
            Some(3..3 + MOST_BYTES)
        );
        let error = bounded(Some(0..MOST_BYTES + 1), &purpose).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
    }
}
