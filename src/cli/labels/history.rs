//! `labeld labels history`: what a label meant, and since when (rules §8).

use std::io::{self, Write};

use anyhow::Result;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clap::Args;
use serde::Serialize;
use uuid::Uuid;

use crate::cli::UsageError;
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row};
use crate::cli::session::Session;
use crate::config::TenantConfig;
use crate::model::catalogue::{
    CatalogueEntry, CatalogueEvent, CatalogueEventKind, LabelDefinition, LabelState,
};
use crate::store::labels;

/// Arguments of `labeld labels history`.
#[derive(Debug, Args)]
pub(super) struct HistoryArgs {
    #[command(flatten)]
    pub(super) config: ConfigArgs,
    /// The label: its GUID, or a name that it has or once had
    #[arg(value_name = "GUID|NAME")]
    label: String,
    /// Only this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// What it meant then: a time such as 2026-03-03T10:00:00Z, or a day in UTC such as 2026-03-03 with all that changed
    /// on it
    #[arg(long, value_name = "TIME", value_parser = moment)]
    at: Option<Moment>,
    /// How the history is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is asked for: from the first to the last instant, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Moment {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
}

fn moment(text: &str) -> Result<Moment, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        let at = at.to_utc();
        return Ok(Moment { from: at, to: at });
    }
    let day = text.parse::<NaiveDate>().ok();
    let from = day.and_then(|day| Some(day.and_hms_opt(0, 0, 0)?.and_utc()));
    // The store's times are whole milliseconds.
    let to = from.and_then(|from| from.checked_add_signed(TimeDelta::milliseconds(86_399_999)));
    from.zip(to)
        .map(|(from, to)| Moment { from, to })
        .ok_or_else(|| {
            "give a day such as 2026-03-03, or a time such as 2026-03-03T10:00:00Z".to_owned()
        })
}

/// What a label meant from a moment on.
#[derive(Debug, Serialize)]
struct HistoryRow {
    tenant: String,
    id: Uuid,
    /// Since when.
    at: DateTime<Utc>,
    /// What happened then: an event of the catalogue, or `seen` for a label of another tenant.
    change: &'static str,
    /// `Parent \ Name`, both as they were then.
    name: String,
    state: LabelState,
    /// The whole definition from then on.
    definition: LabelDefinition,
}

impl Row for HistoryRow {
    const COLUMNS: &'static [&'static str] =
        &["since", "tenant", "id", "change", "name", "state", "rank"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.at.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
            self.tenant.clone(),
            self.id.to_string(),
            self.change.to_owned(),
            self.name.clone(),
            self.state.word().to_owned(),
            self.definition
                .rank
                .map_or_else(|| "-".to_owned(), |rank| rank.to_string()),
        ]
    }
}

pub(super) async fn run(args: &HistoryArgs, session: &Session) -> Result<Exit> {
    let mut listing = Listing::new::<HistoryRow>(io::stdout(), args.format);
    let mut is_known = false;
    for tenant in tenants(args, session)? {
        let entries = labels::entries(&session.db, &tenant.name).await?;
        for id in ids(session, tenant, &args.label).await? {
            let rows = of_label(session, tenant, &entries, id).await?;
            is_known |= !rows.is_empty();
            for row in within(rows, args.at) {
                listing.row(&row)?;
            }
        }
    }
    let shown = listing.finish()?;
    if !is_known {
        return Err(UsageError(format!(
            "no catalogue has or had a label {:?}; `labeld labels --show-deleted` lists all",
            args.label
        ))
        .into());
    }
    if shown == 0 {
        writeln!(
            io::stderr(),
            "the label was not known then; without --at its whole history is shown"
        )?;
    }
    Ok(Exit::Ok)
}

