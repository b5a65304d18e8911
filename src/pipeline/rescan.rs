//! The one-shot: the stages of the service, and then the accounting identity (rules §5). Resumable at any point.
//!
//! A rescan walks the app's feeds when nobody else does, enqueues the files of its scope that were not read, and scans what
//! it can claim of them. Others may scan them as well, and it may scan for others: whoever reads a file gives it its
//! outcome in all runs. The rescan is over when each file of its own run has one.

mod acting;

use std::time::Duration;

use chrono::{DateTime, Utc};
use labeld_formats::READER_VERSION;
use serde::{Deserialize, Serialize};

pub use self::acting::{Governed, Governing};
use super::discover::{Listing, Purpose, discover};
use super::lease::{FeedLease, pause};
use super::owners::look_up_owners;
use super::poll::app_id;
use super::scan::{RunProgress, scan_run};
use super::{App, ScanSettings, StageError, Work};
use crate::store::apps::AppId;
use crate::store::files::{self, FileQuery, Span};
use crate::store::runs::{self, Counters, OutcomeCount, Phase, Reuse, Run, RunId};
use crate::store::{StoreError, queue, tasks, workers};

/// Which files a rescan reads. Two runs with the same scope are the same run, the second resuming the first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// Only files whose path matches.
    pub path: Option<String>,
    /// Only files modified at or after this time.
    pub modified_since: Option<DateTime<Utc>>,
    /// Only files not known to have a label.
    pub unlabelled: bool,
    /// Also files whose version was read before.
    pub reread: bool,
}

impl Scope {
    fn query(&self, app: &App) -> FileQuery {
        FileQuery {
            tenant: Some(app.tenant.clone()),
            app: Some(app.name.clone()),
            path: self.path.clone(),
            modified: Span {
                from: self.modified_since,
                to: None,
            },
            not_known_labelled: self.unlabelled,
            ..FileQuery::default()
        }
    }

    /// What tells two runs apart. A time counts from when the run was started, so that "7d" of today
    /// resumes "7d" of yesterday.
    fn identity(&self) -> String {
        let told = Self {
            modified_since: self.modified_since.map(|_| DateTime::UNIX_EPOCH),
            ..self.clone()
        };
        serde_json::to_string(&told).unwrap_or_default()
    }
}

/// What is going on, for a person who watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// An unfinished run is taken up again.
    Resuming,
    /// So many entries were listed so far.
    Listed(u64),
    /// So many files are to be read.
    ToRead(u64),
    /// So many more files have their outcome.
    Read(u64),
    /// So many files are to be written.
    ToWrite(u64),
    /// So many more of them were looked at.
    Written(u64),
}

/// What a finished run found.
#[derive(Debug)]
pub struct Finished {
    /// Files by outcome; no `None` among them.
    pub outcomes: Vec<OutcomeCount>,
    /// Files in scope, counted in the inventory and not from the outcomes.
    pub in_scope: u64,
    /// Sums of the run.
    pub counters: Counters,
    /// Folders that could not be listed, with reason codes.
    pub unreadable: Vec<(String, String)>,
    /// What the policies have made of the files.
    pub governed: Governed,
}

/// How long to wait before looking again for files that another worker is at.
const PAUSE: Duration = Duration::from_millis(250);

