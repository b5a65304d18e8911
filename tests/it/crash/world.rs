//! Five apps that people work in, and the service that follows them.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::thread::sleep;
use std::time::{Duration, Instant};

use fastrand::Rng;
use labeld_emulator::EmulatorOptions;
use labeld_emulator::frame::{Effect, FaultRule};
use rustix::process::Signal;
use serde_json::Value;

use super::kills::Stage;
use crate::five_apps::{App, Facts, Files, FiveApps, Settings, bodies, facts_of};
use crate::service_process::ServiceProcess;
use crate::tally::KillStage;
use crate::workspace::{Ended, Store};

/// A life that gets nowhere in this time is ended.
const LONGEST_LIFE: Duration = Duration::from_secs(6);

/// The inventory is complete long before, also where the machine has other things to do.
const LONGEST_REST: Duration = Duration::from_secs(300);

/// What the service is told on top of the configuration that the emulator writes: everything often, so that a short life
/// does much.
const OFTEN: &str = "poll = \"1s\"\n";
const SCHEDULES: &str = "[tenant.schedules]\nlabel_sync = \"*/2 * * * * *\"\nreconcile = \"*/5 * * * * *\"\njitter = \"0s\"\n";

pub(super) struct World {
    apps: FiveApps,
    dice: Rng,
    names: u32,
    /// Files that were there when their app was connected, and what was in them: the service lists them, and leaves that
    /// content to a rescan (rules §7), also where it is there again after edits that the service never saw.
    early: Files,
}

impl World {
    /// With a configuration for each of `services`.
    pub(super) fn new(store: Store, services: usize) -> Self {
        let seed = std::env::var("LABELD_CRASH_SEED")
            .map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
        println!("LABELD_CRASH_SEED={seed}");
        let mut world = Self {
            apps: FiveApps::new(store, EmulatorOptions::default()),
            dice: Rng::with_seed(seed),
            names: 0,
            early: BTreeMap::new(),
        };
        for number in 0..services {
            world.configure(number);
        }
        for app in App::ALL {
            for _ in 0..4 {
                world.add(app);
            }
            let files = world.apps.files(app).into_iter();
            let early = files.map(|(path, body)| ((app, path), facts_of(&body)));
            world.early.extend(early);
        }
        world.connect();
        world
    }

    /// Lets a service list everything for the first time.
    fn connect(&self) {
        let mut service = self.start(0, None);
        let begun = Instant::now();
        let is_listed = |status: &Value| {
            let tasks = status["tasks"].as_array().unwrap();
            let polls = tasks.iter().filter(|task| {
                task["name"].as_str().unwrap().starts_with("poll:") && !task["succeeded"].is_null()
            });
            polls.count() == App::ALL.len()
        };
        while !self.status().is_some_and(|status| is_listed(&status)) {
            assert!(begun.elapsed() < LONGEST_REST, "{}", service.log());
            sleep(Duration::from_millis(100));
        }
        assert!(service.stop().success(), "{}", service.log());
    }

