//! Care of the store: checks, copies, putting a copy back, compacting.
//!
//! An SQLite store is copied and put back by labeld. PostgreSQL has `pg_dump`, `pg_restore` and archives of its own log, which
//! an operator of it knows and trusts; there labeld says which command to use.

mod check;
mod invariants;

use std::path::{Path, PathBuf};

use super::db::{Location, blocking};
use super::error::{Result, StoreError};
use super::migrations::MIGRATIONS;
use super::postgres::PostgresStore;
use super::sqlite::{care as sqlite, schema};

pub use check::{Depth, Finding, Health, check};

pub use sqlite::Sizes;

/// Copies an SQLite store to the new file `to`, also while it is in use: all of one moment, checked, and under its name only when
/// it is whole and on the disk. A store that an older labeld has written is copied as it is. Answers with the copy's size in
/// bytes.
///
/// # Errors
///
/// [`StoreError::AlreadyThere`] where `to` is there, [`StoreError::ServerTools`] on PostgreSQL, and those of opening, reading and
/// writing; nothing is left of the copy then.
pub async fn back_up(location: &Location, to: &Path) -> Result<u64> {
    let from = sqlite_file(
        location,
        "back up",
        "PostgreSQL makes consistent copies itself, beside whoever works: use `pg_dump --format=custom --file=FILE`",
    )?;
    let to = to.to_owned();
    blocking("back up the store", move || {
        sqlite::copy(&from, &to, MIGRATIONS)
    })
    .await
}

/// Puts a copy of `backup` in the place of an SQLite store, after a check of the copy. A store that is there is an error, unless
/// `kept` says what it is to be called from then on. Answers whether there was one.
///
/// # Errors
///
/// [`StoreError::AlreadyThere`], [`StoreError::InUse`] while another process writes to the store, [`StoreError::Damaged`] and the
/// others of opening for a backup that cannot be used, [`StoreError::ServerTools`] on PostgreSQL. The store is as it was then.
pub async fn restore(location: &Location, backup: &Path, kept: Option<PathBuf>) -> Result<bool> {
    let store = sqlite_file(
        location,
        "restore",
        "stop every labeld that uses it, then run `pg_restore --clean --if-exists --single-transaction FILE`",
    )?;
    let backup = backup.to_owned();
    blocking("restore the store", move || {
        sqlite::put_back(&backup, &store, kept.as_deref(), MIGRATIONS)
    })
    .await
}

/// Gives room that nothing uses any more back: SQLite's to the disk, PostgreSQL's to the rows that come. An older schema is
/// upgraded first. Answers with the sizes where the store is a file.
///
/// # Errors
///
/// [`StoreError::InUse`] while another process writes to an SQLite store, and those of opening and writing. SQLite needs room for
/// a second copy meanwhile, and says [`StoreError::Full`] where there is none.
pub async fn vacuum(location: &Location) -> Result<Option<Sizes>> {
    match location {
        Location::Sqlite(path) => {
            let path = path.clone();
            let sizes = blocking("compact the store", move || {
                sqlite::vacuum(&path, MIGRATIONS)
            });
            sizes.await.map(Some)
        }
        Location::Postgres(url) => {
            let names = schema::expected(MIGRATIONS)?.table_names();
            let store = PostgresStore::open(url, true, MIGRATIONS).await?;
            store.vacuum(&names).await?;
            Ok(None)
        }
    }
}

fn sqlite_file(location: &Location, operation: &'static str, fix: &str) -> Result<PathBuf> {
    match location {
        Location::Sqlite(path) => Ok(path.clone()),
        Location::Postgres(_) => Err(StoreError::ServerTools {
            store: location.to_string(),
            operation,
            fix: fix.to_owned(),
        }),
    }
}
