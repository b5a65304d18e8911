//! `labeld rules`: what labeld may do to a file's label, as tables.

use std::io;

use anyhow::{Context, Result};
use clap::Args;

use super::exit::Exit;
use super::output::{Format, Listing, Row};
use crate::policy::rules::{self, RuleRow};

/// Arguments of `labeld rules`.
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// How the tables are printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

impl Row for RuleRow {
    const COLUMNS: &'static [&'static str] =
        &["table", "row", "when", "verdict", "reason", "meaning"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.table.clone(),
            self.row.clone(),
            self.when(),
            self.verdict.clone(),
            self.reason.clone(),
            self.text.clone(),
        ]
    }
}

/// Runs the command.
///
/// # Errors
///
/// When the output cannot be written.
pub(super) fn run(args: &RulesArgs) -> Result<Exit> {
    let rows = rules::rows().context("cannot read the tables of rules")?;
    let mut listing = Listing::new::<RuleRow>(io::stdout(), args.format);
    for row in &rows {
        listing.row(row)?;
    }
    listing.finish()?;
    Ok(Exit::Ok)
}
