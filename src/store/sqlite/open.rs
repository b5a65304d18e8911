//! Opening a SQLite store: settings, whose file it is, and the upgrade of its schema.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use super::care;
use super::errors::meaning;
use super::file::{self, Found, WriterLock};
use super::log;
use crate::store::error::{Result, StoreError};
use crate::store::migrations::{CREATE_SCHEMA_VERSION, Dialect, Migration, Plan, plan, sql_for};

/// `labl`, in the header of every store, so that another program's database is never taken for one.
const APPLICATION_ID: i64 = 0x6c61_626c;

/// How long a statement waits for another connection before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The code keeps more statements than rusqlite's default of 16 in use.
const CACHED_STATEMENTS: usize = 128;

/// Opens the connection that writes, with the lock that belongs to it.
pub(super) fn writer(path: &Path, known: &[Migration]) -> Result<(Connection, WriterLock)> {
    file::make_folder(path)?;
    let lock = file::lock_for_writing(path)?;
    file::examine(path)?;
    keep_broken_log(path);
    let store = path.display().to_string();
    let failed = |error| meaning(&store, "open the store", error);
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    // SQLite falls back to reading, without a word, where it may not write.
    if connection.is_readonly("main").map_err(failed)? {
        return Err(file::write_protected(path));
    }
    let found = schema_version(&connection, path)?;
    configure_writer(&connection).map_err(failed)?;
    if let Plan::Migrate(steps) = plan(&store, found.unwrap_or(0), known, true)? {
        if let Some(version) = found {
            // So that an upgrade can be taken back.
            care::copy(path, &file::backup_path(path, version), known)?;
        }
        migrate(&mut connection, found, steps).map_err(failed)?;
    }
    Ok((connection, lock))
}

/// SQLite goes on with what comes before a break in the log, and the rest is gone with the next write. After a power failure
/// that is as it must be, so the store opens; where it is damage, the log may still be wanted.
fn keep_broken_log(path: &Path) {
    let store = path.display();
    match log::examine(path) {
        Ok(None) => {}
        Ok(Some(log::Break { frame, lost })) => {
            let kept = file::beside(path, "-wal.broken");
            let copied = std::fs::copy(file::beside(path, "-wal"), &kept);
            let kept = copied.map_or_else(
                |error| format!("cannot be kept: {error}"),
                |_| format!("is kept as {}", kept.display()),
            );
            tracing::warn!(
                %store, frame, lost,
                "the log of the store breaks off, what was stored last is lost; the log {kept}"
            );
        }
        Err(error) => tracing::warn!(%store, %error, "cannot look at the log of the store"),
    }
}

/// WAL, so that readers and the writer do not wait for each other; NORMAL, which keeps the file sound when the power
/// fails. The cache holds the upper pages of the indexes of millions of files.
fn configure_writer(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = NORMAL;
         PRAGMA foreign_keys = ON;
         PRAGMA cache_size = -16000;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;",
    )
}

/// Opens a connection that reads, for a process that may not hold the lock.
pub(super) fn reader(path: &Path, steps: &[Migration]) -> Result<Connection> {
    let store = path.display().to_string();
    let missing = || StoreError::Missing {
        store: store.clone(),
        fix: "run `labeld rescan` to make it, or correct the path".to_owned(),
        source: None,
    };
    if file::examine(path)? == Found::Nothing {
        return Err(missing());
    }
    let connection = reading_connection(path)?;
    let found = schema_version(&connection, path)?.ok_or_else(missing)?;
    plan(&store, found, steps, false)?;
    Ok(connection)
}

/// Opens a connection for a store that is known to be good.
pub(super) fn reading_connection(path: &Path) -> Result<Connection> {
    let connection = plain_reading_connection(path)?;
    connection
        .execute_batch("PRAGMA query_only = ON")
        .map_err(|error| cannot_open(path, error))?;
    Ok(connection)
}

/// One that reads this file, and may write to others.
pub(super) fn plain_reading_connection(path: &Path) -> Result<Connection> {
    let failed = |error| cannot_open(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let Err(error) = configure_reader(&connection) else {
        return Ok(connection);
    };
    // Reading in WAL mode wants to make two files beside the store. In a folder that cannot be written, a store without
    // a log can be read as it lies there.
    if file::has_wal(path) {
        return Err(failed(error));
    }
    let connection =
        Connection::open_with_flags(immutable_uri(path), flags | OpenFlags::SQLITE_OPEN_URI)
            .map_err(failed)?;
    configure_reader(&connection).map_err(failed)?;
    Ok(connection)
}

fn cannot_open(path: &Path, error: rusqlite::Error) -> StoreError {
    meaning(&path.display().to_string(), "open the store to read", error)
}

fn configure_reader(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch("PRAGMA cache_size = -8000;")?;
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))
}

fn immutable_uri(path: &Path) -> String {
    let escaped = path
        .display()
        .to_string()
        .replace('%', "%25")
        .replace('?', "%3f")
        .replace('#', "%23");
    format!("file:{escaped}?immutable=1")
}

/// The schema version, `None` for an empty database.
fn schema_version(connection: &Connection, path: &Path) -> Result<Option<i64>> {
    let failed = |error| {
        meaning(
            &path.display().to_string(),
            "read the schema version",
            error,
        )
    };
    let tables: i64 = connection
        .query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(failed)?;
    if tables == 0 {
        return Ok(None);
    }
    let application: i64 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(failed)?;
    if application != APPLICATION_ID {
        return Err(file::damaged(
            path,
            "the file is another program's database".to_owned(),
        ));
    }
    let version = connection
        .query_row("SELECT MAX(version) FROM schema_version", [], |row| {
            row.get(0)
        })
        .optional()
        .map_err(failed)?;
    Ok(version.flatten())
}

fn migrate(
    connection: &mut Connection,
    found: Option<i64>,
    steps: &[Migration],
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if found.is_none() {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.execute_batch(CREATE_SCHEMA_VERSION)?;
    }
    for step in steps {
        transaction.execute_batch(&sql_for(Dialect::Sqlite, step.text))?;
        transaction.execute(
            "INSERT INTO schema_version (version) VALUES (?1)",
            [step.version],
        )?;
    }
    transaction.commit()
}
