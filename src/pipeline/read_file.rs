//! Reading one file of an app through its connector, in ranges.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};

use labeld_connector::{Error, ErrorKind, ReadOptions as FetchOptions};
use labeld_formats::{
    BlockCache, Limits, MOST_FETCHED, MOST_ROUNDS, RangeStrategy, ReadOptions, Reading,
    TenantKnowledge, read,
};

use super::memory::Reservation;
use super::verdict::Verdict;
use super::{App, Work, error_chain};
use crate::crash_points::{self, CrashPoint};
use crate::model::Reason;
use crate::model::inventory::ScanTarget;

/// What one attempt to read a file came to.
#[derive(Debug)]
pub(super) enum Attempt {
    /// It was read.
    Read(Box<Reading>),
    /// It has another version by now.
    Changed,
    /// It is gone.
    Gone,
    /// It could not be read, because of the app where there is an error of it.
    Failed(Verdict, Option<Error>),
    /// The reader panicked.
    Crashed,
}

/// An attempt and what it cost.
#[derive(Debug)]
pub(super) struct Attempted {
    /// The result.
    pub(super) attempt: Attempt,
    /// Bytes fetched.
    pub(super) bytes_read: u64,
    /// Requests made.
    pub(super) reads: u32,
}

/// Reads a file in the version that is known of it.
pub(super) async fn read_file(
    work: &Work,
    app: &App,
    file: &ScanTarget,
    known: &TenantKnowledge,
) -> Attempted {
    let first_fetch = file.size.min(most_at_first(app.strategy));
    let mut memory = work.budget.reserve(first_fetch).await;
    let mut cache = BlockCache::new(file.size, app.strategy);
    let attempt = match attempt(work, app, file, known, &mut cache, &mut memory).await {
        Ok(reading) => Attempt::Read(Box::new(reading)),
        Err(failed) => failed,
    };
    Attempted {
        attempt,
        bytes_read: cache.bytes_read(),
        reads: cache.reads(),
    }
}

/// What the first fetch takes at most, and the next two as a rule.
fn most_at_first(strategy: RangeStrategy) -> u64 {
    strategy
        .whole_up_to
        .max(strategy.tail.saturating_add(2 * strategy.least))
}

async fn attempt(
    work: &Work,
    app: &App,
    file: &ScanTarget,
    known: &TenantKnowledge,
    cache: &mut BlockCache,
    memory: &mut Reservation,
) -> Result<Reading, Attempt> {
    let options = ReadOptions {
        limits: Limits::default(),
        known,
    };
    // The bounds of `read_ranged`, which cannot wait for a network.
    for round in 0..MOST_ROUNDS {
        let missing = cache.missing();
        let wanted: u64 = missing.iter().map(|range| range.end - range.start).sum();
        let in_all = cache.bytes_read().saturating_add(wanted);
        if round > 0 && in_all > MOST_FETCHED {
            break;
        }
        memory.grow_to(in_all).await;
        for range in missing {
            let fetch = FetchOptions {
                range: Some(range.clone()),
                if_match: Some(file.version.clone()),
            };
            crash_points::pass(CrashPoint::BeforeFetch);
            let fetched = app.connector.read(&file.file, fetch).await;
            crash_points::pass(CrashPoint::AfterFetch);
            let bytes = fetched.map_err(of_error)?;
            if bytes.len() as u64 != range.end - range.start {
                return Err(Attempt::Changed);
            }
            cache.insert(range.start, bytes.into());
        }
        let marker = work.markers.enter(file.id);
        // A reader that panics takes only this file with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| read(cache, options)));
        drop(marker);
        match outcome {
            Ok(Ok(reading)) => return Ok(reading),
            Ok(Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
            Ok(Err(error)) => return Err(failed(Reason::FetchFailed, error_chain(&error))),
            Err(_) => return Err(Attempt::Crashed),
        }
    }
    Err(failed(
        Reason::FileLimit,
        "reading it takes too many requests",
    ))
}

fn of_error(error: Error) -> Attempt {
    let reason = match error.kind() {
        ErrorKind::Changed => return Attempt::Changed,
        ErrorKind::NotFound => return Attempt::Gone,
        ErrorKind::Denied => Reason::AccessDenied,
        ErrorKind::NotCovered => Reason::AccessNotCovered,
        ErrorKind::Throttled => Reason::FetchThrottled,
        // What is handed out is not what is stored, whoever wants it.
        ErrorKind::Watermarked => Reason::WriteWatermarked,
        _ => Reason::FetchFailed,
    };
    let verdict = Verdict::of(reason).with_detail(error_chain(&error));
    Attempt::Failed(verdict, Some(error))
}

fn failed(reason: Reason, detail: impl Into<String>) -> Attempt {
    Attempt::Failed(Verdict::of(reason).with_detail(detail), None)
}
