//! Bringing the label catalogue of a tenant up to date, with a word to the operator about it.

use anyhow::Result;
use chrono::{DateTime, Utc};
use labeld_connector::ErrorKind;

use crate::apps::{ConnectError, Organisation};
use crate::config::{LabelSource, TenantConfig};
use crate::model::catalogue::{CatalogueEvent, SyncStatus};
use crate::pipeline::error_chain;
use crate::pipeline::label_list::{self, LabelList, LabelListError, LabelListProblem};
use crate::pipeline::label_sync::{self, Synced};
use crate::store::Db;

/// How a sync ended.
#[derive(Debug)]
pub(super) enum LabelSync {
    /// No label list is configured.
    NotConfigured,
    /// The list was taken over.
    Done(Synced),
    /// The list could not be had: the last good one stays in force.
    Failed(FetchError),
}

/// Why a label list cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum FetchError {
    /// The file.
    #[error(transparent)]
    File(#[from] LabelListError),
    /// The service cannot be asked.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The service does not give it.
    #[error(transparent)]
    Service(#[from] labeld_connector::Error),
    /// The service gave something else.
    #[error("cannot use the label list of {source_name}")]
    Content {
        /// The service, for people.
        source_name: String,
        /// What is wrong with it.
        #[source]
        problem: LabelListProblem,
    },
}

impl FetchError {
    /// Whether the credentials were refused.
    pub(super) fn is_refusal(&self) -> bool {
        let kind = match self {
            Self::Service(error) => Some(error.kind()),
            Self::Connect(error) => error.kind(),
            Self::File(_) | Self::Content { .. } => None,
        };
        kind == Some(ErrorKind::Unauthenticated)
    }
}

/// Reads the tenant's label list and takes it over.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn of_tenant(
    db: &Db,
    tenant: &TenantConfig,
    organisation: &Organisation<'_>,
    now: DateTime<Utc>,
) -> Result<LabelSync> {
    let list = match fetch(tenant, organisation).await {
        Ok(Some(list)) => list,
        Ok(None) => return Ok(LabelSync::NotConfigured),
        Err(error) => {
            let status = label_sync::note_failure(db, &tenant.name, &error, now).await?;
            warn_of_failure(tenant, &error, &status);
            return Ok(LabelSync::Failed(error));
        }
    };
    let synced = label_sync::take_over(db, &tenant.name, &list, tenant.id, now).await?;
    if let Some(loss) = &synced.pending {
        tracing::warn!(
            "labels of tenant {}: {} labels are no longer in the list; they are kept until a second sync misses them too",
            tenant.name,
            loss.missing.len()
        );
    }
    Ok(LabelSync::Done(synced))
}

/// The tenant's label list; `None` where none is configured.
async fn fetch(
    tenant: &TenantConfig,
    organisation: &Organisation<'_>,
) -> Result<Option<LabelList>, FetchError> {
    if let Some(LabelSource::File(path)) = &tenant.labels {
        return Ok(Some(label_list::read_file(path)?));
    }
    let Some(source) = organisation.label_source()? else {
        return Ok(None);
    };
    let bytes = source.label_list().await?;
    match label_list::parse_bytes(&bytes) {
        Ok(list) => Ok(Some(list)),
        Err(problem) => Err(FetchError::Content {
            source_name: source.to_string(),
            problem,
        }),
    }
}

fn warn_of_failure(tenant: &TenantConfig, error: &FetchError, status: &SyncStatus) {
    let age = match status.last_success {
        Some(last) => format!(
            "the list of {} stays in force",
            last.format("%Y-%m-%d %H:%M UTC")
        ),
        None => "there is no earlier list".to_owned(),
    };
    let advice = match error {
        FetchError::Service(_) => "; `labeld doctor` says what to do",
        _ => "",
    };
    tracing::warn!(
        "labels of tenant {}: {}; {age}{advice}",
        tenant.name,
        error_chain(error)
    );
}

/// One line for an event.
pub(super) fn describe(event: &CatalogueEvent) -> String {
    let kind = serde_json::to_value(event.kind).unwrap_or_default();
    format!(
        "{} {} ({})",
        kind.as_str().unwrap_or("changed"),
        event.definition.display_name,
        event.label
    )
}
