//! Everything that one configuration sets going, under one registration with the store. A reload, or a lost lease, ends
//! it and begins another.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, RwLock};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::audit;
use super::govern::keep_governing;
use super::pause::Pause;
use super::schedule::Timing;
use super::shared::Shared;
use super::tasks::{self, Due, Task, TaskFailure};
use crate::apps::{self, Organisation};
use crate::clock::Clock;
use crate::config::{Config, PaceConfig, SchedulesConfig, ServiceConfig};
use crate::model::{AppName, TenantName};
use crate::pipeline::calls::CallBudgets;
use crate::pipeline::govern::TenantRules;
use crate::pipeline::label_sync::{self, ListSource, SyncEnd};
use crate::pipeline::scan::scan_waiting;
use crate::pipeline::{
    App, CrashMarkers, MarkerError, MemoryBudget, ScanSettings, StageError, StopSignal, Work,
    error_chain,
};
use crate::pipeline::{exposure, poll, poll_task, subscriptions};
use crate::store::Db;
use crate::store::workers::{self, WorkerId};

/// An app that is worked on.
#[derive(Debug, Clone)]
pub(super) struct Served {
    pub(super) app: App,
    pub(super) settings: ScanSettings,
    pub(super) work: Work,
    /// By which it is decided what is written to it.
    pub(super) rules: Arc<TenantRules>,
    pace: PaceConfig,
    schedules: SchedulesConfig,
    /// Whether its change notifications are taken.
    wants_hints: bool,
}

/// An app that cannot be worked on.
#[derive(Debug, Clone)]
pub(super) struct Unserved {
    pub(super) tenant: TenantName,
    pub(super) app: AppName,
    /// Why, in words.
    pub(super) why: String,
}

/// A tenant's label list.
#[derive(Debug, Clone)]
pub(super) struct Labels {
    pub(super) tenant: TenantName,
    pub(super) site_id: Option<Uuid>,
    pub(super) source: ListSource,
    schedules: SchedulesConfig,
}

/// An app that can be worked on.
#[derive(Debug)]
struct SuppliedApp {
    app: App,
    settings: ScanSettings,
    rules: Arc<TenantRules>,
    pace: PaceConfig,
    schedules: SchedulesConfig,
    wants_hints: bool,
}

/// What a configuration names, ready to be worked on.
#[derive(Debug, Default)]
pub(super) struct Supplied {
    apps: Vec<SuppliedApp>,
    pub(super) unserved: Vec<Unserved>,
    labels: Vec<Labels>,
}

impl Supplied {
    /// Makes the apps and label lists. Blocks while secrets are fetched.
    pub(super) fn of(config: &Config, budgets: &CallBudgets) -> Self {
        let mut supplied = Self::default();
        for tenant in &config.tenants {
            let organisation = Organisation::new(config, tenant).with_budgets(budgets.clone());
            if let Some(source) = organisation.label_list() {
                supplied.labels.push(Labels {
                    tenant: tenant.name.clone(),
                    site_id: tenant.id,
                    source,
                    schedules: tenant.schedules.clone(),
                });
            }
            let settings = ScanSettings {
                coauthoring: apps::coauthoring(tenant),
                side_by_side: config.service.scans,
            };
            let rules = Arc::new(apps::tenant_rules(config, tenant));
            for app in tenant.apps() {
                match organisation.app(app) {
                    Ok(made) => supplied.apps.push(SuppliedApp {
                        app: made,
                        settings,
                        rules: Arc::clone(&rules),
                        pace: app.pace(),
                        schedules: tenant.schedules.clone(),
                        wants_hints: config.http.webhooks.is_some() && tenant.wants_hints(app),
                    }),
                    Err(error) => supplied.unserved.push(Unserved {
                        tenant: tenant.name.clone(),
                        app: app.name().clone(),
                        why: error_chain(&error),
                    }),
                }
            }
        }
        supplied
    }
}

/// What outlives a generation: one of each in a process.
#[derive(Debug, Clone)]
pub(super) struct Foundation {
    pub(super) db: Db,
    pub(super) budget: Arc<MemoryBudget>,
    pub(super) markers: Arc<CrashMarkers>,
    /// Calls that apps may make in a month.
    pub(super) calls: CallBudgets,
}

impl Foundation {
    pub(super) async fn lay(
        db: Db,
        clock: Arc<dyn Clock>,
        service: &ServiceConfig,
    ) -> Result<Self, MarkerError> {
        let markers = CrashMarkers::open(&service.state_dir, &db).await?;
        Ok(Self {
            budget: Arc::new(MemoryBudget::new(service.memory)),
            markers: Arc::new(markers),
            calls: CallBudgets::new(db.clone(), clock),
            db,
        })
    }
}

