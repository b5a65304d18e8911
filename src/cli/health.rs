//! `labeld health`: for monitors, by its exit code.

use std::io::{self, Write};

use anyhow::Result;
use clap::Args;

use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::printable;
use super::session;
use crate::daemon::control::Client;

/// Arguments of `labeld health`.
#[derive(Debug, Args)]
pub(super) struct HealthArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Says `ok`, or each check that fails.
///
/// # Errors
///
/// Problems of the configuration; a service that is not running or cannot be talked with.
pub(super) fn run(args: &HealthArgs) -> Result<Exit> {
    let state_dir = args.config.state_dir()?;
    session::without_config(async || {
        let status = Client::status(&state_dir).await?;
        let mut out = io::stdout().lock();
        if status.failing.is_empty() {
            writeln!(out, "ok")?;
            return Ok(Exit::Ok);
        }
        for check in &status.failing {
            let why = check.why.lines().next().unwrap_or_default();
            writeln!(out, "{}: {}", printable(&check.check), printable(why))?;
        }
        Ok(Exit::Failed)
    })
}
