//! Change notifications (reference/google-drive.md §3.4). They say "poll now" and nothing more.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use labeld_connector::http::{Method, Secret};
use labeld_connector::{
    ChangeHints, ErrorKind, FeedRef, HintAnswer, HintRequest, Result, Subscription,
};
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use crate::client::Purpose;
use crate::corpus::Corpus;
use crate::drive::GoogleDrive;

/// How long a channel is asked for; the service gives up to seven days.
const LIFETIME: TimeDelta = TimeDelta::days(7);

/// How long before its end another one is opened. There is no renewal: for that time both tell.
const OVERLAP: TimeDelta = TimeDelta::hours(12);

const OPERATION: &str = "subscribe to changes of";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Channel {
    resource_id: String,
    #[serde(default)]
    expiration: Option<String>,
}

#[async_trait]
impl ChangeHints for GoogleDrive {
    async fn subscribe(
        &self,
        feed: &FeedRef,
        known: Option<&Subscription>,
    ) -> Result<Subscription> {
        let now = self.client.drive.clock().now();
        if let Some(known) =
            known.filter(|known| known.feed == *feed && now + OVERLAP < known.expires)
        {
            return Ok(known.clone());
        }
        let corpus = Corpus::of(feed, OPERATION)?;
        let sight = self.sight(&corpus, OPERATION).await?;
        let purpose = Purpose::new(OPERATION, &sight.title);
        let Some(hints) = &self.options.hints else {
            let why = "notifications are not configured";
            return Err(purpose.error(ErrorKind::Unsupported).with_source(why));
        };
        let token = self.start_token(&sight).await?;
        let mut query = vec![("pageToken", token.as_str())];
        if let Corpus::Drive(id) = &corpus {
            query.extend([
                ("driveId", id.as_str()),
                ("includeItemsFromAllDrives", "true"),
            ]);
        }
        let url = self
            .client
            .drive_url(&["drive", "v3", "changes", "watch"], &query, true)?;
        let id = Uuid::new_v4().to_string();
        let secret = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let call = self
            .client
            .drive_call(
                Method::POST,
                url,
                &purpose,
                self.client.units.other,
                &sight.eyes,
            )
            .set(|call| {
                call.json(&json!({
                    "id": id,
                    "type": "web_hook",
                    "address": hints.notification_url.as_str(),
                    "token": secret,
                    "expiration": (now + LIFETIME).timestamp_millis().to_string(),
                }))
                .repeatable(false)
            });
        let channel: Channel = self.client.send(call).await?.json()?;
        let told = channel.expiration.as_deref().and_then(time);
        Ok(Subscription {
            id: format!("{id}/{}", channel.resource_id),
            feed: feed.clone(),
            secret,
            expires: told.unwrap_or(now + TimeDelta::hours(1)),
        })
    }

    async fn unsubscribe(&self, subscription: &Subscription) -> Result<()> {
        const OPERATION: &str = "end the subscription to changes of";
        let corpus = Corpus::of(&subscription.feed, OPERATION)?;
        let sight = self.sight(&corpus, OPERATION).await?;
        let purpose = Purpose::new(OPERATION, &sight.title);
        let (id, resource) = subscription
            .id
            .split_once('/')
            .unwrap_or((&subscription.id, ""));
        let url = self
            .client
            .drive_url(&["drive", "v3", "channels", "stop"], &[], false)?;
        let call = self
            .client
            .drive_call(
                Method::POST,
                url,
                &purpose,
                self.client.units.other,
                &sight.eyes,
            )
            .set(|call| {
                call.json(&json!({"id": id, "resourceId": resource}))
                    .repeatable(true)
            });
        match self.client.send(call).await {
            Ok(_) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn receive(&self, request: &HintRequest<'_>, known: &[Subscription]) -> HintAnswer {
        let header = |name: &str| {
            let found = request.headers.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        };
        let channel = header("x-goog-channel-id").unwrap_or_default();
        let subscription = known.iter().find(|known| {
            let id = known.id.split('/').next();
            !channel.is_empty() && id == Some(channel)
        });
        let mut answer = HintAnswer {
            status: 404,
            body: String::new(),
            look_at: Vec::new(),
            renew: Vec::new(),
        };
        let Some(subscription) = subscription else {
            return answer;
        };
        let token = Secret::from(header("x-goog-channel-token").unwrap_or_default());
        if token != Secret::from(subscription.secret.as_str()) {
            answer.status = 403;
            return answer;
        }
        answer.status = 200;
        // The first message only says that the channel is open.
        if header("x-goog-resource-state") != Some("sync") {
            answer.look_at.push(subscription.feed.clone());
        }
        if subscription.expires < self.client.drive.clock().now() + OVERLAP {
            answer.renew.push(subscription.id.clone());
        }
        answer
    }
}

/// Milliseconds since the epoch, as text.
fn time(text: &str) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(text.parse().ok()?)
}
