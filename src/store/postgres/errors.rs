//! PostgreSQL's errors by meaning.

use deadpool_postgres::PoolError;
use tokio_postgres::error::SqlState;

use crate::store::error::StoreError;

/// What the server's or the connection's `error` means, met while doing `operation` (a verb phrase).
///
/// Codes: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
pub(super) fn meaning(
    store: &str,
    operation: &'static str,
    error: tokio_postgres::Error,
) -> StoreError {
    let store = store.to_owned();
    let Some(code) = error.code().cloned() else {
        return StoreError::Unreachable {
            store,
            what: operation.to_owned(),
            source: Some(error.into()),
        };
    };
    let what = error
        .as_db_error()
        .map_or_else(|| error.to_string(), |db| db.message().to_owned());
    let source = Some(error.into());
    if code == SqlState::DISK_FULL {
        return StoreError::Full { store, source };
    }
    if code == SqlState::READ_ONLY_SQL_TRANSACTION || code == SqlState::INSUFFICIENT_PRIVILEGE {
        return StoreError::ReadOnly {
            store,
            operation: "use",
            what,
            source,
        };
    }
    if code == SqlState::INVALID_CATALOG_NAME {
        return StoreError::Missing {
            store,
            fix: "make the database first (`createdb`), or correct the URL".to_owned(),
            source,
        };
    }
    if code == SqlState::DATA_CORRUPTED || code == SqlState::INDEX_CORRUPTED {
        return StoreError::Damaged {
            store,
            what,
            source,
        };
    }
    match code.code().get(..2) {
        Some("23") => StoreError::Constraint { operation, source },
        // Serialization failures and deadlocks.
        Some("40") => StoreError::Conflict { operation, source },
        // Login refused, too many connections, server going down or starting up.
        Some("08" | "28" | "53" | "57") => StoreError::Unreachable {
            store,
            what,
            source,
        },
        _ => StoreError::Other { operation, source },
    }
}

/// What it means that the pool has no connection to give.
pub(super) fn pool_meaning(store: &str, error: PoolError) -> StoreError {
    match error {
        PoolError::Backend(error) => meaning(store, "connect", error),
        other => StoreError::Unreachable {
            store: store.to_owned(),
            what: "connect".to_owned(),
            source: Some(other.into()),
        },
    }
}

/// A transaction was used after its end.
pub(super) fn closed() -> StoreError {
    StoreError::Other {
        operation: "use a transaction that has ended",
        source: None,
    }
}
