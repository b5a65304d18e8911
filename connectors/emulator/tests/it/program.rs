//! The program `labeld-emulator`.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};

use crate::tiny::{Speech, client};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_labeld-emulator"))
}

/// A running program, killed when the test fails before it has ended.
struct Running {
    child: Child,
    announcement: Value,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program()
            .arg("serve")
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        let announcement = serde_json::from_str(&line).unwrap();
        Self {
            child,
            announcement,
        }
    }

    /// The control API with this path.
    fn url(&self, path: &str) -> String {
        format!(
            "{}_emulator/{path}",
            self.announcement["control"].as_str().unwrap()
        )
    }

    /// Ends it with a signal; its exit code, and what it wrote to the standard output after its one line.
    fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let id = self.child.id().to_string();
        let killed = Command::new("kill")
            .args(["-s", signal, &id])
            .status()
            .unwrap();
        assert!(killed.success());
        let mut rest = String::new();
        self.child
            .stdout
            .as_mut()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn it_serves_until_a_signal() {
    for signal in ["TERM", "INT"] {
        let running = Running::start(&[]);
        assert_eq!(running.announcement["ca"], Value::Null);
        assert_eq!(running.announcement["config"], Value::Null);
        assert!(running.announcement["microsoft"].is_object());
        let client = client(Speech::Http1, None);
        let clock = client.get(running.url("clock")).send().await.unwrap();
        assert_eq!(clock.status(), 200);
        assert_eq!(running.end(signal), (Some(0), String::new()), "{signal}");
    }
}

#[tokio::test]
async fn it_writes_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("new/labeld.toml");
    let running = Running::start(&["--tls", "--write-config", config.to_str().unwrap()]);
    let ca = folder.path().join("new/emulator-ca.pem");
    assert_eq!(running.announcement["ca"], json!(ca));
    assert_eq!(running.announcement["config"], json!(config));
    for file in fs::read_dir(folder.path().join("new")).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
    }
    let text = fs::read_to_string(&config).unwrap();
    assert!(
        text.contains("[store]\nsqlite = \"labeld-data/labeld.db\"\n"),
        "{text}"
    );
    assert!(
        fs::read_to_string(ca)
            .unwrap()
            .contains("BEGIN CERTIFICATE")
    );
    assert_eq!(running.end("TERM").0, Some(0));
}

#[tokio::test]
async fn it_goes_on_with_a_saved_state() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state.json");
    let arguments = [
        "--state",
        state.to_str().unwrap(),
        "--clock",
        "2026-03-01T09:00:00Z",
    ];
    let client = client(Speech::Http1, None);
    let running = Running::start(&arguments);
    let frozen = json!({"frozen": true, "now": "2027-01-01T00:00:00Z"});
    let clock = client
        .post(running.url("clock"))
        .json(&frozen)
        .send()
        .await
        .unwrap();
    assert_eq!(clock.status(), 200);
    assert_eq!(running.end("TERM").0, Some(0));

    for (arguments, year) in [(&arguments[..2], "2027"), (&arguments[..], "2026")] {
        let running = Running::start(arguments);
        let clock = client.get(running.url("clock")).send().await.unwrap();
        let clock: Value = clock.json().await.unwrap();
        assert!(clock["now"].as_str().unwrap().starts_with(year), "{clock}");
        assert_eq!(clock["frozen"], true);
        assert_eq!(running.end("TERM").0, Some(0));
    }
}

/// Every service makes documents without being told more than how many.
#[test]
fn generated_files_are_served() {
    let running = Running::start(&["--files", "3"]);
    assert!(running.announcement.is_object());
}

#[test]
fn it_says_what_is_wrong() {
    for (arguments, code, expected) in [
        (&["serve", "--clock", "noon"][..], 2, "a time looks like"),
        (&["serve", "--listen-base", "0"], 2, "0 is not in 1..=65535"),
        (&["serve", "--journal", "some"], 2, "heads"),
        (&[], 2, "Usage"),
        (
            &["serve", "--listen-base", "65535"],
            1,
            "no ports behind 65535",
        ),
        (&["serve", "--state", "/"], 1, "cannot read /"),
        (
            &["serve", "--write-config", "/dev/null/x/labeld.toml"],
            1,
            "cannot make the folder /dev/null/x",
        ),
    ] {
        let Output {
            status,
            stdout,
            stderr,
        } = program().args(arguments).output().unwrap();
        let stderr = String::from_utf8(stderr).unwrap();
        assert_eq!(status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(expected), "{arguments:?}: {stderr}");
        assert!(stdout.is_empty(), "{arguments:?}");
    }
}
