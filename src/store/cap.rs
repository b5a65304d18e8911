//! Places under the daily cap (rules §6), taken before a write and given back where it did not happen. What is taken here
//! outlives any crash; a place is never granted twice.

use chrono::{DateTime, Utc};

use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::statement::Statement;
use super::value::values;
use crate::model::TenantName;
use crate::model::cap::{CapDay, CapRule};

/// Whose cap: several apps of one kind in a tenant share it (rules §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapKey<'a> {
    /// The tenant.
    pub tenant: &'a TenantName,
    /// The kind of app, as in the configuration.
    pub app_kind: &'a str,
}

/// The answer to [`reserve`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// A place of this date is taken.
    Place(CapDay),
    /// There is none before this time.
    Paused {
        /// When there is one again.
        until: DateTime<Utc>,
    },
}

/// How a cap stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapState {
    /// The date that counts now.
    pub day: CapDay,
    /// Places taken of it, those of writes in flight at its beginning included.
    pub used: u32,
    /// Labels applied on it for certain.
    pub landed: u32,
    /// When there are places again, where there are none now.
    pub paused_until: Option<DateTime<Utc>>,
    /// The clock stands before the largest time seen: `clock.back` (rules §6).
    pub clock_is_back: bool,
}

/// A cap's row.
struct Stored {
    newest: DateTime<Utc>,
    paused_on: Option<CapDay>,
    paused_until: Option<DateTime<Utc>>,
}

/// A clock that is back by less says nothing: machines differ by that much.
const CLOCK_TOLERANCE: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

/// Takes a place, or tells when there is one. To be called in the transaction that stores the intent to write.
///
/// `now` is the time that a witness confirms where there is one (a service's `Date` header), else the clock's. A time
/// before the largest one seen counts as that one, so that a clock set back never grants more.
///
/// # Errors
///
/// Those of the store.
pub async fn reserve(
    tx: &Tx,
    key: CapKey<'_>,
    rule: CapRule,
    now: DateTime<Utc>,
) -> Result<Reserved> {
    let stored = lock(tx, key, now).await?;
    if let Some(until) = pause(tx, key, rule, &stored).await? {
        return Ok(Reserved::Paused { until });
    }
    let day = CapDay::of(stored.newest);
    let used = used(tx, key, day).await?;
    if used >= rule.limit {
        // The limit was lowered, or reached by writes in flight over midnight.
        let until = set_pause(tx, key, rule, day).await?;
        return Ok(Reserved::Paused { until });
    }
    tx.execute(
        "INSERT INTO cap_day (tenant, app_kind, day, taken, landed) VALUES ($1, $2, $3, 1, 0)
         ON CONFLICT (tenant, app_kind, day) DO UPDATE SET taken = cap_day.taken + 1",
        values![key.tenant.0.as_str(), key.app_kind, day.number()],
    )
    .await?;
    if used + 1 >= rule.limit {
        set_pause(tx, key, rule, day).await?;
    }
    Ok(Reserved::Place(day))
}

/// Gives a place back whose write did not happen (rules §3, slot rules).
///
/// # Errors
///
/// Those of the store.
pub async fn give_back(tx: &Tx, key: CapKey<'_>, day: CapDay) -> Result<()> {
    tx.execute(
        "UPDATE cap_day SET taken = taken - 1 WHERE tenant = $1 AND app_kind = $2 AND day = $3 AND taken > landed",
        values![key.tenant.0.as_str(), key.app_kind, day.number()],
    )
    .await?;
    Ok(())
}

/// Notes that the write that took a place of `day` has landed. `also_next`: it was in flight when that date ended, and counts
/// for the next one too.
///
/// # Errors
///
/// Those of the store.
pub async fn land(tx: &Tx, key: CapKey<'_>, day: CapDay, also_next: bool) -> Result<()> {
    tx.execute(
        "UPDATE cap_day SET landed = landed + 1
         WHERE tenant = $1 AND app_kind = $2 AND day = $3 AND landed < taken",
        values![key.tenant.0.as_str(), key.app_kind, day.number()],
    )
    .await?;
    if also_next {
        tx.execute(
            "INSERT INTO cap_day (tenant, app_kind, day, taken, landed) VALUES ($1, $2, $3, 1, 1)
             ON CONFLICT (tenant, app_kind, day)
             DO UPDATE SET taken = cap_day.taken + 1, landed = cap_day.landed + 1",
            values![key.tenant.0.as_str(), key.app_kind, day.next().number()],
        )
        .await?;
    }
    Ok(())
}

/// Counts a write that has landed and has no place: it was given back because the write seemed not to have happened.
///
/// # Errors
///
/// Those of the store.
pub async fn land_without_place(tx: &Tx, key: CapKey<'_>, day: CapDay) -> Result<()> {
    tx.execute(
        "INSERT INTO cap_day (tenant, app_kind, day, taken, landed) VALUES ($1, $2, $3, 1, 1)
         ON CONFLICT (tenant, app_kind, day)
         DO UPDATE SET taken = cap_day.taken + 1, landed = cap_day.landed + 1",
        values![key.tenant.0.as_str(), key.app_kind, day.number()],
    )
    .await?;
    Ok(())
}

