//! Channels for change notifications (reference/google-drive.md §3.4).

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use url::Url;

use super::changes;
use super::route::Context;
use crate::frame::Reply;
use crate::frame::delivery::is_loopback;
use crate::google::ids::IdKind;
use crate::google::state::transient::Channel;
use crate::google::wire::failure::Failure;
use crate::google::world::World;

/// How long a channel lives unless it says otherwise.
const DEFAULT_LIFE: TimeDelta = TimeDelta::hours(1);

/// The longest that a channel for changes lives.
const LONGEST_LIFE: TimeDelta = TimeDelta::days(7);

/// The longest id of a channel, in characters.
const LONGEST_ID: usize = 64;

/// The longest token of a channel, in characters.
const LONGEST_TOKEN: usize = 256;

pub(super) fn watch(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let page = context
        .call
        .parameter("pageToken")
        .ok_or_else(|| Failure::required("pageToken"))?;
    let log = changes::log(context)?;
    let wanted = changes::wanted(context)?;
    changes::place(context, &log, page).ok_or_else(|| Failure::invalid("pageToken"))?;
    let asked = Asked::of(context.world, &context.call.json()?)?;
    let channel = Channel {
        resource: context.world.state.new_id(IdKind::Opaque),
        uri: uri(context),
        log,
        wanted,
        user: context.caller.user.id.clone(),
        address: asked.address,
        token: asked.token,
        expires: asked.expires,
        is_open: false,
        number: 0,
        // What happened before is told by nobody: whoever watches has looked.
        told: context.world.state.logs.last(),
        attempts: 0,
    };
    let answer = shown(&asked.id, &channel);
    let channels = &mut context.world.state.transient.channels;
    channels.insert(asked.id, channel);
    Ok(Reply::json(answer))
}

/// What the body asks for.
struct Asked {
    id: String,
    address: String,
    token: Option<String>,
    expires: DateTime<Utc>,
}

impl Asked {
    fn of(world: &World<'_>, body: &Value) -> Result<Self, Failure> {
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = text("id")
            .filter(|id| !id.is_empty())
            .ok_or_else(|| Failure::required("id"))?;
        let token = text("token");
        let is_web_hook = matches!(text("type").as_deref(), Some("web_hook" | "webhook"));
        let is_short = |text: &str, most: usize| text.chars().count() <= most;
        let is_good = is_short(&id, LONGEST_ID)
            && token.as_ref().is_none_or(|it| is_short(it, LONGEST_TOKEN));
        if !is_web_hook || !is_good {
            return Err(Failure::bad_request("invalid", "Invalid channel"));
        }
        let address = text("address").ok_or_else(|| Failure::required("address"))?;
        check_address(&address)?;
        let known = world.state.transient.channels.get(&id);
        if known.is_some_and(|channel| world.now < channel.expires) {
            return Err(Failure::bad_request(
                "channelIdNotUnique",
                "Channel id not unique",
            ));
        }
        Ok(Self {
            id,
            address,
            token,
            expires: expiry(world, body)?,
        })
    }
}

/// The service takes HTTPS only. A receiver on this machine, to which alone the emulator sends, may do without.
fn check_address(address: &str) -> Result<(), Failure> {
    let is_good = Url::parse(address).is_ok_and(|url| url.scheme() == "https" || is_loopback(&url));
    if is_good {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::BAD_REQUEST,
        "push.webhookUrlNotHttps",
        "WebHook callback must be HTTPS",
    ))
}

/// `expiration` is in milliseconds since 1970, as text or as a number; more than the longest life is cut.
fn expiry(world: &World<'_>, body: &Value) -> Result<DateTime<Utc>, Failure> {
    let asked = match body.get("expiration") {
        None | Some(Value::Null) => return Ok(world.now + DEFAULT_LIFE),
        Some(Value::String(text)) => text.parse().ok(),
        Some(other) => other.as_i64(),
    };
    asked
        .and_then(DateTime::from_timestamp_millis)
        .filter(|asked| *asked > world.now)
        .map(|asked| asked.min(world.now + LONGEST_LIFE))
        .ok_or_else(|| Failure::bad_request("invalid", "Invalid channel expiration"))
}

/// What is watched, as a URL.
fn uri(context: &Context<'_, '_>) -> String {
    let Ok(mut url) = context.world.base.join("drive/v3/changes") else {
        return String::new();
    };
    let mut query = url.query_pairs_mut();
    query.extend_pairs(&context.call.query);
    query.append_pair("alt", "json");
    drop(query);
    url.into()
}

fn shown(id: &str, channel: &Channel) -> Value {
    let mut shown = json!({
        "kind": "api#channel",
        "id": id,
        "resourceId": channel.resource,
        "resourceUri": channel.uri,
        "expiration": channel.expires.timestamp_millis().to_string(),
    });
    if let Some(token) = &channel.token {
        shown["token"] = json!(token);
    }
    shown
}

pub(super) fn stop(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let body = context.call.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let id = text("id");
    let now = context.world.now;
    let known = context.world.state.transient.channels.get(id);
    let is_own = known.is_some_and(|channel| {
        now < channel.expires
            && channel.resource == text("resourceId")
            && channel.user == context.caller.user.id
    });
    if !is_own {
        return Err(Failure::new(
            StatusCode::NOT_FOUND,
            "notFound",
            &format!("Channel '{id}' not found for project"),
        ));
    }
    context.world.state.transient.channels.remove(id);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
