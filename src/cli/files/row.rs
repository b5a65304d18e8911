//! A file of the inventory as it is printed.

use chrono::{DateTime, Utc};
use labeld_connector::{Exposure, OwnerDetails};
use serde::Serialize;
use serde_json::{Value, json};

use super::label_view::LabelView;
use crate::cli::output::{Row, byte_size};
use crate::model::inventory::{FileFacts, FileRecord};
use crate::model::report::FileReport;
use crate::model::{FileState, Reason, TenantName};

/// The shape of `labeld inspect`, with what only the inventory knows beside it.
#[derive(Debug, Serialize)]
pub(super) struct FileRow {
    pub(super) id: i64,
    pub(super) tenant: String,
    pub(super) app: String,
    #[serde(rename = "ref")]
    pub(super) file: String,
    #[serde(flatten)]
    pub(super) report: FileReport<Value, Value>,
    pub(super) owner: Option<String>,
    /// What the app's directory says of the owner; looked up for a single file only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) owner_details: Option<OwnerRow>,
    /// Who can reach it, as far as its app told.
    pub(super) exposure: Exposure,
    /// Addresses that it is shared with by name; null where that is not known.
    pub(super) collaborators: Option<Vec<String>>,
    /// Its web address.
    pub(super) link: Option<String>,
    pub(super) version: String,
    pub(super) created: Option<DateTime<Utc>>,
    pub(super) modified: Option<DateTime<Utc>>,
    pub(super) first_seen: DateTime<Utc>,
    pub(super) last_seen: DateTime<Utc>,
    pub(super) read_at: Option<DateTime<Utc>>,
    /// Whether what is known of the bytes belongs to the present version.
    pub(super) current: bool,
    pub(super) removed: Option<DateTime<Utc>>,
    #[serde(skip)]
    effective: Vec<String>,
}

/// What an app's directory says of an owner.
#[derive(Debug, Serialize)]
pub(super) struct OwnerRow {
    pub(super) display_name: Option<String>,
    pub(super) department: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) groups: Option<Vec<String>>,
}

impl From<OwnerDetails> for OwnerRow {
    fn from(details: OwnerDetails) -> Self {
        Self {
            display_name: details.display_name,
            department: details.department,
            unit: details.unit,
            groups: details.groups,
        }
    }
}

impl FileRow {
    /// The row of a record, with its labels as `view` shows them.
    pub(super) fn of(record: &FileRecord, view: &LabelView) -> Self {
        let facts = record.facts.as_ref();
        let mut protection =
            facts.map_or_else(|| json!({}), |facts| facts.protection_detail.clone());
        if let Some(fields) = protection.as_object_mut() {
            let kind = facts.map_or("none", |facts| facts.protection.as_str());
            fields.insert("kind".to_owned(), kind.into());
        }
        let path = if record.folder.is_empty() {
            record.name.clone()
        } else {
            format!("{}/{}", record.folder, record.name)
        };
        let state = facts.and_then(|facts| FileState::from_word(&facts.state));
        let reason = match facts {
            Some(facts) => facts.reason.as_deref().and_then(Reason::from_code),
            None => Some(Reason::Pending),
        };
        Self {
            id: record.id.0,
            tenant: record.tenant.to_string(),
            app: record.app.to_string(),
            file: record.file.to_string(),
            report: FileReport {
                path,
                path_base64: None,
                size: record.size,
                format: facts.and_then(|facts| facts.format.clone()),
                state: state.map_or("pending", FileState::as_str),
                reason: reason.map(Reason::code),
                detail: facts.and_then(|facts| facts.detail.clone()),
                labels: facts
                    .map(|facts| {
                        facts
                            .labels
                            .iter()
                            .filter(|label| view.is_shown(&record.tenant, label))
                            .map(|label| label.document.clone())
                            .collect()
                    })
                    .unwrap_or_default(),
                protection,
                signed: facts.is_some_and(|facts| facts.signed),
                warnings: Vec::new(),
                bytes_read: facts.map_or(0, |facts| facts.bytes_read),
                reads: facts.map_or(0, |facts| facts.reads),
            },
            owner: record.owner.clone(),
            owner_details: None,
            exposure: record.exposure,
            collaborators: record.collaborators.as_deref().map(<[String]>::to_vec),
            link: record.link.clone(),
            version: record.version.to_string(),
            created: record.created,
            modified: record.modified,
            first_seen: record.first_seen,
            last_seen: record.last_seen,
            read_at: facts.map(|facts| facts.read_at),
            current: facts.is_some_and(|facts| facts.version == record.version),
            removed: record.removed,
            effective: facts
                .map(|facts| effective(facts, &record.tenant, view))
                .unwrap_or_default(),
        }
    }
}

/// The names of the effective labels.
fn effective(facts: &FileFacts, tenant: &TenantName, view: &LabelView) -> Vec<String> {
    facts
        .labels
        .iter()
        .filter(|label| label.effective && view.is_shown(tenant, label))
        .map(|label| view.name(tenant, label))
        .collect()
}

impl Row for FileRow {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "app",
        "state",
        "format",
        "labels",
        "protection",
        "reason",
        "size",
        "modified",
        "path",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.id.to_string(),
            format!("{}/{}", self.tenant, self.app),
            self.report.state.to_owned(),
            self.report.format.clone().unwrap_or_else(|| "-".to_owned()),
            if self.effective.is_empty() {
                "-".to_owned()
            } else {
                self.effective.join(", ")
            },
            self.report.protection["kind"]
                .as_str()
                .unwrap_or("none")
                .to_owned(),
            self.report.reason.unwrap_or("-").to_owned(),
            byte_size(self.report.size),
            self.modified.map_or_else(
                || "-".to_owned(),
                |time| time.format("%Y-%m-%d").to_string(),
            ),
            self.report.path.clone(),
        ]
    }
}
