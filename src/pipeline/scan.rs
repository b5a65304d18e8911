//! Working off an app's queue: gates, ranged reads, and facts, outcomes and the ends of jobs in one transaction.
//!
//! Files are claimed, read and stored in batches that overlap, so that one slow file holds up no other. Whatever is claimed
//! and not ended is given back: at a stop, at an error, and where the store did not answer then, by the next scan.

mod batch;
mod file;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use labeld_connector::{Error, FileRef, Version};
use labeld_formats::TenantKnowledge;
use tokio::task::{self, JoinError, JoinSet};
use tokio::time::Instant;

use self::batch::{Batch, Ended};
use self::file::{Outcome, scan_file};
use super::knowledge::knowledge;
use super::learn::ForeignLabels;
use super::poll::app_id;
use super::{App, MOST_CONFLICTS, ScanSettings, StageError, Work, verdict};
use crate::crash_points::{self, CrashPoint};
use crate::model::inventory::FileId;
use crate::store::apps::AppId;
use crate::store::queue::{self, Job, JobEnd};
use crate::store::runs::{Counters, RunId};

/// Files that are claimed at a time, and whose facts share a transaction.
const BATCH: u32 = 256;

/// How long a file that was read waits for others to be stored with it.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How long readings may go on after a stop was asked for.
const GRACE: Duration = Duration::from_secs(10);

/// Claims after which the label catalogue is looked at again.
const CLAIMS_PER_KNOWLEDGE: u32 = 64;

/// Files in a row that the app fails to give, after which the app has failed and not the files.
const MOST_FAILURES: u32 = 24;

/// What a scan did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scanned {
    /// Files that got facts.
    pub files: u64,
    /// When the next file of the app is due; `None` for an empty queue.
    pub next_due: Option<DateTime<Utc>>,
}

/// Scans the app's files that are due, changed ones first, until none is left.
///
/// # Errors
///
/// What the store says, the stop, or a lost lease; what the app says where it fails file after file. Files under way are
/// given back.
pub async fn scan_waiting(
    work: &Work,
    app: &App,
    settings: ScanSettings,
) -> Result<Scanned, StageError> {
    let mut scan = Scan::begin(work, app, settings, None).await?;
    scan.run(&mut |_| {}).await?;
    Ok(Scanned {
        files: scan.files,
        next_due: queue::next_due(&work.db, scan.app_id).await?,
    })
}

/// The run that a rescan scans for.
#[derive(Debug)]
pub(super) struct RunProgress {
    pub(super) id: RunId,
    pub(super) counters: Counters,
}

/// Scans the files of a run that are due and have no outcome; `done` is told of each batch. Files that others are at are
/// left to them.
///
/// # Errors
///
/// What the store says, the stop, or a lost lease. A file that the app does not give ends with that as its outcome.
pub(super) async fn scan_run(
    work: &Work,
    app: &App,
    settings: ScanSettings,
    run: &mut RunProgress,
    done: &mut (dyn FnMut(u64) + Send),
) -> Result<(), StageError> {
    let mut scan = Scan::begin(work, app, settings, Some(run)).await?;
    scan.run(done).await
}

/// A scan under way.
struct Scan<'a> {
    work: &'a Work,
    app: Arc<App>,
    app_id: AppId,
    settings: ScanSettings,
    run: Option<&'a mut RunProgress>,
    known: Arc<TenantKnowledge>,
    foreign: ForeignLabels,
    claims: u32,
    waiting: VecDeque<Job>,
    reading: JoinSet<Option<Outcome>>,
    held: HashMap<task::Id, Job>,
    ended: Vec<Ended>,
    store_at: Option<Instant>,
    failures: u32,
    files: u64,
}

impl<'a> Scan<'a> {
    async fn begin(
        work: &'a Work,
        app: &App,
        settings: ScanSettings,
        run: Option<&'a mut RunProgress>,
    ) -> Result<Self, StageError> {
        let app_id = app_id(&work.db, app).await?;
        give_back_unreturned(work).await?;
        Ok(Self {
            known: Arc::new(knowledge(&work.db, app, settings.coauthoring).await?),
            foreign: ForeignLabels::load(&work.db, app).await?,
            work,
            app: Arc::new(app.clone()),
            app_id,
            settings,
            run,
            claims: 0,
            waiting: VecDeque::new(),
            reading: JoinSet::new(),
            held: HashMap::new(),
            ended: Vec::new(),
            store_at: None,
            failures: 0,
            files: 0,
        })
    }

    async fn run(&mut self, done: &mut (dyn FnMut(u64) + Send)) -> Result<(), StageError> {
        let outcome = self.work_through(done).await;
        if let Err(StageError::Stopped | StageError::App(_)) = outcome {
            self.wind_up(done).await?;
        }
        outcome
    }

    async fn work_through(&mut self, done: &mut (dyn FnMut(u64) + Send)) -> Result<(), StageError> {
        let mut is_dry = false;
        loop {
            if self.work.stop.is_stopped() {
                return Err(StageError::Stopped);
            }
            if !is_dry && self.waiting.len() < self.settings.side_by_side {
                is_dry = self.claim().await? == 0;
            }
            self.start_reading();
            if self.reading.is_empty() {
                // What was stored may have made files due once more.
                if !self.store(done).await? && is_dry {
                    return Ok(());
                }
                is_dry = false;
                continue;
            }
            let store_at = self.store_at;
            let stop = &self.work.stop;
            tokio::select! {
                Some(read) = self.reading.join_next_with_id() => self.take(read)?,
                () = stop.stopped() => return Err(StageError::Stopped),
                () = until(store_at) => {
                    self.store(done).await?;
                    is_dry = false;
                }
            }
            if self.ended.len() >= BATCH as usize {
                self.store(done).await?;
                is_dry = false;
            }
        }
    }

