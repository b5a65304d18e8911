//! A rescan on behalf of `labeld rescan`, which asks the running service because only one process may write to an SQLite
//! store. It is the same work, with news of it for the one who asked.

use std::fmt::Display;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::{StreamExt, stream};
use labeld_connector::ErrorKind;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::generation::{Generation, Served};
use super::shared::Shared;
use crate::model::{AppName, TenantName};
use crate::pipeline::rescan::{Finished, Governed, Governing, Progress, Scope, rescan_and_govern};
use crate::pipeline::{StageError, StopSignal, Work, error_chain, label_sync};
use crate::store::StoreError;
use crate::store::actions::ActionRunId;
use crate::store::decisions::Would;
use crate::store::runs::{Counters, OutcomeCount};

/// What is to be rescanned.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct RescanRequest {
    /// Only this tenant.
    pub tenant: Option<TenantName>,
    /// Only the app of this name.
    pub app: Option<AppName>,
    /// Which files.
    pub scope: Scope,
    /// It only says what it would do.
    #[serde(default)]
    pub observe: bool,
}

/// News of a rescan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RescanEvent {
    /// An app goes on.
    Progress {
        /// The app.
        app: AppKey,
        /// With what.
        progress: Progress,
    },
    /// An app is done.
    Finished {
        /// The app.
        app: AppKey,
        /// What was found.
        report: Box<Report>,
    },
    /// An app cannot be worked on; the others go on.
    AppFailed {
        /// The app.
        app: AppKey,
        /// What that means.
        failure: Failure,
        /// Why, in words.
        why: String,
    },
    /// An app was stopped in the middle; the same request goes on from there.
    Interrupted {
        /// The app.
        app: AppKey,
    },
    /// The rescan as a whole has failed.
    Failed {
        /// Why.
        error: String,
        /// The request makes no sense.
        is_usage: bool,
    },
    /// Nothing more comes.
    Ended,
}

/// An app by its names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppKey {
    /// The tenant's.
    pub tenant: TenantName,
    /// Its own.
    pub app: AppName,
}

/// Why an app could not be worked on, as far as the exit code tells it (product §1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// The app does not accept the credentials.
    Authentication,
    /// What the configuration names cannot be had.
    Configuration,
    /// The app asked to come back later.
    Throttled,
    /// Anything else.
    Other,
}

impl Failure {
    /// What an error of a connector means.
    #[must_use]
    pub fn of(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Unauthenticated => Self::Authentication,
            ErrorKind::Throttled => Self::Throttled,
            _ => Self::Other,
        }
    }
}

/// What a rescan of an app found: [`Finished`], as it is sent.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Report {
    outcomes: Vec<(Option<String>, u64)>,
    in_scope: u64,
    listed: u64,
    read: u64,
    bytes_read: u64,
    bytes_of_files: u64,
    reads: u64,
    unreadable: Vec<(String, String)>,
    action_run: Option<i64>,
    would: Vec<(String, u64)>,
    cap_paused_until: Option<DateTime<Utc>>,
}

impl From<Finished> for Report {
    fn from(finished: Finished) -> Self {
        let outcomes = finished.outcomes.into_iter();
        Self {
            outcomes: outcomes.map(|count| (count.outcome, count.files)).collect(),
            in_scope: finished.in_scope,
            listed: finished.counters.listed,
            read: finished.counters.read,
            bytes_read: finished.counters.bytes_read,
            bytes_of_files: finished.counters.bytes_of_files,
            reads: finished.counters.reads,
            unreadable: finished.unreadable,
            action_run: finished.governed.run.map(|run| run.0),
            would: finished
                .governed
                .would
                .into_iter()
                .map(|(would, files)| (would.as_str().to_owned(), files))
                .collect(),
            cap_paused_until: finished.governed.cap_paused_until,
        }
    }
}

impl From<Report> for Finished {
    fn from(report: Report) -> Self {
        let outcomes = report.outcomes.into_iter();
        Self {
            outcomes: outcomes
                .map(|(outcome, files)| OutcomeCount { outcome, files })
                .collect(),
            in_scope: report.in_scope,
            counters: Counters {
                listed: report.listed,
                read: report.read,
                bytes_read: report.bytes_read,
                bytes_of_files: report.bytes_of_files,
                reads: report.reads,
            },
            unreadable: report.unreadable,
            governed: Governed {
                run: report.action_run.map(ActionRunId),
                would: report
                    .would
                    .into_iter()
                    .filter_map(|(word, files)| Some((Would::from_word(&word)?, files)))
                    .collect(),
                cap_paused_until: report.cap_paused_until,
            },
        }
    }
}

/// Apps that are rescanned side by side.
const MOST_SIDE_BY_SIDE: usize = 4;

/// Why a rescan fails as a whole.
#[derive(Debug, thiserror::Error)]
enum RescanError {
    #[error("no such tenant or app is configured")]
    NoSuchApp,
    #[error(
        "the service is not ready: it waits for its store, or takes over another configuration"
    )]
    NotReady,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Rescans, with the news to `events`; [`RescanEvent::Ended`] is the last.
