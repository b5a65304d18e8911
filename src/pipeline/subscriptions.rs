//! Subscribing to the change notifications of an app, so that its changes are looked at as they come.

use chrono::{DateTime, TimeDelta, Utc};
use labeld_connector::{ChangeHints, ErrorKind, FeedRef, Subscription};

use super::poll::app_id;
use super::{App, StageError, Work, error_chain};
use crate::store::apps::AppId;
use crate::store::subscriptions;

/// A subscription that ends within this time is renewed. Some services have no renewal, and take another subscription
/// only in the last half of it.
const RENEW_BEFORE: TimeDelta = TimeDelta::hours(24);

/// What became of an app's subscriptions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Subscribed {
    /// Made or renewed.
    pub renewed: u64,
    /// Feeds that could not be subscribed to; they are found by polls alone.
    pub refused: u64,
}

/// Subscribes to each feed of an app, and renews what ends soon. An app that has no notifications, or is not to have any,
/// is left as it is.
///
/// # Errors
///
/// What the store says, and what the app says where no feed could be subscribed to.
pub async fn subscribe(work: &Work, app: &App) -> Result<Subscribed, StageError> {
    let mut subscribed = Subscribed::default();
    let Some(hints) = app.connector.change_hints() else {
        return Ok(subscribed);
    };
    let app_id = app_id(&work.db, app).await?;
    let known = subscriptions::of_app(&work.db, app_id).await?;
    let mut failure = None;
    for feed in app.connector.feeds().await?.feeds {
        if work.stop.is_stopped() {
            return Err(StageError::Stopped);
        }
        match renew(work, hints, app_id, &feed.feed, &known).await {
            Ok(is_new) => subscribed.renewed += u64::from(is_new),
            Err(StageError::App(error)) if error.kind() == ErrorKind::Unsupported => {
                return Ok(subscribed);
            }
            Err(StageError::App(error)) => {
                tracing::warn!(
                    "no change notifications of {}: {}",
                    feed.title,
                    error_chain(&error)
                );
                subscribed.refused += 1;
                failure = Some(error);
            }
            Err(error) => return Err(error),
        }
    }
    subscriptions::forget_ended(&work.db, app_id, work.clock.now()).await?;
    match failure {
        Some(error) if subscribed.renewed == 0 => Err(error.into()),
        _ => Ok(subscribed),
    }
}

/// Whether the feed has another subscription now, or one that lasts longer.
async fn renew(
    work: &Work,
    hints: &dyn ChangeHints,
    app: AppId,
    feed: &FeedRef,
    known: &[Subscription],
) -> Result<bool, StageError> {
    let known = latest(feed, known);
    if known.is_some_and(|known| !ends_soon(known, work.clock.now())) {
        return Ok(false);
    }
    let subscription = hints.subscribe(feed, known).await?;
    let is_new = known != Some(&subscription);
    if is_new {
        subscriptions::put(&work.db, app, &subscription).await?;
    }
    Ok(is_new)
}

fn latest<'s>(feed: &FeedRef, known: &'s [Subscription]) -> Option<&'s Subscription> {
    let of_feed = known.iter().filter(|known| known.feed == *feed);
    of_feed.max_by_key(|known| known.expires)
}

fn ends_soon(subscription: &Subscription, now: DateTime<Utc>) -> bool {
    subscription.expires <= now + RENEW_BEFORE
}
