//! `labeld audit verify`.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, Result};
use clap::Args;
use serde::Serialize;

use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row, counted, grouped};
use crate::cli::session;
use crate::store::Access;
use crate::store::audit::{self, Finding, Head, Verified};

/// Arguments of `labeld audit verify`.
#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// A head of the log that was kept elsewhere: its entry must still be there and unchanged. Without it the one in
    /// the configured `head_file`, where there is one
    #[arg(long, value_name = "COUNT:HASH")]
    expect: Option<Head>,
    /// How the list of what is wrong is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct FindingRow {
    entry: u64,
    code: &'static str,
    what: String,
}

impl From<Finding> for FindingRow {
    fn from(finding: Finding) -> Self {
        Self {
            entry: finding.sequence(),
            code: finding.code(),
            what: finding.to_string(),
        }
    }
}

impl Row for FindingRow {
    const COLUMNS: &'static [&'static str] = &["entry", "code", "what"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.entry.to_string(),
            self.code.to_owned(),
            self.what.clone(),
        ]
    }
}

/// Runs the command: exit code 10 where something is wrong.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &VerifyArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let head_file = session.config.audit.head_file.as_deref();
        let expect = match (args.expect, head_file) {
            (Some(expect), _) => Some(expect),
            (None, Some(file)) => kept_head(file)?,
            (None, None) => None,
        };
        let verified = audit::verify(&session.db, expect).await?;
        print(&verified, expect, args.format)
    })
}

/// What the service has written into the file; `None` before it has.
fn kept_head(file: &Path) -> Result<Option<Head>> {
    let about = || {
        format!(
            "cannot read the head of the audit log from {}",
            file.display()
        )
    };
    match fs::read_to_string(file) {
        Ok(text) => text.parse().map(Some).with_context(about),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(about),
    }
}

fn print(verified: &Verified, expect: Option<Head>, format: Format) -> Result<Exit> {
    writeln!(io::stderr(), "{}", summary(verified, expect))?;
    let mut listing = Listing::new::<FindingRow>(io::stdout(), format);
    for finding in &verified.findings {
        listing.row(&FindingRow::from(*finding))?;
    }
    listing.finish()?;
    Ok(if verified.findings.is_empty() {
        Exit::Ok
    } else {
        Exit::Store
    })
}

fn summary(verified: &Verified, expect: Option<Head>) -> String {
    let verdict = match verified.findings.len() {
        0 => "is sound".to_owned(),
        found => format!("has {} wrong", counted(found, "thing", "things")),
    };
    let compared = match expect {
        Some(expect) => format!("compared with the head of entry {}", expect.count),
        None => "compared with no head from elsewhere, so that a log made anew would not show"
            .to_owned(),
    };
    format!(
        "the audit log {verdict}: {} entries, {compared}; its head is {}",
        grouped(verified.head.count),
        verified.head
    )
}
