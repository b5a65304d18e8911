//! `labeld run` as a process of its own, and the commands that talk with it.

mod absent_store;
mod audit;
mod clock;
mod full_disk;
mod govern;
mod hand;
mod lost_lease;
mod notifications;
mod rescan;
mod unit;

use std::fs;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::workspace::{Ended, GENERAL, Store, Workspace, docx};

/// Nothing that is waited for takes nearly so long.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pause between two looks at something that tells nobody when it changes.
const LOOK: Duration = Duration::from_millis(50);

/// A running service, and what it tells the service manager. Dropping it kills it.
struct Service<'w> {
    workspace: &'w Workspace,
    child: Child,
    told: UnixDatagram,
    told_before: Vec<String>,
}

impl<'w> Service<'w> {
    /// Starts it; it may not be ready yet.
    fn start(workspace: &'w Workspace) -> Self {
        Self::start_with(workspace, &[])
    }

    fn start_with(workspace: &'w Workspace, environment: &[(&str, &str)]) -> Self {
        let socket = workspace.path("notify");
        let _ = fs::remove_file(&socket);
        let told = UnixDatagram::bind(&socket).unwrap();
        told.set_read_timeout(Some(PATIENCE)).unwrap();
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(workspace.path("service.log"))
            .unwrap();
        let child = workspace
            .command()
            .arg("run")
            .env("NOTIFY_SOCKET", &socket)
            .env("WATCHDOG_USEC", "900000")
            .envs(environment.iter().copied())
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        Self {
            workspace,
            child,
            told,
            told_before: Vec::new(),
        }
    }

    fn started(workspace: &'w Workspace) -> Self {
        let mut service = Self::start(workspace);
        service.tells("READY=1");
        service
    }

