//! `labeld audit head`.

use std::io::{self, Write};

use anyhow::Result;
use clap::Args;

use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::session;
use crate::store::{Access, audit};

/// Arguments of `labeld audit head`.
#[derive(Debug, Args)]
pub(super) struct HeadArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &HeadArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let head = audit::head(&session.db).await?;
        writeln!(io::stdout(), "{head}")?;
        Ok(Exit::Ok)
    })
}
