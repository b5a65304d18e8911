//! Calls to the apps' services, counted by month. They are reserved in blocks before they are made, so that a process that
//! dies has at most counted too many.

use chrono::{DateTime, Datelike, Utc};

use super::apps::AppId;
use super::db::{Db, Source};
use super::error::Result;
use super::statement::Statement;
use super::value::values;

/// A month in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month(i64);

impl From<DateTime<Utc>> for Month {
    fn from(time: DateTime<Utc>) -> Self {
        Self(i64::from(time.year()) * 12 + i64::from(time.month0()))
    }
}

/// Reserves up to `block` calls of an app in a month, as many as `budget` leaves (`None`: all). Returns how many were
/// granted; 0 where the budget is used up.
///
/// # Errors
///
/// Those of the store.
pub async fn reserve(
    db: &Db,
    app: AppId,
    month: Month,
    block: u32,
    budget: Option<u64>,
) -> Result<u32> {
    static USED: Statement =
        Statement::new("SELECT calls FROM call_usage WHERE app = $1 AND month = $2 {locked}");
    let tx = db.begin().await?;
    tx.execute(
        "INSERT INTO call_usage (app, month, calls) VALUES ($1, $2, 0) ON CONFLICT (app, month) DO NOTHING",
        values![app.0, month.0],
    )
    .await?;
    let rows = tx
        .query(USED.text(tx.dialect()), values![app.0, month.0])
        .await?;
    let used: u64 = rows
        .into_iter()
        .next()
        .map_or(Ok(0), |mut row| row.take())?;
    let left = budget.map_or(u64::MAX, |budget| budget.saturating_sub(used));
    let granted = u32::try_from(left).unwrap_or(u32::MAX).min(block);
    if granted > 0 {
        tx.execute(
            "UPDATE call_usage SET calls = calls + $3 WHERE app = $1 AND month = $2",
            values![app.0, month.0, granted],
        )
        .await?;
    }
    tx.commit().await?;
    Ok(granted)
}

/// Gives back calls that were reserved and not made.
///
/// # Errors
///
/// Those of the store.
pub async fn give_back(db: &Db, app: AppId, month: Month, calls: u32) -> Result<()> {
    let tx = db.begin().await?;
    tx.execute(
        "UPDATE call_usage SET calls = calls - $3 WHERE app = $1 AND month = $2 AND calls >= $3",
        values![app.0, month.0, calls],
    )
    .await?;
    tx.commit().await
}

/// Calls of an app in a month, reserved ones included.
///
/// # Errors
///
/// Those of the store.
pub async fn used(source: &impl Source, app: AppId, month: Month) -> Result<u64> {
    let rows = source
        .query(
            "SELECT calls FROM call_usage WHERE app = $1 AND month = $2",
            values![app.0, month.0],
        )
        .await?;
    rows.into_iter().next().map_or(Ok(0), |mut row| row.take())
}
