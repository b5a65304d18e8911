//! What the apps' directories say about the owners of files.

use chrono::{DateTime, Utc};
use labeld_connector::OwnerDetails;

use super::apps::AppId;
use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::value::values;

/// Owners of files of the app about whom nothing was asked since `since`, in the order of names, at most `limit`.
///
/// # Errors
///
/// Those of the store.
pub async fn unknown(
    source: &impl Source,
    app: AppId,
    since: DateTime<Utc>,
    limit: u32,
) -> Result<Vec<String>> {
    let rows = source
        .query(
            "SELECT o.name FROM owner o
             WHERE EXISTS (SELECT 1 FROM file f WHERE f.owner = o.id AND f.app = $1 AND f.removed IS NULL)
               AND NOT EXISTS (SELECT 1 FROM owner_detail d WHERE d.app = $1 AND d.owner = o.id AND d.read_at >= $2)
             ORDER BY o.name LIMIT $3",
            values![app.0, since, limit],
        )
        .await?;
    rows.into_iter().map(|mut row| row.take()).collect()
}

/// Stores what the directory answered about `asked`: those that are not in `details` are not known to it.
///
/// # Errors
///
/// Those of the store.
pub async fn store(
    tx: &Tx,
    app: AppId,
    asked: &[String],
    details: &[OwnerDetails],
    now: DateTime<Utc>,
) -> Result<()> {
    let nobody = OwnerDetails::default();
    let mut rows = Vec::with_capacity(asked.len());
    for owner in asked {
        let known = details.iter().find(|known| known.owner == *owner);
        let known = known.unwrap_or(&nobody);
        let groups = known.groups.as_ref().map(serde_json::to_string);
        let groups = groups.transpose().map_err(not_json)?;
        rows.push(values![
            app.0,
            owner.as_str(),
            known.display_name.as_deref(),
            known.department.as_deref(),
            known.unit.as_deref(),
            groups,
            now,
        ]);
    }
    tx.execute_many(
        "INSERT INTO owner_detail (app, owner, display_name, department, unit, groups, read_at)
         SELECT CAST($1 AS BIGINT), o.id, $3, $4, $5, $6, CAST($7 AS BIGINT) FROM owner o WHERE o.name = $2
         ON CONFLICT (app, owner) DO UPDATE SET
            display_name = excluded.display_name, department = excluded.department, unit = excluded.unit,
            groups = excluded.groups, read_at = excluded.read_at",
        rows,
    )
    .await?;
    Ok(())
}

/// What is known about an owner of an app's files; `None` where nothing was asked, or nothing is known.
///
/// # Errors
///
/// Those of the store.
pub async fn get(source: &impl Source, app: AppId, owner: &str) -> Result<Option<OwnerDetails>> {
    let rows = source
        .query(
            "SELECT d.display_name, d.department, d.unit, d.groups
             FROM owner_detail d JOIN owner o ON o.id = d.owner WHERE d.app = $1 AND o.name = $2",
            values![app.0, owner],
        )
        .await?;
    let Some(mut row) = rows.into_iter().next() else {
        return Ok(None);
    };
    let details = OwnerDetails {
        owner: owner.to_owned(),
        display_name: row.take()?,
        department: row.take()?,
        unit: row.take()?,
        groups: match row.take::<Option<String>>()? {
            Some(groups) => Some(serde_json::from_str(&groups).map_err(not_json)?),
            None => None,
        },
    };
    let nobody = OwnerDetails {
        owner: owner.to_owned(),
        ..OwnerDetails::default()
    };
    Ok(Some(details).filter(|details| *details != nobody))
}

fn not_json(error: serde_json::Error) -> StoreError {
    StoreError::Content {
        what: "the groups of an owner are not JSON".to_owned(),
        source: Some(error.into()),
    }
}
