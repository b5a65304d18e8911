//! The table of results and the accounting identity (rules §5).

use std::fmt::{self, Display};
use std::io::{self, Write};

use chrono::SecondsFormat;
use serde::Serialize;

use crate::apps::ConnectError;
use crate::cli::exit::Exit;
use crate::cli::output::{Listing, Row, byte_size, grouped};
use crate::daemon::rescan::Failure;
use crate::model::{AppName, Reason, TenantName};
use crate::pipeline::rescan::{Finished, Governed};
use crate::store::decisions::Would;
use crate::store::runs::{APPLIED, Counters, REMOVED};

/// Files of an app that ended in the same way.
#[derive(Debug, Serialize)]
pub(super) struct OutcomeRow {
    tenant: String,
    app: String,
    /// `ok` or a reason code.
    outcome: String,
    files: u64,
    cause: Option<&'static str>,
}

impl Row for OutcomeRow {
    const COLUMNS: &'static [&'static str] = &["tenant", "app", "outcome", "files", "cause"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.tenant.clone(),
            self.app.clone(),
            self.outcome.clone(),
            self.files.to_string(),
            self.cause
                .unwrap_or_else(|| cause_of_success(&self.outcome))
                .to_owned(),
        ]
    }
}

/// What an outcome means that is no reason code.
fn cause_of_success(outcome: &str) -> &'static str {
    match outcome {
        APPLIED => "The label was applied.",
        REMOVED => "The label was removed.",
        _ => "read",
    }
}

/// Sums over all apps.
#[derive(Debug, Default)]
pub(super) struct Totals {
    identities: Vec<String>,
    counters: Counters,
    unreadable_folders: u64,
    /// Places that no identity of labeld reaches: reported, and no failure.
    not_covered: u64,
    failed_files: u64,
    /// Files that wait until the cap lets on.
    capped_files: u64,
    /// What to say of the actions of each app.
    remarks: Vec<String>,
    finished_apps: u64,
    failures: Vec<Failure>,
    unbalanced: bool,
}

/// What it means that an app cannot be made.
pub(super) fn failure_of_connecting(error: &ConnectError) -> Failure {
    error.kind().map_or(Failure::Configuration, Failure::of)
}

/// The exit code of a run in which nothing else happened.
fn exit_of(failure: Failure) -> Exit {
    match failure {
        Failure::Authentication => Exit::Authentication,
        Failure::Configuration => Exit::Configuration,
        Failure::Throttled => Exit::Throttled,
        Failure::Other => Exit::Failed,
    }
}

impl Totals {
    /// Prints the rows of a finished app and adds it.
    pub(super) fn add<W: Write>(
        &mut self,
        tenant: &TenantName,
        app: &AppName,
        finished: &Finished,
        listing: &mut Listing<W>,
    ) -> io::Result<()> {
        for (path, reason) in &finished.unreadable {
            if reason == Reason::AccessNotCovered.code() {
                self.not_covered += 1;
                writeln!(io::stderr(), "{app}: {path:?} is not covered: {reason}")?;
            } else {
                self.unreadable_folders += 1;
                writeln!(
                    io::stderr(),
                    "{tenant}/{app}: folder {path:?} could not be listed: {reason}"
                )?;
            }
        }
        self.finished_apps += 1;
        let mut terms = Vec::new();
        let mut sum = 0;
        for count in &finished.outcomes {
            let outcome = count.outcome.as_deref().unwrap_or(Reason::Pending.code());
            let reason = Reason::from_code(outcome);
            sum += count.files;
            terms.push(format!("{} {outcome}", grouped(count.files)));
            if reason.is_some_and(Reason::is_error) {
                self.failed_files += count.files;
            }
            if reason == Some(Reason::CapReached) {
                self.capped_files += count.files;
            }
            listing.row(&OutcomeRow {
                tenant: tenant.to_string(),
                app: app.to_string(),
                outcome: outcome.to_owned(),
                files: count.files,
                cause: reason.map(Reason::cause),
            })?;
        }
        let pending = finished
            .outcomes
            .iter()
            .any(|count| count.outcome.is_none());
        self.unbalanced |= pending || sum != finished.in_scope;
        let terms = if terms.is_empty() {
            "0".to_owned()
        } else {
            terms.join(" + ")
        };
        let equals = if sum == finished.in_scope {
            "="
        } else {
            "\u{2260}"
        };
        self.identities.push(format!(
            "{tenant}/{app}: {} files in scope {equals} {terms}",
            grouped(finished.in_scope)
        ));
        self.remark(&format!("{tenant}/{app}"), &finished.governed);
        let (total, one) = (&mut self.counters, finished.counters);
        total.listed += one.listed;
        total.read += one.read;
        total.bytes_read += one.bytes_read;
        total.bytes_of_files += one.bytes_of_files;
        total.reads += one.reads;
        Ok(())
    }

