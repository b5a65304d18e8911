//! `labeld files`: the inventory.

mod filter;
mod label_view;
mod row;
mod show;

use std::io::{self, Write};

use anyhow::Result;
use clap::{Args, Subcommand};

use self::filter::FilterArgs;
pub(super) use self::filter::full_name;
use self::label_view::LabelView;
use self::row::FileRow;
use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::{Format, Listing, grouped};
use super::session::{self, Session};
use crate::store::files::{self, Page};
use crate::store::{Access, labels};

/// Arguments of `labeld files`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct FilesArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show everything that is known of one file
    Show(show::ShowArgs),
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    #[command(flatten)]
    filter: FilterArgs,
    /// At most so many files; 0 for all
    #[arg(long, default_value_t = 1000, value_name = "COUNT")]
    limit: u64,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store, and unknown label names.
pub(super) fn run(args: &FilesArgs) -> Result<Exit> {
    match &args.action {
        Some(Action::Show(show)) => show::run(show),
        None => session::with_store(&args.list.config, Access::Read, async |session| {
            list(&args.list, &session).await
        }),
    }
}

/// Files of one page.
const PAGE: u32 = 1000;

async fn list(args: &ListArgs, session: &Session) -> Result<Exit> {
    let query = args.filter.query(session).await?;
    let view = label_view(session).await?;
    let mut listing = Listing::new::<FileRow>(io::stdout(), args.format);
    let mut left = if args.limit == 0 {
        u64::MAX
    } else {
        args.limit
    };
    let mut after = None;
    while left > 0 {
        let limit = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
        let records = files::list(&session.db, &query, Page { after, limit }).await?;
        let Some(last) = records.last() else { break };
        after = Some(last.id);
        left -= records.len() as u64;
        for record in &records {
            listing.row(&FileRow::of(record, &view))?;
        }
    }
    let shown = listing.finish()?;
    if left == 0 {
        let all = files::count(&session.db, &query).await?;
        if all > shown {
            let (shown, all) = (grouped(shown), grouped(all));
            writeln!(
                io::stderr(),
                "{shown} of {all} files shown: --limit 0 shows all"
            )?;
        }
    }
    Ok(Exit::Ok)
}

/// How the labels of all files are shown.
async fn label_view(session: &Session) -> Result<LabelView> {
    let mut view = LabelView::default();
    for tenant in &session.config.tenants {
        let entries = labels::entries(&session.db, &tenant.name).await?;
        view.add(tenant, &entries);
    }
    Ok(view)
}
