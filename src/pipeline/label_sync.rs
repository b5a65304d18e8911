//! Bringing a tenant's label catalogue up to date from its source (rules §8).
//!
//! [`run`] is one sync, whoever asks for it: the service by its schedule, or a person by `labeld labels sync`. Several
//! processes may do so at once. Each notes which sync had ended last before it asked for the list; one that finds
//! another by the time it has the list drops it, so that no loss is confirmed by a list as old as the one that showed it.

use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use labeld_connector::{ErrorKind, LabelSource};
use uuid::Uuid;

use super::label_list::{self, LabelList, LabelListError, LabelListProblem};
use super::{error_chain, labels};
use crate::clock::Clock;
use crate::crash_points::{self, CrashPoint};
use crate::model::TenantName;
use crate::model::catalogue::{
    CatalogueEntry, CatalogueEvent, LabelState, PendingLoss, SyncStatus,
};
use crate::store::{Db, StoreError, labels as stored};
use crate::telemetry::{LabelListShrank, LabelSyncFailed, LabelsSynced};

/// Where a tenant's label list comes from.
#[derive(Debug, Clone)]
pub enum ListSource {
    /// A file, in any of the forms of [`label_list`].
    File(PathBuf),
    /// A service.
    Service(Arc<dyn LabelSource>),
    /// A service that cannot be asked as the configuration stands.
    Unavailable(Unavailable),
}

/// Why a service cannot be asked.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{source}")]
pub struct Unavailable {
    /// Why.
    pub source: Arc<dyn StdError + Send + Sync>,
    /// What a caller can do about it, where the service itself refused.
    pub kind: Option<ErrorKind>,
}

/// How a sync ended.
#[derive(Debug)]
pub enum SyncEnd {
    /// The list was taken over.
    Done(Synced),
    /// Another sync of the tenant ended while this one waited for its list, which is dropped.
    Overtaken,
    /// The list could not be had: the last good one stays in force.
    Failed(FetchError),
}

/// What a sync did.
#[derive(Debug)]
pub struct Synced {
    /// Labels in the list.
    pub listed: usize,
    /// Labels that the catalogue had of the tenant before, deleted ones not counted.
    pub known: usize,
    /// What changed.
    pub events: Vec<CatalogueEvent>,
    /// A loss that waits for a second sync to confirm it.
    pub pending: Option<PendingLoss>,
}

/// Why a label list cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The file.
    #[error(transparent)]
    File(#[from] LabelListError),
    /// The service cannot be asked.
    #[error(transparent)]
    Unavailable(Unavailable),
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
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        let kind = match self {
            Self::Service(error) => Some(error.kind()),
            Self::Unavailable(unavailable) => unavailable.kind,
            Self::File(_) | Self::Content { .. } => None,
        };
        kind == Some(ErrorKind::Unauthenticated)
    }
}

impl ListSource {
    /// The whole list.
    ///
    /// # Errors
    ///
    /// When it cannot be had, or is not one complete, consistent list.
    pub async fn fetch(&self) -> Result<LabelList, FetchError> {
        let source = match self {
            Self::File(path) => return Ok(label_list::read_file(path)?),
            Self::Unavailable(unavailable) => {
                return Err(FetchError::Unavailable(unavailable.clone()));
            }
            Self::Service(source) => source,
        };
        let bytes = source.label_list().await?;
        label_list::parse_bytes(&bytes).map_err(|problem| FetchError::Content {
            source_name: source.to_string(),
            problem,
        })
    }
}

/// Reads the label list of a tenant and takes it over; what came of it is stored, and told to the log where somebody
/// should know. `site_id` is the tenant's Entra id where it is configured.
///
/// # Errors
///
/// Those of the store; nothing is taken over then.
pub async fn run(
    db: &Db,
    tenant: &TenantName,
    site_id: Option<Uuid>,
    source: &ListSource,
    clock: &dyn Clock,
) -> Result<SyncEnd, StoreError> {
    let seen = stored::sync_status(db, tenant).await?;
    match source.fetch().await {
        Ok(list) => {
            let site_id = site_id.or(list.tenant_id);
            let done = take_over(db, tenant, &list, site_id, seen.as_ref(), clock.now()).await?;
            let Some(synced) = done else {
                tracing::info!("labels of tenant {tenant}: another sync was faster");
                return Ok(SyncEnd::Overtaken);
            };
            tell(tenant, &synced);
            Ok(SyncEnd::Done(synced))
        }
        Err(error) => {
            note_failure(db, tenant, &error, seen.as_ref(), clock.now()).await?;
            tell_of_failure(tenant, &error, seen.as_ref());
            Ok(SyncEnd::Failed(error))
        }
    }
}

