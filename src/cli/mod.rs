//! The command line: one file per command.

mod check;
mod config_args;
mod exit;
mod init;
mod inspect;
pub mod output;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::exit::Exit;

/// Finds Microsoft sensitivity labels on an organisation's files.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read labels, protection and reason codes of local files; needs no configuration
    Inspect(inspect::InspectArgs),
    /// Write a commented configuration to start from
    Init(init::InitArgs),
    /// Check the configuration and say what it sets up
    Check(check::CheckArgs),
}

/// A command line that clap accepts and that makes no sense all the same.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct UsageError(String);

/// Parses the command line, runs the command, prints its error.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Inspect(args) => inspect::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Check(args) => check::run(&args),
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
    // Nothing can be done where standard error is closed too.
    let _ = writeln!(io::stderr(), "labeld: {error:#}");
    if error.is::<UsageError>() {
        Exit::Usage
    } else {
        Exit::Failed
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
