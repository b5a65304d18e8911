//! Looking up the owners of files in an app's directory: department, organisational unit, groups.

use chrono::TimeDelta;
use labeld_connector::Error;

use super::{App, error_chain};
use crate::clock::Clock;
use crate::store::apps::AppId;
use crate::store::{Db, StoreError, owners};

/// Owners that are asked for at a time.
const BATCH: u32 = 100;

/// Hours after which an owner is looked up again.
const STALE_AFTER: TimeDelta = TimeDelta::hours(24);

/// Looks up the owners about whom nothing is known, or nothing new. A directory that does not answer is reported and holds
/// nothing up: files are read without it.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn look_up_owners(
    db: &Db,
    app: &App,
    app_id: AppId,
    clock: &dyn Clock,
) -> Result<(), StoreError> {
    loop {
        let now = clock.now();
        let asked = owners::unknown(db, app_id, now - STALE_AFTER, BATCH).await?;
        if asked.is_empty() {
            return Ok(());
        }
        let details = match app.connector.owner_details(&asked).await {
            Ok(details) => details,
            Err(error) => {
                warn(app, &error);
                return Ok(());
            }
        };
        let tx = db.begin().await?;
        owners::store(&tx, app_id, &asked, &details, now).await?;
        tx.commit().await?;
    }
}

fn warn(app: &App, error: &Error) {
    let error = error_chain(error);
    tracing::warn!(app = %app.name, "{error}: departments and groups of owners stay unknown");
}
