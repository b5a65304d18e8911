//! Rescans that are killed, stopped, or started twice.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use labeld::crash_points::CrashPoint;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{Account, rescan};
use crate::workspace::{Ended, GENERAL, Store, Workspace, docx, run, testdata, walk};

const FILES: usize = 2_000;
const KILLS: usize = 20;

fn random(below: u64) -> u64 {
    RandomState::new().hash_one(0) % below
}

/// The bodies that the generated files have.
struct Bodies([Vec<u8>; 5]);

impl Bodies {
    fn new() -> Self {
        Self([
            docx(Some(GENERAL)),
            docx(None),
            b"not a document".to_vec(),
            Vec::new(),
            docx(Some("87867195-f2b8-4ac2-b0b6-6bb73cb33afc")),
        ])
    }

    fn write(&self, workspace: &Workspace, number: usize, body: usize) {
        let path = format!("{}/{}/{number}.docx", number % 7, number % 40);
        workspace.write(path, &self.0[body % self.0.len()]);
    }
}

/// What a rescan has to find of a file, however often it was interrupted.
fn outcomes(workspace: &Workspace) -> BTreeMap<String, Vec<Value>> {
    workspace
        .inventory()
        .into_iter()
        .map(|(path, row)| {
            let keys = [
                "size",
                "format",
                "state",
                "reason",
                "labels",
                "protection",
                "signed",
                "version",
                "current",
                "removed",
            ];
            (path, keys.map(|key| row[key].clone()).to_vec())
        })
        .collect()
}

#[test]
fn killed_at_any_moment_the_next_run_goes_on() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        let bodies = Bodies::new();
        for number in 0..FILES {
            bodies.write(&workspace, number, number);
        }
        // The same folder with a store of its own: how long an undisturbed run takes.
        let undisturbed = Workspace::new();
        undisturbed.configure(workspace.docs());
        let started = Instant::now();
        rescan(&undisturbed, &[]);
        let duration = started.elapsed().as_micros() as u64;

        // The longest wait before a kill, for a run that reads what has changed and for one that reads all.
        let mut longest = [duration; 2];
        let mut kills = 0;
        for _ in 0..10 * KILLS {
            let reread = kills % 2;
            let mut command = workspace.command();
            command.args(&["rescan", "--reread"][..=reread]);
            let wait = Duration::from_micros(random(longest[reread]));
            if is_killed(command, wait) {
                edit(&workspace, &bodies, kills);
                kills += 1;
            } else {
                longest[reread] = longest[reread] * 3 / 4;
            }
            if kills == KILLS {
                break;
            }
        }
        assert_eq!(kills, KILLS, "the runs are over before they can be killed");

        let quiet = workspace.run(["rescan"]).expect(0);
        Account::of(&quiet).balances(&workspace);
        // On PostgreSQL a killed run keeps its lease for a while, and is then ended by a later rescan, whose sums hold what it
        // had read. Each run does that at most once.
        let reads_nothing = |_| rescan(&workspace, &[]).read == 0;
        assert!((0..=KILLS).any(reads_nothing), "files are read again");
        let fresh = Workspace::new();
        fresh.configure(workspace.docs());
        rescan(&fresh, &[]);
        let found = outcomes(&workspace);
        assert_eq!(found.len(), walk(&workspace.docs()).len());
        for (path, expected) in outcomes(&fresh) {
            assert_eq!(found[&path], expected, "{path}");
            assert_ne!(found[&path][2], "pending", "{path}");
        }
    }
}

/// Whether a run was killed after `wait`, and had not ended before.
fn is_killed(mut command: Command, wait: Duration) -> bool {
    command.stderr(Stdio::null()).stdout(Stdio::null());
    let mut child = command.spawn().unwrap();
    sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap().signal().is_some()
}

/// Changes, adds, renames and removes a few files.
fn edit(workspace: &Workspace, bodies: &Bodies, round: usize) {
    for number in 0..10 {
        bodies.write(
            workspace,
            (round * 97 + number * 31) % FILES,
            round + number,
        );
        bodies.write(workspace, FILES + round * 10 + number, number);
    }
    let there = walk(&workspace.docs());
    let removed = &there[random(there.len() as u64) as usize];
    fs::remove_file(removed).unwrap();
    let renamed = there.iter().find(|path| *path != removed).unwrap();
    fs::rename(renamed, renamed.with_extension(format!("{round}.docx"))).unwrap();
}

