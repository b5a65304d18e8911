//! `labeld store export`: the inventory for other programs, in a shape that stays (`docs/store.md`).

use std::io::{self, BufWriter, Write};

use anyhow::Result;
use chrono::{DateTime, SecondsFormat, Utc};
use clap::{Args, ValueEnum};
use labeld_connector::{Exposure, FileKind};
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row, grouped};
use crate::cli::session;
use crate::model::inventory::FileRecord;
use crate::store::files::{self, FileQuery, Page, Removed};
use crate::store::{Access, Db};

/// Arguments of `labeld store export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// With the files that are gone
    #[arg(long)]
    removed: bool,
    /// One JSON object a line with everything, or comma-separated values with the effective labels' ids
    #[arg(long, value_enum, default_value_t)]
    format: ExportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum ExportFormat {
    #[default]
    Jsonl,
    Csv,
}

/// Files that are read at a time: the memory that an export needs.
const PAGE: u32 = 1000;

/// A file of the inventory. Fields may be added at the end, none removed or given another meaning.
#[derive(Debug, Serialize)]
struct ExportRow<'a> {
    id: i64,
    tenant: &'a str,
    app: &'a str,
    #[serde(rename = "ref")]
    file: &'a str,
    folder: &'a str,
    name: &'a str,
    kind: FileKind,
    size: u64,
    version: &'a str,
    owner: Option<&'a str>,
    exposure: Exposure,
    link: Option<&'a str>,
    created: Option<DateTime<Utc>>,
    modified: Option<DateTime<Utc>>,
    first_seen: DateTime<Utc>,
    last_seen: DateTime<Utc>,
    removed: Option<DateTime<Utc>>,
    /// What the bytes said; null where they were never read.
    facts: Option<FactsRow<'a>>,
    /// Addresses that it is shared with by name; null where that is not known.
    collaborators: Option<&'a [String]>,
}

#[derive(Debug, Serialize)]
struct FactsRow<'a> {
    version: &'a str,
    read_at: DateTime<Utc>,
    format: Option<&'a str>,
    state: &'a str,
    reason: Option<&'a str>,
    detail: Option<&'a str>,
    protection: &'a str,
    protection_detail: &'a Value,
    signed: bool,
    labels: Vec<LabelRow<'a>>,
}

#[derive(Debug, Serialize)]
struct LabelRow<'a> {
    id: Uuid,
    site_id: Option<Uuid>,
    effective: bool,
    document: &'a Value,
}

impl<'a> From<&'a FileRecord> for ExportRow<'a> {
    fn from(record: &'a FileRecord) -> Self {
        let facts = record.facts.as_ref().map(|facts| FactsRow {
            version: &facts.version.0,
            read_at: facts.read_at,
            format: facts.format.as_deref(),
            state: &facts.state,
            reason: facts.reason.as_deref(),
            detail: facts.detail.as_deref(),
            protection: &facts.protection,
            protection_detail: &facts.protection_detail,
            signed: facts.signed,
            labels: facts
                .labels
                .iter()
                .map(|label| LabelRow {
                    id: label.id,
                    site_id: label.site_id,
                    effective: label.effective,
                    document: &label.document,
                })
                .collect(),
        });
        Self {
            id: record.id.0,
            tenant: &record.tenant.0,
            app: &record.app.0,
            file: &record.file.0,
            folder: &record.folder,
            name: &record.name,
            kind: record.kind,
            size: record.size,
            version: &record.version.0,
            owner: record.owner.as_deref(),
            exposure: record.exposure,
            link: record.link.as_deref(),
            created: record.created,
            modified: record.modified,
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            removed: record.removed,
            facts,
            collaborators: record.collaborators.as_deref(),
        }
    }
}

impl Row for ExportRow<'_> {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "tenant",
        "app",
        "ref",
        "folder",
        "name",
        "kind",
        "size",
        "version",
        "owner",
        "exposure",
        "link",
        "created",
        "modified",
        "first_seen",
        "last_seen",
        "removed",
        "facts_version",
        "read_at",
        "format",
        "state",
        "reason",
        "protection",
        "signed",
        "labels",
        "collaborators",
    ];

    fn cells(&self) -> Vec<String> {
        let facts = self.facts.as_ref();
        vec![
            self.id.to_string(),
            self.tenant.to_owned(),
            self.app.to_owned(),
            self.file.to_owned(),
            self.folder.to_owned(),
            self.name.to_owned(),
            word(self.kind),
            self.size.to_string(),
            self.version.to_owned(),
            text(self.owner),
            word(self.exposure),
            text(self.link),
            time(self.created),
            time(self.modified),
            time(Some(self.first_seen)),
            time(Some(self.last_seen)),
            time(self.removed),
            text(facts.map(|facts| facts.version)),
            time(facts.map(|facts| facts.read_at)),
            text(facts.and_then(|facts| facts.format)),
            text(facts.map(|facts| facts.state)),
            text(facts.and_then(|facts| facts.reason)),
            text(facts.map(|facts| facts.protection)),
            facts.map_or_else(String::new, |facts| facts.signed.to_string()),
            facts.map_or_else(String::new, effective_labels),
            self.collaborators
                .map_or_else(String::new, |list| list.join(" ")),
        ]
    }
}

fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// As in the JSON lines.
fn time(value: Option<DateTime<Utc>>) -> String {
    value.map_or_else(String::new, |time| {
        time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
    })
}

/// The word that stands for it in the JSON lines.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Their ids with a blank between them, each behind its tenant's where the file names that: `SITE/LABEL`.
fn effective_labels(facts: &FactsRow<'_>) -> String {
    let labels = facts.labels.iter().filter(|label| label.effective);
    let ids: Vec<String> = labels
        .map(|label| match label.site_id {
            Some(site) => format!("{site}/{}", label.id),
            None => label.id.to_string(),
        })
        .collect();
    ids.join(" ")
}

/// Runs the command.
///
/// # Errors
///
/// Problems of configuration and store.
pub(super) fn run(args: &ExportArgs) -> Result<Exit> {
    session::with_store(&args.config, Access::Read, async |session| {
        let files = export(&session.db, args).await?;
        writeln!(io::stderr(), "{} files exported", grouped(files))?;
        Ok(Exit::Ok)
    })
}

async fn export(db: &Db, args: &ExportArgs) -> Result<u64> {
    let format = match args.format {
        ExportFormat::Jsonl => Format::Jsonl,
        ExportFormat::Csv => Format::Csv,
    };
    let query = FileQuery {
        removed: if args.removed {
            Removed::Any
        } else {
            Removed::No
        },
        ..FileQuery::default()
    };
    let mut listing = Listing::new::<ExportRow<'_>>(BufWriter::new(io::stdout()), format);
    let mut after = None;
    loop {
        let page = files::list(db, &query, Page { after, limit: PAGE }).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for record in &page {
            listing.row(&ExportRow::from(record))?;
        }
    }
    Ok(listing.finish()?)
}
