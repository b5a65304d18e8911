//! Gathering the state of the service, from what it knows and from the store.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::generation::Generation;
use super::shared::{Handle, Present, Shared};
use super::status::{
    AppStatus, ConfigStatus, FailingCheck, LabelListStatus, Phase, Status, StoreStatus, TaskStatus,
    WorkerStatus,
};
use super::store_watch::StoreState;
use crate::pipeline::error_chain;
use crate::store::queue::{Depth, JobClass};
use crate::store::tasks::TaskState;
use crate::store::{Db, StoreError, apps, labels, tasks, workers};

/// A task that has failed since longer than this is told as a failing check; before that it is a hiccup.
const LONG_FAILURE: TimeDelta = TimeDelta::hours(1);

/// A task that is due since longer than this is late.
const LATE: TimeDelta = TimeDelta::minutes(10);

/// Who asks for the state gets an answer, also where the store gives none.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the store tells.
#[derive(Debug, Default)]
struct Stored {
    workers: Vec<WorkerStatus>,
    label_lists: Vec<LabelListStatus>,
    apps: Vec<AppStatus>,
    tasks: Vec<TaskStatus>,
    failing: Vec<FailingCheck>,
}

impl Handle {
    /// The state of the service.
    pub async fn status(&self) -> Status {
        let shared = &*self.shared;
        let present = shared.present();
        let now = shared.clock.now();
        let mut failing = own_failures(shared, &present);
        let can_answer = !matches!(shared.store.state(), StoreState::Unreachable(_));
        let stored = match (shared.db.get(), &present.generation) {
            (Some(db), Some(generation)) if can_answer => {
                tokio::time::timeout(PATIENCE, stored(shared, db, generation, now)).await
            }
            _ => Ok(Ok(Stored::default())),
        };
        let stored = match stored {
            Ok(Ok(stored)) => stored,
            Ok(Err(error)) => {
                shared.store.note(&error);
                failing.push(store_failure(error_chain(&error)));
                Stored::default()
            }
            Err(_) => {
                failing.push(store_failure("it does not answer".to_owned()));
                Stored::default()
            }
        };
        failing.extend(stored.failing);
        failing.dedup_by(|one, other| one.check == other.check);
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            process: std::process::id(),
            started: shared.started,
            now,
            phase: present.phase,
            config: ConfigStatus {
                file: present.config.file.display().to_string(),
                loaded: present.loaded,
                refused: present.refused,
            },
            store: store_status(shared),
            listens: present.listens,
            workers: stored.workers,
            label_lists: stored.label_lists,
            apps: stored.apps,
            tasks: stored.tasks,
            failing,
        }
    }

    /// What keeps the service from working at all, and for how long; empty where it is ready (`/readyz`).
    #[must_use]
    pub fn not_ready(&self) -> Vec<(FailingCheck, Duration)> {
        let present = self.shared.present();
        let mut failing = own_failures(&self.shared, &present);
        failing.retain(|check| check.fatal);
        let told = failing.into_iter().map(|check| {
            let since = match check.check.as_str() {
                "store" => self.shared.store.since(),
                _ => present.phase_since,
            };
            (check, since.elapsed())
        });
        told.collect()
    }
}

fn store_failure(why: String) -> FailingCheck {
    FailingCheck {
        check: "store".to_owned(),
        why,
        fatal: true,
    }
}

/// What the service knows without asking the store.
fn own_failures(shared: &Shared, present: &Present) -> Vec<FailingCheck> {
    let mut failing = Vec::new();
    if let (_, Some(why)) = describe(&shared.store.state()) {
        failing.push(store_failure(why));
    }
    if present.phase != Phase::Running {
        failing.push(FailingCheck {
            check: "service".to_owned(),
            why: format!("it is {}", present.phase.as_str()),
            fatal: true,
        });
    }
    if let Some(refused) = &present.refused {
        failing.push(FailingCheck {
            check: "config".to_owned(),
            why: refused.clone(),
            fatal: false,
        });
    }
    let unserved = present.generation.iter().flat_map(|it| &it.unserved);
    failing.extend(unserved.map(|unserved| FailingCheck {
        check: format!("app:{}/{}", unserved.tenant, unserved.app),
        why: unserved.why.clone(),
        fatal: false,
    }));
    failing
}

fn store_status(shared: &Shared) -> StoreStatus {
    let (state, why) = describe(&shared.store.state());
    StoreStatus {
        location: shared.store_name.clone(),
        state: state.to_owned(),
        why,
    }
}

fn describe(state: &StoreState) -> (&'static str, Option<String>) {
    match state {
        StoreState::Usable => ("usable", None),
        StoreState::Opening(why) => ("opening", Some(why.clone())),
        StoreState::ReadOnly(why) => ("read_only", Some(why.clone())),
        StoreState::Unreachable(why) => ("unreachable", Some(why.clone())),
    }
}

