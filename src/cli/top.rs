//! `labeld top`: the state of a running service, again and again.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use anyhow::Result;
use clap::Args;

use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::{session, status};
use crate::daemon::control::Client;

/// Arguments of `labeld top`.
#[derive(Debug, Args)]
pub(super) struct TopArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Seconds between two looks
    #[arg(long, value_name = "SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    interval: u64,
    /// End after so many looks
    #[arg(long, value_name = "NUMBER")]
    looks: Option<u64>,
}

/// Moves to the corner and clears what is behind it: a screen that is cleared first flickers.
const HOME: &str = "\x1b[H";
const CLEAR_LINE: &str = "\x1b[K\n";
const CLEAR_REST: &str = "\x1b[J";

/// Runs the command until Ctrl-C.
///
/// # Errors
///
/// Problems of the configuration; a service that is not running, or ends.
pub(super) fn run(args: &TopArgs) -> Result<Exit> {
    let state_dir = args.config.state_dir()?;
    session::without_config(async || {
        let is_live = io::stdout().is_terminal();
        let mut looks = 0;
        loop {
            let page = status::page(&Client::status(&state_dir).await?);
            show(&page, is_live)?;
            looks += 1;
            if args.looks.is_some_and(|most| looks >= most) {
                return Ok(Exit::Ok);
            }
            tokio::select! {
                _ = tokio::signal::ctrl_c() => return Ok(Exit::Ok),
                () = tokio::time::sleep(Duration::from_secs(args.interval)) => {}
            }
        }
    })
}

/// On a terminal in place of the page before, elsewhere behind it.
fn show(page: &str, is_live: bool) -> io::Result<()> {
    let mut out = io::stdout().lock();
    if is_live {
        let page = page.replace('\n', CLEAR_LINE);
        write!(out, "{HOME}{page}{CLEAR_REST}")?;
    } else {
        writeln!(out, "{page}")?;
    }
    out.flush()
}
