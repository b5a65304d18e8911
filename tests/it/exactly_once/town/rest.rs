//! The end: nothing goes wrong any more, and all that is to be labelled is.

use std::collections::{BTreeMap, BTreeSet};
use std::thread::sleep;
use std::time::{Duration, Instant};

use chrono::{NaiveDate, TimeDelta};

use super::super::counting::{CLOUDS, Labelled, Versions};
use super::{CAP, Town, name_of};
use crate::five_apps::App;
use crate::service_process::ServiceProcess;

/// What is due is done in this time; where it is not, only the days that are not counted end too soon.
const A_WHILE: Duration = Duration::from_secs(3);

/// A day's labels are applied long before.
const LONGEST_DAY: Duration = Duration::from_secs(45);

/// Days after which the rest must be labelled.
const MOST_DAYS: u32 = 200;

impl Town {
    /// Files that are to have a label in the end, by app.
    fn eligible(&self) -> Labelled {
        let mut eligible: BTreeMap<App, u32> = CLOUDS.into_iter().map(|app| (app, 0)).collect();
        let left_alone = self.left_alone();
        for app in CLOUDS {
            for (path, present) in self.apps.files(app) {
                let saved = &self.saved[&path];
                let reason = left_alone.get(&name_of(&path));
                match reason.filter(|_| present == saved.body) {
                    Some(reason) if saved.is_eligible => println!("{path} is left alone: {reason}"),
                    None if saved.is_eligible => *eligible.get_mut(&app).unwrap() += 1,
                    _ => {}
                }
            }
        }
        Labelled(eligible)
    }

    /// Nothing goes wrong any more, and people rest: every day as many files get their label as the cap allows, until all
    /// have theirs, or a reason why not. Gives how many have theirs.
    pub(in crate::exactly_once) fn come_to_rest(&mut self) -> Labelled {
        for place in &mut self.services {
            if let Some(mut armed) = place.take() {
                armed.process.kill();
            }
        }
        let mut services: Vec<ServiceProcess> = (0..self.services.len())
            .map(|number| self.start(number, None))
            .collect();
        self.end_what_is_pending();
        self.look_again();
        let eligible = self.eligible();
        let unseen = self.unseen();
        let mut days = 0;
        let mut short_days = 0;
        while self.labelled() != eligible {
            days += 1;
            assert!(days < MOST_DAYS, "{:?} of {eligible:?}", self.labelled());
            self.next_noon();
            let day = self.now().date_naive();
            // A write that was on its way at midnight counts for both days (rules §6): the first day may be a short one.
            if !self.is_soon(LONGEST_DAY, |town| town.is_used_up(day, &eligible)) {
                short_days += 1;
                assert!(short_days <= 1, "{}", self.report(day, &services));
            }
            let is_noted = self.is_soon(LONGEST_DAY, |town| town.unseen() == unseen);
            assert!(is_noted, "{}", self.report(day, &services));
        }
        self.check();
        for service in &mut services {
            let status = service.stop();
            assert!(status.success(), "{status}\n{}", service.log());
        }
        self.check_ledger();
        self.run(&["audit", "verify"]).expect(0);
        self.run(&["store", "check"]).expect(0);
        eligible
    }

    /// What was refused for now is tried again within a day; from then on each day is like the other.
    fn end_what_is_pending(&self) {
        for _ in 0..2 {
            self.next_noon();
            for _ in 0..4 {
                sleep(A_WHILE);
                self.apps.emulator.clock().advance(TimeDelta::hours(5));
            }
        }
    }

    fn is_soon(&self, patience: Duration, is_so: impl Fn(&Self) -> bool) -> bool {
        let begun = Instant::now();
        while !is_so(self) {
            if begun.elapsed() > patience {
                return false;
            }
            sleep(Duration::from_millis(100));
        }
        true
    }

