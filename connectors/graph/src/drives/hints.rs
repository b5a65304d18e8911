//! Change notifications (reference/microsoft-graph.md §8.4). They name no file: they are hints to ask the feed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use labeld_connector::http::{Method, Secret};
use labeld_connector::{ErrorKind, FeedRef, HintAnswer, HintRequest, Result, Subscription};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Core;
use crate::call::{Purpose, UNITS_LIST};
use crate::tenant::HintOptions;

const OPERATION: &str = "subscribe to changes of";

/// How long a subscription is asked for. The most is 42,300 minutes, a little more.
const LIFETIME: TimeDelta = TimeDelta::minutes(42_000);

/// Random bytes in what the service must send back.
const SECRET_BYTES: usize = 32;

/// The longest handshake token that is sent back. Real ones have some hundred characters.
const MOST_TOKEN: usize = 4 << 10;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SubscriptionAnswer {
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    expiration_date_time: Option<DateTime<Utc>>,
}

#[derive(Deserialize)]
struct Notifications {
    value: Vec<Notification>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    subscription_id: String,
    #[serde(default)]
    client_state: Option<Secret>,
    #[serde(default)]
    lifecycle_event: Option<String>,
    #[serde(default)]
    tenant_id: Option<Uuid>,
}

impl Core {
    /// Subscribes to a feed, or renews the subscription there is.
    pub(super) async fn subscribe(
        &self,
        feed: &FeedRef,
        known: Option<&Subscription>,
    ) -> Result<Subscription> {
        let drive = self.drive(&feed.0, OPERATION).await?;
        let purpose = Purpose {
            operation: OPERATION,
            context: &drive.path,
        };
        let Some(hints) = &self.tenant.hints else {
            return Err(purpose
                .error(ErrorKind::Unsupported)
                .with_source("change notifications are switched off"));
        };
        let expires = self.tenant.service.clock().now() + LIFETIME;
        if let Some(known) = known.filter(|known| known.feed == *feed) {
            match self.renew(known, expires, &purpose).await {
                // It ended meanwhile.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                outcome => return outcome,
            }
        }
        self.subscribe_anew(feed, hints, expires, &purpose).await
    }

    /// Gives it a new end, which also renews its authorisation.
    async fn renew(
        &self,
        known: &Subscription,
        expires: DateTime<Utc>,
        purpose: &Purpose<'_>,
    ) -> Result<Subscription> {
        let url = self.tenant.v1(&["subscriptions", &known.id])?;
        let call = self
            .tenant
            .call(Method::PATCH, url, purpose, UNITS_LIST)
            .json(&json!({ "expirationDateTime": expires }))
            .repeatable(true);
        let answer: SubscriptionAnswer = self.tenant.service.send(call).await?.json()?;
        Ok(Subscription {
            expires: answer.expiration_date_time.unwrap_or(expires),
            ..known.clone()
        })
    }

    async fn subscribe_anew(
        &self,
        feed: &FeedRef,
        hints: &HintOptions,
        expires: DateTime<Utc>,
        purpose: &Purpose<'_>,
    ) -> Result<Subscription> {
        let mut random = [0; SECRET_BYTES];
        SystemRandom::new().fill(&mut random).map_err(|_| {
            let error = purpose.error(ErrorKind::Unexpected);
            error.with_source("the system gives no random numbers")
        })?;
        let secret = URL_SAFE_NO_PAD.encode(random);
        let mut wish = json!({
            "changeType": "updated",
            "notificationUrl": hints.notification_url.as_str(),
            "resource": format!("/drives/{}/root", feed.0),
            "expirationDateTime": expires,
            "clientState": secret,
        });
        if let (Some(url), Some(fields)) = (&hints.lifecycle_url, wish.as_object_mut()) {
            let url = Value::String(url.to_string());
            fields.insert("lifecycleNotificationUrl".to_owned(), url);
        }
        let url = self.tenant.v1(&["subscriptions"])?;
        let call = self
            .tenant
            .call(Method::POST, url, purpose, UNITS_LIST)
            .header("prefer", "includesecuritywebhooks")
            .json(&wish)
            .repeatable(false);
        let answer: SubscriptionAnswer = self.tenant.service.send(call).await?.json()?;
        let id = answer.id.filter(|id| !id.is_empty());
        Ok(Subscription {
            id: id.ok_or_else(|| purpose.malformed("the subscription has no id"))?,
            feed: feed.clone(),
            secret,
            expires: answer.expiration_date_time.unwrap_or(expires),
        })
    }

    /// Ends a subscription.
    pub(super) async fn unsubscribe(&self, subscription: &Subscription) -> Result<()> {
        let purpose = Purpose {
            operation: "end the subscription to changes of",
            context: &subscription.feed.0,
        };
        let url = self.tenant.v1(&["subscriptions", &subscription.id])?;
        let call = self
            .tenant
            .call(Method::DELETE, url, &purpose, UNITS_LIST)
            .repeatable(true);
        match self.tenant.service.send(call).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Reads what came to the public address. Only who knows a subscription's secret is heard.
    pub(super) fn receive(&self, request: &HintRequest<'_>, known: &[Subscription]) -> HintAnswer {
        let token = request
            .query
            .iter()
            .find(|(name, _)| name == "validationToken");
        if let Some((_, token)) = token {
            return handshake(token);
        }
        let Ok(notifications) = serde_json::from_slice::<Notifications>(request.body) else {
            return answer(400);
        };
        let mut heard = answer(401);
        for notification in &notifications.value {
            let Some(subscription) = self.sender(notification, known) else {
                continue;
            };
            heard.status = 202;
            match notification.lifecycle_event.as_deref() {
                // Something was missed: look what.
                None | Some("missed") => add(&mut heard.look_at, &subscription.feed),
                Some("subscriptionRemoved" | "reauthorizationRequired") => {
                    add(&mut heard.renew, &subscription.id);
                    add(&mut heard.look_at, &subscription.feed);
                }
                Some(_) => {}
            }
        }
        heard
    }

    /// The subscription that a notification is of, if it proves to be.
    fn sender<'s>(
        &self,
        notification: &Notification,
        known: &'s [Subscription],
    ) -> Option<&'s Subscription> {
        let subscription = known
            .iter()
            .find(|known| known.id == notification.subscription_id)?;
        let state = notification.client_state.as_ref()?;
        let is_ours = notification.tenant_id.is_none_or(|id| id == self.tenant.id);
        // Secrets are compared in a time that tells nothing.
        (is_ours && *state == Secret::new(subscription.secret.as_str())).then_some(subscription)
    }
}

/// The answer to the service's question whether the address is ours. It is anybody's text: nothing that a browser could
/// take for a page goes back.
fn handshake(token: &str) -> HintAnswer {
    let is_plain = |c: char| !c.is_control() && !matches!(c, '<' | '>' | '&' | '"' | '\'');
    if token.is_empty() || token.len() > MOST_TOKEN || !token.chars().all(is_plain) {
        return answer(400);
    }
    HintAnswer {
        body: token.to_owned(),
        ..answer(200)
    }
}

fn answer(status: u16) -> HintAnswer {
    HintAnswer {
        status,
        body: String::new(),
        look_at: Vec::new(),
        renew: Vec::new(),
    }
}

fn add<T: Clone + PartialEq>(list: &mut Vec<T>, one: &T) {
    if !list.contains(one) {
        list.push(one.clone());
    }
}