    /// Claims the next files; how many.
    async fn claim(&mut self) -> Result<usize, StageError> {
        let (work, run) = (self.work, self.run.as_ref().map(|run| run.id));
        let now = work.clock.now();
        let jobs = queue::claim(&work.db, self.app_id, work.worker, run, BATCH, now).await?;
        let count = jobs.len();
        if count > 0 {
            crash_points::pass(CrashPoint::AfterClaim);
        }
        let to_read: Vec<(FileRef, Version)> = jobs
            .iter()
            .filter(|job| verdict::of_target(&job.file).is_none())
            .map(|job| (job.file.file.clone(), job.file.version.clone()))
            .collect();
        self.waiting.extend(jobs);
        if !to_read.is_empty() {
            self.app.connector.prepare(&to_read).await;
        }
        self.claims += 1;
        if self.claims.is_multiple_of(CLAIMS_PER_KNOWLEDGE) {
            let known = knowledge(&work.db, &self.app, self.settings.coauthoring).await?;
            self.known = Arc::new(known);
        }
        Ok(count)
    }

    fn start_reading(&mut self) {
        while self.reading.len() < self.settings.side_by_side.max(1) {
            let Some(job) = self.waiting.pop_front() else {
                return;
            };
            let (work, app) = (self.work.clone(), Arc::clone(&self.app));
            let (known, file) = (Arc::clone(&self.known), job.clone());
            let handle = self
                .reading
                .spawn(async move { scan_file(&work, &app, &file, &known).await });
            self.held.insert(handle.id(), job);
        }
    }

    /// Takes what a reading came to.
    ///
    /// # Errors
    ///
    /// What the app said, where it has failed for many files in a row.
    fn take(
        &mut self,
        read: Result<(task::Id, Option<Outcome>), JoinError>,
    ) -> Result<(), StageError> {
        let (id, outcome) = match read {
            Ok(read) => read,
            Err(error) => {
                tracing::error!("a reading task died: {error}");
                (error.id(), None)
            }
        };
        let Some(job) = self.held.remove(&id) else {
            return Ok(());
        };
        let mut outcome = outcome;
        let failure = outcome.as_mut().and_then(|outcome| outcome.failure.take());
        let wait = failure.as_ref().and_then(Error::retry_after);
        self.store_at
            .get_or_insert_with(|| Instant::now() + LONGEST_WAIT);
        self.ended.push(Ended { job, outcome, wait });
        match failure {
            None => self.failures = 0,
            Some(_) => self.failures += 1,
        }
        match failure {
            Some(error) if self.run.is_none() && self.failures >= MOST_FAILURES => {
                Err(error.into())
            }
            _ => Ok(()),
        }
    }

    /// Stores what has ended; whether there was anything.
    async fn store(&mut self, done: &mut (dyn FnMut(u64) + Send)) -> Result<bool, StageError> {
        self.store_at = None;
        if self.ended.is_empty() {
            return Ok(false);
        }
        let now = self.work.clock.now();
        let batch = Batch::of(&self.ended, &mut self.foreign, now);
        let mut run = self.run.as_ref().map(|run| (run.id, run.counters));
        if let Some((_, counters)) = &mut run {
            batch.add_to(counters);
        }
        let mut conflicts = 0;
        loop {
            match batch.store(self.work, &self.app, self.app_id, run).await {
                Err(StageError::Store(error))
                    if error.is_conflict() && conflicts < MOST_CONFLICTS =>
                {
                    conflicts += 1;
                }
                stored => break stored?,
            }
        }
        if let (Some(progress), Some((_, counters))) = (&mut self.run, run) {
            progress.counters = counters;
        }
        self.work.undecided.notify_one();
        batch.tell(&self.app);
        self.ended.clear();
        self.files += batch.files();
        done(batch.files());
        Ok(true)
    }

    /// Waits a while for the readings under way, and gives back what was not read.
    async fn wind_up(&mut self, done: &mut (dyn FnMut(u64) + Send)) -> Result<(), StageError> {
        let until = Instant::now() + GRACE;
        while let Ok(Some(read)) =
            tokio::time::timeout_at(until, self.reading.join_next_with_id()).await
        {
            // That the app fails is known by now, where it does.
            let _ = self.take(read);
        }
        self.reading.shutdown().await;
        self.store(done).await?;
        let jobs = self.waiting.iter().chain(self.held.values());
        let files: Vec<FileId> = jobs.map(|job| job.file.id).collect();
        give_back(self.work, &files).await?;
        self.waiting.clear();
        self.held.clear();
        Ok(())
    }
}

impl Drop for Scan<'_> {
    /// Whatever is still held was not given back, because the store failed or the scan was dropped.
    fn drop(&mut self) {
        let jobs = self.waiting.iter().chain(self.held.values());
        let jobs = jobs.chain(self.ended.iter().map(|ended| &ended.job));
        self.work.unreturned.add(jobs.map(|job| job.file.id));
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

async fn give_back_unreturned(work: &Work) -> Result<(), StageError> {
    let files = work.unreturned.take();
    let given_back = give_back(work, &files).await;
    if given_back.is_err() {
        work.unreturned.add(files);
    }
    given_back
}

async fn give_back(work: &Work, files: &[FileId]) -> Result<(), StageError> {
    if files.is_empty() {
        return Ok(());
    }
    let ends: Vec<(FileId, JobEnd)> = files.iter().map(|file| (*file, JobEnd::Released)).collect();
    let tx = work.db.begin().await?;
    queue::finish(&tx, work.worker, &ends).await?;
    tx.commit().await?;
    Ok(())
}
