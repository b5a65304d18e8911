//! The catalogue as a list: rules §8.

use std::collections::HashMap;
use std::io::{self, Write};

use anyhow::Result;
use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;
use uuid::Uuid;

use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::files::full_name;
use crate::cli::output::{Format, Listing, Row};
use crate::cli::session::Session;
use crate::clock::{Clock, SystemClock};
use crate::config::TenantConfig;
use crate::model::catalogue::{CatalogueEntry, LabelState, SyncStatus};
use crate::pipeline::labels::{removable, usable};
use crate::store::files::{self, LabelCount};
use crate::store::labels;

/// Arguments of `labeld labels` without a command of its own.
#[derive(Debug, Args)]
pub(super) struct ListArgs {
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    /// Also labels that were deleted from the tenant
    #[arg(long)]
    show_deleted: bool,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
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
    /// Whether labeld may take it off a file that labeld put it on.
    removable: bool,
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
        let state = match self.deleted_at {
            Some(at) => format!("{} {}", self.state.word(), at.format("%Y-%m-%d")),
            None => self.state.word().to_owned(),
        };
        vec![
            self.tenant.clone(),
            self.id.to_string(),
            self.name.clone(),
            state,
            self.files.to_string(),
            match (self.reason, self.explanation) {
                (Some(reason), Some(explanation)) => format!("no: {explanation} ({reason})"),
                _ => "yes".to_owned(),
            },
        ]
    }
}

pub(super) async fn run(args: &ListArgs, session: &Session) -> Result<Exit> {
    let counts: HashMap<(Option<Uuid>, Uuid), LabelCount> = files::by_label(&session.db)
        .await?
        .into_iter()
        .map(|count| ((count.site_id, count.id), count))
        .collect();
    let now = SystemClock.now();
    let mut listing = Listing::new::<LabelRow>(io::stdout(), args.format);
    for tenant in &session.config.tenants {
        let entries = labels::entries(&session.db, &tenant.name).await?;
        for entry in &entries {
            if is_shown(entry, tenant, args.show_deleted) {
                listing.row(&row(tenant, entry, &entries, &counts))?;
            }
        }
        if let Some(status) = labels::sync_status(&session.db, &tenant.name).await? {
            warn(tenant, &status, now)?;
        }
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
        removable: removable(entry),
        rank: entry.definition.rank,
        files: count.map_or(0, |count| count.effective),
        first_seen: entry.first_seen,
        last_seen: entry.last_seen,
        deleted_at: entry.deleted_at,
    }
}

/// Tells of a list that is not what the source has now.
fn warn(tenant: &TenantConfig, status: &SyncStatus, now: DateTime<Utc>) -> io::Result<()> {
    let mut out = io::stderr();
    let name = &tenant.name;
    if let Some(error) = &status.last_error {
        let age = status.last_success.map_or_else(
            || "there is no earlier list".to_owned(),
            |time| {
                format!(
                    "this list is {} old, of {}",
                    age(now - time),
                    time.format("%Y-%m-%d %H:%M UTC")
                )
            },
        );
        writeln!(out, "{name}: the last sync failed ({error}); {age}")?;
    }
    if let Some(loss) = &status.pending {
        writeln!(
            out,
            "{name}: {} of these labels were missing from the list of {}; the next sync that misses them too deletes them",
            loss.missing.len(),
            loss.seen_at.format("%Y-%m-%d %H:%M UTC")
        )?;
    }
    Ok(())
}

/// A span of time in its largest unit.
fn age(span: TimeDelta) -> String {
    let (count, unit) = match span {
        span if span.num_days() > 1 => (span.num_days(), "days"),
        span if span.num_hours() > 1 => (span.num_hours(), "hours"),
        span if span.num_minutes() > 1 => (span.num_minutes(), "minutes"),
        span => (span.num_seconds().max(0), "seconds"),
    };
    format!("{count} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_in_their_largest_unit() {
        for (seconds, expected) in [
            (-5, "0 seconds"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_199, "119 minutes"),
            (7_200, "2 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(age(TimeDelta::seconds(seconds)), expected);
        }
    }
}
