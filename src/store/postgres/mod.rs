//! The PostgreSQL driver: a pool of connections; a transaction holds one of them.

mod connect;
mod errors;
mod migrate;
mod value;

use std::borrow::Cow;
use std::sync::Arc;

use deadpool_postgres::{Object, Pool};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio_postgres::Statement;

use self::errors::{meaning, pool_meaning};
use super::error::Result;
use super::migrations::Migration;
use super::value::{Row, Value};

/// Statements of one call that may be on their way to the server at once.
const PIPELINED: usize = 256;

/// An open PostgreSQL store.
#[derive(Debug)]
pub(super) struct PostgresStore {
    pool: Pool,
    name: Arc<str>,
}

impl PostgresStore {
    /// Connects, and upgrades the schema where `may_write` allows it.
    pub(super) async fn open(url: &str, may_write: bool, steps: &[Migration]) -> Result<Self> {
        let (pool, name) = connect::pool(url)?;
        let store = Self {
            pool,
            name: name.into(),
        };
        let mut client = store.client().await?;
        migrate::prepare(&mut client, &store.name, may_write, steps).await?;
        drop(client);
        Ok(store)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) async fn begin(&self) -> Result<PostgresTx> {
        let client = self.client().await?;
        let begun = client.batch_execute("BEGIN").await;
        begun.map_err(|error| meaning(&self.name, "start a transaction", error))?;
        Ok(PostgresTx {
            client: Some(client),
            name: Arc::clone(&self.name),
        })
    }

    pub(super) async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>> {
        let client = self.client().await?;
        run_query(&client, &self.name, sql, params).await
    }

    async fn client(&self) -> Result<Object> {
        self.pool
            .get()
            .await
            .map_err(|error| pool_meaning(&self.name, error))
    }
}

/// A transaction. Dropped without a commit, its connection is closed, which rolls back on the server.
#[derive(Debug)]
pub(super) struct PostgresTx {
    client: Option<Object>,
    name: Arc<str>,
}

impl PostgresTx {
    pub(super) async fn execute(
        &self,
        sql: Cow<'static, str>,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        let client = self.client()?;
        let failed = |error| meaning(&self.name, "write to the store", error);
        let statement = prepare(client, sql).await.map_err(failed)?;
        stream::iter(rows)
            .map(|row| client.execute_raw(&statement, row))
            .buffered(PIPELINED)
            .try_fold(0, async |changed, more| Ok(changed + more))
            .await
            .map_err(failed)
    }

    pub(super) async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>> {
        run_query(self.client()?, &self.name, sql, params).await
    }

    pub(super) async fn commit(mut self) -> Result<()> {
        let committed = self.client()?.batch_execute("COMMIT").await;
        committed.map_err(|error| meaning(&self.name, "commit to the store", error))?;
        // Back to the pool: nothing is open on it any more.
        self.client = None;
        Ok(())
    }

    fn client(&self) -> Result<&Object> {
        self.client.as_ref().ok_or_else(errors::closed)
    }
}

impl Drop for PostgresTx {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            drop(Object::take(client));
        }
    }
}

/// A statement that was put together at run time is not kept: there are too many of them, and the server plans it
/// better when it sees the parameters.
async fn prepare(
    client: &Object,
    sql: Cow<'static, str>,
) -> std::result::Result<Statement, tokio_postgres::Error> {
    match sql {
        Cow::Borrowed(sql) => client.prepare_cached(sql).await,
        Cow::Owned(sql) => client.prepare(&sql).await,
    }
}

async fn run_query(
    client: &Object,
    store: &str,
    sql: Cow<'static, str>,
    params: Vec<Value>,
) -> Result<Vec<Row>> {
    let failed = |error| meaning(store, "read from the store", error);
    let statement = prepare(client, sql).await.map_err(failed)?;
    let rows: Vec<tokio_postgres::Row> = client
        .query_raw(&statement, params)
        .await
        .map_err(failed)?
        .try_collect()
        .await
        .map_err(failed)?;
    rows.iter().map(value::read_row).collect()
}
