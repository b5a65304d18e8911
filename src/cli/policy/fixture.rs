//! Files with facts for `labeld policy test`. docs/policies.md describes them.

use chrono::{DateTime, Utc};
use labeld_connector::{Barrier, Exposure, FileKind, OwnerDetails};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::model::Reason;
use crate::model::inventory::FileLabel;
use crate::model::policy::{LabelName, Route, Verdict};
use crate::policy::facts::{Facts, LedgerFact, ReadingFacts};
use crate::policy::{Decision, TenantLabels, Unresolved, Wanted};

/// A file of cases.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixture {
    /// The time that the policies see.
    pub(super) now: DateTime<Utc>,
    #[serde(rename = "case")]
    pub(super) cases: Vec<Case>,
}

/// One file and what is expected of the policies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) name: String,
    /// Without it the first tenant.
    pub(super) tenant: Option<String>,
    /// Without it the tenant's first app.
    pub(super) app: Option<String>,
    #[serde(default)]
    file: FileFixture,
    #[serde(default)]
    labels: Vec<LabelFixture>,
    ledger: Option<LedgerFixture>,
    pub(super) expect: Expectation,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct FileFixture {
    name: String,
    id: String,
    folder: String,
    size: u64,
    created: Option<DateTime<Utc>>,
    modified: Option<DateTime<Utc>>,
    owner: Option<String>,
    owner_department: Option<String>,
    owner_unit: Option<String>,
    owner_groups: Option<Vec<String>>,
    access: Exposure,
    collaborators: Option<Vec<String>>,
    trashed: bool,
    removed: bool,
    /// Whether the bytes were read.
    read: bool,
    format: Option<String>,
    reason: Option<String>,
    protection: String,
    signed: bool,
}

