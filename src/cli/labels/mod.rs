//! `labeld labels`: the label catalogue.

mod history;
mod list;
mod sync;

use anyhow::Result;
use clap::{Args, Subcommand};

use super::exit::Exit;
use super::session;
use crate::store::Access;

/// Arguments of `labeld labels`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct LabelsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: list::ListArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read the label list of every tenant now
    Sync(sync::SyncArgs),
    /// Show what a label meant, and since when
    History(history::HistoryArgs),
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store, and labels that nobody has heard of.
pub(super) fn run(args: &LabelsArgs) -> Result<Exit> {
    match &args.action {
        Some(Action::Sync(args)) => {
            session::with_store(&args.config, Access::Write, async |session| {
                sync::run(&session).await
            })
        }
        Some(Action::History(args)) => {
            session::with_store(&args.config, Access::Read, async |session| {
                history::run(args, &session).await
            })
        }
        None => session::with_store(&args.list.config, Access::Read, async |session| {
            list::run(&args.list, &session).await
        }),
    }
}
