//! What the apps' directories say about the owners of files.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use labeld_connector::OwnerDetails;

use super::apps::AppId;
use super::db::{Source, Tx};
use super::decisions;
use super::error::{Result, StoreError};
use super::statement::{Statement, texts};
use super::value::{Row, values};

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

/// Stores what the directory answered about `asked`, and has the files of those decided anew of whom something else is known now. Those that are not in `details` are not known to it.
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
    let names: Vec<&str> = asked.iter().map(String::as_str).collect();
    let before = known(tx, app, &names).await?;
    let mut changed = Vec::new();
    let mut rows = Vec::with_capacity(asked.len());
    for owner in asked {
        let known = details.iter().find(|known| known.owner == *owner);
        if known != before.get(owner) {
            changed.push(owner.as_str());
        }
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
    decisions::enqueue_owners(tx, app, &changed, now).await
}

/// What is known about owners of an app's files, by their names; those of whom nothing is are left out.
///
/// # Errors
///
/// Those of the store.
pub async fn known(tx: &Tx, app: AppId, names: &[&str]) -> Result<HashMap<String, OwnerDetails>> {
    static KNOWN: Statement = Statement::new(
        "SELECT o.name, d.display_name, d.department, d.unit, d.groups
         FROM owner_detail d JOIN owner o ON o.id = d.owner WHERE d.app = $1 AND o.name {texts:$2}",
    );
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let params = values![app.0, texts(names.iter().copied())];
    let rows = tx.query(KNOWN.text(tx.dialect()), params).await?;
    let mut found = HashMap::new();
    for mut row in rows {
        let owner: String = row.take()?;
        if let Some(details) = read_details(owner.clone(), row)? {
            found.insert(owner, details);
        }
    }
    Ok(found)
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
    match rows.into_iter().next() {
        Some(row) => read_details(owner.to_owned(), row),
        None => Ok(None),
    }
}

fn read_details(owner: String, mut row: Row) -> Result<Option<OwnerDetails>> {
    let nobody = OwnerDetails {
        owner: owner.clone(),
        ..OwnerDetails::default()
    };
    let details = OwnerDetails {
        owner,
        display_name: row.take()?,
        department: row.take()?,
        unit: row.take()?,
        groups: match row.take::<Option<String>>()? {
            Some(groups) => Some(serde_json::from_str(&groups).map_err(not_json)?),
            None => None,
        },
    };
    Ok(Some(details).filter(|details| *details != nobody))
}

fn not_json(error: serde_json::Error) -> StoreError {
    StoreError::Content {
        what: "the groups of an owner are not JSON".to_owned(),
        source: Some(error.into()),
    }
}
