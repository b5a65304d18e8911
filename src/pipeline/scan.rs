//! Reading the files of a run: gates, ranged read, facts and outcome, in batches of one transaction.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use labeld_connector::{Change, FileMeta, FileRef, Version};
use labeld_formats::{Label, READER_VERSION, Reading, TenantKnowledge};
use tokio::task::JoinSet;

use super::discover::{RunState, StageError};
use super::learn::ForeignLabels;
use super::read_file::{Attempt, Attempted, read_file};
use super::verdict::{self, Verdict};
use super::{App, StopSignal, error_chain};
use crate::clock::Clock;
use crate::model::inventory::{FileFacts, FileId, FileLabel, FileRecord};
use crate::model::{FileState, Reason};
use crate::store::files::Page;
use crate::store::runs::{self, Phase};
use crate::store::{Db, StoreError, files};

/// Files read side by side. A parse takes microseconds; this hides the waits for disk or network.
const SIDE_BY_SIDE: usize = 16;

/// Files whose facts share a transaction.
const BATCH: u32 = 256;

/// Reader number stored with facts that say nothing about the bytes (the file could not be fetched):
/// no reader has it, so that the next run tries again.
const NO_READER: u32 = 0;

/// Reads all files of the run that have no outcome yet. `done` is told how many files each batch had.
///
/// # Errors
///
/// What the store says, or the stop; all complete batches are stored then.
pub async fn scan(
    db: &Db,
    app: &App,
    state: &mut RunState,
    known: Arc<TenantKnowledge>,
    clock: &dyn Clock,
    stop: &StopSignal,
    done: &mut dyn FnMut(u64),
) -> Result<(), StageError> {
    let mut foreign = ForeignLabels::load(db, app).await?;
    let mut after: Option<FileId> = None;
    loop {
        if stop.is_stopped() {
            return Err(StageError::Stopped);
        }
        let records = runs::pending(
            db,
            state.run,
            Page {
                after,
                limit: BATCH,
            },
        )
        .await?;
        let Some(last) = records.last() else {
            return Ok(());
        };
        after = Some(last.id);
        let count = records.len() as u64;
        prepare(app, &records).await;
        let results = read_all(app, records, &known, clock).await;
        store(db, app, state, results, &mut foreign, clock).await?;
        done(count);
    }
}

/// Tells the app which files are about to be read.
async fn prepare(app: &App, records: &[FileRecord]) {
    let to_read: Vec<(FileRef, Version)> = records
        .iter()
        .filter(|record| verdict::of_listing(&listed(record)).is_none())
        .map(|record| (record.file.clone(), record.version.clone()))
        .collect();
    app.connector.prepare(&to_read).await;
}

/// What became of one file.
struct Scanned {
    file: FileId,
    facts: FileFacts,
    size: u64,
    /// The file as it is now, where it changed since it was listed.
    change: Option<Change>,
    outcome: &'static str,
}

async fn read_all(
    app: &App,
    records: Vec<FileRecord>,
    known: &Arc<TenantKnowledge>,
    clock: &dyn Clock,
) -> Vec<Scanned> {
    let now = clock.now();
    let mut waiting = records.into_iter();
    let mut running = JoinSet::new();
    let mut results = Vec::with_capacity(BATCH as usize);
    loop {
        while running.len() < SIDE_BY_SIDE {
            let Some(record) = waiting.next() else { break };
            let app = app.clone();
            let known = Arc::clone(known);
            running.spawn(async move { scan_file(&app, &record, &known, now).await });
        }
        match running.join_next().await {
            None => return results,
            Some(Ok(scanned)) => results.push(scanned),
            // A file whose task died stays without outcome: the run reports it as pending.
            Some(Err(error)) => tracing::error!("a reading task died: {error}"),
        }
    }
}

/// Attempts at a file that changes while it is read.
const MOST_ATTEMPTS: u32 = 3;

async fn scan_file(
    app: &App,
    record: &FileRecord,
    known: &TenantKnowledge,
    now: DateTime<Utc>,
) -> Scanned {
    let mut meta = listed(record);
    let mut change = None;
    let mut cost = (0, 0);
    for _ in 0..MOST_ATTEMPTS {
        if let Some(reason) = verdict::of_listing(&meta) {
            return ended(record, &meta, change, Verdict::of(reason), cost, now);
        }
        let attempted = read_file(
            &*app.connector,
            &meta.file,
            &meta.version,
            meta.size,
            app.strategy,
            known,
        )
        .await;
        let Attempted {
            attempt,
            bytes_read,
            reads,
        } = attempted;
        cost = (cost.0 + bytes_read, cost.1 + reads);
        match attempt {
            Attempt::Read(reading) => {
                let verdict = verdict::of_reading(&meta.name, &reading, app.size_limit);
                return finished(record, &meta, change, verdict, Some(*reading), cost, now);
            }
            Attempt::Failed(verdict) => return ended(record, &meta, change, verdict, cost, now),
            Attempt::Gone => return gone(record, &meta, cost, now),
            Attempt::Changed => match app.connector.stat(&meta.file).await {
                Ok(present) => {
                    meta = present.clone();
                    change = Some(Change::Upserted(present));
                }
                Err(error) if error.kind() == labeld_connector::ErrorKind::NotFound => {
                    return gone(record, &meta, cost, now);
                }
                Err(error) => {
                    let verdict = Verdict::of(Reason::FetchFailed).with_detail(error_chain(&error));
                    return ended(record, &meta, change, verdict, cost, now);
                }
            },
        }
    }
    let verdict =
        Verdict::of(Reason::FetchFailed).with_detail("it keeps changing while it is read");
    ended(record, &meta, change, verdict, cost, now)
}

