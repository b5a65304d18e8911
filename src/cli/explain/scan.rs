//! Why a file's content was scanned or not: rules §7, the queue, and what to do next.

#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use labeld_formats::READER_VERSION;
use serde::Serialize;

use crate::cli::output::Row;
use crate::model::Reason;
use crate::model::content_scan::{ScanDecision, ScanEvent, ScanScope, ScanVerdict};
use crate::model::inventory::{FileFacts, FileRecord};
use crate::store::queue::{JobClass, JobState};

/// What the store knows of the file.
#[derive(Debug)]
pub(super) struct Known<'a> {
    pub(super) record: &'a FileRecord,
    /// When the present version came; `None` where it was there before the app was connected.
    pub(super) arrived: Option<DateTime<Utc>>,
    pub(super) job: Option<&'a JobState>,
    /// Whether the configuration still has the file's app.
    pub(super) is_configured: bool,
}

/// How far the scan of the present version has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ScanState {
    /// The file is gone.
    Removed,
    /// It is being read.
    Reading,
    /// It waits for its turn.
    Waiting,
    /// It waits for another attempt.
    Retry,
    /// It was read.
    Read,
    /// It is not in the queue and was not read.
    NotQueued,
}

/// The answer.
#[derive(Debug, Serialize)]
pub(super) struct ScanRow {
    id: i64,
    tenant: String,
    app: String,
    #[serde(rename = "ref")]
    file: String,
    path: String,
    state: ScanState,
    /// The row and column of rules §7 that apply, and the cell where they meet.
    rule: ScanDecision,
    /// The rule in words.
    explanation: String,
    /// The job, while the file is in the queue.
    job: Option<JobRow>,
    /// The last reading, of whichever version.
    last_read: Option<LastRead>,
    /// What to do.
    next: String,
}

#[derive(Debug, Serialize)]
struct JobRow {
    class: &'static str,
    /// Since when it is wanted.
    since: DateTime<Utc>,
    /// Not before then.
    due: DateTime<Utc>,
    /// Attempts that have failed.
    attempts: u32,
    /// Processes that died over it.
    crashes: u32,
    /// Why the last attempt failed.
    reason: Option<String>,
    /// It changed while it was being read, and is read once more.
    again: bool,
}

#[derive(Debug, Serialize)]
struct LastRead {
    at: DateTime<Utc>,
    state: String,
    reason: Option<String>,
    /// Whether it is of the present version, by this version of the reader.
    current: bool,
}

pub(super) fn explain(known: &Known<'_>, scope: &ScanScope, now: DateTime<Utc>) -> ScanRow {
    let record = known.record;
    let is_read = record
        .facts
        .as_ref()
        .is_some_and(|facts| is_current(facts, record));
    let rule = scope.decide(event(known), &record.listed(), is_read);
    let state = state(known, is_read, now);
    ScanRow {
        id: record.id.0,
        tenant: record.tenant.to_string(),
        app: record.app.to_string(),
        file: record.file.to_string(),
        path: path(record),
        state,
        rule,
        explanation: rule.explanation(),
        job: known.job.map(JobRow::from),
        last_read: record.facts.as_ref().map(|facts| LastRead {
            at: facts.read_at,
            state: facts.state.clone(),
            reason: facts.reason.clone(),
            current: is_current(facts, record),
        }),
        next: next(known, state, rule),
    }
}

/// What a scan would take for good. A reading to be tried again has no reader.
fn is_current(facts: &FileFacts, record: &FileRecord) -> bool {
    facts.version == record.version && facts.reader == READER_VERSION
}

/// The row of rules §7. A change that left the content alone brings no row of its own here: what was to be done with the
/// content was decided when the content came.
fn event(known: &Known<'_>) -> ScanEvent {
    match known.arrived {
        None => ScanEvent::Existing,
        Some(arrived) if arrived > known.record.first_seen => ScanEvent::Modified,
        Some(_) => ScanEvent::New,
    }
}

fn state(known: &Known<'_>, is_read: bool, now: DateTime<Utc>) -> ScanState {
    match known.job {
        _ if known.record.removed.is_some() => ScanState::Removed,
        Some(job) if job.worker.is_some() => ScanState::Reading,
        Some(job) if job.due > now => ScanState::Retry,
        Some(_) => ScanState::Waiting,
        None if is_read => ScanState::Read,
        None => ScanState::NotQueued,
    }
}

fn next(known: &Known<'_>, state: ScanState, rule: ScanDecision) -> String {
    let record = known.record;
    if state != ScanState::Removed && !known.is_configured {
        return format!(
            "configure the app {}/{} again: nothing reads it as it is",
            record.tenant, record.app
        );
    }
    let rescan = rescan_command(record);
    match state {
        ScanState::Removed => "nothing: the file is gone".to_owned(),
        ScanState::Reading => "wait: it is being read".to_owned(),
        ScanState::Waiting => {
            "wait for its turn, while `labeld run` is running; `labeld rescan` reads it now"
                .to_owned()
        }
        ScanState::Retry => retry(known, &rescan),
        ScanState::Read => read(record),
        ScanState::NotQueued if rule.verdict == ScanVerdict::InventoryOnly => {
            format!("run `{rescan}`")
        }
        ScanState::NotQueued => {
            format!(
                "start `labeld run`, which puts it into its queue when it changes, or run `{rescan}`"
            )
        }
    }
}

