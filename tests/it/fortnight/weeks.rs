//! The service, the people and the clock.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use labeld::daemon::control::Client;
use labeld::daemon::status::{AppStatus, Status, TaskStatus};
use labeld_emulator::EmulatorOptions;
use labeld_emulator::frame::{ClockOptions, Entry};
use serde_json::Value;

use crate::five_apps::{App, Files, FiveApps, Settings, bodies};
use crate::service_process::ServiceProcess;
use crate::workspace::Store;

pub(super) const HOURS_OF_A_DAY: usize = 24;

/// The task that reads the label list.
pub(super) const LABEL_SYNC: &str = "label_sync:alder";

/// An hour of the fortnight is over long before, also on a slow machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Pause between two looks at the service, each of which costs it some work.
const LOOK: Duration = Duration::from_millis(20);

/// Files of an app beyond which as many are deleted as are added.
const MANY_FILES: usize = 60;

const CONFIG: &str = "labeld.toml";

/// A poll is due within the hour, jitter included.
const SETTINGS: Settings<'_> = Settings {
    app: "poll = \"50m\"\n",
    schedules: "[tenant.schedules]\njitter = \"0s\"\n",
    microsoft: "",
    tables: "[http]\nlisten = \"off\"\n[service]\nstate_dir = \"state\"\n",
};

/// A service that is down.
#[derive(Debug)]
pub(super) struct Outage {
    /// The emulator's name for it.
    pub(super) provider: &'static str,
    /// The apps that are behind it.
    pub(super) apps: &'static [App],
    /// Whether it has the label list.
    pub(super) labels: bool,
}

impl Outage {
    fn hits(&self, task: &TaskStatus) -> bool {
        let mut apps = self.apps.iter();
        let is_of_app = apps.any(|app| task.name.ends_with(&format!("/{}", app.name())));
        is_of_app || self.labels && task.name == LABEL_SYNC
    }
}

/// Five apps that people work in, under a clock that stands still until an hour has been lived.
pub(super) struct Weeks {
    pub(super) apps: FiveApps,
    service: ServiceProcess,
    dice: Rng,
    /// Changes of a day that are still to be shared out.
    changes: usize,
    hours: usize,
    changed: usize,
    /// The files of each app.
    paths: [Vec<String>; 5],
    names: usize,
    /// Requests up to here have been looked at.
    seen: u64,
    /// Its tasks are not waited for.
    outage: Option<&'static Outage>,
    /// Label lists read since they were last asked for.
    syncs: usize,
}

impl Weeks {
    /// Starts the service, which finds the apps empty.
    pub(super) fn begin(store: Store, start: DateTime<Utc>, changes: usize) -> Self {
        let options = EmulatorOptions {
            clock: ClockOptions {
                start: Some(start),
                frozen: true,
            },
            ..EmulatorOptions::default()
        };
        let apps = FiveApps::new(store, options);
        apps.configure(CONFIG, SETTINGS);
        let clock = apps.emulator.control_url();
        let environment = [("LABELD_TEST_CLOCK", clock.as_str())];
        let service = ServiceProcess::start(&apps.workspace, CONFIG, &environment);
        let mut weeks = Self {
            apps,
            service,
            dice: Rng::with_seed(14),
            changes,
            hours: 0,
            changed: 0,
            paths: Default::default(),
            names: 0,
            seen: 0,
            outage: None,
            syncs: 0,
        };
        weeks.until_idle();
        weeks.seen = weeks.apps.emulator.journal().last();
        weeks
    }