/// Runs, or goes on with, a rescan of one app that reads, decides and acts. Waits while another worker walks the app's feeds or
/// carries out what is wanted in it, and for files that others are at. Without `governing` it only reads.
///
/// # Errors
///
/// What the app or the store says, the stop, or a lost lease. Everything up to then is stored; the same call goes on.
pub async fn rescan_and_govern(
    work: &Work,
    app: &App,
    scope: &Scope,
    settings: ScanSettings,
    governing: Option<&Governing>,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<Finished, StageError> {
    let app_id = app_id(&work.db, app).await?;
    let lease = FeedLease::take(work, app).await?;
    let begun = Rescan::begin(work, app, app_id, scope, watch).await;
    let mut rescan = match begun {
        Ok(rescan) => rescan,
        Err(error) => {
            lease.release(work).await?;
            return Err(error.into());
        }
    };
    let listed = rescan.list(watch).await;
    lease.release(work).await?;
    let done = match listed {
        Ok(()) => rescan.read(settings, governing, watch).await,
        Err(error) => Err(error),
    };
    rescan.end(matches!(done, Err(StageError::Stopped))).await?;
    done
}

/// [`rescan_and_govern`] that only reads.
///
/// # Errors
///
/// The same.
pub async fn rescan(
    work: &Work,
    app: &App,
    scope: &Scope,
    settings: ScanSettings,
    watch: &mut (dyn FnMut(Progress) + Send),
) -> Result<Finished, StageError> {
    rescan_and_govern(work, app, scope, settings, None, watch).await
}

/// A rescan under way.
struct Rescan<'a> {
    work: &'a Work,
    app: &'a App,
    app_id: AppId,
    query: FileQuery,
    /// What tells the run from others.
    identity: String,
    run: RunId,
    reuse: Reuse,
    counters: Counters,
    /// A list may be half way that was begun before: what its first pages told may have changed since.
    goes_on: bool,
}

