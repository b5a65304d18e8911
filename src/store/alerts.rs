//! Alerts: what policies have to tell people.

use chrono::{DateTime, Utc};
use serde_json::Value as Json;

use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::policies::PolicyId;
use super::value::{Row, values};
use crate::model::TenantName;
use crate::model::inventory::FileId;
use crate::model::policy::Severity;

/// What an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AlertKind {
    /// A policy matches a file that it did not match before.
    Match,
    /// A policy was stopped by its own bound.
    MaxMatches,
    /// A policy has acted on its first files and waits for somebody to look.
    Canary,
    /// A policy's label cannot be applied (row A14).
    Label,
    /// A write has covered a person's save, in an app whose service keeps no precondition.
    Covered,
}

impl AlertKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Match,
        Self::MaxMatches,
        Self::Canary,
        Self::Label,
        Self::Covered,
    ];

    /// The word in the store and in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Match => "policy.match",
            Self::MaxMatches => "policy.max_matches",
            Self::Canary => "policy.canary",
            Self::Label => "policy.label",
            Self::Covered => "write.covered",
        }
    }
}

/// An alert that is raised.
#[derive(Debug, Clone)]
pub struct NewAlert<'a> {
    /// The tenant.
    pub tenant: &'a TenantName,
    /// The policy; `None` where a person asked for what it is about.
    pub policy: Option<PolicyId>,
    /// The file, where it is about one.
    pub file: Option<FileId>,
    /// What it is about.
    pub kind: AlertKind,
    /// How bad it is.
    pub severity: Severity,
    /// What there is to say of it, a JSON object. Metadata only.
    pub document: Json,
}

/// An alert about a file, as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileAlert {
    /// The policy; `None` where a person asked for what it is about.
    pub policy: Option<PolicyId>,
    /// How bad it is.
    pub severity: Severity,
    /// What there is to say of it, a JSON object.
    pub document: String,
}

/// Records an alert.
///
/// # Errors
///
/// Those of the store.
pub async fn record(tx: &Tx, alert: &NewAlert<'_>, now: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "INSERT INTO alert (tenant, policy, file, kind, severity, at, document) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        values![
            alert.tenant.0.as_str(),
            alert.policy.map(|policy| policy.0),
            alert.file.map(|file| file.0),
            alert.kind.as_str(),
            severity_code(alert.severity),
            now,
            alert.document.to_string(),
        ],
    )
    .await?;
    Ok(())
}

/// Alerts of a kind that a policy has raised at `since` or later.
///
/// # Errors
///
/// Those of the store.
pub async fn count_since(
    source: &impl Source,
    policy: PolicyId,
    kind: AlertKind,
    since: DateTime<Utc>,
) -> Result<u64> {
    let rows = source
        .query(
            "SELECT COUNT(*) FROM alert WHERE policy = $1 AND kind = $2 AND at >= $3",
            values![policy.0, kind.as_str(), since],
        )
        .await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}

/// What alerts of a kind about a file say, the oldest first: JSON objects.
///
/// # Errors
///
/// Those of the store.
pub async fn about_file(
    source: &impl Source,
    file: FileId,
    kind: AlertKind,
) -> Result<Vec<FileAlert>> {
    let rows = source
        .query(
            "SELECT policy, severity, document FROM alert WHERE file = $1 AND kind = $2 ORDER BY id",
            values![file.0, kind.as_str()],
        )
        .await?;
    let read = |mut row: Row| {
        Ok(FileAlert {
            policy: row.take::<Option<i64>>()?.map(PolicyId),
            severity: severity_of(row.take()?)?,
            document: row.take()?,
        })
    };
    rows.into_iter().map(read).collect()
}

fn severity_of(code: i64) -> Result<Severity> {
    let mut all = Severity::ALL.iter().copied();
    all.find(|severity| severity_code(*severity) == code)
        .ok_or_else(|| StoreError::content(format!("{code} stands for no severity")))
}

fn severity_code(severity: Severity) -> i64 {
    match severity {
        Severity::Low => 0,
        Severity::Medium => 1,
        Severity::High => 2,
    }
}
