//! `labeld audit`: the log of what was decided, done and configured.

mod export;
mod head;
mod verify;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::exit::Exit;

/// Arguments of `labeld audit`.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Look for entries that were changed, cut off or made anew; also while labeld runs
    Verify(verify::VerifyArgs),
    /// Print every entry as JSON lines, oldest first; also while labeld runs
    Export(export::ExportArgs),
    /// Print how many entries there are and the hash of the last, to be kept elsewhere
    Head(head::HeadArgs),
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &AuditArgs) -> Result<Exit> {
    match &args.action {
        Action::Verify(args) => verify::run(args),
        Action::Export(args) => export::run(args),
        Action::Head(args) => head::run(args),
    }
}