    /// Waits until it tells the service manager something.
    #[track_caller]
    fn tells(&mut self, what: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let Ok(length) = self.told.recv(&mut buffer) else {
                panic!(
                    "{what} was not told: {:#?}\n{}",
                    self.told_before,
                    self.log()
                );
            };
            let message = String::from_utf8_lossy(&buffer[..length]).into_owned();
            self.told_before.push(message.clone());
            if message.contains(what) {
                return message;
            }
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.workspace.path("service.log")).unwrap()
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(process, signal).unwrap();
    }

    /// Its state.
    fn status(&self) -> Value {
        let ended = self.workspace.run(["status", "--format", "json"]).expect(0);
        serde_json::from_str(&ended.out).unwrap()
    }

    /// Waits until its state is as wanted.
    #[track_caller]
    fn until(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let begun = Instant::now();
        loop {
            let status = self.status();
            if wanted(&status) {
                return status;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "never {what}: {status:#}\n{}",
                self.log()
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until the inventory has so many files.
    #[track_caller]
    fn until_listed(&self, files: usize) {
        self.until_inventory(files, |_| true);
    }

    /// Waits until so many files of the inventory were read. Those that were there before the service are not
    /// (rules §7).
    #[track_caller]
    fn until_read(&self, files: usize) {
        self.until_inventory(files, |row| row["read_at"].is_string());
    }

    #[track_caller]
    fn until_inventory(&self, files: usize, counts: impl Fn(&Value) -> bool) {
        let begun = Instant::now();
        loop {
            let inventory = self.workspace.inventory();
            if inventory.values().filter(|row| counts(row)).count() == files {
                return;
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "not {files} files: {inventory:#?}\n{}",
                self.log()
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until an app was asked what it has.
    #[track_caller]
    fn until_polled(&self, app: &str) {
        let poll = format!("poll:{app}");
        self.until("polled", |status| {
            task(status, &poll)["succeeded"].is_string()
        });
    }

    /// Ends it with SIGTERM, as the service manager does.
    #[track_caller]
    fn stop(mut self) {
        self.signal(Signal::TERM);
        self.tells("STOPPING=1");
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        assert!(!self.log().contains("panicked"), "{}", self.log());
    }
}

impl Drop for Service<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn task<'s>(status: &'s Value, name: &str) -> &'s Value {
    let tasks = status["tasks"].as_array().unwrap();
    let found = tasks.iter().find(|task| task["name"] == name);
    found.unwrap_or_else(|| panic!("no task {name} in {status:#}"))
}

/// A workspace whose app is asked often, or hardly ever; nothing listens on a port that another test may have.
fn workspace(store: Store, poll: &str) -> Workspace {
    let workspace = Workspace::on(store);
    append(
        &workspace,
        &format!("poll = \"{poll}\"\n[http]\nlisten = \"off\"\n"),
    );
    workspace
}

fn config(workspace: &Workspace) -> PathBuf {
    workspace.path("labeld.toml")
}

fn append(workspace: &Workspace, text: &str) {
    let mut config_text = fs::read_to_string(config(workspace)).unwrap();
    config_text.push_str(text);
    fs::write(config(workspace), config_text).unwrap();
}

#[test]
fn a_service_keeps_the_inventory_and_loses_nothing_when_it_is_stopped() {
    for store in Store::each() {
        let workspace = workspace(store, "1s");
        let mut service = Service::started(&workspace);
        service.until_polled("acme/share");
        workspace.write("one.docx", docx(Some(GENERAL)));
        service.until_read(1);
        workspace.write("two.docx", docx(None));
        service.until_read(2);
        fs::remove_file(workspace.docs().join("one.docx")).unwrap();
        service.until_read(1);
        service.tells("WATCHDOG=1");
        let status = service.until("synced", |status| {
            status["label_lists"][0]["last_success"].is_string()
        });
        assert_eq!(status["phase"], "running", "{status:#}");
        assert_eq!(status["store"]["state"], "usable", "{status:#}");
        assert_eq!(task(&status, "poll:acme/share")["error"], Value::Null);
        let healthy = workspace.run(["health"]).expect(0);
        assert_eq!(healthy.out, "ok\n");
        let top = workspace.run(["top", "--looks", "1"]).expect(0);
        for line in [
            "labeld ",
            "app       acme/share: ",
            "task      poll:acme/share: ",
        ] {
            assert!(top.out.contains(line), "{line} in {}", top.out);
        }
        service.stop();
        workspace
            .run(["status"])
            .expect(1)
            .says(&["no `labeld run` answers"]);
        workspace.run(["health"]).expect(1);

        // Whatever came while nobody looked is found; nothing that was known is read again.
        workspace.write("three.docx", docx(None));
        let ended = workspace.run(["rescan"]).expect(0);
        let account = crate::cli_rescan::Account::of(&ended);
        assert_eq!((account.in_scope, account.read), (2, 1), "{ended:#?}");
    }
}

#[test]
fn a_state_folder_has_one_service() {
    for store in Store::each() {
        let code = if store == Store::Sqlite { 11 } else { 1 };
        let workspace = workspace(store, "1h");
        let mut first = Service::started(&workspace);
        let second: Ended = workspace.run(["run"]).expect(code);
        second.says(&["another `labeld run` uses "]);
        assert_eq!(first.status()["phase"], "running");

        // One that was killed leaves its socket, and holds up nobody.
        first.signal(Signal::KILL);
        first.child.wait().unwrap();
        let second = Service::started(&workspace);
        second.stop();
    }
}

#[test]
fn what_is_in_the_place_of_the_socket_is_replaced() {
    let workspace = workspace(Store::Sqlite, "1h");
    fs::create_dir_all(workspace.path("data")).unwrap();
    drop(UnixListener::bind(workspace.path("data/control.sock")).unwrap());
    workspace
        .run(["status"])
        .expect(1)
        .says(&["no `labeld run` answers"]);
    Service::started(&workspace).stop();
    assert!(!workspace.path("data/control.sock").exists());
}

#[test]
fn a_changed_configuration_is_taken_over_whole_or_not_at_all() {
    let workspace = workspace(Store::Sqlite, "1h");
    let before = fs::read_to_string(config(&workspace)).unwrap();
    let mut service = Service::started(&workspace);
    let apps = |status: &Value| status["apps"].as_array().unwrap().len();

    fs::create_dir(workspace.path("more")).unwrap();
    fs::write(workspace.path("more/x.docx"), docx(None)).unwrap();
    append(
        &workspace,
        "[[tenant.local]]\nname = \"more\"\nroot = \"more\"\n",
    );
    service.signal(Signal::HUP);
    service.tells("RELOADING=1");
    service.tells("READY=1");
    let status = service.until("two apps", |status| apps(status) == 2);
    assert_eq!(status["config"]["refused"], Value::Null);
    service.until_listed(1);

    let line = before.lines().count() + 1;
    for (broken, places) in [
        (
            "pol = \"1s\"\n",
            vec![format!("labeld.toml:{line}:1: unknown key `pol`")],
        ),
        (
            "[service]\nmemory = \"100 MiB\"\n",
            vec!["needs a restart".to_owned()],
        ),
        (
            "[[tenant.box]]\nname = \"b\"\nconfig = { file = \"none.json\" }\n",
            vec![
                "app acme/b cannot be used".to_owned(),
                "none.json".to_owned(),
            ],
        ),
    ] {
        fs::write(config(&workspace), format!("{before}{broken}")).unwrap();
        service.signal(Signal::HUP);
        let told = service.tells("READY=1");
        assert!(told.contains("refused"), "{told}");
        let status = service.status();
        let refused = status["config"]["refused"].as_str().unwrap_or_default();
        for place in places {
            assert!(refused.contains(&place), "{place} in {refused}");
        }
        assert_eq!(apps(&status), 2, "{status:#}");
        let health = workspace.run(["health"]).expect(1);
        assert!(health.out.starts_with("config: "), "{}", health.out);
    }

    fs::write(config(&workspace), before).unwrap();
    service.signal(Signal::HUP);
    service.until("mended", |status| {
        apps(status) == 1 && status["config"]["refused"].is_null()
    });
    workspace.run(["health"]).expect(0);
    service.stop();
}

#[test]
fn a_signal_makes_it_look_at_once() {
    let workspace = workspace(Store::Sqlite, "1d");
    let service = Service::started(&workspace);
    service.until_polled("acme/share");
    workspace.write("new.docx", docx(None));
    service.signal(Signal::USR1);
    service.until_read(1);
    service.stop();
}

#[test]
fn an_app_that_is_down_holds_up_no_other() {
    let workspace = workspace(Store::Sqlite, "1s");
    append(
        &workspace,
        "[[tenant.local]]\nname = \"gone\"\nroot = \"gone\"\npoll = \"1s\"\n",
    );
    let service = Service::started(&workspace);
    service.until_polled("acme/share");
    workspace.write("one.docx", docx(None));
    service.until_read(1);
    let status = service.until("told", |status| {
        task(status, "poll:acme/gone")["error"].is_string()
    });
    assert_eq!(task(&status, "poll:acme/share")["error"], Value::Null);
    let health = workspace.run(["health"]).expect(1);
    assert!(health.out.contains("poll:acme/gone: "), "{}", health.out);
    fs::create_dir(workspace.path("gone")).unwrap();
    service.until("well", |status| {
        status["failing"].as_array().unwrap().is_empty()
    });
    service.stop();
}