fn tenants<'a>(args: &HistoryArgs, session: &'a Session) -> Result<Vec<&'a TenantConfig>> {
    let is_meant = |tenant: &&TenantConfig| {
        args.tenant
            .as_ref()
            .is_none_or(|name| tenant.name.0 == *name)
    };
    let found: Vec<_> = session.config.tenants.iter().filter(is_meant).collect();
    match (&args.tenant, found.is_empty()) {
        (Some(name), true) => Err(UsageError(format!("no tenant {name:?} is configured")).into()),
        _ => Ok(found),
    }
}

/// The labels that are meant. A name may stand, or have stood, for several.
async fn ids(session: &Session, tenant: &TenantConfig, label: &str) -> Result<Vec<Uuid>> {
    if let Ok(id) = Uuid::try_parse(label) {
        return Ok(vec![id]);
    }
    let name = label.rsplit(" \\ ").next().unwrap_or(label);
    Ok(labels::once_named(&session.db, &tenant.name, name).await?)
}

/// The whole history of a label, oldest first.
async fn of_label(
    session: &Session,
    tenant: &TenantConfig,
    entries: &[CatalogueEntry],
    id: Uuid,
) -> Result<Vec<HistoryRow>> {
    let mut rows = Vec::new();
    for event in labels::events(&session.db, &tenant.name, id).await? {
        let name = name_then(session, tenant, &event).await?;
        rows.push(HistoryRow {
            tenant: tenant.name.to_string(),
            id,
            at: event.at,
            change: event.kind.word(),
            name,
            state: state_after(&event),
            definition: event.definition,
        });
    }
    // Files tell of other organisations' labels; no list does, so that they have no events.
    let external = entries.iter().filter(|entry| {
        entry.definition.id == id && entry.state == LabelState::External && !tenant.only_this_tenant
    });
    rows.extend(external.map(|entry| HistoryRow {
        tenant: tenant.name.to_string(),
        id,
        at: entry.first_seen,
        change: "seen",
        name: entry.definition.display_name.clone(),
        state: entry.state,
        definition: entry.definition.clone(),
    }));
    rows.sort_by_key(|row| row.at);
    Ok(rows)
}

/// The label's name under its parent's name of that time.
async fn name_then(
    session: &Session,
    tenant: &TenantConfig,
    event: &CatalogueEvent,
) -> Result<String> {
    let name = &event.definition.display_name;
    let Some(parent) = event.definition.parent else {
        return Ok(name.clone());
    };
    let meant = labels::meaning_at(&session.db, &tenant.name, parent, event.at).await?;
    Ok(match meant {
        Some(parent) => format!("{} \\ {name}", parent.definition.display_name),
        None => name.clone(),
    })
}

/// What the event alone says of the state; that a label had children is in the children's history.
fn state_after(event: &CatalogueEvent) -> LabelState {
    if event.kind == CatalogueEventKind::Deleted {
        LabelState::Deleted
    } else if !event.definition.enabled {
        LabelState::Disabled
    } else if event.definition.group {
        LabelState::Parent
    } else {
        LabelState::Active
    }
}

/// What was in force at the beginning, and what came on top until the end.
fn within(rows: Vec<HistoryRow>, at: Option<Moment>) -> Vec<HistoryRow> {
    let Some(at) = at else {
        return rows;
    };
    // Of several changes in one sync the last has the whole definition.
    let in_force = rows.iter().rposition(|row| row.at <= at.from);
    rows.into_iter()
        .enumerate()
        .filter(|(index, row)| Some(*index) == in_force || (row.at > at.from && row.at <= at.to))
        .map(|(_, row)| row)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_times() {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        for (text, expected) in [
            (
                "2026-03-03",
                Some(("2026-03-03T00:00:00Z", "2026-03-03T23:59:59.999Z")),
            ),
            (
                "2026-03-03T10:00:00+02:00",
                Some(("2026-03-03T08:00:00Z", "2026-03-03T08:00:00Z")),
            ),
            ("3 March", None),
            ("7d", None),
            ("", None),
        ] {
            let expected = expected.map(|(from, to)| Moment {
                from: time(from),
                to: time(to),
            });
            assert_eq!(moment(text).ok(), expected, "{text}");
        }
    }
}