    /// Whether each app has had as many labels on that date as the cap allows, or all that are to have one have theirs.
    fn is_used_up(&self, day: NaiveDate, eligible: &Labelled) -> bool {
        let by_day = Versions(self.apps.emulator.journal().versions()).by_day();
        let labelled = self.labelled();
        CLOUDS.iter().all(|app| {
            let is_full = by_day.get(&(*app, day)) == Some(&CAP);
            is_full || labelled.0[app] == eligible.0[app]
        })
    }

    /// Labels on files that labeld has noted, less those that there are: what was noted of files that are gone or were saved
    /// since. It stays the same while nothing but labels is written, and all of these are noted.
    fn unseen(&self) -> i64 {
        let labelled = self.labelled().sum();
        i64::from(self.noted()) - i64::from(labelled)
    }

    fn report(&self, day: NaiveDate, services: &[ServiceProcess]) -> String {
        let by_day = Versions(self.apps.emulator.journal().versions()).by_day();
        let that_day = CLOUDS.map(|app| by_day.get(&(app, day)).copied());
        format!(
            "{}: {that_day:?} labels, {:?} of {:?}\n{}",
            self.now(),
            self.labelled(),
            self.eligible(),
            services[0].log()
        )
    }

    /// Labels that labeld knows to have been applied.
    fn noted(&self) -> u32 {
        let done = [
            "actions", "list", "--limit", "0", "--state", "done", "--format", "jsonl",
        ];
        let rows = self.run(&done).expect(0).json_lines();
        let applied = rows.iter().filter(|row| row["reason"].is_null());
        u32::try_from(applied.count()).unwrap()
    }

    /// Whatever labeld has stored in a file that is still there, it knows of.
    fn check_ledger(&self) {
        let listed = self.run(&["actions", "list", "--limit", "0", "--format", "jsonl"]);
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for row in listed.expect(0).json_lines() {
            let is_a_write = row["state"] == "done" || row["reason"] == "write.unknown";
            if let (true, Some(path)) = (is_a_write, row["path"].as_str()) {
                *known.entry(name_of(path)).or_default() += 1;
            }
        }
        let versions = Versions(self.apps.emulator.journal().versions());
        let mut stored: BTreeMap<String, usize> = BTreeMap::new();
        let present: BTreeSet<String> = self.saved.keys().map(|path| name_of(path)).collect();
        for version in versions.labelled() {
            let name = name_of(&version.path);
            if present.contains(&name) {
                *stored.entry(name).or_default() += 1;
            }
        }
        for (name, versions) in stored {
            let known = known.get(&name).copied().unwrap_or_default();
            assert!(
                known >= versions,
                "{name}: {versions} stored, {known} known"
            );
        }
    }

    /// Has actions looked at now that were refused and would be looked at by themselves one day.
    fn look_again(&self) {
        let arguments = [
            "actions", "list", "--limit", "0", "--state", "refused", "--format", "jsonl",
        ];
        for row in self.run(&arguments).expect(0).json_lines() {
            if !row["again"].is_null() {
                println!("{} is looked at again: {}", row["path"], row["reason"]);
                self.run(&["actions", "retry", &row["id"].to_string()]);
            }
        }
    }

    /// Files whose last action was refused, for a reason which has an end only when somebody does something.
    fn left_alone(&self) -> BTreeMap<String, String> {
        let listed = self.run(&["actions", "list", "--limit", "0", "--format", "jsonl"]);
        let mut last: BTreeMap<String, (i64, Option<String>)> = BTreeMap::new();
        for row in listed.expect(0).json_lines() {
            let Some(path) = row["path"].as_str() else {
                continue;
            };
            let id = row["id"].as_i64().unwrap();
            let is_for_good = row["state"] == "refused" && row["again"].is_null();
            let reason = row["reason"].as_str().filter(|_| is_for_good);
            let of_file = last.entry(name_of(path)).or_default();
            if id > of_file.0 {
                *of_file = (id, reason.map(ToOwned::to_owned));
            }
        }
        let left = last.into_iter();
        left.filter_map(|(name, (_, reason))| Some((name, reason?)))
            .collect()
    }
}
