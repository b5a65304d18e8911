//! `labeld store restore`.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use super::dated;
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::session;
use crate::clock::{Clock, SystemClock};
use crate::store::Location;
use crate::store::care;

/// Arguments of `labeld store restore`.
#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The backup
    #[arg(value_name = "FILE")]
    backup: PathBuf,
    /// Also where there is a store: it is kept beside, under another name
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration, store and backup, and a store that is there.
pub(super) fn run(args: &RestoreArgs) -> Result<Exit> {
    session::with_config(&args.config, async |config| {
        let location = session::location(&config.store)?;
        let kept = match &location {
            Location::Sqlite(path) if args.force => {
                Some(dated(path, SystemClock.now(), "replaced"))
            }
            _ => None,
        };
        let had_store = care::restore(&location, &args.backup, kept.clone()).await?;
        writeln!(
            io::stderr(),
            "restored {location} from {}",
            args.backup.display()
        )?;
        if let (true, Some(kept)) = (had_store, kept) {
            writeln!(
                io::stderr(),
                "the store that was there is kept as {}",
                kept.display()
            )?;
        }
        Ok(Exit::Ok)
    })
}
