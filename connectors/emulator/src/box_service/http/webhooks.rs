//! Webhooks of version 2 (reference/box.md §3.6): kept, and delivered when a test says so.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;
use super::files::body_of;
use super::page::MarkerPage;
use super::query::Query;
use super::refusal::Refusal;
use super::{Reply, id};
use crate::box_service::BoxService;
use crate::box_service::state::{Id, Webhook};
use crate::box_service::world::World;

pub(crate) async fn list(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
) -> Reply {
    caller.needs("manage_webhook")?;
    service.with(|world| {
        let page = MarkerPage::of(world, &query, "webhooks")?;
        let entries = world
            .state
            .webhooks
            .iter()
            .filter(|(id, hook)| {
                hook.created_by == caller.user && page.after.is_none_or(|after| **id > after)
            })
            .take(page.limit + 1)
            .map(|(id, hook)| (*id, shown(world, *id, hook)))
            .collect();
        Ok(Json(page.answer(world, "webhooks", entries)))
    })
}

pub(crate) async fn create(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    caller.needs("manage_webhook")?;
    let wanted = Value::Object(body_of(&body)?);
    service.with(|world| {
        let target = id(wanted
            .pointer("/target/id")
            .and_then(Value::as_str)
            .unwrap_or_default())?;
        if target == 0 {
            return Err(Refusal::bad_request("Webhooks are not for the root folder"));
        }
        caller.access(world, target)?;
        let address = wanted["address"].as_str().unwrap_or_default();
        let is_good = url::Url::parse(address)
            .is_ok_and(|url| url.scheme() == "https" && url.port_or_known_default() == Some(443));
        if !is_good {
            return Err(Refusal::bad_request("Invalid address"));
        }
        let is_taken = world
            .state
            .webhooks
            .values()
            .any(|hook| hook.target == target && hook.created_by == caller.user);
        if is_taken {
            return Err(Refusal::new(409, "conflict", "A webhook exists already"));
        }
        let hook = Webhook {
            target,
            is_folder: world.item(target)?.is_folder(),
            address: address.to_owned(),
            triggers: triggers(&wanted["triggers"]),
            created_by: caller.user,
            created: world.millis(),
        };
        let made = world.state.new_id();
        let answer = shown(world, made, &hook);
        world.state.webhooks.insert(made, hook);
        Ok((StatusCode::CREATED, Json(answer)).into_response())
    })
}

pub(crate) async fn get(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(webhook): Path<String>,
) -> Reply {
    let webhook = id(&webhook)?;
    caller.needs("manage_webhook")?;
    service.with(|world| {
        let hook = own(world, &caller, webhook)?;
        Ok(Json(shown(world, webhook, &hook)))
    })
}

pub(crate) async fn update(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(webhook): Path<String>,
    body: Bytes,
) -> Reply {
    let webhook = id(&webhook)?;
    caller.needs("manage_webhook")?;
    let wanted = Value::Object(body_of(&body)?);
    service.with(|world| {
        let mut hook = own(world, &caller, webhook)?;
        if let Some(address) = wanted["address"].as_str() {
            address.clone_into(&mut hook.address);
        }
        if wanted["triggers"].is_array() {
            hook.triggers = triggers(&wanted["triggers"]);
        }
        let answer = shown(world, webhook, &hook);
        world.state.webhooks.insert(webhook, hook);
        Ok(Json(answer))
    })
}

pub(crate) async fn delete(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(webhook): Path<String>,
) -> Result<StatusCode, Refusal> {
    let webhook = id(&webhook)?;
    caller.needs("manage_webhook")?;
    service.with(|world| {
        own(world, &caller, webhook)?;
        world.state.webhooks.remove(&webhook);
        Ok(StatusCode::NO_CONTENT)
    })
}

fn own(world: &World<'_>, caller: &Caller, webhook: Id) -> Result<Webhook, Refusal> {
    let hook = world.state.webhooks.get(&webhook);
    hook.filter(|hook| hook.created_by == caller.user)
        .cloned()
        .ok_or_else(Refusal::not_found)
}

fn triggers(wanted: &Value) -> Vec<String> {
    let names = wanted.as_array().into_iter().flatten();
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

fn shown(world: &World<'_>, id: Id, hook: &Webhook) -> Value {
    json!({
        "type": "webhook",
        "id": id.to_string(),
        "target": {
            "type": if hook.is_folder { "folder" } else { "file" },
            "id": hook.target.to_string(),
        },
        "created_by": world.user_mini(hook.created_by),
        "created_at": world.timestamp(hook.created),
        "address": hook.address,
        "triggers": hook.triggers,
    })
}
