//! What was asked and what was stored.

mod entry;
mod redaction;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

pub use entry::{Entry, Outcome, RecordedBody, ResourceUnits, StoredVersion};
pub(crate) use entry::{MOST_BODY_BYTES, RequestHead, ResponseHead};
pub(crate) use redaction::{form_body, json_body};

/// How much the journal keeps of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Detail {
    /// Nothing, which costs least. Versions are kept all the same.
    Off,
    /// Everything but bodies.
    Heads,
    /// Bodies too, up to 64 KiB each.
    #[default]
    Full,
}

/// What the journal keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalOptions {
    /// How much of a request.
    pub detail: Detail,
    /// The most requests; older ones are dropped. No bound when `None`.
    pub most_entries: Option<usize>,
    /// About the most bytes that the requests may take; older ones are dropped. No bound when `None`.
    pub most_bytes: Option<usize>,
    /// Whether stored versions are kept.
    pub versions: bool,
}

impl Default for JournalOptions {
    fn default() -> Self {
        Self {
            detail: Detail::Full,
            most_entries: None,
            most_bytes: None,
            versions: true,
        }
    }
}

/// The requests in the order of their arrival, and the stored versions in the order of their storing.
/// Clones are the same journal.
#[derive(Debug, Clone, Default)]
pub struct Journal(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    options: JournalOptions,
    kept: Mutex<Kept>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Entry>,
    bytes: usize,
    last_request: u64,
    versions: Vec<StoredVersion>,
    last_version: u64,
}

impl Journal {
    /// An empty journal.
    #[must_use]
    pub fn new(options: JournalOptions) -> Self {
        Self(Arc::new(Shared {
            options,
            ..Shared::default()
        }))
    }

    /// How much it keeps of a request.
    #[must_use]
    pub fn detail(&self) -> Detail {
        self.0.options.detail
    }

    /// The number of the last request, 0 before the first. Never goes back, whatever is dropped.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.kept().last_request
    }

    /// The requests after number `after` that are still kept.
    #[must_use]
    pub fn since(&self, after: u64) -> Vec<Entry> {
        let kept = self.kept();
        let first = kept.entries.partition_point(|entry| entry.seq <= after);
        kept.entries.range(first..).cloned().collect()
    }

    /// How many of the kept requests are `wanted`.
    pub fn count(&self, wanted: impl Fn(&Entry) -> bool) -> usize {
        self.kept()
            .entries
            .iter()
            .filter(|entry| wanted(entry))
            .count()
    }

    /// Waits until a kept request is `wanted`, and gives the first such.
    pub async fn wait_for(&self, wanted: impl Fn(&Entry) -> bool) -> Entry {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(entry) = self.kept().entries.iter().find(|entry| wanted(entry)) {
                return entry.clone();
            }
            changed.await;
        }
    }

    /// The stored versions.
    #[must_use]
    pub fn versions(&self) -> Vec<StoredVersion> {
        self.versions_since(0)
    }

    /// The stored versions after number `after`.
    #[must_use]
    pub fn versions_since(&self, after: u64) -> Vec<StoredVersion> {
        let kept = self.kept();
        let first = kept
            .versions
            .partition_point(|version| version.seq <= after);
        kept.versions.get(first..).unwrap_or_default().to_vec()
    }

    /// Notes a stored version and gives it the next number.
    pub fn record_version(&self, mut version: StoredVersion) {
        if !self.0.options.versions {
            return;
        }
        let mut kept = self.kept();
        kept.last_version += 1;
        version.seq = kept.last_version;
        kept.versions.push(version);
    }

    /// Drops all requests. Numbers go on.
    pub fn clear(&self) {
        let mut kept = self.kept();
        kept.entries.clear();
        kept.bytes = 0;
    }

    /// Drops all versions. Numbers go on.
    pub fn clear_versions(&self) {
        self.kept().versions.clear();
    }

    /// Begins the entry of a request that has just arrived.
    pub(crate) fn begin(&self, head: RequestHead<'_>) -> Recording {
        if self.detail() == Detail::Off {
            return Recording {
                journal: self.clone(),
                seq: None,
                finished: true,
            };
        }
        let mut entry = Entry::arrived(head);
        let mut kept = self.kept();
        kept.last_request += 1;
        let seq = kept.last_request;
        entry.seq = seq;
        kept.bytes += entry.weight();
        kept.entries.push_back(entry);
        self.shrink(&mut kept);
        drop(kept);
        self.0.changed.notify_waiters();
        Recording {
            journal: self.clone(),
            seq: Some(seq),
            finished: false,
        }
    }

    fn amend(&self, seq: u64, amend: impl FnOnce(&mut Entry)) {
        let mut kept = self.kept();
        let kept = &mut *kept;
        let Ok(at) = kept.entries.binary_search_by_key(&seq, |entry| entry.seq) else {
            return;
        };
        if let Some(entry) = kept.entries.get_mut(at) {
            let before = entry.weight();
            amend(entry);
            kept.bytes = (kept.bytes + entry.weight()).saturating_sub(before);
        }
        self.shrink(kept);
        self.0.changed.notify_waiters();
    }

    /// Drops the oldest requests until the bounds hold.
    fn shrink(&self, kept: &mut Kept) {
        let options = &self.0.options;
        let most_entries = options.most_entries.unwrap_or(usize::MAX);
        let most_bytes = options.most_bytes.unwrap_or(usize::MAX);
        while kept.entries.len() > most_entries || kept.bytes > most_bytes {
            let Some(dropped) = kept.entries.pop_front() else {
                return;
            };
            kept.bytes = kept.bytes.saturating_sub(dropped.weight());
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry of a request in progress. One that is dropped unfinished was abandoned by its client.
#[derive(Debug)]
pub(crate) struct Recording {
    journal: Journal,
    seq: Option<u64>,
    finished: bool,
}

impl Recording {
    /// The number of the request; `None` when the journal is off.
    pub(crate) fn seq(&self) -> Option<u64> {
        self.seq
    }

    /// Whether bodies are kept.
    pub(crate) fn wants_bodies(&self) -> bool {
        self.seq.is_some() && self.journal.detail() == Detail::Full
    }

    /// Notes the request's body, of which `kept` may be the beginning.
    pub(crate) fn request_body(&self, bytes: u64, kept: Option<RecordedBody>) {
        self.amend(|entry| {
            entry.request_bytes = bytes;
            entry.request_body = kept;
        });
    }

    /// Notes a fault that was done to the request.
    pub(crate) fn fault(&self, effect: &'static str) {
        self.amend(|entry| entry.faults.push(effect.to_owned()));
    }

    /// Notes the end of the request.
    pub(crate) fn finish(mut self, outcome: Outcome, response: Option<ResponseHead>) {
        self.finished = true;
        self.amend(|entry| {
            entry.outcome = outcome;
            if let Some(response) = response {
                entry.answered(response);
            }
        });
    }

    fn amend(&self, amend: impl FnOnce(&mut Entry)) {
        if let Some(seq) = self.seq {
            self.journal.amend(seq, amend);
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if !self.finished {
            self.amend(|entry| entry.outcome = Outcome::Abandoned);
        }
    }
}