/// The listing entry that a record was made from.
fn listed(record: &FileRecord) -> FileMeta {
    FileMeta {
        file: record.file.clone(),
        name: record.name.clone(),
        folder: record.folder.clone(),
        // Not known here, and not needed: a file that has changed is looked at anew.
        parent: None,
        kind: record.kind,
        size: record.size,
        version: record.version.clone(),
        created: record.created,
        modified: record.modified,
        owner: record.owner.clone(),
        exposure: record.exposure,
        own_write: None,
        barrier: record.barrier,
    }
}

fn gone(record: &FileRecord, meta: &FileMeta, cost: (u64, u32), now: DateTime<Utc>) -> Scanned {
    let change = Some(Change::Removed(meta.file.clone()));
    ended(
        record,
        meta,
        change,
        Verdict::of(Reason::FileDeleted),
        cost,
        now,
    )
}

/// A file of which nothing was read.
fn ended(
    record: &FileRecord,
    meta: &FileMeta,
    change: Option<Change>,
    verdict: Verdict,
    cost: (u64, u32),
    now: DateTime<Utc>,
) -> Scanned {
    finished(record, meta, change, verdict, None, cost, now)
}

fn finished(
    record: &FileRecord,
    meta: &FileMeta,
    change: Option<Change>,
    verdict: Verdict,
    reading: Option<Reading>,
    (bytes_read, reads): (u64, u32),
    now: DateTime<Utc>,
) -> Scanned {
    let outcome = verdict.reason.map_or(FileState::Ok.as_str(), Reason::code);
    let try_again = verdict.reason.is_some_and(Reason::is_error);
    let format = reading.as_ref().and_then(|reading| reading.format);
    let protection = reading
        .as_ref()
        .map(|reading| reading.protection.clone())
        .unwrap_or_default();
    let facts = FileFacts {
        version: meta.version.clone(),
        reader: if try_again { NO_READER } else { READER_VERSION },
        read_at: now,
        format: format.map(|format| format.name().to_owned()),
        state: verdict.state.as_str().to_owned(),
        reason: verdict.reason.map(|reason| reason.code().to_owned()),
        detail: verdict.detail,
        protection: protection.kind.name().to_owned(),
        protection_detail: details(&protection),
        signed: reading
            .as_ref()
            .is_some_and(|reading| reading.signatures.signed),
        bytes_read,
        reads,
        labels: reading
            .map(|reading| reading.labels)
            .unwrap_or_default()
            .iter()
            .map(label)
            .collect(),
    };
    Scanned {
        file: record.id,
        facts,
        size: meta.size,
        change,
        outcome,
    }
}

/// The protection without its kind, which has a column of its own.
fn details(protection: &labeld_formats::Protection) -> serde_json::Value {
    let mut details = serde_json::to_value(protection).unwrap_or_default();
    if let Some(fields) = details.as_object_mut() {
        fields.remove("kind");
    }
    details
}

fn label(label: &Label) -> FileLabel {
    FileLabel {
        site_id: label.site_id,
        id: label.id,
        effective: label.effective,
        document: serde_json::to_value(label).unwrap_or_default(),
    }
}

async fn store(
    db: &Db,
    app: &App,
    state: &mut RunState,
    results: Vec<Scanned>,
    foreign: &mut ForeignLabels,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    let now = clock.now();
    let mut changes = Vec::new();
    let mut facts = Vec::with_capacity(results.len());
    let mut outcomes = Vec::with_capacity(results.len());
    for scanned in results {
        let counters = &mut state.counters;
        counters.read += u64::from(scanned.facts.reads > 0);
        counters.bytes_read += scanned.facts.bytes_read;
        counters.reads += u64::from(scanned.facts.reads);
        counters.bytes_of_files += if scanned.facts.reads > 0 {
            scanned.size
        } else {
            0
        };
        for label in &scanned.facts.labels {
            foreign.see(label, now);
        }
        changes.extend(scanned.change);
        outcomes.push((scanned.file, scanned.outcome));
        facts.push((scanned.file, scanned.facts));
    }
    let tx = db.begin().await?;
    files::apply_changes(&tx, state.app, &changes, now).await?;
    files::store_facts(&tx, &facts).await?;
    runs::record_outcomes(&tx, state.run, &outcomes).await?;
    foreign.store(&tx, app).await?;
    runs::set_progress(&tx, state.run, Phase::Reading, &state.counters).await?;
    tx.commit().await
}
