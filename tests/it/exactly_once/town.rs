//! Four clouds that people work in, and services that label what they save.

mod rest;

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use labeld_emulator::EmulatorOptions;
use labeld_emulator::frame::{ClockOptions, FaultRule};
use rustix::process::Signal;

use super::counting::{CLOUDS, Labelled, Versions, text_of};
use super::misfortunes;
use super::stages::Stage;
use crate::five_apps::{App, FiveApps, Settings};
use crate::service_process::ServiceProcess;
use crate::tally::KillStage;
use crate::workspace::{Ended, Store, document};

/// A life that gets nowhere in this time is ended.
const LONGEST_LIFE: Duration = Duration::from_secs(8);

/// Labels for each kind of app on one UTC date: few, so that it is reached on most days.
const CAP: u32 = 3;

/// Files of each app that are there at the beginning.
const FILES: usize = 6;

const SCHEDULES: &str =
    "cap = 3\n[tenant.schedules]\nlabel_sync = \"0 * * * *\"\njitter = \"0s\"\n";

/// Labels every file of the clouds that has none.
const POLICY: &str = r#"
[[policy]]
name = "everything"
mode = "enforce"
apps = ["sharepoint", "onedrive", "box", "google"]
filter = { labelled = false }
actions = { apply_label = "General" }
"#;

/// What a person has saved last.
struct Saved {
    body: Bytes,
    /// Whether it is to get a label.
    is_eligible: bool,
    /// How often the file was saved.
    times: u32,
}

/// A file that loses its label more often than this within a week is left alone (rules §4, X6).
const MOST_SAVES: u32 = 2;

pub(super) struct Town {
    apps: FiveApps,
    dice: Rng,
    names: u32,
    saved: BTreeMap<String, Saved>,
    services: Vec<Option<Armed>>,
    /// Lives in a row that did not get to their stage.
    missed: u32,
}

/// Where so many lives in a row do not get to their stage, nothing is written any more.
const MOST_MISSED: u32 = 12;

/// A service that is to be killed.
struct Armed {
    process: ServiceProcess,
    stage: Stage,
}

impl Town {
    pub(super) fn new(store: Store, services: usize) -> Self {
        let seed = std::env::var("LABELD_CRASH_SEED")
            .map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
        println!("LABELD_CRASH_SEED={seed}");
        let options = EmulatorOptions {
            clock: ClockOptions {
                start: Some("2026-03-27T18:00:00Z".parse().unwrap()),
                frozen: false,
            },
            ..EmulatorOptions::default()
        };
        let mut town = Self {
            apps: FiveApps::new(store, options),
            dice: Rng::with_seed(seed),
            names: 0,
            saved: BTreeMap::new(),
            services: (0..services).map(|_| None).collect(),
            missed: 0,
        };
        for number in 0..services {
            town.configure(number);
        }
        for app in CLOUDS {
            for _ in 0..FILES {
                town.add(app);
            }
        }
        town
    }

    fn configure(&self, number: usize) {
        let settings = Settings {
            app: "poll = \"1s\"\n",
            schedules: SCHEDULES,
            microsoft: "read_only = false\n",
            tables: &format!(
                "[http]\nlisten = \"off\"\n[service]\nstate_dir = \"state-{number}\"\nsettle_after = \"1s\"\n{POLICY}"
            ),
        };
        self.apps.configure(&config_name(number), settings);
        self.apps.allow_writing(&config_name(number));
    }

