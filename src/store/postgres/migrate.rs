//! The schema on PostgreSQL.

use deadpool_postgres::Object;
use tokio_postgres::Transaction;

use super::errors::meaning;
use crate::store::error::{Result, StoreError};
use crate::store::migrations::{CREATE_SCHEMA_VERSION, Dialect, Migration, Plan, plan, sql_for};

/// Workers that start together upgrade one after the other: `labeld` in ASCII, as the number of an advisory lock.
const MIGRATION_LOCK: i64 = 0x6c61_6265_6c64;

/// Checks that the database can be used, and upgrades its schema where `may_write` allows it.
pub(super) async fn prepare(
    client: &mut Object,
    store: &str,
    may_write: bool,
    steps: &[Migration],
) -> Result<()> {
    let failed = |error| meaning(store, "prepare the schema", error);
    check_encoding(client, store).await?;
    if !may_write {
        let found = found_version(client, store).await?;
        let found = found.ok_or_else(|| StoreError::Missing {
            store: store.to_owned(),
            fix: "it has no tables of labeld yet; run `labeld rescan` to make them".to_owned(),
            source: None,
        })?;
        plan(store, found, steps, false)?;
        return Ok(());
    }
    let transaction = client.transaction().await.map_err(failed)?;
    transaction
        .execute("SELECT pg_advisory_xact_lock($1)", &[&MIGRATION_LOCK])
        .await
        .map_err(failed)?;
    let found = found_version(&transaction, store).await?;
    if let Plan::Migrate(steps) = plan(store, found.unwrap_or(0), steps, true)? {
        migrate(&transaction, found, steps).await.map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// File names are UTF-8, and a database of another encoding cannot hold all of them.
async fn check_encoding(client: &Object, store: &str) -> Result<()> {
    let row = client
        .query_one("SHOW server_encoding", &[])
        .await
        .map_err(|error| meaning(store, "read the encoding", error))?;
    let encoding: String = row
        .try_get(0)
        .map_err(|error| meaning(store, "read the encoding", error))?;
    if encoding == "UTF8" {
        return Ok(());
    }
    Err(StoreError::Missing {
        store: store.to_owned(),
        fix: format!("its encoding is {encoding}; make a database with encoding UTF8"),
        source: None,
    })
}

async fn found_version(
    client: &impl deadpool_postgres::GenericClient,
    store: &str,
) -> Result<Option<i64>> {
    let failed = |error| meaning(store, "read the schema version", error);
    let row = client
        .query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[])
        .await
        .map_err(failed)?;
    if !row.try_get::<_, bool>(0).map_err(failed)? {
        return Ok(None);
    }
    let row = client
        .query_one("SELECT MAX(version) FROM schema_version", &[])
        .await
        .map_err(failed)?;
    row.try_get(0).map_err(failed)
}

async fn migrate(
    transaction: &Transaction<'_>,
    found: Option<i64>,
    steps: &[Migration],
) -> std::result::Result<(), tokio_postgres::Error> {
    if found.is_none() {
        transaction.batch_execute(CREATE_SCHEMA_VERSION).await?;
    }
    for step in steps {
        transaction
            .batch_execute(&sql_for(Dialect::Postgres, step.text))
            .await?;
        transaction
            .execute(
                "INSERT INTO schema_version (version) VALUES ($1)",
                &[&step.version],
            )
            .await?;
    }
    Ok(())
}