pub(super) async fn run(
    shared: Arc<Shared>,
    request: RescanRequest,
    stop: StopSignal,
    events: mpsc::Sender<RescanEvent>,
) {
    let stopping = stop_with_generation(&shared, stop.clone());
    if let Err(error) = run_apps(&shared, &request, &stop, &events).await {
        if let RescanError::Store(error) = &error {
            shared.store.note(error);
        }
        let failed = RescanEvent::Failed {
            error: error_chain(&error),
            is_usage: matches!(error, RescanError::NoSuchApp),
        };
        // Nobody is told where nobody listens any more.
        let _ = events.send(failed).await;
    }
    stopping.abort();
    let _ = events.send(RescanEvent::Ended).await;
}

/// A rescan ends with the configuration that it began with.
fn stop_with_generation(shared: &Shared, stop: StopSignal) -> tokio::task::JoinHandle<()> {
    let generation = shared.present().generation;
    tokio::spawn(async move {
        if let Some(generation) = generation {
            generation.work.stop.stopped().await;
            stop.stop();
        }
    })
}

async fn run_apps(
    shared: &Shared,
    request: &RescanRequest,
    stop: &StopSignal,
    events: &mpsc::Sender<RescanEvent>,
) -> Result<(), RescanError> {
    let generation = shared.present().generation.ok_or(RescanError::NotReady)?;
    let _guest = generation.guests.read().await;
    let apps: Vec<&Served> = generation
        .apps
        .iter()
        .filter(|served| request.means(&served.app.tenant, &served.app.name))
        .collect();
    let unserved = report_unserved(&generation, request, events).await;
    if apps.is_empty() && !unserved {
        return Err(RescanError::NoSuchApp);
    }
    for labels in &generation.labels {
        if apps.iter().any(|served| served.app.tenant == labels.tenant) {
            let (tenant, clock) = (&labels.tenant, &*shared.clock);
            // A list that cannot be had is told to the log and holds up no reading.
            let db = &generation.work.db;
            label_sync::run(db, tenant, labels.site_id, &labels.source, clock).await?;
        }
    }
    // Collected first: the compiler loses sight of the lifetimes of a stream that makes them.
    let runs: Vec<_> = apps
        .into_iter()
        .map(|served| {
            run_app(
                served.clone(),
                request.clone(),
                stop.clone(),
                events.clone(),
            )
        })
        .collect();
    let mut results = stream::iter(runs).buffered(MOST_SIDE_BY_SIDE);
    while let Some(ended) = results.next().await {
        let _ = events.send(ended?).await;
    }
    Ok(())
}

/// Tells of apps that cannot be worked on; whether there are any.
async fn report_unserved(
    generation: &Generation,
    request: &RescanRequest,
    events: &mpsc::Sender<RescanEvent>,
) -> bool {
    let mut any = false;
    for unserved in &generation.unserved {
        if request.means(&unserved.tenant, &unserved.app) {
            any = true;
            let event = RescanEvent::AppFailed {
                app: AppKey {
                    tenant: unserved.tenant.clone(),
                    app: unserved.app.clone(),
                },
                failure: Failure::Configuration,
                why: unserved.why.clone(),
            };
            let _ = events.send(event).await;
        }
    }
    any
}

async fn run_app(
    served: Served,
    request: RescanRequest,
    stop: StopSignal,
    events: mpsc::Sender<RescanEvent>,
) -> Result<RescanEvent, RescanError> {
    let Served {
        app,
        settings,
        work,
        rules,
        ..
    } = served;
    let governing = Governing {
        rules,
        observe: request.observe,
    };
    let work = Work { stop, ..work };
    let key = AppKey {
        tenant: app.tenant.clone(),
        app: app.name.clone(),
    };
    let mut teller = Teller {
        app: key.clone(),
        events,
        untold: 0,
    };
    let mut watch = |progress| teller.tell(progress);
    let governing = Some(&governing);
    let scope = &request.scope;
    match rescan_and_govern(&work, &app, scope, settings, governing, &mut watch).await {
        Ok(finished) => Ok(RescanEvent::Finished {
            app: key,
            report: Box::new(finished.into()),
        }),
        Err(StageError::Stopped | StageError::LeaseLost { .. }) => {
            Ok(RescanEvent::Interrupted { app: key })
        }
        Err(StageError::App(error)) => Ok(RescanEvent::AppFailed {
            app: key,
            failure: Failure::of(error.kind()),
            why: error_chain(&error),
        }),
        Err(StageError::Store(error)) => Err(error.into()),
    }
}

/// Passes progress on, as far as the client keeps up with it.
struct Teller {
    app: AppKey,
    events: mpsc::Sender<RescanEvent>,
    /// Files that were read and not told of.
    untold: u64,
}

impl Teller {
    fn tell(&mut self, progress: Progress) {
        let told = match progress {
            Progress::Read(files) => Progress::Read(files + self.untold),
            other => other,
        };
        let event = RescanEvent::Progress {
            app: self.app.clone(),
            progress: told,
        };
        let is_sent = self.events.try_send(event).is_ok();
        if let Progress::Read(files) = told {
            self.untold = if is_sent { 0 } else { files };
        }
    }
}

impl RescanRequest {
    fn means(&self, tenant: &TenantName, app: &AppName) -> bool {
        self.tenant.as_ref().is_none_or(|name| name == tenant)
            && self.app.as_ref().is_none_or(|name| name == app)
    }
}

impl Display for AppKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.tenant, self.app)
    }
}
