//! The label catalogue: what each label means, what it meant before, and how the syncs of it went (rules §8).

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use uuid::Uuid;

use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::value::{Row, Site, Value, values};
use crate::model::TenantName;
use crate::model::catalogue::{CatalogueEntry, CatalogueEvent, SyncStatus};

/// All labels of a tenant, deleted and external ones included, sorted by GUID.
///
/// # Errors
///
/// Those of the store.
pub async fn entries(source: &impl Source, tenant: &TenantName) -> Result<Vec<CatalogueEntry>> {
    let rows = source
        .query(
            "SELECT site, definition, state, first_seen, last_seen, deleted_at FROM catalogue_label
             WHERE tenant = $1 ORDER BY guid, site",
            values![tenant.0.as_str()],
        )
        .await?;
    rows.into_iter().map(read_entry).collect()
}

fn read_entry(mut row: Row) -> Result<CatalogueEntry> {
    let Site(site_id) = row.take()?;
    Ok(CatalogueEntry {
        site_id,
        definition: from_json(&row.take::<String>()?)?,
        state: from_word(row.take()?)?,
        first_seen: row.take()?,
        last_seen: row.take()?,
        deleted_at: row.take()?,
    })
}

/// Stores labels of a tenant as they are now. Each is known by its GUID and site.
///
/// # Errors
///
/// Those of the store.
pub async fn put_entries(tx: &Tx, tenant: &TenantName, entries: &[CatalogueEntry]) -> Result<()> {
    let rows: Result<Vec<_>> = entries
        .iter()
        .map(|entry| entry_row(tenant, entry))
        .collect();
    tx.execute_many(
        "INSERT INTO catalogue_label (tenant, guid, site, state, definition, first_seen, last_seen, deleted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant, guid, site) DO UPDATE SET
            state = excluded.state, definition = excluded.definition, first_seen = excluded.first_seen,
            last_seen = excluded.last_seen, deleted_at = excluded.deleted_at",
        rows?,
    )
    .await?;
    Ok(())
}

fn entry_row(tenant: &TenantName, entry: &CatalogueEntry) -> Result<Vec<Value>> {
    Ok(values![
        tenant.0.as_str(),
        entry.definition.id,
        Site(entry.site_id),
        to_word(&entry.state)?,
        to_json(&entry.definition)?,
        entry.first_seen,
        entry.last_seen,
        entry.deleted_at,
    ])
}

/// Adds events to the history, in their order.
///
/// # Errors
///
/// Those of the store.
pub async fn add_events(tx: &Tx, tenant: &TenantName, events: &[CatalogueEvent]) -> Result<()> {
    let rows: Result<Vec<_>> = events
        .iter()
        .map(|event| {
            Ok(values![
                tenant.0.as_str(),
                event.label,
                event.at,
                to_word(&event.kind)?,
                to_json(&event.definition)?,
            ])
        })
        .collect();
    tx.execute_many(
        "INSERT INTO catalogue_event (tenant, guid, at, kind, definition) VALUES ($1, $2, $3, $4, $5)",
        rows?,
    )
    .await?;
    Ok(())
}

/// The history of one label, oldest first.
///
/// # Errors
///
/// Those of the store.
pub async fn events(
    source: &impl Source,
    tenant: &TenantName,
    label: Uuid,
) -> Result<Vec<CatalogueEvent>> {
    let rows = source
        .query(
            "SELECT at, guid, kind, definition FROM catalogue_event
             WHERE tenant = $1 AND guid = $2 ORDER BY at, id",
            values![tenant.0.as_str(), label],
        )
        .await?;
    rows.into_iter().map(read_event).collect()
}

/// What a label meant at a moment: the last event at or before it.
///
/// # Errors
///
/// Those of the store.
pub async fn meaning_at(
    source: &impl Source,
    tenant: &TenantName,
    label: Uuid,
    at: DateTime<Utc>,
) -> Result<Option<CatalogueEvent>> {
    let rows = source
        .query(
            "SELECT at, guid, kind, definition FROM catalogue_event
             WHERE tenant = $1 AND guid = $2 AND at <= $3 ORDER BY at DESC, id DESC LIMIT 1",
            values![tenant.0.as_str(), label, at],
        )
        .await?;
    rows.into_iter().next().map(read_event).transpose()
}

fn read_event(mut row: Row) -> Result<CatalogueEvent> {
    Ok(CatalogueEvent {
        at: row.take()?,
        label: row.take()?,
        kind: from_word(row.take()?)?,
        definition: from_json(&row.take::<String>()?)?,
    })
}

/// How the syncs of a tenant's label list went; `None` before the first.
///
/// # Errors
///
/// Those of the store.
pub async fn sync_status(source: &impl Source, tenant: &TenantName) -> Result<Option<SyncStatus>> {
    let rows = source
        .query(
            "SELECT last_attempt, last_success, last_error, pending FROM catalogue_sync WHERE tenant = $1",
            values![tenant.0.as_str()],
        )
        .await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    Ok(Some(SyncStatus {
        last_attempt: row.take()?,
        last_success: row.take()?,
        last_error: row.take()?,
        pending: row
            .take::<Option<String>>()?
            .map(|text| from_json(&text))
            .transpose()?,
    }))
}

/// Stores how a sync went; in the transaction that stores what it found.
///
/// # Errors
///
/// Those of the store.
pub async fn set_sync_status(tx: &Tx, tenant: &TenantName, status: &SyncStatus) -> Result<()> {
    let pending = status.pending.as_ref().map(to_json).transpose()?;
    tx.execute(
        "INSERT INTO catalogue_sync (tenant, last_attempt, last_success, last_error, pending)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant) DO UPDATE SET
            last_attempt = excluded.last_attempt, last_success = excluded.last_success,
            last_error = excluded.last_error, pending = excluded.pending",
        values![
            tenant.0.as_str(),
            status.last_attempt,
            status.last_success,
            status.last_error.as_deref(),
            pending,
        ],
    )
    .await?;
    Ok(())
}

fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| StoreError::Other {
        operation: "write a value as JSON",
        source: Some(error.into()),
    })
}

fn from_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(not_known)
}

/// The word that an enum without fields has in JSON.
fn to_word(value: &impl Serialize) -> Result<String> {
    Ok(to_json(value)?.trim_matches('"').to_owned())
}

fn from_word<T: DeserializeOwned>(word: String) -> Result<T> {
    serde_json::from_value(Json::String(word)).map_err(not_known)
}

fn not_known(error: serde_json::Error) -> StoreError {
    StoreError::Content {
        what: "the label catalogue has an entry that this version of labeld does not know"
            .to_owned(),
        source: Some(error.into()),
    }
}