/// The app was not to be listed before the killed rescan's lease had run out.
#[test]
fn the_lease_of_a_killed_rescan_holds_up_no_other() {
    for store in Store::each() {
        let workspace = Workspace::on(store).with_samples();
        let mut killed = workspace.command();
        let point = CrashPoint::AfterPageCommit.name();
        killed
            .arg("rescan")
            .env("LABELD_CRASH_AT", format!("{point}:1"));
        assert_eq!(run(killed).code, None, "it was not killed");
        let next = workspace.run(["rescan"]).expect(0);
        assert!(!next.err.contains("waiting for the process"), "{next:#?}");
        Account::of(&next).balances(&workspace);
    }
}

/// A rescan that waits for its label list, which is a pipe: it has opened its store, and has read no file.
struct Waiting {
    child: Child,
    list: File,
    err: BufReader<ChildStderr>,
    said: String,
}

impl Waiting {
    fn start(workspace: &Workspace) -> Self {
        let list = workspace.path("labels.json");
        fs::remove_file(&list).unwrap();
        rustix::fs::mkfifoat(rustix::fs::CWD, &list, 0o600.into()).unwrap();
        let mut child = workspace
            .command()
            .arg("rescan")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Opens as soon as the other side does.
        let list = File::options().write(true).open(list).unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        let waiting = Self {
            child,
            list,
            err,
            said: String::new(),
        };
        while !waiting.catches_interrupts() {
            sleep(Duration::from_millis(1));
        }
        waiting
    }

    fn catches_interrupts(&self) -> bool {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let caught = status
            .lines()
            .find_map(|line| line.strip_prefix("SigCgt:"))
            .unwrap();
        let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
        caught & (1 << (Signal::INT.as_raw() - 1)) != 0
    }

    fn interrupt(&self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap()).unwrap();
        kill_process(pid, Signal::INT).unwrap();
    }

    /// Interrupts it, and waits until it says that it has noted that.
    fn interrupt_once(&mut self) {
        self.interrupt();
        while !self.said.contains("stopping after the files being read") {
            assert_ne!(self.err.read_line(&mut self.said).unwrap(), 0);
        }
    }

    /// Gives it the list, and waits for its end.
    fn go_on(mut self) -> Ended {
        let list = fs::read(testdata().join("labels.json")).unwrap();
        self.list.write_all(&list).unwrap();
        drop(self.list);
        Self::end(self.child, self.err, self.said)
    }

    fn end(child: Child, mut err: BufReader<ChildStderr>, mut said: String) -> Ended {
        err.read_to_string(&mut said).unwrap();
        Ended {
            err: said,
            ..Ended::of(&child.wait_with_output().unwrap())
        }
    }
}

fn put_list_back(workspace: &Workspace) {
    fs::remove_file(workspace.path("labels.json")).unwrap();
    fs::copy(
        testdata().join("labels.json"),
        workspace.path("labels.json"),
    )
    .unwrap();
}

#[test]
fn an_interrupt_ends_a_rescan_and_the_next_one_goes_on() {
    for store in Store::each() {
        let workspace = Workspace::on(store).with_samples();
        let mut waiting = Waiting::start(&workspace);
        waiting.interrupt_once();
        waiting.go_on().expect(130).says(&[
            "interrupted in acme/share",
            "the same command goes on from here",
        ]);
        put_list_back(&workspace);
        rescan(&workspace, &[]).balances(&workspace);
    }
}

#[test]
fn a_second_interrupt_ends_a_rescan_that_waits() {
    let workspace = Workspace::new().with_samples();
    let mut waiting = Waiting::start(&workspace);
    waiting.interrupt_once();
    waiting.interrupt();
    // The list stays open and unsaid.
    let Waiting {
        child,
        err,
        said,
        list: _unsaid,
    } = waiting;
    Waiting::end(child, err, said).expect(130);
    put_list_back(&workspace);
    rescan(&workspace, &[]).balances(&workspace);
}

#[test]
fn a_second_rescan_on_one_sqlite_store_is_refused_and_readers_are_not() {
    let workspace = Workspace::new().with_samples();
    rescan(&workspace, &[]);
    let before = workspace.inventory();
    let first = Waiting::start(&workspace);
    let second = workspace.run(["rescan"]);
    second
        .expect(11)
        .says(&["data/labeld.db is in use by another writer"]);
    let mut sync = workspace.command();
    sync.args(["labels", "sync"]);
    run(sync).expect(11);
    assert_eq!(workspace.inventory(), before);
    let first = first.go_on().expect(0);
    Account::of(&first).balances(&workspace);
    put_list_back(&workspace);
    rescan(&workspace, &[]);
}