    pub(super) fn store_name(&self) -> &'static str {
        match self.apps.workspace.store() {
            Store::Sqlite => "SQLite",
            Store::Postgres(_) => "PostgreSQL",
        }
    }

    /// Writes the configuration of a service: all have the same apps, and each a state of its own.
    fn configure(&self, number: usize) {
        let settings = Settings {
            app: OFTEN,
            schedules: SCHEDULES,
            microsoft: "",
            tables: &format!(
                "[http]\nlisten = \"127.0.0.1:0\"\n[service]\nstate_dir = \"state-{number}\"\n"
            ),
        };
        self.apps.configure(&config_name(number), settings);
    }

    /// Lets the service work until it is killed at the stage, or at any moment where it does not get there; tells which
    /// it was. People go on working all the while.
    pub(super) fn live_and_die(&mut self, stage: Stage) -> Stage {
        self.work();
        let point = self.dice.choice(stage.points());
        let at = point.map(|point| format!("{}:{}", point.name(), self.dice.u32(1..4)));
        let stalled = (stage == Stage::MidBody).then(|| self.stall_contents());
        let mut service = self.start(0, at.as_deref());
        let end = match stage {
            Stage::Random => Duration::from_millis(self.dice.u64(20..2_000)),
            _ => LONGEST_LIFE,
        };
        let born = Instant::now();
        let mut killed_itself = false;
        let mut stalling = false;
        while born.elapsed() < end && !killed_itself && !stalling {
            sleep(Duration::from_millis(10));
            if self.dice.u8(..) < 16 {
                self.work();
            }
            killed_itself = self.died(&mut service);
            stalling = stalled.iter().flatten().any(|rule| {
                let hits = self.apps.emulator.faults().hits(*rule);
                hits.is_some_and(|hits| hits > 0)
            });
        }
        self.apps.emulator.faults().clear();
        service.kill();
        let is_aimed = killed_itself || stalling;
        if !is_aimed && stage != Stage::Random {
            println!("{stage:?} was not reached at {at:?}");
        }
        if is_aimed { stage } else { Stage::Random }
    }

    /// Whether the service has killed itself, as it was told to. It never ends by itself otherwise.
    fn died(&self, service: &mut ServiceProcess) -> bool {
        let Some(status) = service.ended() else {
            return false;
        };
        assert_eq!(
            status.signal(),
            Some(Signal::KILL.as_raw()),
            "the service ended by itself: {status}\n{}",
            service.log()
        );
        true
    }

    /// The service lives on.
    pub(super) fn check_alive(&self, service: &mut ServiceProcess) {
        assert_eq!(service.ended(), None, "{}", service.log());
    }

    /// The next answer of each app that has contents stops in the middle.
    fn stall_contents(&self) -> Vec<u64> {
        let paths = ["/**/download.aspx", "/d/**", "/drive/v2/files/*"];
        let effect = Effect::StallAfter {
            bytes: 100,
            ms: 10_000,
        };
        paths
            .map(|path| FaultRule::new(effect.clone()).path(path).count(1))
            .map(|rule| self.apps.emulator.faults().add(rule).unwrap())
            .to_vec()
    }

    /// Starts a service; `crash_at` says where it kills itself.
    pub(super) fn start(&self, number: usize, crash_at: Option<&str>) -> ServiceProcess {
        let environment: Vec<(&str, &str)> = crash_at
            .map(|at| ("LABELD_CRASH_AT", at))
            .into_iter()
            .collect();
        ServiceProcess::start(&self.apps.workspace, &config_name(number), &environment)
    }

    /// Lets the services work undisturbed until the inventory is what the apps hold, and stops them.
    pub(super) fn come_to_rest(&mut self, mut services: Vec<ServiceProcess>) {
        let truth = self.apps.truth();
        let begun = Instant::now();
        while !self.differences(&truth).is_empty() || self.waiting_scans() > 0 {
            if begun.elapsed() > LONGEST_REST {
                let status = self.status();
                services.iter_mut().for_each(ServiceProcess::kill);
                panic!(
                    "{:#?}\n{status:#?}\n{}",
                    self.differences(&truth),
                    services[0].log()
                );
            }
            sleep(Duration::from_millis(200));
        }
        self.run(&["rescan"]).expect(0);
        self.early.clear();
        for service in &mut services {
            let status = service.stop();
            assert!(status.success(), "{status}\n{}", service.log());
        }
        assert_eq!(self.differences(&truth), BTreeMap::new());
        self.run(&["store", "check"]).expect(0);
    }

    /// Runs a command with the configuration of the first service.
    fn run(&self, arguments: &[&str]) -> Ended {
        let config = config_name(0);
        self.apps
            .workspace
            .run([arguments, &["--config", &config]].concat())
    }

    /// Files that wait to be scanned, as the first service tells; while it cannot, any number.
    fn waiting_scans(&self) -> u64 {
        let Some(status) = self.status() else {
            return u64::MAX;
        };
        let apps = status["apps"].as_array().unwrap();
        if apps.len() < App::ALL.len() {
            // It has not found its way back to a store that was gone.
            return u64::MAX;
        }
        let waiting =
            |app: &Value| ["changed", "backlog", "scanning"].map(|key| app[key].as_u64().unwrap());
        apps.iter().flat_map(waiting).sum()
    }

    /// What the first service says of itself; `None` while it cannot.
    fn status(&self) -> Option<Value> {
        let ended = self.run(&["status", "--format", "json"]);
        (ended.code == Some(0)).then(|| serde_json::from_str(&ended.out).unwrap())
    }

    /// Where the inventory is not what the apps hold: what is known, and what is so.
    fn differences(
        &self,
        truth: &Files,
    ) -> BTreeMap<(App, String), (Option<Facts>, Option<Facts>)> {
        let known = self.apps.inventory(&config_name(0));
        let keys: BTreeSet<_> = known.keys().chain(truth.keys()).cloned().collect();
        let mut differences = BTreeMap::new();
        for key in keys {
            let (found, is_so) = (known.get(&key), truth.get(&key));
            let is_left_alone = is_so.is_some()
                && self.early.get(&key) == is_so
                && found.is_some_and(|(outcome, _)| outcome == "pending");
            if found != is_so && !is_left_alone {
                differences.insert(key, (found.cloned(), is_so.cloned()));
            }
        }
        differences
    }

    /// Runs SQL in the services' database.
    pub(super) fn execute(&self, url: &str, sql: &str) {
        self.apps
            .runtime
            .block_on(crate::postgres::execute(url, sql));
    }

    pub(super) fn dice(&mut self) -> &mut Rng {
        &mut self.dice
    }

    /// A person does something in one of the apps.
    pub(super) fn work(&mut self) {
        let app = App::ALL[self.dice.usize(..App::ALL.len())];
        let paths: Vec<String> = self.apps.files(app).into_keys().collect();
        let path = paths.get(self.dice.usize(..paths.len().max(1))).cloned();
        match (path, self.dice.u8(..10)) {
            (Some(path), 0) => {
                self.apps.remove(app, &path);
                self.early.remove(&(app, path));
            }
            (Some(path), 1..=2) => {
                let to = self.new_path();
                self.apps.rename(app, &path, &to);
                if let Some(facts) = self.early.remove(&(app, path)) {
                    self.early.insert((app, to), facts);
                }
            }
            (Some(path), 3..=6) => self.put(app, &path),
            _ => self.add(app),
        }
    }

    fn add(&mut self, app: App) {
        let path = self.new_path();
        self.put(app, &path);
    }

    fn new_path(&mut self) -> String {
        self.names += 1;
        format!("work/{}/{}.docx", self.dice.u8(..4), self.names)
    }

    fn put(&mut self, app: App, path: &str) {
        // Another one than the present: the same bytes once more are no new version everywhere.
        let present = self.apps.files(app).remove(path);
        let mut bodies = bodies().to_vec();
        bodies.retain(|(body, ..)| Some(body) != present.as_ref());
        let (body, ..) = bodies.swap_remove(self.dice.usize(..bodies.len()));
        self.apps.put(app, path, &body);
    }
}

fn config_name(number: usize) -> String {
    format!("service-{number}.toml")
}