async fn stored(
    shared: &Shared,
    db: &Db,
    generation: &Generation,
    now: DateTime<Utc>,
) -> Result<Stored, StoreError> {
    let mut stored = Stored::default();
    for worker in workers::all(db).await? {
        stored.workers.push(WorkerStatus {
            answers: worker.id == generation.work.worker,
            name: worker.name,
            started: worker.started,
            expires: worker.expires,
        });
    }
    for labels in &generation.labels {
        let status = labels::sync_status(db, &labels.tenant).await?;
        stored.label_lists.push(LabelListStatus {
            tenant: labels.tenant.to_string(),
            last_success: status.as_ref().and_then(|status| status.last_success),
            error: status.and_then(|status| status.last_error),
        });
    }
    let depths = shared.queue_depth.get(db).await?;
    stored.apps = app_statuses(db, generation, &depths).await?;
    let states: BTreeMap<String, TaskState> = tasks::all(db)
        .await?
        .into_iter()
        .map(|state| (state.name.clone(), state))
        .collect();
    for name in generation.nudges.keys() {
        let task = task_status(name, states.get(name), now);
        stored.failing.extend(failing_task(&task, now));
        stored.tasks.push(task);
    }
    Ok(stored)
}

async fn app_statuses(
    db: &Db,
    generation: &Generation,
    depths: &[Depth],
) -> Result<Vec<AppStatus>, StoreError> {
    let mut statuses = Vec::new();
    for served in &generation.apps {
        let app = &served.app;
        let mut status = AppStatus {
            tenant: app.tenant.to_string(),
            app: app.name.to_string(),
            changed: 0,
            backlog: 0,
            scanning: 0,
            oldest: None,
            error: None,
        };
        if let Some(id) = apps::find(db, &app.tenant, &app.name).await? {
            for depth in depths.iter().filter(|depth| depth.app == id) {
                match depth.class {
                    JobClass::Changed => status.changed += depth.waiting,
                    JobClass::Backlog => status.backlog += depth.waiting,
                }
                status.scanning += depth.claimed;
                status.oldest = [status.oldest, depth.oldest].into_iter().flatten().min();
            }
        }
        statuses.push(status);
    }
    statuses.extend(generation.unserved.iter().map(|unserved| AppStatus {
        tenant: unserved.tenant.to_string(),
        app: unserved.app.to_string(),
        changed: 0,
        backlog: 0,
        scanning: 0,
        oldest: None,
        error: Some(unserved.why.clone()),
    }));
    Ok(statuses)
}

fn task_status(name: &str, stored: Option<&TaskState>, now: DateTime<Utc>) -> TaskStatus {
    let due = stored.and_then(|state| state.due);
    let is_running = stored.is_some_and(|state| state.worker.is_some());
    let error = stored.and_then(|state| state.error.clone());
    let late = due
        .filter(|_| !is_running)
        .map(|due| now - due)
        .filter(|late| *late > LATE);
    let state = match () {
        () if is_running => "running",
        () if late.is_some() => "late",
        () if error.is_some() => "failed",
        () => "waiting",
    };
    TaskStatus {
        name: name.to_owned(),
        state: state.to_owned(),
        due,
        started: stored.and_then(|state| state.started),
        succeeded: stored.and_then(|state| state.succeeded),
        late_seconds: late.map_or(0, |late| late.num_seconds().unsigned_abs()),
        error,
    }
}

/// A task that has not succeeded for long, or should have been started long ago.
fn failing_task(task: &TaskStatus, now: DateTime<Utc>) -> Option<FailingCheck> {
    let is_old = |time: Option<DateTime<Utc>>| time.is_none_or(|time| now - time > LONG_FAILURE);
    let why = match &task.error {
        Some(error) if is_old(task.succeeded) => error.clone(),
        _ if task.late_seconds > 0 => format!("{} s late", task.late_seconds),
        _ => return None,
    };
    Some(FailingCheck {
        check: task.name.clone(),
        why,
        fatal: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_as_they_are_told() {
        let now: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
        let ago = |minutes| Some(now - TimeDelta::minutes(minutes));
        // Due, succeeded, error, running; state, failing.
        let table = [
            (None, None, None, false, "waiting", None),
            (ago(-5), ago(5), None, false, "waiting", None),
            (ago(1), ago(6), None, false, "waiting", None),
            (ago(30), ago(90), None, false, "late", Some("1800 s late")),
            (ago(30), ago(90), None, true, "running", None),
            (ago(-5), ago(5), Some("down"), false, "failed", None),
            (
                ago(-5),
                ago(90),
                Some("down"),
                false,
                "failed",
                Some("down"),
            ),
            (ago(-5), None, Some("down"), false, "failed", Some("down")),
        ];
        for (due, succeeded, error, running, state, failing) in table {
            let stored = TaskState {
                name: "poll:a/b".to_owned(),
                due,
                started: succeeded,
                finished: succeeded,
                succeeded,
                error: error.map(str::to_owned),
                worker: running.then_some(workers::WorkerId(1)),
                nudged: false,
            };
            let task = task_status("poll:a/b", Some(&stored), now);
            assert_eq!(task.state, state, "{stored:?}");
            let told = failing_task(&task, now).map(|check| check.why);
            assert_eq!(told.as_deref(), failing, "{stored:?}");
        }
    }
}
