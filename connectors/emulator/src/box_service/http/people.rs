//! Users and groups (reference/box.md §2.1, §8).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use serde_json::Value;

use super::caller::Caller;
use super::page::{MarkerPage, offset_page};
use super::query::Query;
use super::refusal::Refusal;
use super::{Reply, id};
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::state::directory::User;

/// Offsets of memberships and groups.
const NO_OFFSET_BOUND: u64 = 300_000;

pub(crate) async fn me(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
) -> Reply {
    Ok(Json(
        service.with(|world| world.user(caller.user, &query.fields())),
    ))
}

pub(crate) async fn users(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
) -> Reply {
    caller.needs("manage_managed_users")?;
    service.with(|world| {
        let kind = query.get("user_type").unwrap_or("managed");
        let filter = query.get("filter_term").map(str::to_lowercase);
        let is_wanted = |user: &User| {
            let is_of_kind = match kind {
                "external" => {
                    !user.managed && filter.as_deref() == Some(&user.login.to_lowercase())
                }
                "all" => user.managed || filter.as_deref() == Some(&user.login.to_lowercase()),
                _ => user.managed,
            };
            is_of_kind
                && filter.as_ref().is_none_or(|filter| {
                    user.login.to_lowercase().starts_with(filter)
                        || user.name.to_lowercase().starts_with(filter)
                })
        };
        let found: Vec<Id> = world
            .state
            .users
            .iter()
            .filter(|(user, known)| **user != world.state.app.service_account && is_wanted(known))
            .map(|(user, _)| *user)
            .collect();
        let fields = query.fields();
        if query.flag("usemarker") {
            let page = MarkerPage::of(world, &query, "users")?;
            let behind = found
                .into_iter()
                .filter(|user| page.after.is_none_or(|after| *user > after));
            let entries = behind
                .take(page.limit + 1)
                .map(|user| (user, world.user(user, &fields)))
                .collect();
            return Ok(Json(page.answer(world, "users", entries)));
        }
        let entries = found
            .into_iter()
            .map(|user| world.user(user, &fields))
            .collect();
        offset_page(world, &query, entries, None).map(Json)
    })
}

pub(crate) async fn user(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(user): Path<String>,
    query: Query,
) -> Reply {
    let user = id(&user)?;
    caller.needs("manage_managed_users")?;
    service.with(|world| match world.user(user, &query.fields()) {
        Value::Null => Err(Refusal::not_found()),
        shown => Ok(Json(shown)),
    })
}

pub(crate) async fn user_memberships(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(user): Path<String>,
    query: Query,
) -> Reply {
    let user = id(&user)?;
    caller.needs("manage_groups")?;
    service.with(|world| {
        if !world.state.is_managed(user) {
            return Err(Refusal::not_found());
        }
        let memberships = world.state.memberships.iter();
        let entries = memberships
            .filter(|(_, membership)| membership.user == user)
            .map(|(id, membership)| world.membership(*id, membership))
            .collect();
        offset_page(world, &query, entries, None).map(Json)
    })
}

pub(crate) async fn groups(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
) -> Reply {
    caller.needs("manage_groups")?;
    service.with(|world| {
        let groups = world.state.groups.keys();
        let entries = groups.map(|group| world.group(*group)).collect();
        offset_page(world, &query, entries, Some(NO_OFFSET_BOUND)).map(Json)
    })
}

pub(crate) async fn group(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(group): Path<String>,
) -> Reply {
    let group = id(&group)?;
    caller.needs("manage_groups")?;
    service.with(|world| match world.group(group) {
        Value::Null => Err(Refusal::not_found()),
        shown => Ok(Json(shown)),
    })
}

pub(crate) async fn group_memberships(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(group): Path<String>,
    query: Query,
) -> Reply {
    let group = id(&group)?;
    caller.needs("manage_groups")?;
    service.with(|world| {
        if !world.state.groups.contains_key(&group) {
            return Err(Refusal::not_found());
        }
        let memberships = world.state.memberships.iter();
        let entries = memberships
            .filter(|(_, membership)| membership.group == group)
            .map(|(id, membership)| world.membership(*id, membership))
            .collect();
        offset_page(world, &query, entries, None).map(Json)
    })
}
