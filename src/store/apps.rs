//! The configured apps, by number.

use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::migrations::Dialect;
use super::statement::Statement;
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

/// Waits for other transactions that write to the inventory of an app, and keeps them waiting until the end of this one.
///
/// Two that wrote side by side would lock the same files in different orders, and wait for each other.
pub(super) async fn lock(tx: &Tx, app: AppId) -> Result<()> {
    static LOCK: Statement = Statement::new("SELECT id FROM app WHERE id = $1 {locked}");
    if tx.dialect() == Dialect::Postgres {
        tx.query(LOCK.text(Dialect::Postgres), values![app.0])
            .await?;
    }
    Ok(())
}

/// [`lock`] for all apps of a tenant, in the order of their numbers; them.
pub(super) async fn lock_tenant(tx: &Tx, tenant: &TenantName) -> Result<Vec<AppId>> {
    static LOCK: Statement =
        Statement::new("SELECT id FROM app WHERE tenant = $1 ORDER BY id {locked}");
    let sql = LOCK.text(tx.dialect());
    let rows = tx.query(sql, values![tenant.0.as_str()]).await?;
    rows.into_iter()
        .map(|mut row| row.take().map(AppId))
        .collect()
}