/// How a cap stands. `now` as for [`reserve`]; nothing is changed.
///
/// # Errors
///
/// Those of the store.
pub async fn state(
    source: &impl Source,
    key: CapKey<'_>,
    rule: CapRule,
    now: DateTime<Utc>,
) -> Result<CapState> {
    let rows = source
        .query(
            "SELECT newest, paused_on, paused_until FROM cap WHERE tenant = $1 AND app_kind = $2",
            values![key.tenant.0.as_str(), key.app_kind],
        )
        .await?;
    let stored = match rows.into_iter().next() {
        Some(row) => read(row)?,
        None => Stored {
            newest: now,
            paused_on: None,
            paused_until: None,
        },
    };
    let clock_is_back = now + CLOCK_TOLERANCE < stored.newest;
    let newest = stored.newest.max(now);
    let day = CapDay::of(newest);
    let used = used(source, key, day).await?;
    let holding = match (stored.paused_on, stored.paused_until) {
        (Some(on), Some(until)) if until > newest => {
            (taken(source, key, on).await?.0 >= rule.limit).then_some(until)
        }
        _ => None,
    };
    Ok(CapState {
        day,
        used,
        landed: taken(source, key, day).await?.1,
        paused_until: holding.or_else(|| (used >= rule.limit).then(|| rule.lets_on(day))),
        clock_is_back,
    })
}

/// Locks the cap's row and moves the largest time seen on.
async fn lock(tx: &Tx, key: CapKey<'_>, now: DateTime<Utc>) -> Result<Stored> {
    static LOCKED: Statement = Statement::new(
        "SELECT newest, paused_on, paused_until FROM cap WHERE tenant = $1 AND app_kind = $2 {locked}",
    );
    tx.execute(
        "INSERT INTO cap (tenant, app_kind, newest) VALUES ($1, $2, $3) ON CONFLICT (tenant, app_kind) DO NOTHING",
        values![key.tenant.0.as_str(), key.app_kind, now],
    )
    .await?;
    let rows = tx
        .query(
            LOCKED.text(tx.dialect()),
            values![key.tenant.0.as_str(), key.app_kind],
        )
        .await?;
    let row = rows.into_iter().next();
    let mut stored =
        read(row.ok_or_else(|| StoreError::content("a cap that was just stored is not there"))?)?;
    if now > stored.newest {
        stored.newest = now;
        tx.execute(
            "UPDATE cap SET newest = $3 WHERE tenant = $1 AND app_kind = $2",
            values![key.tenant.0.as_str(), key.app_kind, now],
        )
        .await?;
    }
    Ok(stored)
}

fn read(mut row: super::value::Row) -> Result<Stored> {
    Ok(Stored {
        newest: row.take()?,
        paused_on: row.take::<Option<i64>>()?.and_then(CapDay::from_number),
        paused_until: row.take()?,
    })
}

/// The end of a pause that still holds. One whose time has passed is over, and so is one whose limit is no longer reached:
/// it was raised, or places came back.
async fn pause(
    tx: &Tx,
    key: CapKey<'_>,
    rule: CapRule,
    stored: &Stored,
) -> Result<Option<DateTime<Utc>>> {
    let (Some(on), Some(until)) = (stored.paused_on, stored.paused_until) else {
        return Ok(None);
    };
    if until > stored.newest && used(tx, key, on).await? >= rule.limit {
        return Ok(Some(until));
    }
    tx.execute(
        "UPDATE cap SET paused_on = NULL, paused_until = NULL WHERE tenant = $1 AND app_kind = $2",
        values![key.tenant.0.as_str(), key.app_kind],
    )
    .await?;
    Ok(None)
}

async fn set_pause(tx: &Tx, key: CapKey<'_>, rule: CapRule, day: CapDay) -> Result<DateTime<Utc>> {
    let until = rule.lets_on(day);
    tx.execute(
        "UPDATE cap SET paused_on = $3, paused_until = $4 WHERE tenant = $1 AND app_kind = $2",
        values![key.tenant.0.as_str(), key.app_kind, day.number(), until],
    )
    .await?;
    Ok(until)
}

/// Places of a date that are gone: those taken, and those of the date before whose writes were sent and not settled when
/// it began, for they may land on either (rules §6).
async fn used(source: &impl Source, key: CapKey<'_>, day: CapDay) -> Result<u32> {
    let (taken, _) = taken(source, key, day).await?;
    let rows = source
        .query(
            "SELECT COUNT(*) FROM ledger
             WHERE tenant = $1 AND app_kind = $2 AND slot_day = $3 AND next_slot_day IS NULL
                AND sent_at IS NOT NULL AND state IN (0, 4)",
            values![key.tenant.0.as_str(), key.app_kind, day.previous().number()],
        )
        .await?;
    let in_flight: u32 = rows
        .into_iter()
        .next()
        .map_or(Ok(0), |mut row| row.take())?;
    Ok(taken.saturating_add(in_flight))
}

/// Places taken of a date, and those of them whose writes have landed.
async fn taken(source: &impl Source, key: CapKey<'_>, day: CapDay) -> Result<(u32, u32)> {
    let rows = source
        .query(
            "SELECT taken, landed FROM cap_day WHERE tenant = $1 AND app_kind = $2 AND day = $3",
            values![key.tenant.0.as_str(), key.app_kind, day.number()],
        )
        .await?;
    match rows.into_iter().next() {
        Some(mut row) => Ok((row.take()?, row.take()?)),
        None => Ok((0, 0)),
    }
}
