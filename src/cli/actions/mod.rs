//! `labeld actions`: the label writes that are wanted, and what became of each.

mod change;
mod list;
mod names;
mod show;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::exit::Exit;

/// Arguments of `labeld actions`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct ActionsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: list::ListArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List the label writes that are wanted, are done, or were refused
    List(list::ListArgs),
    /// Show the whole history of one
    Show(show::ShowArgs),
    /// Have actions done that wait, or were refused or cancelled
    Retry(change::ChangeArgs),
    /// Cancel actions that wait
    Cancel(change::ChangeArgs),
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &ActionsArgs) -> Result<Exit> {
    match &args.action {
        None => list::run(&args.list),
        Some(Action::List(args)) => list::run(args),
        Some(Action::Show(args)) => show::run(args),
        Some(Action::Retry(args)) => change::run(args, change::What::Retry),
        Some(Action::Cancel(args)) => change::run(args, change::What::Cancel),
    }
}
