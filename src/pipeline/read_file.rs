//! Reading one file of an app through its connector, in ranges.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use labeld_connector::{Connector, ErrorKind, FileRef, ReadOptions as FetchOptions, Version};
use labeld_formats::{
    BlockCache, Limits, MOST_FETCHED, MOST_ROUNDS, RangeStrategy, ReadOptions, Reading,
    TenantKnowledge, read,
};

use super::error_chain;
use super::verdict::Verdict;
use crate::model::Reason;

/// What one attempt to read a file came to.
#[derive(Debug)]
pub enum Attempt {
    /// It was read.
    Read(Box<Reading>),
    /// It has another version by now.
    Changed,
    /// It is gone.
    Gone,
    /// It could not be read.
    Failed(Verdict),
}

/// An attempt and what it cost.
#[derive(Debug)]
pub struct Attempted {
    /// The result.
    pub attempt: Attempt,
    /// Bytes fetched.
    pub bytes_read: u64,
    /// Requests made.
    pub reads: u32,
}

/// Reads version `version` of a file of `size` bytes.
pub async fn read_file(
    connector: &dyn Connector,
    file: &FileRef,
    version: &Version,
    size: u64,
    strategy: RangeStrategy,
    known: &TenantKnowledge,
) -> Attempted {
    let mut cache = BlockCache::new(size, strategy);
    let attempt = match attempt(connector, file, version, &mut cache, known).await {
        Ok(reading) => Attempt::Read(Box::new(reading)),
        Err(failed) => failed,
    };
    Attempted {
        attempt,
        bytes_read: cache.bytes_read(),
        reads: cache.reads(),
    }
}

async fn attempt(
    connector: &dyn Connector,
    file: &FileRef,
    version: &Version,
    cache: &mut BlockCache,
    known: &TenantKnowledge,
) -> Result<Reading, Attempt> {
    let options = ReadOptions {
        limits: Limits::default(),
        known,
    };
    // The bounds of `read_ranged`, which cannot wait for a network.
    for round in 0..MOST_ROUNDS {
        let missing = cache.missing();
        let wanted: u64 = missing.iter().map(|range| range.end - range.start).sum();
        if round > 0 && cache.bytes_read().saturating_add(wanted) > MOST_FETCHED {
            break;
        }
        for range in missing {
            let fetch = FetchOptions {
                range: Some(range.clone()),
                if_match: Some(version.clone()),
            };
            let bytes = connector
                .read(file, fetch)
                .await
                .map_err(|error| of_error(&error))?;
            if bytes.len() as u64 != range.end - range.start {
                return Err(Attempt::Changed);
            }
            cache.insert(range.start, bytes.into());
        }
        // A reader that panics takes only this file with it.
        match catch_unwind(AssertUnwindSafe(|| read(cache, options))) {
            Ok(Ok(reading)) => return Ok(reading),
            Ok(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(Err(error)) => return Err(failed(Reason::FetchFailed, error_chain(&error))),
            Err(_) => {
                return Err(failed(
                    Reason::FilePoison,
                    "the reader crashed on this file",
                ));
            }
        }
    }
    Err(failed(
        Reason::FileLimit,
        "reading it takes too many requests",
    ))
}

fn of_error(error: &labeld_connector::Error) -> Attempt {
    match error.kind() {
        ErrorKind::Changed => Attempt::Changed,
        ErrorKind::NotFound => Attempt::Gone,
        ErrorKind::Denied => failed(Reason::AccessDenied, error_chain(error)),
        ErrorKind::NotCovered => failed(Reason::AccessNotCovered, error_chain(error)),
        ErrorKind::Throttled => failed(Reason::FetchThrottled, error_chain(error)),
        _ => failed(Reason::FetchFailed, error_chain(error)),
    }
}

fn failed(reason: Reason, detail: impl Into<String>) -> Attempt {
    Attempt::Failed(Verdict::of(reason).with_detail(detail))
}
