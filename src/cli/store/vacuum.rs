//! `labeld store vacuum`.

use std::io::{self, Write};

use anyhow::Result;
use clap::Args;

use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::byte_size;
use crate::cli::session;
use crate::store::care;

/// Arguments of `labeld store vacuum`.
#[derive(Debug, Args)]
pub(super) struct VacuumArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &VacuumArgs) -> Result<Exit> {
    session::with_config(&args.config, async |config| {
        let location = session::location(&config.store)?;
        let sizes = care::vacuum(&location).await?;
        let outcome = sizes.map_or_else(
            || "its dead rows are free for new ones".to_owned(),
            |sizes| {
                let (before, after) = (byte_size(sizes.before), byte_size(sizes.after));
                format!("{before} before, {after} now")
            },
        );
        writeln!(io::stderr(), "compacted {location}: {outcome}")?;
        Ok(Exit::Ok)
    })
}
