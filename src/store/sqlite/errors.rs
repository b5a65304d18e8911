//! SQLite's errors by meaning.

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::error::StoreError;

/// What SQLite's `error` means, met while doing `operation` (a verb phrase).
pub(super) fn meaning(store: &str, operation: &'static str, error: Error) -> StoreError {
    let failure = sqlite_failure(&error);
    let code = failure.map(|failure| failure.code);
    let extended = failure.map(|failure| failure.extended_code);
    let what = words(&error);
    let is_damage = shows_damage(&error, &what);
    let store = store.to_owned();
    let source = Some(error.into());
    if is_damage {
        return StoreError::Damaged {
            store,
            what,
            source,
        };
    }
    match code {
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::ReadOnly {
                store,
                operation: "open or change",
                what: format!("{what}; check the permissions of the file, its folder and its disk"),
                source,
            }
        }
        // A disk quota and a limit on the size of files come as this too; SQLite does not tell them apart.
        Some(ErrorCode::SystemIoFailure) if extended.is_some_and(is_about_writing) => {
            StoreError::ReadOnly {
                store,
                operation: "write to",
                what: format!(
                    "{what}; check the disk, its quota and the limit on the size of files"
                ),
                source,
            }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full { store, source },
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            StoreError::InUse { store, source }
        }
        Some(ErrorCode::ConstraintViolation) => StoreError::Constraint { operation, source },
        _ => StoreError::Other { operation, source },
    }
}

/// What SQLite itself has answered, where the error is not rusqlite's.
fn sqlite_failure(error: &Error) -> Option<ffi::Error> {
    match error {
        Error::SqliteFailure(failure, _) | Error::SqlInputError { error: failure, .. } => {
            Some(*failure)
        }
        _ => None,
    }
}

/// SQLite's own words, without the statement.
fn words(error: &Error) -> String {
    match error {
        Error::SqlInputError { msg, .. } => msg.clone(),
        Error::FromSqlConversionFailure(..)
        | Error::Utf8Error(..)
        | Error::InvalidColumnType(..)
        | Error::IntegralValueOutOfRange(..) => {
            format!("a column holds what labeld never stores: {error}")
        }
        other => other.to_string(),
    }
}

/// labeld's statements are fixed: what they name and SQLite does not find is missing in the file.
const MISSING_PARTS: [&str; 4] = [
    "no such ",
    "has no column named",
    "ON CONFLICT clause does not match",
    "unsupported file format",
];

fn shows_damage(error: &Error, words: &str) -> bool {
    match sqlite_failure(error).map(|failure| failure.code) {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => true,
        Some(ErrorCode::Unknown) => MISSING_PARTS.iter().any(|part| words.contains(part)),
        Some(_) => false,
        None => matches!(
            error,
            Error::FromSqlConversionFailure(..)
                | Error::Utf8Error(..)
                | Error::InvalidColumnType(..)
                | Error::IntegralValueOutOfRange(..)
        ),
    }
}

fn is_about_writing(extended: i32) -> bool {
    matches!(
        extended,
        ffi::SQLITE_IOERR_WRITE
            | ffi::SQLITE_IOERR_FSYNC
            | ffi::SQLITE_IOERR_DIR_FSYNC
            | ffi::SQLITE_IOERR_TRUNCATE
            | ffi::SQLITE_IOERR_SHMSIZE
            | ffi::SQLITE_IOERR_SHMOPEN
    )
}