impl<'a> Rescan<'a> {
    async fn begin(
        work: &'a Work,
        app: &'a App,
        app_id: AppId,
        scope: &Scope,
        watch: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Self, StoreError> {
        let reuse = if scope.reread {
            Reuse::Nothing
        } else {
            Reuse::Reader(READER_VERSION)
        };
        let identity = scope.identity();
        let unfinished = to_go_on_with(work, app_id, &identity).await?;
        let is_resumed = unfinished.is_some();
        let (run, counters) = match unfinished {
            Some(run) => {
                watch(Progress::Resuming);
                (run.id, run.counters)
            }
            None => (
                begin_run(work, app_id, &identity).await?,
                Counters::default(),
            ),
        };
        let tx = work.db.begin().await?;
        runs::set_progress(&tx, run, Phase::Enumerating, &counters).await?;
        runs::refresh_outcomes(&tx, run, reuse).await?;
        runs::take_over_enumerations(&tx, run, app_id, reuse).await?;
        let goes_on = is_resumed || runs::is_any_other_listing(&tx, app_id, run).await?;
        tx.commit().await?;
        Ok(Self {
            work,
            app,
            app_id,
            query: scope.query(app),
            identity,
            run,
            reuse,
            counters,
            goes_on,
        })
    }

    /// Brings the inventory up to date. After the rest of a list that was begun before the feeds are asked once more.
    async fn list(&mut self, watch: &mut (dyn FnMut(Progress) + Send)) -> Result<(), StageError> {
        let mut listing = Listing {
            app: self.app_id,
            run: Some(self.run),
            purpose: Purpose::Rescan,
            reuse: self.reuse,
            counters: self.counters,
            enqueued: 0,
            unreadable: 0,
        };
        let (work, app) = (self.work, self.app);
        let mut listed = |files| watch(Progress::Listed(files));
        let mut done = discover(work, app, &mut listing, &mut listed).await;
        if self.goes_on && done.is_ok() {
            done = discover(work, app, &mut listing, &mut listed).await;
        }
        self.counters = listing.counters;
        done?;
        look_up_owners(&work.db, app, self.app_id, &*work.clock).await?;
        Ok(())
    }

    /// Sees to it that every file of the scope has an outcome.
    async fn read(
        &mut self,
        settings: ScanSettings,
        governing: Option<&Governing>,
        watch: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<Finished, StageError> {
        let work = self.work;
        let tx = work.db.begin().await?;
        runs::include_known(&tx, self.run, self.app_id, self.reuse, &self.query).await?;
        runs::limit_scope(&tx, self.run, &self.query).await?;
        runs::set_progress(&tx, self.run, Phase::Reading, &self.counters).await?;
        let in_scope = files::count(&tx, &self.query).await?;
        queue::enqueue_run(&tx, self.run, work.clock.now()).await?;
        tx.commit().await?;
        self.read_all(settings, watch).await?;
        let governed = match governing {
            Some(governing) => self.govern(governing, watch).await?,
            None => Governed::default(),
        };
        let unreadable = runs::unreadable_folders(&work.db, self.run).await?;
        let tx = work.db.begin().await?;
        let outcomes = runs::finish(&tx, self.run, work.clock.now()).await?;
        tasks::forget(&tx, &run_task(self.run)).await?;
        tx.commit().await?;
        self.end_older().await?;
        Ok(Finished {
            outcomes,
            in_scope,
            counters: self.counters,
            unreadable,
            governed,
        })
    }

    async fn read_all(
        &mut self,
        settings: ScanSettings,
        watch: &mut (dyn FnMut(Progress) + Send),
    ) -> Result<(), StageError> {
        let work = self.work;
        let mut left = runs::pending_count(&work.db, self.run).await?;
        watch(Progress::ToRead(left));
        while left > 0 {
            let mut progress = RunProgress {
                id: self.run,
                counters: self.counters,
            };
            let mut done = |files| {
                left = left.saturating_sub(files);
                watch(Progress::Read(files));
            };
            let scanned = scan_run(work, self.app, settings, &mut progress, &mut done).await;
            self.counters = progress.counters;
            scanned?;
            let pending = self.settle().await?;
            if pending < left {
                watch(Progress::Read(left - pending));
            }
            left = pending;
            if left > 0 && !self.is_any_free().await? {
                self.wait().await?;
            }
        }
        Ok(())
    }

    /// Looks what others have done, and puts back into the queue what has fallen out of it; how many files have no
    /// outcome.
    async fn settle(&self) -> Result<u64, StoreError> {
        let tx = self.work.db.begin().await?;
        runs::settle(&tx, self.run, self.reuse).await?;
        queue::enqueue_run(&tx, self.run, self.work.clock.now()).await?;
        tx.commit().await?;
        runs::pending_count(&self.work.db, self.run).await
    }

    /// Whether there is a file of the run that this worker can claim.
    async fn is_any_free(&self) -> Result<bool, StoreError> {
        queue::has_due(&self.work.db, self.run, self.work.clock.now()).await
    }

    /// Waits for files that others are at.
    async fn wait(&self) -> Result<(), StageError> {
        pause(self.work, PAUSE).await?;
        let is_alive = workers::all(&self.work.db)
            .await?
            .iter()
            .any(|worker| worker.id == self.work.worker);
        if is_alive {
            Ok(())
        } else {
            Err(StageError::LeaseLost {
                what: format!("the rescan of {}", self.app),
            })
        }
    }

    /// Ends older runs of the scope that nobody is at: there is nothing left for them to do.
    async fn end_older(&self) -> Result<(), StoreError> {
        let work = self.work;
        for run in runs::all_unfinished(&work.db, self.app_id, &self.identity).await? {
            let task = run_task(run.id);
            if run.id < self.run && tasks::hold(&work.db, &task, work.worker).await? {
                let tx = work.db.begin().await?;
                runs::abandon(&tx, run.id, work.clock.now()).await?;
                tasks::forget(&tx, &task).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// Leaves the run to whoever goes on with it, where it is not over.
    async fn end(&self, is_interrupted: bool) -> Result<(), StoreError> {
        if is_interrupted {
            let tx = self.work.db.begin().await?;
            runs::mark_interrupted(&tx, self.run).await?;
            tx.commit().await?;
        }
        tasks::release(&self.work.db, &run_task(self.run), self.work.worker).await
    }
}

/// The name of a run's lease: two rescans of one scope at a time are two runs.
fn run_task(run: RunId) -> String {
    format!("rescan:{}", run.0)
}

/// A run of this scope that nobody is at.
async fn to_go_on_with(work: &Work, app: AppId, identity: &str) -> Result<Option<Run>, StoreError> {
    for run in runs::all_unfinished(&work.db, app, identity).await? {
        if tasks::hold(&work.db, &run_task(run.id), work.worker).await? {
            return Ok(Some(run));
        }
    }
    Ok(None)
}

async fn begin_run(work: &Work, app: AppId, identity: &str) -> Result<RunId, StoreError> {
    let tx = work.db.begin().await?;
    let run = runs::begin(&tx, app, identity, work.clock.now()).await?;
    tx.commit().await?;
    tasks::hold(&work.db, &run_task(run), work.worker).await?;
    Ok(run)
}
