//! Bringing the label catalogue of a tenant up to date, with a word to the operator about it.

use anyhow::Result;
use chrono::{DateTime, Utc};

use crate::config::{LabelSource, TenantConfig};
use crate::model::catalogue::CatalogueEvent;
use crate::pipeline::label_sync::{self, Synced};
use crate::pipeline::{error_chain, label_list};
use crate::store::Db;

/// Reads the tenant's label list and takes it over. A list that cannot be read leaves the last good one
/// in force; `None` then, and where no list is configured.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn of_tenant(
    db: &Db,
    tenant: &TenantConfig,
    now: DateTime<Utc>,
) -> Result<Option<Synced>> {
    let Some(LabelSource::File(path)) = &tenant.labels else {
        return Ok(None);
    };
    let list = match label_list::read_file(path) {
        Ok(list) => list,
        Err(error) => {
            let status = label_sync::note_failure(db, &tenant.name, &error, now).await?;
            let age = match status.last_success {
                Some(last) => format!(
                    "the list of {} stays in force",
                    last.format("%Y-%m-%d %H:%M UTC")
                ),
                None => "there is no earlier list".to_owned(),
            };
            tracing::warn!(
                "labels of tenant {}: {}; {age}",
                tenant.name,
                error_chain(&error)
            );
            return Ok(None);
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
    Ok(Some(synced))
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
