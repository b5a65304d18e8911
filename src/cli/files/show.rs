//! `labeld files show`: the drawer of one file.

use std::io::{self, Write};

use anyhow::Result;
use clap::Args;
use labeld_connector::Exposure;
use serde_json::Value;

use super::row::{FileRow, OwnerRow};
use crate::cli::UsageError;
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, grouped, printable};
use crate::cli::session::{self, Session};
use crate::cli::target;
use crate::model::Reason;
use crate::model::inventory::FileRecord;
use crate::store::{Access, apps, owners};

/// Arguments of `labeld files show`.
#[derive(Debug, Args)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// A number as `labeld files` lists it, APP:REF (for a folder APP:PATH), or the path of a file in a folder that is an
    /// app
    #[arg(value_name = "ID")]
    id: String,
    /// How the file is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn run(args: &ShowArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let Some(record) = target::find(&session, &args.id).await? else {
            return Err(UsageError(format!("the inventory has no file {:?}", args.id)).into());
        };
        let mut row = FileRow::of(&record, &super::label_view(&session).await?);
        row.owner_details = owner_details(&session, &record).await?;
        if args.format == Format::Human {
            write!(io::stdout(), "{}", drawer(&row))?;
        } else {
            let mut listing = Listing::new::<FileRow>(io::stdout(), args.format);
            listing.row(&row)?;
            listing.finish()?;
        }
        Ok(Exit::Ok)
    })
}

async fn owner_details(session: &Session, record: &FileRecord) -> Result<Option<OwnerRow>> {
    let Some(owner) = &record.owner else {
        return Ok(None);
    };
    let Some(app) = apps::find(&session.db, &record.tenant, &record.app).await? else {
        return Ok(None);
    };
    let details = owners::get(&session.db, app, owner).await?;
    Ok(details.map(OwnerRow::from))
}

fn drawer(row: &FileRow) -> String {
    let report = &row.report;
    let time = |time: Option<chrono::DateTime<chrono::Utc>>| {
        time.map_or_else(
            || "-".to_owned(),
            |time| time.format("%Y-%m-%d %H:%M:%S UTC").to_string(),
        )
    };
    let mut lines = vec![
        (
            "file",
            format!(
                "{} ({}/{}, number {})",
                report.path, row.tenant, row.app, row.id
            ),
        ),
        ("size", format!("{} bytes", grouped(report.size))),
        (
            "type",
            report.format.clone().unwrap_or_else(|| "-".to_owned()),
        ),
        ("state", report.state.to_owned()),
    ];
    if let Some(reason) = report.reason.and_then(Reason::from_code) {
        lines.push(("reason", reason.code().to_owned()));
        if let Some(detail) = &report.detail {
            lines.push(("", detail.clone()));
        }
        lines.push(("", reason.cause().to_owned()));
        lines.push(("", format!("{} ({})", reason.fix(), reason.fixed_by())));
    }
    lines.push(("protection", fields(&report.protection)));
    lines.push((
        "signed",
        if report.signed { "yes" } else { "no" }.to_owned(),
    ));
    lines.push(("owner", row.owner.clone().unwrap_or_else(|| "-".to_owned())));
    if let Some(details) = &row.owner_details {
        lines.push(("", owner(details)));
    }
    lines.push(("access", access(row.exposure).to_owned()));
    if let Some(collaborators) = &row.collaborators {
        lines.push(("shared with", shared_with(collaborators)));
    }
    if let Some(link) = &row.link {
        lines.push(("address", link.clone()));
    }
    lines.push(("modified", time(row.modified)));
    lines.push(("first seen", time(row.first_seen.into())));
    lines.push((
        "read",
        format!(
            "{}: {} bytes in {} reads",
            time(row.read_at),
            grouped(report.bytes_read),
            report.reads
        ),
    ));
    if !row.current {
        lines.push((
            "",
            "what is known of its content belongs to an older version".to_owned(),
        ));
    }
    if row.removed.is_some() {
        lines.push(("removed", time(row.removed)));
    }
    for label in &report.labels {
        lines.push(("label", fields(label)));
    }
    if report.labels.is_empty() {
        lines.push(("label", "none".to_owned()));
    }
    lines
        .iter()
        .map(|(name, value)| format!("{name:<11} {}\n", printable(value)))
        .collect()
}

fn owner(details: &OwnerRow) -> String {
    let groups = details.groups.as_ref().map(|groups| groups.join(", "));
    let told = [
        ("", &details.display_name),
        ("department ", &details.department),
        ("unit ", &details.unit),
        ("groups ", &groups),
    ];
    let told: Vec<String> = told
        .iter()
        .filter_map(|(what, value)| Some(format!("{what}{}", value.as_ref()?)))
        .collect();
    told.join("; ")
}

fn shared_with(collaborators: &[String]) -> String {
    match collaborators {
        [] => "nobody by name".to_owned(),
        some => some.join(", "),
    }
}

fn access(exposure: Exposure) -> &'static str {
    match exposure {
        Exposure::Private => "private: the owner alone",
        Exposure::Internal => "internal: people of the organisation",
        Exposure::External => "external: named people outside the organisation too",
        Exposure::Public => "public: anyone with the link",
        Exposure::Unknown => "unknown: the app does not tell",
    }
}

/// The fields of an object that say something, on one line.
fn fields(object: &Value) -> String {
    let Some(fields) = object.as_object() else {
        return "-".to_owned();
    };
    let told: Vec<String> = fields
        .iter()
        .filter(|(_, value)| {
            !value.is_null() && value.as_object().is_none_or(|inner| !inner.is_empty())
        })
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name} {text}"),
            Value::Array(items) => {
                let items: Vec<String> = items
                    .iter()
                    .map(|item| {
                        item.as_str()
                            .map_or_else(|| item.to_string(), str::to_owned)
                    })
                    .collect();
                format!("{name} {}", items.join("+"))
            }
            other => format!("{name} {other}"),
        })
        .collect();
    told.join(", ")
}