/// Everything that one configuration sets going.
#[derive(Debug)]
pub(super) struct Generation {
    /// What its apps share, and what ends it.
    pub(super) work: Work,
    pub(super) apps: Vec<Served>,
    pub(super) unserved: Vec<Unserved>,
    pub(super) labels: Vec<Labels>,
    /// Whoever works for a client holds a share of it, so that the end can be waited for.
    pub(super) guests: Arc<RwLock<()>>,
    /// Its tasks by name, each with what wakes it.
    pub(super) nudges: BTreeMap<String, Arc<Notify>>,
}

/// A generation that is under way.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) generation: Arc<Generation>,
    tasks: JoinSet<()>,
    dead_since: Option<Instant>,
}

/// Pause before everything is begun anew after a part has died: what kills it may do so at once.
const AFTER_DEATH: Duration = Duration::from_secs(5);

impl Running {
    /// Begins, as a worker that is registered with the store.
    pub(super) fn begin(
        shared: &Arc<Shared>,
        foundation: &Foundation,
        worker: WorkerId,
        supplied: Supplied,
    ) -> Self {
        let work = Work::new(
            foundation.db.clone(),
            worker,
            Arc::clone(&shared.clock),
            StopSignal::default(),
            Arc::clone(&foundation.budget),
            Arc::clone(&foundation.markers),
        );
        let serve = |supplied: SuppliedApp| Served {
            app: supplied.app,
            settings: supplied.settings,
            rules: supplied.rules,
            pace: supplied.pace,
            schedules: supplied.schedules,
            wants_hints: supplied.wants_hints,
            work: Work {
                queued: Arc::default(),
                undecided: Arc::default(),
                unreturned: Arc::default(),
                ..work.clone()
            },
        };
        let apps: Vec<Served> = supplied.apps.into_iter().map(serve).collect();
        let mut list: Vec<(Task, Work)> = Vec::new();
        for served in &apps {
            let tasks = app_tasks(served);
            let tasks = tasks.chain(served.wants_hints.then(|| subscribe_task(served)));
            list.extend(tasks.map(|task| (task, served.work.clone())));
        }
        for labels in &supplied.labels {
            list.push((label_task(labels, &work), work.clone()));
        }
        let nudges = list
            .iter()
            .map(|(task, _)| (task.name.clone(), Arc::clone(&task.nudge)))
            .collect();
        for unserved in &supplied.unserved {
            let Unserved { tenant, app, why } = unserved;
            tracing::error!("{tenant}/{app} is left out: {why}");
        }
        let generation = Arc::new(Generation {
            work,
            apps,
            unserved: supplied.unserved,
            labels: supplied.labels,
            guests: Arc::default(),
            nudges,
        });
        // First, so that who asks for a subscription finds whoever confirms it.
        shared.update(|present| present.generation = Some(Arc::clone(&generation)));
        let mut tasks = JoinSet::new();
        for (task, work) in list {
            tasks.spawn(tasks::keep(task, Arc::clone(shared), work));
        }
        for served in &generation.apps {
            tasks.spawn(keep_scanning(served.clone(), Arc::clone(shared)));
            tasks.spawn(keep_governing(served.clone(), Arc::clone(shared)));
        }
        tasks.spawn(audit::keep(Arc::clone(shared), generation.work.clone()));
        Self {
            generation,
            tasks,
            dead_since: None,
        }
    }

