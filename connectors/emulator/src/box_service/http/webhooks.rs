//! Webhooks of version 2 (reference/box.md §3.6): kept, and delivered when a test says so.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;
use super::page::MarkerPage;
use super::query::Query;
use super::refusal::Refusal;
use super::subject::{self, Body, ManagesWebhooks, Subject};
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
    Body(wanted): Body,
) -> Result<Response, Refusal> {
    caller.needs("manage_webhook")?;
    let wanted = Value::Object(wanted);
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
        check_address(address)?;
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

pub(crate) async fn get(hook: Subject<subject::Webhook, ManagesWebhooks>) -> Reply {
    hook.with(|world| {
        let known = found(world, hook.id)?;
        Ok(Json(shown(world, hook.id, known)))
    })
}

pub(crate) async fn update(
    hook: Subject<subject::Webhook, ManagesWebhooks>,
    Body(wanted): Body,
) -> Reply {
    let wanted = Value::Object(wanted);
    hook.with(|world| {
        if let Some(known) = world.state.webhooks.get_mut(&hook.id) {
            if let Some(address) = wanted["address"].as_str() {
                check_address(address)?;
                address.clone_into(&mut known.address);
            }
            if wanted["triggers"].is_array() {
                known.triggers = triggers(&wanted["triggers"]);
            }
        }
        let known = found(world, hook.id)?;
        Ok(Json(shown(world, hook.id, known)))
    })
}

pub(crate) async fn delete(
    hook: Subject<subject::Webhook, ManagesWebhooks>,
) -> Result<StatusCode, Refusal> {
    hook.with(|world| {
        world.state.webhooks.remove(&hook.id);
        Ok(StatusCode::NO_CONTENT)
    })
}

fn found<'a>(world: &'a World<'_>, id: Id) -> Result<&'a Webhook, Refusal> {
    let hook = world.state.webhooks.get(&id);
    hook.ok_or_else(Refusal::not_found)
}

/// HTTPS on its own port.
fn check_address(address: &str) -> Result<(), Refusal> {
    let is_good = url::Url::parse(address)
        .is_ok_and(|url| url.scheme() == "https" && url.port_or_known_default() == Some(443));
    is_good
        .then_some(())
        .ok_or_else(|| Refusal::bad_request("Invalid address"))
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
