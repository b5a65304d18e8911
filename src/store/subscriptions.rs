//! Subscriptions to the change notifications of apps.

use chrono::{DateTime, Utc};
use labeld_connector::{FeedRef, Subscription};

use super::apps::AppId;
use super::db::{Db, Source};
use super::error::Result;
use super::value::values;

/// All subscriptions of an app, also those that have ended, by feed.
///
/// # Errors
///
/// Those of the store.
pub async fn of_app(source: &impl Source, app: AppId) -> Result<Vec<Subscription>> {
    let rows = source
        .query(
            "SELECT feed, id, secret, expires FROM subscription WHERE app = $1 ORDER BY feed, expires",
            values![app.0],
        )
        .await?;
    let subscription = |mut row: super::value::Row| {
        Ok(Subscription {
            feed: FeedRef(row.take()?),
            id: row.take()?,
            secret: row.take()?,
            expires: row.take()?,
        })
    };
    rows.into_iter().map(subscription).collect()
}

/// Stores a subscription, or its new end.
///
/// # Errors
///
/// Those of the store.
pub async fn put(db: &Db, app: AppId, subscription: &Subscription) -> Result<()> {
    let Subscription {
        id,
        feed,
        secret,
        expires,
    } = subscription;
    let tx = db.begin().await?;
    tx.execute(
        "INSERT INTO subscription (app, feed, id, secret, expires) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (app, feed, id) DO UPDATE SET secret = excluded.secret, expires = excluded.expires",
        values![app.0, feed.0.as_str(), id.as_str(), secret.as_str(), *expires],
    )
    .await?;
    tx.commit().await
}

/// Has a subscription renewed: it counts as ended now.
///
/// # Errors
///
/// Those of the store.
pub async fn expire(db: &Db, app: AppId, id: &str, now: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    tx.execute(
        "UPDATE subscription SET expires = $3 WHERE app = $1 AND id = $2 AND expires > $3",
        values![app.0, id, now],
    )
    .await?;
    tx.commit().await
}

/// Forgets the subscriptions of an app that have ended by `now`.
///
/// # Errors
///
/// Those of the store.
pub async fn forget_ended(db: &Db, app: AppId, now: DateTime<Utc>) -> Result<()> {
    let tx = db.begin().await?;
    tx.execute(
        "DELETE FROM subscription WHERE app = $1 AND expires <= $2",
        values![app.0, now],
    )
    .await?;
    tx.commit().await
}
