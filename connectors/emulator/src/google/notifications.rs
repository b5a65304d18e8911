//! What the receivers of channels are told (reference/google-drive.md §3.4): first that the channel is open, and then
//! that there is something in its log. A message says nothing of what.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use url::Url;

use super::state::log::{LogOf, Sequence};
use super::state::transient::Channel;
use super::world::World;
use super::{Google, JSON};
use crate::frame::delivery::{CallError, post};

/// How long a receiver may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// How often a message is tried before it waits for the next change.
const ATTEMPTS: u32 = 6;

/// What a message says of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResourceState {
    /// The channel is open.
    Sync,
    /// There is something in the log.
    Change,
}

impl ResourceState {
    fn name(self) -> &'static str {
        match self {
            Self::Sync => "sync",
            Self::Change => "change",
        }
    }
}

/// A message on its way.
struct Message {
    channel: String,
    address: String,
    state: ResourceState,
    headers: HeaderMap,
    body: &'static str,
    /// The place in the log up to which the channel had been told before.
    told: Sequence,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Taken,
    /// To be sent again.
    Deferred,
    /// Not to be sent again: delivery is not guaranteed.
    Lost,
}

impl Google {
    /// Tells the channels what they have not been told yet, and says how many messages were taken.
    pub async fn notify(&self) -> usize {
        let messages = self.with_quietly(due);
        let mut taken = 0;
        let mut deferred = BTreeSet::new();
        for message in messages {
            // No channel is told of changes before it knows that it is open.
            let outcome = match deferred.contains(&message.channel) {
                true => Outcome::Deferred,
                false => send(&message).await,
            };
            match outcome {
                Outcome::Taken => taken += 1,
                Outcome::Deferred => {
                    deferred.insert(message.channel.clone());
                }
                Outcome::Lost => {}
            }
            self.with_quietly(|world| note(world, &message, outcome));
        }
        taken
    }

    /// Tells the channels after a while, in which more changes are collected, when there is something to tell.
    pub(super) fn notify_soon(&self) {
        let switches = self.present_switches();
        let attempts = self.with_quietly(|world| attempts(world));
        let (Some(attempts), true) = (attempts, switches.automatic_notifications) else {
            return;
        };
        let (Ok(runtime), Some(this)) =
            (tokio::runtime::Handle::try_current(), self.this.upgrade())
        else {
            return;
        };
        if self.notifying.swap(true, Ordering::AcqRel) {
            return;
        }
        let delay = switches
            .notification_delay_milliseconds
            .saturating_mul(1 << attempts);
        runtime.spawn(async move {
            tokio::time::sleep(Duration::from_millis(u64::from(delay))).await;
            this.notifying.store(false, Ordering::Release);
            this.notify().await;
            this.notify_soon();
        });
    }
}

/// How often the most patient of the channels that are to be told something has been tried; `None` when there is none.
fn attempts(world: &World<'_>) -> Option<u32> {
    let last = world.state.logs.last();
    let channels = world.state.transient.channels.values();
    channels
        .filter(|channel| world.now < channel.expires && channel.attempts < ATTEMPTS)
        .filter(|channel| !channel.is_open || channel.told != last)
        .map(|channel| channel.attempts)
        .min()
}

/// The messages that are due, and counts them as sent. Channels that have ended are forgotten.
fn due(world: &mut World<'_>) -> Vec<Message> {
    let now = world.now;
    let channels = &mut world.state.transient.channels;
    channels.retain(|_, channel| now < channel.expires);
    let ids: Vec<String> = channels.keys().cloned().collect();
    let last = world.state.logs.last();
    let body = match world.switches.notification_body {
        true => r#"{"kind":"drive#changes"}"#,
        false => "",
    };
    let mut messages = Vec::new();
    for id in ids {
        let has_news = has_news(world, &id);
        let Some(channel) = world.state.transient.channels.get_mut(&id) else {
            continue;
        };
        let mut tell = |channel: &mut Channel, state: ResourceState, step: u64| {
            channel.number += step;
            messages.push(Message {
                channel: id.clone(),
                address: channel.address.clone(),
                state,
                headers: headers(&id, channel, state, body),
                body,
                told: channel.told,
            });
        };
        if !std::mem::replace(&mut channel.is_open, true) {
            tell(channel, ResourceState::Sync, 1);
        }
        if has_news {
            // They rise, and are not consecutive.
            let step = 1 + last.saturating_sub(channel.told);
            tell(channel, ResourceState::Change, step);
        }
        channel.told = last;
    }
    messages
}

/// Whether a channel's log has something that its channel has not been told of.
fn has_news(world: &World<'_>, id: &str) -> bool {
    let Some(channel) = world.state.transient.channels.get(id) else {
        return false;
    };
    let Some(reader) = world.state.directory.users.get(&channel.user) else {
        return false;
    };
    let reaches = match &channel.log {
        LogOf::User(_) => true,
        LogOf::Drive(drive) => world.membership(reader, drive).is_some(),
    };
    let mut entries = world.state.logs.since(&channel.log, channel.told);
    reaches
        && entries.any(|(_, entry, _)| world.tells(reader, &channel.log, channel.wanted, &entry))
}

fn headers(id: &str, channel: &Channel, state: ResourceState, body: &str) -> HeaderMap {
    let expires = httpdate::fmt_http_date(channel.expires.into());
    let number = channel.number.to_string();
    let texts = [
        ("x-goog-channel-id", Some(id)),
        ("x-goog-channel-token", channel.token.as_deref()),
        ("x-goog-channel-expiration", Some(&*expires)),
        ("x-goog-message-number", Some(&*number)),
        ("x-goog-resource-id", Some(&*channel.resource)),
        ("x-goog-resource-state", Some(state.name())),
        ("x-goog-resource-uri", Some(&*channel.uri)),
    ];
    let mut headers: HeaderMap = texts
        .into_iter()
        .filter_map(|(name, text)| {
            let value = HeaderValue::try_from(text?).ok()?;
            Some((HeaderName::from_static(name), value))
        })
        .collect();
    headers.insert(CONTENT_LENGTH, body.len().into());
    if !body.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
    headers
}

async fn send(message: &Message) -> Outcome {
    let Ok(url) = Url::parse(&message.address) else {
        return Outcome::Lost;
    };
    let body = Bytes::from_static(message.body.as_bytes());
    match post(&url, message.headers.clone(), body, PATIENCE).await {
        Ok(answer) => outcome_of(answer.status),
        Err(CallError::NotLoopback | CallError::Request(_)) => Outcome::Lost,
        Err(_) => Outcome::Deferred,
    }
}

/// What an answer means; other codes than these are failures that are not tried again.
fn outcome_of(status: StatusCode) -> Outcome {
    match status.as_u16() {
        102 | 200 | 201 | 202 | 204 => Outcome::Taken,
        500 | 502 | 503 | 504 => Outcome::Deferred,
        _ => Outcome::Lost,
    }
}

/// Remembers what became of a message.
fn note(world: &mut World<'_>, message: &Message, outcome: Outcome) {
    let Some(channel) = world.state.transient.channels.get_mut(&message.channel) else {
        return;
    };
    if outcome != Outcome::Deferred {
        channel.attempts = 0;
        return;
    }
    channel.attempts += 1;
    match message.state {
        ResourceState::Sync => {
            channel.is_open = false;
            channel.number = 0;
        }
        ResourceState::Change => channel.told = channel.told.min(message.told),
    }
}
