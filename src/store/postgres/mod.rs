//! The PostgreSQL driver: a pool of connections; a transaction holds one of them.

mod connect;
mod errors;
mod migrate;
mod value;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;

use deadpool_postgres::{Object, Pool};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio_postgres::Statement;
use tokio_postgres::error::SqlState;

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
        let mut stale = 0;
        loop {
            let client = self.client().await?;
            match client.batch_execute("BEGIN").await {
                Ok(()) => {
                    return Ok(PostgresTx {
                        client: Some(client),
                        name: Arc::clone(&self.name),
                    });
                }
                Err(error) if stale < connect::MAX_CONNECTIONS && was_cut(&error) => {
                    discard(client);
                    stale += 1;
                }
                Err(error) => return Err(meaning(&self.name, "start a transaction", error)),
            }
        }
    }

    pub(super) async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>> {
        let mut stale = 0;
        loop {
            let client = self.client().await?;
            match run_query(&client, sql.clone(), &params).await {
                Ok(rows) => return rows.iter().map(value::read_row).collect(),
                // It only reads, so it can be done again.
                Err(error) if stale < connect::MAX_CONNECTIONS && was_cut(&error) => {
                    discard(client);
                    stale += 1;
                }
                Err(error) => return Err(meaning(&self.name, "read from the store", error)),
            }
        }
    }

    /// Frees the room of dead rows in these tables and lets the server learn how their values are spread, beside whoever works.
    pub(super) async fn vacuum(&self, tables: &[String]) -> Result<()> {
        let client = self.client().await?;
        for table in tables {
            let done = client
                .batch_execute(&format!("VACUUM (ANALYZE) {table}"))
                .await;
            done.map_err(|error| meaning(&self.name, "compact the store", error))?;
        }
        Ok(())
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
        let rows = run_query(self.client()?, sql, &params)
            .await
            .map_err(|error| meaning(&self.name, "read from the store", error))?;
        rows.iter().map(value::read_row).collect()
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
            discard(client);
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
    sql: Cow<'static, str>,
    params: &[Value],
) -> std::result::Result<Vec<tokio_postgres::Row>, tokio_postgres::Error> {
    let statement = prepare(client, sql).await?;
    client
        .query_raw(&statement, params.iter())
        .await?
        .try_collect()
        .await
}

/// Whether the server ended the connection, or it broke, so that another one may do. After a restart of the server all of the
/// pool's are like that, and nothing tells before they are used.
fn was_cut(error: &tokio_postgres::Error) -> bool {
    let ended = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::IDLE_SESSION_TIMEOUT,
    ];
    match error.code() {
        Some(code) => ended.contains(code),
        None => error.is_closed() || error.source().is_some_and(<dyn StdError>::is::<io::Error>),
    }
}

/// Closes a connection in place of giving it back.
fn discard(client: Object) {
    drop(Object::take(client));
}
