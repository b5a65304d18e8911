//! The command line: one file per command.

mod actions;
mod audit;
mod cap;
mod check;
mod config_args;
mod doctor;
mod exit;
mod explain;
mod files;
mod hand;
mod health;
mod init;
mod inspect;
mod label;
mod labels;
pub mod output;
mod policy;
mod rescan;
mod rules;
mod run;
mod session;
mod skips;
mod status;
mod store;
mod target;
mod time;
mod top;
mod undo;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::exit::Exit;
use crate::config::{Config, Problems, SecretError};
use crate::store::StoreError;

/// Finds Microsoft sensitivity labels on an organisation's files.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The service: keep the inventory up to date, until it is told to stop
    Run(run::RunArgs),
    /// Read labels, protection and reason codes of local files; needs no configuration
    Inspect(inspect::InspectArgs),
    /// Bring the inventory up to date, read every file that has changed, do what the policies want, print what became of each
    Rescan(rescan::RescanArgs),
    /// List the inventory, or show one file
    Files(Box<files::FilesArgs>),
    /// Say what the policies make of a file and why, or why its content was read or not
    Explain(explain::ExplainArgs),
    /// Apply or remove labels by hand, by the same rules and under the same cap as policies
    Label(label::LabelArgs),
    /// Take back what a run has written, where files are as labeld left them
    Undo(undo::UndoArgs),
    /// The label writes that are wanted and what became of them: list, show, retry, cancel
    Actions(Box<actions::ActionsArgs>),
    /// List the label catalogue, or bring it up to date
    Labels(labels::LabelsArgs),
    /// Count files by reason code, with cause and who can fix it
    Skips(skips::SkipsArgs),
    /// Check policies, test them against facts, see what they would do, switch them on or off
    Policy(policy::PolicyArgs),
    /// Show the daily cap on applied labels: used, left, reset, and when what waits will be done
    Cap(cap::CapArgs),
    /// Print what labeld may do to a file's label, and why, as tables
    Rules(rules::RulesArgs),
    /// Show the state of the running service
    Status(status::StatusArgs),
    /// Say whether the running service is well, by the exit code
    Health(health::HealthArgs),
    /// Show the state of the running service again and again
    Top(top::TopArgs),
    /// Write a commented configuration to start from
    Init(init::InitArgs),
    /// Check the configuration and say what it sets up
    Check(check::CheckArgs),
    /// Check, back up, restore, compact or export the store
    Store(store::StoreArgs),
    /// Verify, export or take the head of the audit log
    Audit(audit::AuditArgs),
    /// Look at the store, the secrets, the label lists and what each app lets labeld do
    Doctor(doctor::DoctorArgs),
}

/// A command line that clap accepts and that makes no sense all the same.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// What to say of a `--tenant` or `--app` that is not there.
fn no_such_app(config: &Config) -> String {
    let known: Vec<String> = config
        .tenants
        .iter()
        .flat_map(|tenant| {
            tenant
                .apps()
                .map(move |app| format!("{}/{}", tenant.name, app.name()))
        })
        .collect();
    format!(
        "no such tenant or app is configured; there is {}",
        known.join(", ")
    )
}

/// Parses the command line, runs the command, prints its error.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Fails only where somebody else has installed one, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let outcome = match cli.command {
        Command::Inspect(args) => inspect::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Status(args) => status::run(&args),
        Command::Health(args) => health::run(&args),
        Command::Top(args) => top::run(&args),
        Command::Rescan(args) => rescan::run(&args),
        Command::Files(args) => files::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Label(args) => label::run(&args),
        Command::Undo(args) => undo::run(&args),
        Command::Actions(args) => actions::run(&args),
        Command::Labels(args) => labels::run(&args),
        Command::Skips(args) => skips::run(&args),
        Command::Policy(args) => policy::run(&args),
        Command::Cap(args) => cap::run(&args),
        Command::Rules(args) => rules::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Store(args) => store::run(&args),
        Command::Audit(args) => audit::run(&args),
        Command::Doctor(args) => doctor::run(&args),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(error) => report(&error).into(),
    }
}

/// Prints an error with its causes and chooses the exit code that goes with it.
fn report(error: &anyhow::Error) -> Exit {
    if is_closed_pipe(error) {
        // Whoever read the output has seen enough (`labeld files | head`).
        return Exit::Ok;
    }
    let (text, exit) = if let Some(problems) = error.downcast_ref::<Problems>() {
        (problems.to_string(), Exit::Configuration)
    } else {
        (format!("labeld: {error:#}"), exit_of(error))
    };
    // Nothing can be done where standard error is closed too.
    let _ = writeln!(io::stderr(), "{text}");
    exit
}

fn exit_of(error: &anyhow::Error) -> Exit {
    if error.is::<UsageError>() {
        return Exit::Usage;
    }
    if error.is::<SecretError>() {
        return Exit::Configuration;
    }
    match error
        .downcast_ref::<StoreError>()
        .map(StoreError::exit_code)
    {
        Some(10) => Exit::Store,
        Some(11) => Exit::StoreInUse,
        _ => Exit::Failed,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