fn retry(known: &Known<'_>, rescan: &str) -> String {
    let due = known.job.map(|job| time(job.due)).unwrap_or_default();
    let reason = known.job.and_then(|job| job.reason.as_deref());
    match reason.and_then(Reason::from_code) {
        Some(Reason::FilePoison) => format!("wait until {due}, or for a new version of it"),
        Some(reason) => format!(
            "wait until {due}, or mend it and run `{rescan}`: {} ({})",
            reason.fix(),
            reason.fixed_by()
        ),
        None => format!("wait until {due}, or run `{rescan}`"),
    }
}

fn read(record: &FileRecord) -> String {
    let facts = record.facts.as_ref();
    let reason = facts.and_then(|facts| facts.reason.as_deref());
    match reason.and_then(Reason::from_code) {
        Some(reason) => format!("{} ({})", reason.fix(), reason.fixed_by()),
        None => format!(
            "nothing: `labeld files show {}` prints what was read",
            record.id.0
        ),
    }
}

/// What reads this file and no other, where its path can be told on a command line.
fn rescan_command(record: &FileRecord) -> String {
    let path = path(record);
    let is_plain = |character: char| {
        character.is_alphanumeric() || matches!(character, '/' | '.' | '-' | '_' | ' ' | ',' | '+')
    };
    let scope = if path.chars().all(is_plain) {
        format!(" --path '{path}'")
    } else {
        String::new()
    };
    format!(
        "labeld rescan --tenant {} --app {}{scope}",
        record.tenant, record.app
    )
}

fn path(record: &FileRecord) -> String {
    if record.folder.is_empty() {
        record.name.clone()
    } else {
        format!("{}/{}", record.folder, record.name)
    }
}

fn time(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

impl ScanState {
    fn word(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Reading => "reading",
            Self::Waiting => "waiting",
            Self::Retry => "retry",
            Self::Read => "read",
            Self::NotQueued => "not_queued",
        }
    }
}

impl From<&JobState> for JobRow {
    fn from(job: &JobState) -> Self {
        Self {
            class: match job.class {
                JobClass::Changed => "changed",
                JobClass::Backlog => "backlog",
            },
            since: job.listed,
            due: job.due,
            attempts: job.attempt,
            crashes: job.crashes,
            reason: job.reason.clone(),
            again: job.again,
        }
    }
}

impl ScanRow {
    /// The answer for people, as names and values.
    pub(super) fn lines(&self) -> Vec<(&'static str, String)> {
        let mut lines = vec![
            (
                "file",
                format!(
                    "{} ({}/{}, number {})",
                    self.path, self.tenant, self.app, self.id
                ),
            ),
            ("rule", self.explanation.clone()),
            ("state", self.state.words().to_owned()),
        ];
        if let Some(job) = &self.job {
            lines.push(("job", job.sentence()));
        }
        lines.push((
            "last read",
            self.last_read
                .as_ref()
                .map_or_else(|| "never".to_owned(), LastRead::sentence),
        ));
        lines.push(("next", self.next.clone()));
        lines
    }
}

impl ScanState {
    fn words(self) -> &'static str {
        match self {
            Self::Removed => "the file is gone",
            Self::Reading => "being read now",
            Self::Waiting => "in the queue",
            Self::Retry => "in the queue for another attempt",
            Self::Read => "read: this version, by this version of labeld",
            Self::NotQueued => "not read, and not in the queue",
        }
    }
}

impl JobRow {
    fn sentence(&self) -> String {
        let mut told = format!(
            "{} since {}, due {}",
            self.class,
            time(self.since),
            time(self.due)
        );
        if self.attempts > 0 {
            told += &format!(", {} failed attempts", self.attempts);
        }
        if let Some(reason) = &self.reason {
            told += &format!(", the last by {reason}");
        }
        if self.crashes > 0 {
            told += &format!(", {} crashes", self.crashes);
        }
        if self.again {
            told += ", changed meanwhile";
        }
        told
    }
}

impl LastRead {
    fn sentence(&self) -> String {
        let reason = self.reason.as_ref().map(|reason| format!(" ({reason})"));
        let age = if self.current {
            ""
        } else {
            ", to be read anew"
        };
        format!(
            "{}: {}{}{age}",
            time(self.at),
            self.state,
            reason.unwrap_or_default()
        )
    }
}

impl Row for ScanRow {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "app",
        "path",
        "state",
        "rule",
        "due",
        "reason",
        "last read",
        "next",
    ];

    fn cells(&self) -> Vec<String> {
        let job = self.job.as_ref();
        let reason = job
            .and_then(|job| job.reason.clone())
            .or_else(|| self.last_read.as_ref()?.reason.clone());
        vec![
            self.id.to_string(),
            format!("{}/{}", self.tenant, self.app),
            self.path.clone(),
            self.state.word().to_owned(),
            self.explanation.clone(),
            job.map_or_else(|| "-".to_owned(), |job| time(job.due)),
            reason.unwrap_or_else(|| "-".to_owned()),
            self.last_read
                .as_ref()
                .map_or_else(|| "-".to_owned(), |read| time(read.at)),
            self.next.clone(),
        ]
    }
}