    /// What there is to say of the actions, beside the sums.
    fn remark(&mut self, app: &str, governed: &Governed) {
        for (would, files) in &governed.would {
            let what = match would {
                Would::Apply => "would get a label",
                Would::Remove => "would lose their label",
            };
            let files = grouped(*files);
            self.remarks
                .push(format!("{app}: {files} files {what}; nothing was written, because a policy in `observe` or `--observe` says so"));
        }
        if let Some(run) = governed.run {
            let run = run.0;
            self.remarks.push(format!(
                "{app}: run {run}: `labeld undo {run}` takes it back"
            ));
        }
        if let Some(until) = governed.cap_paused_until {
            let until = until.to_rfc3339_opts(SecondsFormat::Secs, true);
            self.remarks.push(format!(
                "{app}: the cap is reached; the rest can be labelled from {until} on"
            ));
        }
    }

    /// Reports an app that could not be worked on.
    pub(super) fn app_failed(
        &mut self,
        tenant: &TenantName,
        app: &AppName,
        failure: Failure,
        why: &str,
    ) -> io::Result<()> {
        self.failures.push(failure);
        writeln!(
            io::stderr(),
            "{tenant}/{app}: {why}\n  fix: `labeld doctor --tenant {tenant} --app {app}` says what to do"
        )
    }

    /// The exit code that says the worst that happened. Where no app could be worked on it says why, first of
    /// all that credentials were refused.
    pub(super) fn exit(&self) -> Exit {
        let refused = self.failures.contains(&Failure::Authentication);
        let failure = match self.failures.first() {
            Some(_) if refused => Some(Failure::Authentication),
            first => first.copied(),
        };
        match failure {
            _ if self.unbalanced => Exit::Failed,
            Some(failure) if self.finished_apps == 0 => exit_of(failure),
            Some(_) => Exit::SomeFilesFailed,
            None if self.failed_files + self.unreadable_folders > 0 => Exit::SomeFilesFailed,
            None if self.capped_files > 0 => Exit::CapReached,
            None => Exit::Ok,
        }
    }
}

impl Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for identity in &self.identities {
            writeln!(f, "{identity}")?;
        }
        for remark in &self.remarks {
            writeln!(f, "{remark}")?;
        }
        if self.unbalanced {
            writeln!(
                f,
                "the sums above do not agree: this is a bug in labeld, please report it"
            )?;
        }
        if self.not_covered > 0 {
            let places = if self.not_covered == 1 {
                "1 place is".to_owned()
            } else {
                format!("{} places are", grouped(self.not_covered))
            };
            writeln!(
                f,
                "{places} not covered: {}; `labeld doctor` says which and why",
                Reason::AccessNotCovered.code()
            )?;
        }
        let counters = &self.counters;
        writeln!(
            f,
            "{} listed as new or changed, {} read: {} of {} in {} reads",
            grouped(counters.listed),
            grouped(counters.read),
            byte_size(counters.bytes_read),
            byte_size(counters.bytes_of_files),
            grouped(counters.reads)
        )
    }
}
