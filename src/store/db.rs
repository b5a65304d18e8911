//! One SQL text, two drivers.
//!
//! Statements number their parameters `$1`, `$2`, …; integers are 64 bits wide in both databases.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::future::BoxFuture;

use super::error::{Result, StoreError};
use super::migrations::{Dialect, MIGRATIONS, Migration};
use super::postgres::{PostgresStore, PostgresTx};
use super::queue::LowWaterMarks;
use super::sqlite::{SqliteStore, WriterTx};
use super::value::{Row, Value};

/// Where the store is. `Debug` and `Display` show no password.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
    /// A `postgres://` URL, which may hold a password.
    Postgres(String),
}

impl Location {
    /// A `postgres://` or `postgresql://` URL, or else a path.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Self::Postgres(text.to_owned());
        }
        Self::Sqlite(PathBuf::from(text))
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::Sqlite(path.to_owned())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(_) => f.write_str("PostgreSQL"),
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a command wants to do with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read beside whoever writes. The store must be there.
    Read,
    /// Read and write. A missing SQLite file is made, an older schema is upgraded (SQLite: after a copy of the file).
    /// SQLite allows one such process at a time.
    Write,
}

/// Pages that [`Db::probe_write`] writes to SQLite's log, 1 MiB: as much as a large transaction. An even number.
const PROBED_PAGES: u32 = 256;

/// An open store. Clones share it.
#[derive(Debug, Clone)]
pub struct Db {
    driver: Arc<Driver>,
}

#[derive(Debug)]
enum Driver {
    Sqlite(SqliteStore),
    Postgres {
        store: PostgresStore,
        access: Access,
        marks: LowWaterMarks,
    },
}

impl Db {
    /// Opens the store.
    ///
    /// # Errors
    ///
    /// [`StoreError::Missing`], [`StoreError::Damaged`], [`StoreError::NewerSchema`], [`StoreError::OlderSchema`] (only
    /// for reading), [`StoreError::InUse`], [`StoreError::ReadOnly`], [`StoreError::Full`], [`StoreError::Unreachable`].
    pub async fn open(location: &Location, access: Access) -> Result<Self> {
        Self::open_with_schema(location, access, MIGRATIONS).await
    }

    pub(super) async fn open_with_schema(
        location: &Location,
        access: Access,
        steps: &'static [Migration],
    ) -> Result<Self> {
        let driver = match location {
            Location::Sqlite(path) => {
                let path = path.clone();
                let open = move || match access {
                    Access::Read => SqliteStore::open_to_read(&path, steps),
                    Access::Write => SqliteStore::open_to_write(&path, steps),
                };
                Driver::Sqlite(blocking("open the store", open).await?)
            }
            Location::Postgres(url) => Driver::Postgres {
                store: PostgresStore::open(url, access == Access::Write, steps).await?,
                access,
                marks: LowWaterMarks::default(),
            },
        };
        Ok(Self {
            driver: Arc::new(driver),
        })
    }

    /// Starts a transaction. On SQLite it waits until the one before it has ended; it must be short.
    ///
    /// # Errors
    ///
    /// [`StoreError::ReadOnly`] when the store was opened for reading.
    pub async fn begin(&self) -> Result<Tx> {
        let driver = match &*self.driver {
            Driver::Sqlite(store) => TxDriver::Sqlite(store.begin().await?),
            Driver::Postgres {
                store,
                access: Access::Write,
                ..
            } => TxDriver::Postgres(Box::new(store.begin().await?)),
            Driver::Postgres {
                store,
                access: Access::Read,
                ..
            } => {
                return Err(StoreError::ReadOnly {
                    store: store.name().to_owned(),
                    operation: "write to",
                    what: "it was opened for reading".to_owned(),
                    source: None,
                });
            }
        };
        Ok(Tx {
            driver,
            failed: AtomicBool::new(false),
        })
    }

    /// Its name for people: the file, or host and database.
    #[must_use]
    pub fn name(&self) -> &str {
        match &*self.driver {
            Driver::Sqlite(store) => store.name(),
            Driver::Postgres { store, .. } => store.name(),
        }
    }

    /// Whether one process at a time can write to it, so that nobody else can take up what this one has claimed.
    #[must_use]
    pub fn has_one_writer(&self) -> bool {
        matches!(&*self.driver, Driver::Sqlite(_))
    }

    /// Writes something that changes nothing, to see whether writing works: for a process that has met an error that
    /// [forbids writing](StoreError::forbids_writing), reads on, and wants to know when the reason is gone.
    ///
    /// # Errors
    ///
    /// [`StoreError::Full`] and [`StoreError::ReadOnly`] while it does not work; those of [`Db::begin`].
    pub async fn probe_write(&self) -> Result<()> {
        match &*self.driver {
            Driver::Sqlite(_) => {
                // Where a large transaction found no room, a small one may still find some.
                for number in 0..PROBED_PAGES {
                    let tx = self.begin().await?;
                    // A number in the file's header that nobody uses: each time one page goes to the log.
                    tx.query(format!("PRAGMA user_version = {}", number % 2), Vec::new())
                        .await?;
                    tx.commit().await?;
                }
                Ok(())
            }
            Driver::Postgres { .. } => {
                let tx = self.begin().await?;
                // A new version of the row, with the same content.
                tx.execute(
                    "UPDATE schema_version SET version = version
                     WHERE version = (SELECT MAX(version) FROM schema_version)",
                    Vec::new(),
                )
                .await?;
                tx.commit().await
            }
        }
    }

