//! The configured apps, by number.

use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::value::values;
use crate::model::{AppName, TenantName};

/// An app's row number in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppId(pub(super) i64);

/// The number of an app; it gets one where it has none yet.
///
/// # Errors
///
/// Those of the store.
pub async fn ensure(tx: &Tx, tenant: &TenantName, app: &AppName) -> Result<AppId> {
    tx.execute(
        "INSERT INTO app (tenant, name) VALUES ($1, $2) ON CONFLICT (tenant, name) DO NOTHING",
        values![tenant.0.as_str(), app.0.as_str()],
    )
    .await?;
    find(tx, tenant, app)
        .await?
        .ok_or_else(|| StoreError::content("an app that was just stored is not there"))
}

/// The number of an app that the store has met.
///
/// # Errors
///
/// Those of the store.
pub async fn find(
    source: &impl Source,
    tenant: &TenantName,
    app: &AppName,
) -> Result<Option<AppId>> {
    let rows = source
        .query(
            "SELECT id FROM app WHERE tenant = $1 AND name = $2",
            values![tenant.0.as_str(), app.0.as_str()],
        )
        .await?;
    let row = rows.into_iter().next();
    row.map(|mut row| row.take().map(AppId)).transpose()
}
