//! SQLite's errors by meaning.

use rusqlite::ErrorCode;

use crate::store::error::StoreError;

/// What SQLite's `error` means, met while doing `operation` (a verb phrase).
pub(super) fn meaning(store: &str, operation: &'static str, error: rusqlite::Error) -> StoreError {
    let code = error.sqlite_error_code();
    let store = store.to_owned();
    let what = error.to_string();
    let source = Some(error.into());
    match code {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Damaged {
            store,
            what,
            source,
        },
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::ReadOnly {
                store,
                operation: "open or change",
                what: format!("{what}; check the permissions of the file, its folder and its disk"),
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
