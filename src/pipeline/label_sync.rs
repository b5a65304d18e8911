//! Bringing a tenant's label catalogue up to date from its source (rules §8).

use std::error::Error as StdError;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::label_list::LabelList;
use super::labels;
use crate::model::TenantName;
use crate::model::catalogue::{CatalogueEntry, CatalogueEvent, PendingLoss, SyncStatus};
use crate::store::{Db, StoreError, labels as stored};

/// What a sync did.
#[derive(Debug)]
pub struct Synced {
    /// Labels in the list.
    pub listed: usize,
    /// What changed.
    pub events: Vec<CatalogueEvent>,
    /// A loss that waits for a second sync to confirm it.
    pub pending: Option<PendingLoss>,
}

/// Takes a complete label list over.
///
/// # Errors
///
/// Those of the store; nothing is taken over then.
pub async fn take_over(
    db: &Db,
    tenant: &TenantName,
    list: &LabelList,
    site_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> Result<Synced, StoreError> {
    let previous = stored::entries(db, tenant).await?;
    let status = stored::sync_status(db, tenant).await?;
    let pending = status.and_then(|status| status.pending);
    let site_id = site_id.or(list.tenant_id);
    let outcome = labels::sync(&previous, &list.labels, pending.as_ref(), site_id, now);
    let tx = db.begin().await?;
    stored::put_entries(&tx, tenant, &changed(&previous, outcome.entries)).await?;
    stored::add_events(&tx, tenant, &outcome.events).await?;
    let status = SyncStatus {
        last_attempt: now,
        last_success: Some(now),
        last_error: None,
        pending: outcome.pending.clone(),
    };
    stored::set_sync_status(&tx, tenant, &status).await?;
    tx.commit().await?;
    Ok(Synced {
        listed: list.labels.len(),
        events: outcome.events,
        pending: outcome.pending,
    })
}

/// Entries that differ from what is stored.
fn changed(previous: &[CatalogueEntry], entries: Vec<CatalogueEntry>) -> Vec<CatalogueEntry> {
    let mut entries = entries;
    entries.retain(|entry| !previous.contains(entry));
    entries
}

/// Notes that the list could not be had; the last good one stays in force.
///
/// # Errors
///
/// Those of the store.
pub async fn note_failure(
    db: &Db,
    tenant: &TenantName,
    error: &(dyn StdError + 'static),
    now: DateTime<Utc>,
) -> Result<SyncStatus, StoreError> {
    let known = stored::sync_status(db, tenant).await?;
    let status = SyncStatus {
        last_attempt: now,
        last_error: Some(super::error_chain(error)),
        last_success: known.as_ref().and_then(|status| status.last_success),
        pending: known.and_then(|status| status.pending),
    };
    let tx = db.begin().await?;
    stored::set_sync_status(&tx, tenant, &status).await?;
    tx.commit().await?;
    Ok(status)
}