impl Default for FileFixture {
    fn default() -> Self {
        Self {
            name: "document.docx".to_owned(),
            id: "1".to_owned(),
            folder: String::new(),
            size: 10_000,
            created: None,
            modified: None,
            owner: None,
            owner_department: None,
            owner_unit: None,
            owner_groups: None,
            access: Exposure::Unknown,
            collaborators: None,
            trashed: false,
            removed: false,
            read: true,
            format: None,
            reason: None,
            protection: "none".to_owned(),
            signed: false,
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LabelFixture {
    /// Name or GUID.
    label: String,
    /// Without it our tenant.
    tenant: Option<Uuid>,
    method: Option<String>,
    action_id: Option<Uuid>,
    #[serde(default = "yes")]
    enabled: bool,
    #[serde(default = "yes")]
    effective: bool,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LedgerFixture {
    label: String,
    method: String,
    action_id: Option<Uuid>,
    #[serde(default, rename = "override")]
    override_used: bool,
}

/// What is expected; what is not named may be anything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Expectation {
    policy: Option<String>,
    verdict: Option<String>,
    reason: Option<String>,
    label: Option<String>,
    row: Option<String>,
    matched: Option<Vec<String>>,
}

/// Why a case makes no sense.
#[derive(Debug, thiserror::Error)]
pub(super) enum CaseError {
    #[error("{0}")]
    Label(#[from] Unresolved),
    #[error("no reason code is called `{0}`")]
    Reason(String),
}

impl Case {
    /// The facts of the case in an app of a tenant.
    pub(super) fn facts(
        &self,
        place: (&str, &str, &str),
        labels: &TenantLabels,
    ) -> Result<Facts, CaseError> {
        let (tenant, app, kind) = place;
        let file = &self.file;
        let reason = match &file.reason {
            Some(code) => {
                Some(Reason::from_code(code).ok_or_else(|| CaseError::Reason(code.clone()))?)
            }
            None => None,
        };
        let own_labels = self.labels.iter().map(|label| label.read(labels));
        let reading = ReadingFacts {
            format: file.format.clone(),
            reason,
            protection: file.protection.clone(),
            signed: file.signed,
            labels: own_labels.collect::<Result<_, _>>()?,
        };
        let knows_owner = file.owner_department.is_some()
            || file.owner_unit.is_some()
            || file.owner_groups.is_some();
        Ok(Facts {
            tenant: tenant.into(),
            app: app.into(),
            app_kind: kind.to_owned(),
            file: file.id.clone(),
            name: file.name.clone(),
            folder: file.folder.clone(),
            kind: FileKind::File,
            size: file.size,
            created: file.created,
            modified: file.modified,
            owner: file.owner.clone(),
            owner_details: knows_owner.then(|| OwnerDetails {
                owner: file.owner.clone().unwrap_or_default(),
                display_name: None,
                department: file.owner_department.clone(),
                unit: file.owner_unit.clone(),
                groups: file.owner_groups.clone(),
            }),
            exposure: file.access,
            collaborators: file.collaborators.clone().map(Into::into),
            removed: file.removed,
            quarantined: false,
            barrier: file.trashed.then_some(Barrier::Trashed),
            obstacles: None,
            readable_type: true,
            reading: file.read.then_some(reading),
            ledger: match &self.ledger {
                Some(ledger) => Some(ledger.read(labels)?),
                None => None,
            },
        })
    }
}

impl LabelFixture {
    fn read(&self, labels: &TenantLabels) -> Result<FileLabel, CaseError> {
        Ok(FileLabel {
            site_id: self.tenant.or(labels.site_id),
            id: labels.resolve(&LabelName::new(&self.label))?,
            effective: self.effective && self.enabled,
            document: json!({
                "enabled": self.enabled,
                "method": self.method,
                "action_id": self.action_id,
                "places": if self.action_id.is_some() { json!(["custom"]) } else { json!([]) },
            }),
        })
    }
}

impl LedgerFixture {
    fn read(&self, labels: &TenantLabels) -> Result<LedgerFact, CaseError> {
        Ok(LedgerFact {
            label: labels.resolve(&LabelName::new(&self.label))?,
            method: self.method.clone(),
            action_id: self.action_id.unwrap_or(Uuid::nil()),
            override_used: self.override_used,
            route: Route::File,
        })
    }
}

impl Expectation {
    /// What is otherwise: `verdict: expected apply, found block`.
    pub(super) fn differences(
        &self,
        decision: &Decision,
        labels: &TenantLabels,
    ) -> Result<Vec<String>, CaseError> {
        let planned = decision.planned.as_ref();
        let verdict = planned.map_or("none", |planned| Verdict::as_str(planned.verdict));
        let row = planned.map(|planned| match planned.decided_by {
            crate::policy::DecidedBy::Row(row) => row.to_string(),
            crate::policy::DecidedBy::Gate(gate) => format!("gate {}", gate.number),
            crate::policy::DecidedBy::NotRead => "not read".to_owned(),
            crate::policy::DecidedBy::LabelName => "label name".to_owned(),
        });
        let policy = planned.map(|planned| planned.policy.to_string());
        let reason = decision.reason().map(|reason| reason.code().to_owned());
        let found_label = match planned.and_then(|planned| planned.wanted) {
            Some(Wanted::Apply(id)) => Some(id),
            _ => None,
        };
        let mut differences = Vec::new();
        let mut compare = |what: &str, expected: &Option<String>, found: Option<String>| {
            let found = found.unwrap_or_else(|| "none".to_owned());
            if let Some(expected) = expected.as_ref().filter(|expected| **expected != found) {
                differences.push(format!("{what}: expected {expected}, found {found}"));
            }
        };
        compare("policy", &self.policy, policy);
        compare("verdict", &self.verdict, Some(verdict.to_owned()));
        compare("reason", &self.reason, reason);
        compare("row", &self.row, row);
        if let Some(expected) = &self.label {
            let expected = labels.resolve(&LabelName::new(expected))?;
            if found_label != Some(expected) {
                let found =
                    found_label.map_or_else(|| "none".to_owned(), |id| labels.full_name(id));
                let expected = labels.full_name(expected);
                differences.push(format!("label: expected {expected}, found {found}"));
            }
        }
        if let Some(expected) = &self.matched {
            let found: Vec<String> = decision.matched.iter().map(ToString::to_string).collect();
            if *expected != found {
                differences.push(format!("matched: expected {expected:?}, found {found:?}"));
            }
        }
        Ok(differences)
    }
}
