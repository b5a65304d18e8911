//! `labeld skips`: files by reason code, with cause and who can fix it.

use std::io;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::{Format, Listing, Row};
use super::session;
use crate::model::Reason;
use crate::store::{Access, files};

/// Arguments of `labeld skips`.
#[derive(Debug, Args)]
pub(super) struct SkipsArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct SkipRow {
    reason: String,
    files: u64,
    cause: &'static str,
    fix: &'static str,
    fixed_by: String,
}

impl Row for SkipRow {
    const COLUMNS: &'static [&'static str] = &["reason", "files", "cause", "fix", "who"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.reason.clone(),
            self.files.to_string(),
            self.cause.to_owned(),
            self.fix.to_owned(),
            self.fixed_by.clone(),
        ]
    }
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &SkipsArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let mut counts = files::by_reason(&session.db).await?;
        counts.sort_by_key(|count| std::cmp::Reverse(count.files));
        let mut listing = Listing::new::<SkipRow>(io::stdout(), args.format);
        for count in counts {
            let code = count.term.unwrap_or_default();
            // A reason of a newer labeld has no text here.
            let known = Reason::from_code(&code);
            listing.row(&SkipRow {
                files: count.files,
                cause: known.map_or("unknown to this version of labeld", Reason::cause),
                fix: known.map_or("use a newer labeld", Reason::fix),
                fixed_by: known
                    .map(|reason| reason.fixed_by().to_string())
                    .unwrap_or_default(),
                reason: code,
            })?;
        }
        listing.finish()?;
        Ok(Exit::Ok)
    })
}
