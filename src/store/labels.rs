//! The label catalogue: what each label means, what it meant before, and how the syncs of it went (rules §8).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use uuid::Uuid;

use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::value::{Row, Site, Value, values};
use crate::model::TenantName;
use crate::model::catalogue::{CatalogueEntry, CatalogueEvent, LabelDefinition, SyncStatus};

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

/// Stores labels of other tenants that were found on files. Several readers may do so at once: what is known stays known
/// from the earliest to the latest time, and a label of the tenant's own list stays what the list says.
///
/// # Errors
///
/// Those of the store.
pub async fn put_external(tx: &Tx, tenant: &TenantName, entries: &[CatalogueEntry]) -> Result<()> {
    // In one order for all, so that two transactions never wait for each other.
    let mut entries: Vec<&CatalogueEntry> = entries.iter().collect();
    entries.sort_by_key(|entry| entry.key());
    let rows: Result<Vec<_>> = entries
        .into_iter()
        .map(|entry| entry_row(tenant, entry))
        .collect();
    tx.execute_many(
        "INSERT INTO catalogue_label (tenant, guid, site, state, definition, first_seen, last_seen, deleted_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant, guid, site) DO UPDATE SET
            definition = excluded.definition,
            first_seen = CASE WHEN excluded.first_seen < catalogue_label.first_seen
                THEN excluded.first_seen ELSE catalogue_label.first_seen END,
            last_seen = CASE WHEN excluded.last_seen > catalogue_label.last_seen
                THEN excluded.last_seen ELSE catalogue_label.last_seen END
         WHERE catalogue_label.state = excluded.state",
        rows?,
    )
    .await?;
    Ok(())
}

/// Takes entries out that live on under another key. Their history stays.
///
/// # Errors
///
/// Those of the store.
pub async fn remove_entries(
    tx: &Tx,
    tenant: &TenantName,
    entries: &[&CatalogueEntry],
) -> Result<()> {
    let rows = entries
        .iter()
        .map(|entry| values![tenant.0.as_str(), entry.definition.id, Site(entry.site_id)]);
    tx.execute_many(
        "DELETE FROM catalogue_label WHERE tenant = $1 AND guid = $2 AND site = $3",
        rows.collect(),
    )
    .await?;
    Ok(())
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

/// The labels of a tenant that had a display name, now or at any time, whatever the case of its letters; sorted.
///
/// # Errors
///
/// Those of the store.
pub async fn once_named(
    source: &impl Source,
    tenant: &TenantName,
    name: &str,
) -> Result<Vec<Uuid>> {
    let rows = source
        .query(
            "SELECT guid, definition FROM catalogue_event WHERE tenant = $1
             UNION ALL SELECT guid, definition FROM catalogue_label WHERE tenant = $1",
            values![tenant.0.as_str()],
        )
        .await?;
    let wanted = name.to_lowercase();
    let mut found = BTreeSet::new();
    for mut row in rows {
        let id: Uuid = row.take()?;
        let definition: LabelDefinition = from_json(&row.take::<String>()?)?;
        if definition.display_name.to_lowercase() == wanted {
            found.insert(id);
        }
    }
    Ok(found.into_iter().collect())
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

/// Stores how an attempt went, as the first thing in the transaction that stores what it found; until that ends, other
/// attempts for the tenant wait here. `seen` is what [`sync_status`] gave before the list was asked for. `false` where
/// another attempt has ended since: nothing is stored then. The new time of the attempt must not be `seen`'s.
///
/// # Errors
///
/// Those of the store.
pub async fn end_attempt(
    tx: &Tx,
    tenant: &TenantName,
    seen: Option<&SyncStatus>,
    status: &SyncStatus,
) -> Result<bool> {
    let mut parameters = values![
        tenant.0.as_str(),
        status.last_attempt,
        status.last_success,
        status.last_error.as_deref(),
        status.pending.as_ref().map(to_json).transpose()?,
    ];
    let sql = if let Some(seen) = seen {
        parameters.extend(values![seen.last_attempt]);
        "UPDATE catalogue_sync SET last_attempt = $2, last_success = $3, last_error = $4, pending = $5
         WHERE tenant = $1 AND last_attempt = $6"
    } else {
        "INSERT INTO catalogue_sync (tenant, last_attempt, last_success, last_error, pending)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (tenant) DO NOTHING"
    };
    Ok(tx.execute(sql, parameters).await? == 1)
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
