//! What a running service says of itself: `labeld status`, `labeld health`, `/readyz`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The state of a running service. Fields may be added, none removed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Status {
    /// Its version.
    pub version: String,
    /// Its process number.
    pub process: u32,
    /// When it was started.
    pub started: DateTime<Utc>,
    /// What time it is for the service.
    pub now: DateTime<Utc>,
    /// What it is doing.
    pub phase: Phase,
    /// Its configuration file.
    pub config: ConfigStatus,
    /// Its store.
    pub store: StoreStatus,
    /// Addresses that it listens on.
    pub listens: Vec<String>,
    /// The processes that work on the store, this one among them.
    pub workers: Vec<WorkerStatus>,
    /// The label lists of its tenants.
    pub label_lists: Vec<LabelListStatus>,
    /// Its apps.
    pub apps: Vec<AppStatus>,
    /// What it does now and then.
    pub tasks: Vec<TaskStatus>,
    /// What is wrong; empty where all is well.
    pub failing: Vec<FailingCheck>,
}

/// What the service is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// It waits for the store.
    Starting,
    /// It works.
    Running,
    /// It takes over another configuration.
    Reloading,
    /// It brings what it has begun to an end.
    Stopping,
}

impl Phase {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Reloading => "reloading",
            Self::Stopping => "stopping",
        }
    }
}

/// The configuration in force.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConfigStatus {
    /// The file.
    pub file: String,
    /// When it was read.
    pub loaded: DateTime<Utc>,
    /// Why a newer one was refused.
    pub refused: Option<String>,
}

/// The store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoreStatus {
    /// Where it is; never a password.
    pub location: String,
    /// `usable`, `opening`, `read_only` or `unreachable`.
    pub state: String,
    /// Why it is not usable.
    pub why: Option<String>,
}

/// A process that works on the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WorkerStatus {
    /// Host and process number.
    pub name: String,
    /// When it registered.
    pub started: DateTime<Utc>,
    /// When others take over what it does, unless it is heard of before.
    pub expires: DateTime<Utc>,
    /// Whether it is the service that answers.
    pub answers: bool,
}

/// The label list of a tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LabelListStatus {
    /// The tenant.
    pub tenant: String,
    /// When it was last taken over.
    pub last_success: Option<DateTime<Utc>>,
    /// Why it could not be had the last time.
    pub error: Option<String>,
}

/// An app.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AppStatus {
    /// The tenant.
    pub tenant: String,
    /// The app.
    pub app: String,
    /// Changed files that wait to be scanned.
    pub changed: u64,
    /// Other files that wait to be scanned.
    pub backlog: u64,
    /// Files that are being scanned.
    pub scanning: u64,
    /// How long the file that waits longest has been waiting.
    pub oldest: Option<DateTime<Utc>>,
    /// Why it cannot be worked on.
    pub error: Option<String>,
}

/// A task that is done now and then.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskStatus {
    /// What is done, and for whom: `poll:TENANT/APP`.
    pub name: String,
    /// `waiting`, `running`, `late` or `failed`.
    pub state: String,
    /// When it is due.
    pub due: Option<DateTime<Utc>>,
    /// When it was last started.
    pub started: Option<DateTime<Utc>>,
    /// When it last succeeded.
    pub succeeded: Option<DateTime<Utc>>,
    /// By how many seconds it is late.
    pub late_seconds: u64,
    /// Why it failed the last time.
    pub error: Option<String>,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailingCheck {
    /// What was looked at: `store`, `service`, or the name of a task.
    pub check: String,
    /// What is wrong with it.
    pub why: String,
    /// The service can do nothing until it is mended (`/readyz`); otherwise a part of its work stands still.
    pub fatal: bool,
}
