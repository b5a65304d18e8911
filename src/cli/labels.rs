//! `labeld labels`: the label catalogue.

use std::collections::HashMap;
use std::io::{self, Write};

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Serialize;
use uuid::Uuid;

use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::files::full_name;
use super::output::{Format, Listing, Row};
use super::session::{self, Session};
use super::sync_labels::{self, LabelSync};
use crate::apps::Organisation;
use crate::clock::{Clock, SystemClock};
use crate::config::TenantConfig;
use crate::model::catalogue::{CatalogueEntry, LabelState};
use crate::pipeline::labels::usable;
use crate::store::files::{self, LabelCount};
use crate::store::{Access, labels};

/// Arguments of `labeld labels`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct LabelsArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Read the label list of every tenant now
    Sync(SyncArgs),
}

#[derive(Debug, Args)]
struct SyncArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

#[derive(Debug, Args)]
struct ListArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Also labels that were deleted from the tenant
    #[arg(long)]
    show_deleted: bool,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &LabelsArgs) -> Result<Exit> {
    match &args.action {
        Some(Action::Sync(args)) => {
            session::with_store(&args.config, Access::Write, async |session| {
                sync(&session).await
            })
        }
        None => session::with_store(&args.list.config, Access::Read, async |session| {
            list(&args.list, &session).await
        }),
    }
}

async fn sync(session: &Session) -> Result<Exit> {
    let mut exit = Exit::Ok;
    for tenant in &session.config.tenants {
        let mut out = io::stdout();
        let organisation = Organisation::new(&session.config, tenant);
        let now = SystemClock.now();
        let synced = match sync_labels::of_tenant(&session.db, tenant, &organisation, now).await? {
            LabelSync::Done(synced) => synced,
            LabelSync::NotConfigured => {
                writeln!(
                    out,
                    "{}: no label list is configured (`labels`)",
                    tenant.name
                )?;
                continue;
            }
            LabelSync::Failed(error) if error.is_refusal() => {
                exit = Exit::Authentication;
                continue;
            }
            LabelSync::Failed(_) => {
                if exit == Exit::Ok {
                    exit = Exit::Failed;
                }
                continue;
            }
        };
        writeln!(
            out,
            "{}: {} labels, {} changes",
            tenant.name,
            synced.listed,
            synced.events.len()
        )?;
        for event in &synced.events {
            writeln!(out, "  {}", sync_labels::describe(event))?;
        }
    }
    Ok(exit)
}

/// A label as it is printed.
#[derive(Debug, Serialize)]
struct LabelRow {
    tenant: String,
    id: Uuid,
    site_id: Option<Uuid>,
    name: String,
    state: LabelState,
    usable: bool,
    /// Why it cannot be applied.
    reason: Option<&'static str>,
    explanation: Option<&'static str>,
    rank: Option<i64>,
    /// Files for which it is the effective label.
    files: u64,
    first_seen: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

impl Row for LabelRow {
    const COLUMNS: &'static [&'static str] =
        &["tenant", "id", "name", "state", "files", "can be applied"];

    fn cells(&self) -> Vec<String> {
        let state = serde_json::to_value(self.state).unwrap_or_default();
        vec![
            self.tenant.clone(),
            self.id.to_string(),
            self.name.clone(),
            state.as_str().unwrap_or_default().to_owned(),
            self.files.to_string(),
            match (self.reason, self.explanation) {
                (Some(reason), Some(explanation)) => format!("no: {explanation} ({reason})"),
                _ => "yes".to_owned(),
            },
        ]
    }
}

async fn list(args: &ListArgs, session: &Session) -> Result<Exit> {
    let counts: HashMap<(Option<Uuid>, Uuid), LabelCount> = files::by_label(&session.db)
        .await?
        .into_iter()
        .map(|count| ((count.site_id, count.id), count))
        .collect();
    let mut listing = Listing::new::<LabelRow>(io::stdout(), args.format);
    for tenant in &session.config.tenants {
        let entries = labels::entries(&session.db, &tenant.name).await?;
        for entry in &entries {
            if is_shown(entry, tenant, args.show_deleted) {
                listing.row(&row(tenant, entry, &entries, &counts))?;
            }
        }
        warn_of_age(session, tenant).await?;
    }
    if listing.finish()? == 0 {
        writeln!(
            io::stderr(),
            "no labels are known yet: run `labeld labels sync` or `labeld rescan`"
        )?;
    }
    Ok(Exit::Ok)
}

/// Rules §8, column "shown?".
fn is_shown(entry: &CatalogueEntry, tenant: &TenantConfig, show_deleted: bool) -> bool {
    match entry.state {
        LabelState::Deleted => show_deleted,
        LabelState::External => !tenant.only_this_tenant,
        LabelState::Active | LabelState::Parent | LabelState::Disabled => true,
    }
}

fn row(
    tenant: &TenantConfig,
    entry: &CatalogueEntry,
    entries: &[CatalogueEntry],
    counts: &HashMap<(Option<Uuid>, Uuid), LabelCount>,
) -> LabelRow {
    let obstacle = usable(entry).err();
    let id = entry.definition.id;
    let count = counts
        .get(&(entry.site_id, id))
        .or_else(|| counts.get(&(None, id)));
    LabelRow {
        tenant: tenant.name.to_string(),
        id,
        site_id: entry.site_id,
        name: full_name(entry, entries),
        state: entry.state,
        usable: obstacle.is_none(),
        reason: obstacle.as_ref().map(|obstacle| obstacle.reason.code()),
        explanation: obstacle.map(|obstacle| obstacle.explanation),
        rank: entry.definition.rank,
        files: count.map_or(0, |count| count.effective),
        first_seen: entry.first_seen,
        last_seen: entry.last_seen,
        deleted_at: entry.deleted_at,
    }
}

async fn warn_of_age(session: &Session, tenant: &TenantConfig) -> Result<()> {
    let status = labels::sync_status(&session.db, &tenant.name).await?;
    if let Some(error) = status
        .as_ref()
        .and_then(|status| status.last_error.as_ref())
    {
        let last = status.as_ref().and_then(|status| status.last_success);
        let age = last.map_or_else(
            || "never".to_owned(),
            |time| time.format("%Y-%m-%d %H:%M UTC").to_string(),
        );
        writeln!(
            io::stderr(),
            "{}: the last sync failed ({error}); list last read: {age}",
            tenant.name
        )?;
    }
    Ok(())
}
