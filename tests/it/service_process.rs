//! `labeld run` as a process that can be killed.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::workspace::Workspace;

/// Lines of the log that a failure shows.
const LINES_SHOWN: usize = 60;

/// A running service; a test that fails leaves none behind.
pub(crate) struct ServiceProcess {
    child: Child,
    log: PathBuf,
}

impl ServiceProcess {
    /// Starts one with the configuration of that name in the workspace; its log has that name, too.
    pub(crate) fn start(workspace: &Workspace, config: &str, environment: &[(&str, &str)]) -> Self {
        let log = workspace.path(config).with_extension("log");
        let mut command = workspace.command();
        command.arg("run").arg("--config").arg(config);
        command.stdout(Stdio::null());
        command.stderr(File::create(&log).unwrap());
        command.envs(environment.iter().copied());
        Self {
            child: command.spawn().unwrap(),
            log,
        }
    }

    /// `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap()
    }

    /// How it ended, where it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Its number among the machine's processes.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged.
    pub(crate) fn whole_log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// The end of its log.
    pub(crate) fn log(&self) -> String {
        let log = self.whole_log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
    }
}

impl Drop for ServiceProcess {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}
