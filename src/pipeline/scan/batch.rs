//! Files that have been read and are stored together.

use std::time::Duration;

use chrono::{DateTime, Utc};
use labeld_connector::Change;

use super::file::{Outcome, poisoned};
use crate::crash_points::{self, CrashPoint};
use crate::model::Reason;
use crate::model::catalogue::CatalogueEntry;
use crate::model::inventory::{FileFacts, FileId};
use crate::pipeline::learn::ForeignLabels;
use crate::pipeline::retry::{MOST_CRASHES, job_end};
use crate::pipeline::{App, StageError, Work, apply};
use crate::store::apps::AppId;
use crate::store::queue::{self, Job, JobClass, JobEnd};
use crate::store::runs::{self, Counters, Phase, RunId};
use crate::store::{files, labels};
use crate::telemetry::{self, FetchPurpose, ScanResult};

/// A reading that has ended, in whatever way.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) job: Job,
    /// `None` where the reader crashed.
    pub(super) outcome: Option<Outcome>,
    /// How long the app asked to wait.
    pub(super) wait: Option<Duration>,
}

/// What goes into one transaction.
#[derive(Debug, Default)]
pub(super) struct Batch {
    changes: Vec<Change>,
    facts: Vec<(FileId, FileFacts)>,
    outcomes: Vec<(FileId, &'static str)>,
    ends: Vec<(FileId, JobEnd)>,
    crashed: Vec<FileId>,
    foreign: Vec<CatalogueEntry>,
    scans: Vec<Scan>,
    counters: Counters,
    now: DateTime<Utc>,
}

/// What is told of a file.
#[derive(Debug)]
struct Scan {
    file: FileId,
    class: JobClass,
    listed: DateTime<Utc>,
    attempt: u32,
    crashes: u32,
    reason: Option<Reason>,
    is_labelled: bool,
    end: JobEnd,
}

impl Batch {
    pub(super) fn of(ended: &[Ended], foreign: &mut ForeignLabels, now: DateTime<Utc>) -> Self {
        let mut batch = Self {
            now,
            ..Self::default()
        };
        for Ended { job, outcome, wait } in ended {
            match outcome {
                Some(outcome) => batch.add(job, outcome, *wait, foreign),
                // A crash that the process has survived is counted as one that it has not.
                None if job.crashes + 1 >= MOST_CRASHES => {
                    batch.add(job, &poisoned(job, now), None, foreign);
                }
                None => {
                    batch.crashed.push(job.file.id);
                    batch.ends.push((job.file.id, JobEnd::Released));
                }
            }
        }
        // In one order for all, so that two workers seldom wait for each other.
        batch.facts.sort_by_key(|(file, _)| *file);
        batch.foreign = foreign.fresh();
        batch
    }

    fn add(
        &mut self,
        job: &Job,
        outcome: &Outcome,
        wait: Option<Duration>,
        foreign: &mut ForeignLabels,
    ) {
        let (file, facts) = (outcome.file, &outcome.facts);
        let counters = &mut self.counters;
        counters.bytes_read += facts.bytes_read;
        counters.reads += u64::from(facts.reads);
        if facts.reads > 0 {
            counters.read += 1;
            counters.bytes_of_files += outcome.size;
        }
        for label in &facts.labels {
            foreign.see(label, self.now);
        }
        let end = job_end(file, outcome.reason, job.attempt, wait, self.now);
        self.changes.extend(outcome.change.clone());
        self.outcomes.push((file, outcome.code()));
        self.ends.push((file, end));
        self.scans.push(Scan {
            file,
            class: job.class,
            listed: job.listed,
            attempt: job.attempt,
            crashes: job.crashes,
            reason: outcome.reason,
            is_labelled: facts.labels.iter().any(|label| label.effective),
            end,
        });
        self.facts.push((file, facts.clone()));
    }

    /// Files that got facts.
    pub(super) fn files(&self) -> u64 {
        self.facts.len() as u64
    }

    /// Adds what the batch cost to the sums of a run.
    pub(super) fn add_to(&self, counters: &mut Counters) {
        counters.read += self.counters.read;
        counters.bytes_read += self.counters.bytes_read;
        counters.reads += self.counters.reads;
        counters.bytes_of_files += self.counters.bytes_of_files;
    }

    /// Stores everything; nothing where another worker has some of the files by now.
    pub(super) async fn store(
        &self,
        work: &Work,
        app: &App,
        app_id: AppId,
        run: Option<(RunId, Counters)>,
    ) -> Result<(), StageError> {
        let tx = work.db.begin().await?;
        files::apply_changes(&tx, app_id, &self.changes, self.now).await?;
        files::store_facts(&tx, &self.facts).await?;
        apply::land_late(&tx, &self.facts, &*work.clock).await?;
        runs::record_everywhere(&tx, app_id, &self.outcomes).await?;
        labels::put_external(&tx, &app.tenant, &self.foreign).await?;
        if !self.crashed.is_empty() {
            queue::note_crash(&tx, &self.crashed).await?;
        }
        let held = queue::finish(&tx, work.worker, &self.ends).await?;
        if held != self.ends.len() as u64 {
            return Err(StageError::LeaseLost {
                what: format!("files of {app}"),
            });
        }
        if let Some((run, counters)) = &run {
            runs::set_progress(&tx, *run, Phase::Reading, counters).await?;
        }
        crash_points::pass(CrashPoint::BeforeFactsCommit);
        tx.commit().await?;
        crash_points::pass(CrashPoint::AfterFactsCommit);
        Ok(())
    }

    /// Tells log and metrics.
    pub(super) fn tell(&self, app: &App) {
        let (tenant, app) = (&app.tenant, &app.name);
        telemetry::BytesFetched {
            tenant,
            app,
            purpose: FetchPurpose::Scan,
            bytes: self.counters.bytes_read,
        }
        .emit();
        for scan in &self.scans {
            telemetry::FileScanned {
                tenant,
                app,
                file: scan.file,
                result: scan.result(),
            }
            .emit();
            scan.tell_end(tenant, app, self.now);
            if scan.class == JobClass::Changed {
                telemetry::ChangeScanned {
                    tenant,
                    app,
                    file: scan.file,
                    seconds: (self.now - scan.listed).to_std().unwrap_or_default(),
                }
                .emit();
            }
        }
    }
}

impl Scan {
    fn result(&self) -> ScanResult {
        match (self.reason, self.end) {
            _ if self.is_labelled => ScanResult::Labelled,
            (None, _) => ScanResult::Unlabelled,
            (Some(Reason::FilePoison), _) | (_, JobEnd::Done) => ScanResult::Unreadable,
            (_, JobEnd::Retry { .. } | JobEnd::Released) => ScanResult::Failed,
        }
    }

    fn tell_end(
        &self,
        tenant: &crate::model::TenantName,
        app: &crate::model::AppName,
        now: DateTime<Utc>,
    ) {
        let (file, Some(reason)) = (self.file, self.reason) else {
            return;
        };
        match self.end {
            _ if reason == Reason::FilePoison => telemetry::FilePoisoned {
                tenant,
                app,
                file,
                crashes: self.crashes.max(MOST_CRASHES),
            }
            .emit(),
            JobEnd::Retry { due, .. } => telemetry::JobRetried {
                tenant,
                app,
                file,
                reason,
                attempt: self.attempt + 1,
                seconds: (due - now).to_std().unwrap_or_default(),
            }
            .emit(),
            JobEnd::Done | JobEnd::Released => telemetry::FileSkipped {
                tenant,
                app,
                file,
                reason,
            }
            .emit(),
        }
    }
}