    /// What time it is.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.apps.emulator.clock().now()
    }

    /// People work, an hour passes, and the service does what is due then.
    pub(super) fn live_an_hour(&mut self) {
        let hour = self.hours % HOURS_OF_A_DAY;
        let share = |hour| self.changes * hour / HOURS_OF_A_DAY;
        for _ in share(hour)..share(hour + 1) {
            self.work();
            self.changed += 1;
        }
        self.hours += 1;
        self.jump_to(self.now() + TimeDelta::hours(1));
    }

    /// Sets the clock and waits until the service has done what is due then: one label sync, where time has passed.
    pub(super) fn jump_to(&mut self, time: DateTime<Utc>) {
        let is_outage = self.outage.is_some_and(|outage| outage.labels);
        let expected = usize::from(time > self.now() && !is_outage);
        self.apps.emulator.clock().set(time);
        self.until_idle();
        let syncs = self.count_syncs();
        assert_eq!(
            syncs,
            expected,
            "label lists at {time}\n{}",
            self.service.log()
        );
    }

    /// Label lists that were read since this was last looked at.
    fn count_syncs(&mut self) -> usize {
        let requests = self.apps.emulator.journal().since(self.seen);
        self.seen = requests.last().map_or(self.seen, |entry| entry.seq);
        let syncs = requests.iter().filter(|entry| is_label_list(entry)).count();
        self.syncs += syncs;
        syncs
    }

    /// Label lists that were read since this was last asked.
    pub(super) fn take_syncs(&mut self) -> usize {
        std::mem::take(&mut self.syncs)
    }

    /// What is down from now on. What has begun while something was comes to its end.
    pub(super) fn set_outage(&mut self, outage: Option<&'static Outage>) {
        self.outage = outage;
        if outage.is_none() {
            self.until_idle();
            self.count_syncs();
        }
    }

    /// Waits until nothing is to be done before the clock moves on. All is well then, but for what is down.
    fn until_idle(&self) {
        let mut idle = 0;
        let status = self.until("idle", |status| {
            idle = if self.is_idle(status) { idle + 1 } else { 0 };
            // The queue is looked at before the tasks that fill it.
            idle == 2
        });
        let workers = status.workers.len();
        assert_eq!(workers, 1, "{status:#?}\n{}", self.service.log());
    }

    /// Waits until the service shows that these tasks fail, and for a label list also how old the one in force is.
    pub(super) fn expect_outage_shown(&self, outage: &Outage) {
        self.until("shown", |status| {
            let is_told = |app: &&App| {
                let poll = format!("poll:alder/{}", app.name());
                status.failing.iter().any(|failing| failing.check == poll)
            };
            let old = self.now() - TimeDelta::hours(HOURS_OF_A_DAY as i64 - 1);
            let list = &status.label_lists[0];
            outage.apps.iter().all(|app| is_told(&app))
                && list.error.is_some() == outage.labels
                && (!outage.labels || list.last_success == Some(old))
        });
    }

    /// The service has said that a task was so late.
    pub(super) fn expect_late(&self, task: &str, late: TimeDelta) {
        let told = format!("task=\"{task}\" seconds={:?}", late.as_seconds_f64());
        let log = self.service.whole_log();
        let is_told = |line: &str| line.contains("event=\"task_late\"") && line.contains(&told);
        assert!(log.lines().any(is_told), "{told}\n{}", self.service.log());
    }

    /// Looks at the service until it is as wanted.
    fn until(&self, what: &str, mut wanted: impl FnMut(&Status) -> bool) -> Status {
        let state_dir = self.apps.workspace.path("state");
        let begun = Instant::now();
        loop {
            let status = self.apps.runtime.block_on(Client::status(&state_dir));
            match status {
                Ok(status) if wanted(&status) => return status,
                status => assert!(
                    begun.elapsed() < PATIENCE,
                    "not {what}: {status:#?}\n{}",
                    self.service.log()
                ),
            }
            std::thread::sleep(LOOK);
        }
    }

    fn is_idle(&self, status: &Status) -> bool {
        let now = self.now();
        let scanned =
            |app: &AppStatus| app.error.is_none() && app.changed + app.backlog + app.scanning == 0;
        let is_down = |task: &TaskStatus| self.outage.is_some_and(|outage| outage.hits(task));
        // A time that lies far ahead is from before the clock was put back.
        let done = |task: &TaskStatus| {
            let longest = match task.name.split(':').next() {
                Some("poll" | "label_sync") => TimeDelta::hours(1),
                _ => TimeDelta::days(7),
            };
            let is_planned = |due| due > now && due <= now + longest;
            task.state != "running" && task.due.is_some_and(is_planned)
        };
        status.now == now
            && status.apps.len() == App::ALL.len()
            && status.apps.iter().all(scanned)
            && status.tasks.iter().all(|task| is_down(task) || done(task))
    }

    /// A person does something in one of the apps.
    fn work(&mut self) {
        let index = self.dice.usize(..App::ALL.len());
        let app = App::ALL[index];
        let there = self.paths[index].len();
        let chosen = self.dice.usize(..there.max(1));
        match self.dice.u8(..10) {
            0 if there > 0 => self.remove(app, chosen),
            1..3 if there > 0 => {
                let to = self.new_path();
                let from = std::mem::replace(&mut self.paths[index][chosen], to.clone());
                self.apps.rename(app, &from, &to);
            }
            3..6 if there > 0 => {
                let path = self.paths[index][chosen].clone();
                self.put(app, &path);
            }
            _ => {
                let path = self.new_path();
                self.put(app, &path);
                self.paths[index].push(path);
                if there > MANY_FILES {
                    self.remove(app, chosen);
                }
            }
        }
    }

    fn remove(&mut self, app: App, chosen: usize) {
        let path = self.paths[app as usize].swap_remove(chosen);
        self.apps.remove(app, &path);
    }

    fn put(&mut self, app: App, path: &str) {
        let bodies = bodies();
        let (body, ..) = &bodies[self.dice.usize(..bodies.len())];
        self.apps.put(app, path, body);
    }

    fn new_path(&mut self) -> String {
        self.names += 1;
        format!("work/{}/{}.docx", self.dice.u8(..4), self.names)
    }

    /// The inventory of these apps is what they hold.
    #[track_caller]
    pub(super) fn expect_truth(&self, apps: &[App]) {
        let of_these = |mut files: Files| {
            files.retain(|(app, _), _| apps.contains(app));
            files
        };
        let known = of_these(self.apps.inventory(CONFIG));
        let truth = of_these(self.apps.truth());
        assert_eq!(known, truth, "at {}\n{}", self.now(), self.service.log());
    }

    /// The labels that the service knows, each with its name and what became of it.
    pub(super) fn labels(&self) -> Vec<[String; 3]> {
        let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
        let rows = self.apps.workspace.rows(["labels"]);
        let label = |row: &Value| ["id", "name", "state"].map(|key| text(row, key));
        rows.iter().map(label).collect()
    }

    /// Stops the service, which was one and the same all the time, and has nothing left to do or to complain of.
    pub(super) fn end(mut self) {
        let status = self.until("well", |status| status.failing.is_empty());
        assert_eq!(status.process, self.service.id());
        assert_eq!(status.workers.len(), 1, "{status:#?}");
        let ended = self.service.stop();
        assert!(ended.success(), "{ended}\n{}", self.service.log());
        let log = self.service.whole_log();
        let lost = log.lines().find(|line| line.contains("lease_lost"));
        assert_eq!(lost, None);
        self.expect_truth(&App::ALL);
        self.apps.workspace.run(["store", "check"]).expect(0);
        let (hours, changed, requests) = (self.hours, self.changed, self.seen);
        println!("{hours} hours, {changed} changes, {requests} requests");
    }
}

/// Also the first request after the access token has expired asks for it, in vain.
fn is_label_list(entry: &Entry) -> bool {
    entry.path().ends_with("/sensitivityLabels") && entry.status == Some(200)
}
