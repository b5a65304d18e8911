//! `labeld store check`.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row, byte_size, grouped};
use crate::cli::session;
use crate::store::Location;
use crate::store::care::{self, Depth, Finding, Health};

/// Arguments of `labeld store check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// An SQLite file, such as a backup, in place of the configured store
    #[arg(value_name = "FILE")]
    store_file: Option<PathBuf>,
    /// Leave out whether indexes agree with their tables and whether each row can be read
    #[arg(long)]
    quick: bool,
    /// How the list of what is wrong is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct FindingRow {
    code: String,
    count: u64,
    what: String,
    fix: String,
}

impl From<Finding> for FindingRow {
    fn from(finding: Finding) -> Self {
        Self {
            code: finding.code,
            count: finding.count,
            what: finding.what,
            fix: finding.fix,
        }
    }
}

impl Row for FindingRow {
    const COLUMNS: &'static [&'static str] = &["code", "count", "what", "fix"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.code.clone(),
            self.count.to_string(),
            self.what.clone(),
            self.fix.clone(),
        ]
    }
}

/// Runs the command: exit code 10 where something is wrong.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &CheckArgs) -> Result<Exit> {
    let depth = if args.quick {
        Depth::Quick
    } else {
        Depth::Full
    };
    let health = match &args.store_file {
        Some(file) => {
            let location = Location::from(file.as_path());
            session::without_config(async || Ok(care::check(&location, depth).await?))?
        }
        None => session::with_config(&args.config, async |config| {
            let location = session::location(&config.store)?;
            Ok(care::check(&location, depth).await?)
        })?,
    };
    print(health, args.format)
}

fn print(health: Health, format: Format) -> Result<Exit> {
    writeln!(io::stderr(), "{}", summary(&health))?;
    let exit = if health.findings.is_empty() {
        Exit::Ok
    } else {
        Exit::Store
    };
    let mut listing = Listing::new::<FindingRow>(io::stdout(), format);
    for finding in health.findings {
        listing.row(&FindingRow::from(finding))?;
    }
    listing.finish()?;
    Ok(exit)
}

fn summary(health: &Health) -> String {
    let size = health
        .size
        .map(|size| format!(", {}", byte_size(size)))
        .unwrap_or_default();
    let verdict = match health.findings.len() {
        0 => "is sound".to_owned(),
        1 => "has 1 thing wrong".to_owned(),
        more => format!("has {more} things wrong"),
    };
    format!(
        "the store at {} {verdict}: schema version {}, {} files{size}",
        health.store,
        health.schema,
        grouped(health.files)
    )
}
