//! `labeld store`: care of the store.

mod backup;
mod check;
mod export;
mod restore;
mod vacuum;

use std::path::{Path, PathBuf};

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::exit::Exit;

/// Arguments of `labeld store`.
#[derive(Debug, Args)]
pub(super) struct StoreArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Look for damage and for rows that do not fit each other; also while labeld runs
    Check(check::CheckArgs),
    /// Copy an SQLite store to a file, as it is at one moment; also while labeld runs
    Backup(backup::BackupArgs),
    /// Put a backup in the place of an SQLite store
    Restore(restore::RestoreArgs),
    /// Give room that nothing uses any more back
    Vacuum(vacuum::VacuumArgs),
    /// Write the whole inventory for other programs; also while labeld runs
    Export(export::ExportArgs),
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &StoreArgs) -> Result<Exit> {
    match &args.action {
        Action::Check(args) => check::run(args),
        Action::Backup(args) => backup::run(args),
        Action::Restore(args) => restore::run(args),
        Action::Vacuum(args) => vacuum::run(args),
        Action::Export(args) => export::run(args),
    }
}

/// A name beside `path` that says when and what for: `labeld.db.20260301T101500Z.backup`.
fn dated(path: &Path, now: DateTime<Utc>, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.{what}", now.format("%Y%m%dT%H%M%SZ")));
    PathBuf::from(name)
}
