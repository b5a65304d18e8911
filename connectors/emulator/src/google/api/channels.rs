//! Channels for change notifications (reference/google-drive.md §3.4). The emulator keeps them, and sends nothing by
//! itself: a test sends what the service would.

use chrono::{DateTime, TimeDelta};
use http::StatusCode;
use serde_json::{Value, json};

use super::changes;
use super::route::Context;
use crate::frame::Reply;
use crate::google::ids::IdKind;
use crate::google::state::transient::Channel;
use crate::google::wire::failure::Failure;

/// How long a channel lives unless it says otherwise.
const DEFAULT_LIFE: TimeDelta = TimeDelta::hours(1);

/// The longest that a channel for changes lives.
const LONGEST_LIFE: TimeDelta = TimeDelta::days(7);

pub(super) fn watch(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let token = context
        .call
        .parameter("pageToken")
        .ok_or_else(|| Failure::required("pageToken"))?;
    let log = changes::log(context)?;
    changes::place(context, &log, token).ok_or_else(|| Failure::invalid("pageToken"))?;
    let body = context.call.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = text("id")
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Failure::required("id"))?;
    let is_web_hook = matches!(text("type").as_deref(), Some("web_hook" | "webhook"));
    let token = text("token");
    if id.len() > 64 || !is_web_hook || token.as_ref().is_some_and(|token| token.len() > 256) {
        return Err(Failure::bad_request("invalid", "Invalid channel"));
    }
    let address = text("address").ok_or_else(|| Failure::required("address"))?;
    let is_public = address.starts_with("https://");
    if !is_public {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "push.webhookUrlNotHttps",
            "WebHook callback must be HTTPS",
        ));
    }
    if context.world.state.transient.channels.contains_key(&id) {
        return Err(Failure::bad_request(
            "channelIdNotUnique",
            "Channel id not unique",
        ));
    }
    let now = context.world.now;
    let asked =
        text("expiration").and_then(|text| DateTime::from_timestamp_millis(text.parse().ok()?));
    let expires = asked.unwrap_or(now + DEFAULT_LIFE).min(now + LONGEST_LIFE);
    let resource = context.world.state.new_id(IdKind::Opaque);
    let uri = context
        .world
        .base
        .join("drive/v3/changes?alt=json")
        .map(String::from)
        .unwrap_or_default();
    let mut answer = json!({
        "kind": "api#channel",
        "id": id,
        "resourceId": resource,
        "resourceUri": uri,
        "expiration": expires.timestamp_millis().to_string(),
    });
    if let Some(token) = &token {
        answer["token"] = json!(token);
    }
    let channel = Channel {
        resource,
        user: context.caller.user.id.clone(),
        address,
        token,
        expires,
    };
    context.world.state.transient.channels.insert(id, channel);
    Ok(Reply::json(answer))
}

pub(super) fn stop(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let body = context.call.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = text("id");
    let known = context.world.state.transient.channels.get(id);
    let is_own = known.is_some_and(|channel| {
        channel.resource == text("resourceId") && channel.user == context.caller.user.id
    });
    if !is_own {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            "notFound",
            &format!("Channel '{id}' not found for project"),
        ));
    }
    let id = id.to_owned();
    context.world.state.transient.channels.remove(&id);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