/// Takes a complete label list over, in one transaction. `seen` is the status from before the list was asked for; `None`
/// where another sync has ended since, and nothing is taken over.
///
/// # Errors
///
/// Those of the store; nothing is taken over then.
pub async fn take_over(
    db: &Db,
    tenant: &TenantName,
    list: &LabelList,
    site_id: Option<Uuid>,
    seen: Option<&SyncStatus>,
    now: DateTime<Utc>,
) -> Result<Option<Synced>, StoreError> {
    let tx = db.begin().await?;
    let previous = stored::entries(&tx, tenant).await?;
    let pending = seen.and_then(|status| status.pending.as_ref());
    let outcome = labels::sync(&previous, &list.labels, pending, site_id, now);
    let status = SyncStatus {
        last_attempt: attempt_after(seen, now),
        last_success: Some(now),
        last_error: None,
        pending: outcome.pending.clone(),
    };
    if !stored::end_attempt(&tx, tenant, seen, &status).await? {
        return Ok(None);
    }
    stored::remove_entries(&tx, tenant, &outcome.replaced(&previous)).await?;
    stored::put_entries(&tx, tenant, &changed(&previous, outcome.entries)).await?;
    stored::add_events(&tx, tenant, &outcome.events).await?;
    crash_points::pass(CrashPoint::BeforeLabelsCommit);
    tx.commit().await?;
    let is_known = |entry: &&CatalogueEntry| {
        !matches!(entry.state, LabelState::Deleted | LabelState::External)
    };
    Ok(Some(Synced {
        listed: list.labels.len(),
        known: previous.iter().filter(is_known).count(),
        events: outcome.events,
        pending: outcome.pending,
    }))
}

/// The time of an attempt that ends now: later than the one before, also where the clock was set back or stands still, so
/// that each attempt has a time of its own.
fn attempt_after(seen: Option<&SyncStatus>, now: DateTime<Utc>) -> DateTime<Utc> {
    // The store keeps milliseconds.
    let after = |seen: &SyncStatus| seen.last_attempt + TimeDelta::milliseconds(1);
    seen.map_or(now, |seen| now.max(after(seen)))
}

/// Entries that differ from what is stored.
fn changed(previous: &[CatalogueEntry], entries: Vec<CatalogueEntry>) -> Vec<CatalogueEntry> {
    let mut entries = entries;
    entries.retain(|entry| !previous.contains(entry));
    entries
}

/// Notes that the list could not be had; the last good one stays in force, and a loss goes on waiting. Where another sync
/// has ended since `seen`, its result stands.
async fn note_failure(
    db: &Db,
    tenant: &TenantName,
    error: &FetchError,
    seen: Option<&SyncStatus>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let status = SyncStatus {
        last_attempt: attempt_after(seen, now),
        last_success: seen.and_then(|status| status.last_success),
        last_error: Some(error_chain(error)),
        pending: seen.and_then(|status| status.pending.clone()),
    };
    let tx = db.begin().await?;
    stored::end_attempt(&tx, tenant, seen, &status).await?;
    tx.commit().await
}

fn tell(tenant: &TenantName, synced: &Synced) {
    LabelsSynced {
        tenant,
        labels: synced.listed as u64,
        changed: synced.events.len() as u64,
    }
    .emit();
    if let Some(loss) = &synced.pending {
        LabelListShrank {
            tenant,
            missing: loss.missing.len() as u64,
            known: synced.known as u64,
        }
        .emit();
    }
}

fn tell_of_failure(tenant: &TenantName, error: &FetchError, seen: Option<&SyncStatus>) {
    let last_success = seen.and_then(|status| status.last_success);
    let age = match last_success {
        Some(last) => format!(
            "the list of {} stays in force",
            last.format("%Y-%m-%d %H:%M UTC")
        ),
        None => "there is no earlier list".to_owned(),
    };
    let advice = match error {
        FetchError::Service(_) => "; `labeld doctor` says what to do",
        FetchError::File(_) | FetchError::Unavailable(_) | FetchError::Content { .. } => "",
    };
    LabelSyncFailed {
        tenant,
        last_success,
        error: &format!("{}; {age}{advice}", error_chain(error)),
    }
    .emit();
}