    /// Waits until one of its tasks has died, which none should, and a while longer; forever where none does. May be
    /// dropped and called again.
    pub(super) async fn died(&mut self) {
        while self.dead_since.is_none() {
            match self.tasks.join_next().await {
                Some(Err(error)) if error.is_panic() => {
                    tracing::error!("a part of the service has died: {error}");
                    self.dead_since = Some(Instant::now());
                }
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
        if let Some(since) = self.dead_since {
            tokio::time::sleep_until((since + AFTER_DEATH).into()).await;
        }
    }

    /// Brings what is under way to an end and gives back what is held. What has not ended after `patience` is broken off:
    /// whatever it has not stored is done again.
    pub(super) async fn end(mut self, shared: &Shared, patience: Duration) {
        self.generation.work.stop.stop();
        let drained = async {
            while self.tasks.join_next().await.is_some() {}
            drop(self.generation.guests.write().await);
        };
        if tokio::time::timeout(patience, drained).await.is_err() {
            tracing::warn!("not everything came to an end in time; what is missing is done again");
            self.tasks.shutdown().await;
        }
        let Work { db, worker, .. } = &self.generation.work;
        if let Err(error) = workers::leave(db, *worker, shared.clock.now()).await {
            // Whoever comes next takes it over when the lease has run out.
            tracing::warn!(
                "cannot give back what was being done: {}",
                error_chain(&error)
            );
        }
    }
}

/// How often it is looked whether subscriptions to change notifications end soon.
const SUBSCRIBE_EVERY: Duration = Duration::from_secs(6 * 60 * 60);

/// The name of an app's task.
fn task_name(what: &str, whom: &dyn Display) -> String {
    format!("{what}:{whom}")
}

fn app_tasks(served: &Served) -> impl Iterator<Item = Task> {
    let Served {
        app,
        work,
        pace,
        schedules,
        ..
    } = served.clone();
    let poll = {
        let name = poll_task(&app);
        let (work, app) = (work.clone(), app.clone());
        task(name, Timing::every(pace.poll), move |_| {
            let (work, app) = (work.clone(), app.clone());
            async move { Ok(poll::poll(&work, &app).await.map(drop)?) }
        })
    };
    let reconcile = {
        let (work, app) = (work.clone(), app.clone());
        let timing = Timing::at(&schedules.reconcile, schedules.jitter);
        task(task_name("reconcile", &app), timing, move |due| {
            let (work, app) = (work.clone(), app.clone());
            // Feeds that were listed since it was due, before a stop or a crash, are left out.
            async move { Ok(poll::reconcile(&work, &app, due).await.map(drop)?) }
        })
    };
    let timing = Timing::at(&schedules.exposure, schedules.jitter);
    let exposure = task(task_name("exposure", &app), timing, move |_| {
        let (work, app) = (work.clone(), app.clone());
        async move { Ok(exposure::refresh_exposure(&work, &app).await.map(drop)?) }
    });
    [poll, reconcile, exposure].into_iter()
}

fn subscribe_task(served: &Served) -> Task {
    let (work, app) = (served.work.clone(), served.app.clone());
    let timing = Timing::every(SUBSCRIBE_EVERY);
    task(subscribe_task_name(&app), timing, move |_| {
        let (work, app) = (work.clone(), app.clone());
        async move { Ok(subscriptions::subscribe(&work, &app).await.map(drop)?) }
    })
}

/// The task that keeps an app's subscriptions to change notifications.
fn subscribe_task_name(app: &dyn Display) -> String {
    task_name("subscribe", app)
}

fn label_task(labels: &Labels, work: &Work) -> Task {
    let timing = Timing::at(&labels.schedules.label_sync, labels.schedules.jitter).begun_at_once();
    let name = task_name("label_sync", &labels.tenant);
    let (labels, work) = (labels.clone(), work.clone());
    task(name, timing, move |_| {
        let (labels, work) = (labels.clone(), work.clone());
        async move {
            let Labels {
                tenant,
                site_id,
                source,
                ..
            } = &labels;
            let ended = label_sync::run(&work.db, tenant, *site_id, source, &*work.clock).await?;
            match ended {
                SyncEnd::Done(_) | SyncEnd::Overtaken => Ok(()),
                SyncEnd::Failed(error) => Err(TaskFailure::Other(error_chain(&error))),
            }
        }
    })
}

fn task<F>(name: String, timing: Timing, run: impl Fn(Due) -> F + Send + Sync + 'static) -> Task
where
    F: Future<Output = Result<(), TaskFailure>> + Send + 'static,
{
    Task {
        name,
        timing,
        nudge: Arc::default(),
        run: Box::new(move |due| Box::pin(run(due))),
    }
}

/// Scans an app's files as they come into the queue, until the stop.
async fn keep_scanning(served: Served, shared: Arc<Shared>) {
    let Served {
        app,
        settings,
        work,
        ..
    } = served;
    while shared.store.usable(&work.stop).await {
        let pause = match scan_waiting(&work, &app, settings).await {
            Ok(scanned) => Pause::Work(scanned.next_due),
            Err(StageError::Stopped | StageError::LeaseLost { .. }) => Pause::Stop,
            Err(StageError::Store(error)) if shared.store.note(&error) => Pause::Work(None),
            Err(error) => {
                tracing::error!("scanning {app}: {}", error_chain(&error));
                Pause::Error
            }
        };
        pause.wait(&work, &work.queued).await;
    }
}
