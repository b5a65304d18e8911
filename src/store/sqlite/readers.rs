//! Reading connections, opened when needed and kept. Statements run on the runtime's threads for blocking work.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::errors::meaning;
use super::{open, query_rows};
use crate::store::error::{Result, StoreError};
use crate::store::value::{Row, Value};

/// More connections than this at once only compete for the same disk.
const MAX_READERS: usize = 4;

#[derive(Debug)]
pub(super) struct Readers {
    pool: Arc<Pool>,
    permits: Arc<Semaphore>,
}

#[derive(Debug)]
struct Pool {
    path: PathBuf,
    store: Arc<str>,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: &Path, store: &Arc<str>) -> Self {
        Self {
            pool: Arc::new(Pool {
                path: path.to_owned(),
                store: Arc::clone(store),
                idle: Mutex::default(),
            }),
            permits: Arc::new(Semaphore::new(MAX_READERS)),
        }
    }

    pub(super) fn store(&self) -> &str {
        &self.pool.store
    }

    pub(super) fn put(&self, connection: Connection) {
        self.pool.put(connection);
    }

    pub(super) async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let pool = Arc::clone(&self.pool);
        let task = tokio::task::spawn_blocking(move || {
            // Held until the statement ends, also when nobody waits for its answer any more.
            let _permit = permit;
            pool.query(&sql, &params)
        });
        task.await.map_err(|error| StoreError::Other {
            operation: "read from the store",
            source: Some(error.into()),
        })?
    }
}

impl Pool {
    fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>> {
        let connection = match self.take() {
            Some(connection) => connection,
            None => open::reading_connection(&self.path)?,
        };
        let rows = query_rows(&connection, sql, params)
            .map_err(|error| meaning(&self.store, "read from the store", error))?;
        self.put(connection);
        Ok(rows)
    }

    fn take(&self) -> Option<Connection> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    fn put(&self, connection: Connection) {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
    }
}
