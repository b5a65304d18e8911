//! `labeld explain`: why a file is decided as it is, or why it was read or not.

mod scan;
mod verdict;

use std::io::{self, Write};

use anyhow::Result;
use clap::Args;

use self::scan::ScanRow;
use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::{Format, Listing, printable};
use super::session::{self, Session};
use super::{UsageError, target};
use crate::apps;
use crate::clock::{Clock, SystemClock};
use crate::model::content_scan::ScanScope;
use crate::model::inventory::FileRecord;
use crate::store::{Access, files, queue};

/// Arguments of `labeld explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Numbers as `labeld files` lists them, APP:REF (for a folder APP:PATH), or paths of files in a folder that is an app
    #[arg(value_name = "TARGET", required = true)]
    targets: Vec<String>,
    /// Say why the file's content was read or not, and what to do about it
    #[arg(long)]
    why_not_scanned: bool,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store, and a target that the inventory does not have.
pub(super) fn run(args: &ExplainArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let mut records = Vec::new();
        for target in &args.targets {
            records.push(find(&session, target).await?);
        }
        if args.why_not_scanned {
            why_not_scanned(&session, &records, args.format).await
        } else {
            verdict::run(&session, &records, args.format).await
        }
    })
}

async fn why_not_scanned(
    session: &Session,
    records: &[FileRecord],
    format: Format,
) -> Result<Exit> {
    let mut listing = Listing::new::<ScanRow>(io::stdout(), format);
    for (number, record) in records.iter().enumerate() {
        let row = why(session, record).await?;
        if format != Format::Human {
            listing.row(&row)?;
            continue;
        }
        if number > 0 {
            writeln!(io::stdout())?;
        }
        for (name, value) in row.lines() {
            writeln!(io::stdout(), "{name:<9} {}", printable(&value))?;
        }
    }
    if format != Format::Human {
        listing.finish()?;
    }
    Ok(Exit::Ok)
}

async fn find(session: &Session, name: &str) -> Result<FileRecord> {
    let found = target::find(session, name).await?;
    found.ok_or_else(|| {
        UsageError(format!(
            "the inventory has no file {name:?}; where it is new, `labeld rescan` or the running service finds it"
        ))
        .into()
    })
}

async fn why(session: &Session, record: &FileRecord) -> Result<ScanRow> {
    let tenant = session
        .config
        .tenants
        .iter()
        .find(|tenant| tenant.name == record.tenant);
    let app = tenant.and_then(|tenant| {
        let mut apps = tenant.apps();
        Some((tenant, apps.find(|app| *app.name() == record.app)?))
    });
    let scope = app.map_or_else(
        || ScanScope::without_policies(tenant.is_some_and(|tenant| tenant.auto_scan)),
        |(tenant, app)| apps::scan_scope(&session.config, tenant, app),
    );
    let arrived = files::arrived(&session.db, record.id).await?;
    let job = queue::of_file(&session.db, record.id).await?;
    let known = scan::Known {
        record,
        arrived,
        job: job.as_ref(),
        is_configured: app.is_some(),
    };
    Ok(scan::explain(&known, &scope, SystemClock.now()))
}
