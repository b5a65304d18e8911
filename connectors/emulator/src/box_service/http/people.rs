//! Users and groups (reference/box.md §2.1, §8).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;

use super::Reply;
use super::caller::Caller;
use super::page::{MarkerPage, offset_page};
use super::query::Query;
use super::subject::{Anybody, Group, ManagedUser, ManagesGroups, ManagesUsers, Subject};
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::state::directory::{Membership, User};
use crate::box_service::world::World;

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

pub(crate) async fn user(user: Subject<Anybody, ManagesUsers>, query: Query) -> Reply {
    user.with(|world| Ok(Json(world.user(user.id, &query.fields()))))
}

pub(crate) async fn user_memberships(
    user: Subject<ManagedUser, ManagesGroups>,
    query: Query,
) -> Reply {
    user.with(|world| memberships(world, &query, |one| one.user == user.id))
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

pub(crate) async fn group(group: Subject<Group, ManagesGroups>) -> Reply {
    group.with(|world| Ok(Json(world.group(group.id))))
}

pub(crate) async fn group_memberships(group: Subject<Group, ManagesGroups>, query: Query) -> Reply {
    group.with(|world| memberships(world, &query, |one| one.group == group.id))
}

fn memberships(world: &World<'_>, query: &Query, is_wanted: impl Fn(&Membership) -> bool) -> Reply {
    let memberships = world.state.memberships.iter();
    let entries = memberships
        .filter(|(_, membership)| is_wanted(membership))
        .map(|(id, membership)| world.membership(*id, membership))
        .collect();
    offset_page(world, query, entries, None).map(Json)
}
