//! `labeld store backup`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;

use super::dated;
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::byte_size;
use crate::cli::session;
use crate::clock::{Clock, SystemClock};
use crate::store::Location;
use crate::store::care;

/// Arguments of `labeld store backup`.
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// The new file, or a folder for one with the time in its name; without it, beside the store
    #[arg(value_name = "FILE")]
    target: Option<PathBuf>,
}

/// Runs the command, and prints the path of the copy.
///
/// # Errors
///
/// Problems of configuration and store, and a file of this name that is there.
pub(super) fn run(args: &BackupArgs) -> Result<Exit> {
    session::with_config(&args.config, async |config| {
        let location = session::location(&config.store)?;
        let target = target(&location, args.target.as_deref());
        let size = care::back_up(&location, &target).await?;
        writeln!(io::stdout(), "{}", target.display())?;
        writeln!(
            io::stderr(),
            "backed up {location}: {}, checked",
            byte_size(size)
        )?;
        Ok(Exit::Ok)
    })
}

fn target(location: &Location, named: Option<&Path>) -> PathBuf {
    let now = SystemClock.now();
    let store = match location {
        Location::Sqlite(path) => path.as_path(),
        // Refused before any file is made.
        Location::Postgres(_) => Path::new("labeld"),
    };
    match named {
        Some(folder) if folder.is_dir() => {
            let name = store.file_name().unwrap_or(store.as_os_str());
            dated(&folder.join(name), now, "backup")
        }
        Some(file) => file.to_owned(),
        None => dated(store, now, "backup"),
    }
}
