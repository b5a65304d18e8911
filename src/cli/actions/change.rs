//! `labeld actions retry` and `labeld actions cancel`.

use anyhow::Result;
use clap::Args;

use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::hand;
use crate::cli::output::Format;
use crate::daemon::hand::{ChangeRequest, HandRequest, HandRow};

/// Arguments of both commands.
#[derive(Debug, Args)]
pub(super) struct ChangeArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Numbers as `labeld actions list` prints them
    #[arg(value_name = "ID", required = true)]
    ids: Vec<i64>,
    /// How the table of results is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is done to the actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Retry,
    Cancel,
}

/// Runs the command: exit code 1 where an action stays as it is.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &ChangeArgs, what: What) -> Result<Exit> {
    let request = ChangeRequest {
        actions: args.ids.clone(),
        by: hand::asker(),
    };
    let request = match what {
        What::Retry => HandRequest::Retry(request),
        What::Cancel => HandRequest::Cancel(request),
    };
    let answer = hand::run(&args.config, async |_| Ok(request))?;
    hand::print(&answer, args.format)?;
    let unchanged = answer.rows.iter().any(HandRow::is_unchanged);
    Ok(if unchanged { Exit::Failed } else { Exit::Ok })
}