    pub(super) fn store_name(&self) -> &'static str {
        match self.apps.workspace.store() {
            Store::Sqlite => "SQLite",
            Store::Postgres(_) => "PostgreSQL",
        }
    }

    fn now(&self) -> DateTime<Utc> {
        self.apps.emulator.clock().now()
    }

    fn start(&self, number: usize, crash_at: Option<&str>) -> ServiceProcess {
        let clock = self.apps.emulator.control_url();
        let mut environment = vec![("LABELD_TEST_CLOCK", clock.as_str())];
        environment.extend(crash_at.map(|at| ("LABELD_CRASH_AT", at)));
        ServiceProcess::start(&self.apps.workspace, &config_name(number), &environment)
    }

    /// Lets the services work until one of them is killed; tells at which stage it was. Those that are left live on.
    pub(super) fn live_and_die(&mut self, stage: Stage) -> Vec<Stage> {
        let mut dead = Vec::new();
        if stage == Stage::Settling && self.missed > 0 {
            dead.extend(self.leave_writes_open());
        }
        // First: services that live on do what is due as soon as the clock moves.
        let rules = self.aim(stage);
        self.pass_time();
        for _ in 0..3 {
            self.work();
        }
        self.arm_all(stage);
        let end = match stage {
            Stage::Random => Duration::from_millis(self.dice.u64(50..3_000)),
            _ => LONGEST_LIFE,
        };
        let born = Instant::now();
        let mut died = Vec::new();
        let mut in_flight = false;
        while born.elapsed() < end && died.is_empty() && !in_flight {
            sleep(Duration::from_millis(10));
            if self.dice.u8(..) < 3 {
                self.work();
            }
            died = self.bury_dead();
            in_flight = stage == Stage::InFlight && self.has_hit(&rules);
        }
        self.missed = match stage {
            Stage::Random => self.missed,
            _ if died.is_empty() && !in_flight => self.missed + 1,
            _ => 0,
        };
        if died.is_empty() {
            let stage = match in_flight {
                true => Stage::InFlight,
                false => Stage::Random,
            };
            died.push(self.kill_one(stage));
        }
        self.apps.emulator.faults().clear();
        dead.extend(died);
        dead
    }

    /// Kills all services while something is on its way, so that it is left to whoever comes next: services that live on
    /// would settle it. Nobody dies where nothing was written.
    fn leave_writes_open(&mut self) -> Vec<Stage> {
        let rules = self.aim(Stage::InFlight);
        self.next_noon();
        self.arm_all(Stage::InFlight);
        let born = Instant::now();
        while born.elapsed() < LONGEST_LIFE && !self.has_hit(&rules) {
            sleep(Duration::from_millis(10));
        }
        let mut killed = Vec::new();
        for place in &mut self.services {
            if let Some(mut armed) = place.take() {
                armed.process.kill();
                killed.push(Stage::InFlight);
            }
        }
        killed.truncate(usize::from(self.has_hit(&rules)));
        self.apps.emulator.faults().clear();
        killed
    }

    fn has_hit(&self, rules: &[u64]) -> bool {
        let faults = self.apps.emulator.faults();
        let hits = rules.iter().filter_map(|rule| faults.hits(*rule));
        hits.sum::<u64>() > 0
    }

    /// The clock moves on, often to a day on which labels may be applied again; surely so where nothing was left to do.
    fn pass_time(&mut self) {
        if self.missed > 1 {
            return self.next_noon();
        }
        let hours = [0, 0, 5, 13, 24, 24];
        let hours = hours[self.dice.usize(..hours.len())];
        self.apps.emulator.clock().advance(TimeDelta::hours(hours));
    }

    /// What befalls the writes of a life.
    fn aim(&mut self, stage: Stage) -> Vec<u64> {
        let rules: Vec<FaultRule> = match stage {
            Stage::InFlight => misfortunes::held_up(3_000),
            // What is settled is what has gone wrong before.
            Stage::Settling => misfortunes::answers_lost(),
            _ if self.dice.u8(..4) > 0 => misfortunes::one_of_each(&mut self.dice),
            _ => Vec::new(),
        };
        let faults = self.apps.emulator.faults();
        let added = rules.into_iter().map(|rule| faults.add(rule).unwrap());
        added.collect()
    }

    /// Arms all services for a stage: those that were armed for another one are killed before, whatever they are at.
    fn arm_all(&mut self, stage: Stage) {
        for number in 0..self.services.len() {
            if let Some(mut armed) = self.services[number].take() {
                if armed.stage == stage {
                    self.services[number] = Some(armed);
                    continue;
                }
                armed.process.kill();
            }
            let point = self.dice.choice(stage.points());
            let at = point.map(|point| format!("{}:{}", point.name(), self.dice.u32(1..3)));
            let process = self.start(number, at.as_deref());
            self.services[number] = Some(Armed { process, stage });
        }
    }

    /// The stages of those that have killed themselves, as they were told to. No service ends by itself otherwise.
    fn bury_dead(&mut self) -> Vec<Stage> {
        let mut stages = Vec::new();
        for place in &mut self.services {
            let Some(armed) = place else { continue };
            let Some(status) = armed.process.ended() else {
                continue;
            };
            assert_eq!(
                status.signal(),
                Some(Signal::KILL.as_raw()),
                "a service ended by itself: {status}\n{}",
                armed.process.log()
            );
            stages.push(armed.stage);
            *place = None;
        }
        stages
    }

    fn kill_one(&mut self, stage: Stage) -> Stage {
        let number = self.dice.usize(..self.services.len());
        if let Some(mut armed) = self.services[number].take() {
            armed.process.kill();
            if armed.stage != stage && armed.stage != Stage::Random {
                println!("{:?} was not reached", armed.stage);
            }
            let log = armed.process.log();
            assert!(self.missed < MOST_MISSED, "{log}");
        }
        stage
    }

    /// What must hold at any moment.
    pub(super) fn check(&self) {
        let versions = Versions(self.apps.emulator.journal().versions());
        versions.check_once();
        for ((app, day), labels) in versions.by_day() {
            assert!(labels <= CAP, "{labels} labels in {} on {day}", app.name());
        }
        self.check_texts();
    }

    /// What people have saved last is what their files say, with a label or without.
    fn check_texts(&self) {
        for app in CLOUDS {
            for (path, present) in self.apps.files(app) {
                let saved = &self.saved[&path];
                let is_kept = match text_of(&saved.body) {
                    Some(text) => text_of(&present) == Some(text),
                    None => present == saved.body,
                };
                assert!(is_kept, "{path} is not what its last author saved");
            }
        }
    }

    /// Files that have their label, by app.
    fn labelled(&self) -> Labelled {
        let count = |app: App| {
            let files = self.apps.files(app).into_iter();
            let labelled = files.filter(|(path, present)| {
                let saved = &self.saved[path];
                saved.is_eligible && *present != saved.body
            });
            u32::try_from(labelled.count()).unwrap()
        };
        Labelled(CLOUDS.into_iter().map(|app| (app, count(app))).collect())
    }

    fn run(&self, arguments: &[&str]) -> Ended {
        let config = config_name(0);
        let workspace = &self.apps.workspace;
        workspace.run([arguments, &["--config", &config]].concat())
    }

    /// To the next day, after the hour at which a cap that was reached lets on.
    fn next_noon(&self) {
        let next = self.now().date_naive().succ_opt().unwrap();
        let noon = next.and_hms_opt(12, 30, 0).unwrap().and_utc();
        self.apps.emulator.clock().set(noon);
    }

    /// A person does something in one of the apps.
    fn work(&mut self) {
        let app = CLOUDS[self.dice.usize(..CLOUDS.len())];
        let paths: Vec<String> = self.apps.files(app).into_keys().collect();
        let path = paths.get(self.dice.usize(..paths.len().max(1))).cloned();
        match (path, self.dice.u8(..10)) {
            (Some(path), 0) => {
                self.apps.remove(app, &path);
                self.saved.remove(&path);
            }
            (Some(path), 1..=6) if self.saved[&path].times < MOST_SAVES => self.put(app, &path),
            _ => self.add(app),
        }
    }

    fn add(&mut self, app: App) {
        self.names += 1;
        let path = format!("work/{}-{}.docx", app.name(), self.names);
        self.put(app, &path);
    }

    fn put(&mut self, app: App, path: &str) {
        let (body, is_eligible) = match self.dice.u8(..12) {
            0 => (Vec::new(), false),
            1 => (
                format!("PK\x03\x04 broken {}", self.dice.u64(..)).into_bytes(),
                false,
            ),
            _ => (document(&format!("{}", self.dice.u64(..)), None), true),
        };
        let body = Bytes::from(body);
        self.apps.put(app, path, &body);
        let times = self.saved.get(path).map_or(0, |saved| saved.times) + 1;
        let saved = Saved {
            body,
            is_eligible,
            times,
        };
        self.saved.insert(path.to_owned(), saved);
    }
}

/// The name of a file, which no other one has.
fn name_of(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

fn config_name(number: usize) -> String {
    format!("service-{number}.toml")
}