    /// Where claims begin in the queue; `None` for SQLite, whose indexes have no dead entries.
    pub(super) fn queue_marks(&self) -> Option<&LowWaterMarks> {
        match &*self.driver {
            Driver::Sqlite(_) => None,
            Driver::Postgres { marks, .. } => Some(marks),
        }
    }

    /// Closes the store, where this is its last clone; afterwards the next writer finds the lock free. Dropping does the
    /// same, but holds up the thread while SQLite folds its log into the file.
    ///
    /// # Errors
    ///
    /// [`StoreError::Other`] when the runtime is shutting down.
    pub async fn close(self) -> Result<()> {
        blocking("close the store", move || {
            drop(self);
            Ok(())
        })
        .await
    }
}

/// A transaction: all of it is stored, or nothing. Dropped without [`Tx::commit`] it is rolled back.
#[derive(Debug)]
pub struct Tx {
    driver: TxDriver,
    failed: AtomicBool,
}

#[derive(Debug)]
enum TxDriver {
    Sqlite(WriterTx),
    Postgres(Box<PostgresTx>),
}

impl Tx {
    /// Stores everything.
    ///
    /// # Errors
    ///
    /// Also when a statement of this transaction has failed: nothing is stored then. After [`StoreError::Unreachable`] it is
    /// not known whether everything or nothing is stored, because the server's answer is what was lost; whoever does the work
    /// anew must begin by reading.
    pub async fn commit(self) -> Result<()> {
        if self.failed.load(Ordering::Relaxed) {
            return Err(StoreError::Other {
                operation: "commit a transaction in which a statement has failed",
                source: None,
            });
        }
        match self.driver {
            TxDriver::Sqlite(tx) => tx.commit().await,
            TxDriver::Postgres(tx) => tx.commit().await,
        }
    }

    /// Forgets everything.
    pub fn rollback(self) {}

    pub(super) fn dialect(&self) -> Dialect {
        match &self.driver {
            TxDriver::Sqlite(_) => Dialect::Sqlite,
            TxDriver::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Runs a statement; the number of rows changed.
    pub(super) async fn execute(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
    ) -> Result<u64> {
        self.execute_many(sql, vec![params]).await
    }

    /// Runs a statement once for each row of parameters, in their order; the number of rows changed.
    pub(super) async fn execute_many(
        &self,
        sql: impl Into<Cow<'static, str>>,
        rows: Vec<Vec<Value>>,
    ) -> Result<u64> {
        if rows.is_empty() {
            return Ok(0);
        }
        self.refuse_after_failure()?;
        let sql = sql.into();
        let result = match &self.driver {
            TxDriver::Sqlite(tx) => tx.execute(sql, rows).await,
            TxDriver::Postgres(tx) => tx.execute(sql, rows).await,
        };
        self.note_failure(result)
    }

    /// After some errors, a full disk among them, SQLite has ended the transaction: the next statement would be one of its own
    /// and be stored at once. PostgreSQL refuses the next statement after any error.
    fn refuse_after_failure(&self) -> Result<()> {
        if !self.failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(StoreError::Other {
            operation: "go on with a transaction in which a statement has failed",
            source: None,
        })
    }

    fn note_failure<T>(&self, result: Result<T>) -> Result<T> {
        if result.is_err() {
            self.failed.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// Something to read the store through: [`Db`] for what is committed, [`Tx`] for that and its own changes.
pub trait Source: Sync {
    /// Runs one statement that answers with rows.
    fn run_query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> impl Future<Output = Result<Vec<Row>>> + Send;

    /// [`run_query`](Self::run_query) with a text of either kind. The type of the text is no part of the future's, else
    /// the compiler does not see that the future may go from thread to thread.
    fn query(
        &self,
        sql: impl Into<Cow<'static, str>>,
        params: Vec<Value>,
    ) -> BoxFuture<'_, Result<Vec<Row>>> {
        Box::pin(self.run_query(sql.into(), params))
    }
}

impl Source for Db {
    async fn run_query(&self, sql: Cow<'static, str>, params: Vec<Value>) -> Result<Vec<Row>> {
        match &*self.driver {
            Driver::Sqlite(store) => store.query(sql, params).await,
            Driver::Postgres { store, .. } => store.query(sql, params).await,
        }
    }
}

impl Source for Tx {
    async fn run_query(&self, sql: Cow<'static, str>, params: Vec<Value>) -> Result<Vec<Row>> {
        self.refuse_after_failure()?;
        let result = match &self.driver {
            TxDriver::Sqlite(tx) => tx.query(sql, params).await,
            TxDriver::Postgres(tx) => tx.query(sql, params).await,
        };
        self.note_failure(result)
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    operation: &'static str,
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StoreError::Other {
        operation,
        source: Some(error.into()),
    })?
}
