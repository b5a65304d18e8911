//! Invitations (reference/box.md §8).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;
use super::files::{body_of, may_edit};
use super::page::MarkerPage;
use super::query::Query;
use super::refusal::Refusal;
use super::{Reply, id};
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::state::collaboration::{CollaborationRole, CollaborationStatus, Grantee};
use crate::box_service::world::World;

pub(crate) async fn of_file(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(file): Path<String>,
    query: Query,
) -> Reply {
    let file = id(&file)?;
    caller.needs_reading()?;
    service.with(|world| {
        let inherited = world.switches.file_collaborations_inherited;
        of_item(world, &caller, file, &query, inherited)
    })
}

pub(crate) async fn of_folder(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(folder): Path<String>,
    query: Query,
) -> Reply {
    let folder = id(&folder)?;
    caller.needs_reading()?;
    if folder == 0 {
        return Err(Refusal::new(
            400,
            "collaborations_not_available_on_root_folder",
            "Root folder cannot be collaborated",
        ));
    }
    service.with(|world| of_item(world, &caller, folder, &query, true))
}

fn of_item(world: &World<'_>, caller: &Caller, item: Id, query: &Query, inherited: bool) -> Reply {
    caller.access(world, item)?;
    let mut asked = vec![item];
    if inherited {
        asked.extend(world.state.tree.ancestors(item));
    }
    let what = format!("collaborations of {item}");
    let page = MarkerPage::of(world, query, &what)?;
    let fields = query.fields();
    let entries = world
        .state
        .collaborations
        .iter()
        .filter(|(id, one)| {
            asked.contains(&one.item) && page.after.is_none_or(|after| **id > after)
        })
        .take(page.limit + 1)
        .map(|(id, one)| (*id, world.collaboration(*id, one, &fields)))
        .collect();
    Ok(Json(page.answer(world, &what, entries)))
}

pub(crate) async fn get(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(collaboration): Path<String>,
    query: Query,
) -> Reply {
    let collaboration = id(&collaboration)?;
    caller.needs_reading()?;
    service.with(|world| {
        let one = world.state.collaborations.get(&collaboration);
        let one = one.ok_or_else(Refusal::not_found)?;
        caller.access(world, one.item)?;
        Ok(Json(world.collaboration(
            collaboration,
            one,
            &query.fields(),
        )))
    })
}

pub(crate) async fn create(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
    body: Bytes,
) -> Result<Response, Refusal> {
    caller.needs_writing()?;
    let wanted = Value::Object(body_of(&body)?);
    service.with(|world| {
        let text = |pointer: &str| wanted.pointer(pointer).and_then(Value::as_str);
        let item = id(text("/item/id").unwrap_or_default())?;
        may_edit(world, &caller, item)?;
        let role: CollaborationRole = serde_json::from_value(wanted["role"].clone())
            .map_err(|_| Refusal::bad_request("Invalid 'role'"))?;
        let grantee = match (text("/accessible_by/type"), text("/accessible_by/id")) {
            (Some("group"), Some(group)) => Grantee::Group(id(group)?),
            (_, Some(user)) => Grantee::User(id(user)?),
            _ => grantee_of(world, text("/accessible_by/login"))?,
        };
        let status = match grantee {
            Grantee::Email(_) => CollaborationStatus::Pending,
            Grantee::User(_) | Grantee::Group(_) => CollaborationStatus::Accepted,
        };
        let made = world.invite(item, grantee, role, status, caller.actor())?;
        let one = world
            .state
            .collaborations
            .get(&made)
            .ok_or_else(Refusal::not_found)?;
        let shown = world.collaboration(made, one, &query.fields());
        Ok((StatusCode::CREATED, Json(shown)).into_response())
    })
}

fn grantee_of(world: &World<'_>, login: Option<&str>) -> Result<Grantee, Refusal> {
    let login = login.ok_or_else(|| Refusal::bad_request("Invalid 'accessible_by'"))?;
    let known = world
        .state
        .users
        .iter()
        .find(|(_, user)| user.login.eq_ignore_ascii_case(login));
    Ok(match known {
        Some((user, _)) => Grantee::User(*user),
        None => Grantee::Email(login.to_owned()),
    })
}

pub(crate) async fn update(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(collaboration): Path<String>,
    body: Bytes,
) -> Reply {
    let collaboration = id(&collaboration)?;
    caller.needs_writing()?;
    let wanted = body_of(&body)?;
    service.with(|world| {
        let one = world.state.collaborations.get(&collaboration);
        let item = one.ok_or_else(Refusal::not_found)?.item;
        may_edit(world, &caller, item)?;
        let role: CollaborationRole =
            serde_json::from_value(wanted.get("role").cloned().unwrap_or_default())
                .map_err(|_| Refusal::bad_request("Invalid 'role'"))?;
        if let Some(one) = world.state.collaborations.get_mut(&collaboration) {
            one.role = role;
        }
        world.happened(
            "COLLABORATION_ROLE_CHANGE",
            "COLLAB_ROLE_CHANGE",
            item,
            caller.actor(),
        );
        let one = world.state.collaborations.get(&collaboration);
        let one = one.ok_or_else(Refusal::not_found)?;
        Ok(Json(world.collaboration(
            collaboration,
            one,
            &Query::default().fields(),
        )))
    })
}

pub(crate) async fn delete(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(collaboration): Path<String>,
) -> Result<StatusCode, Refusal> {
    let collaboration = id(&collaboration)?;
    caller.needs_writing()?;
    service.with(|world| {
        let one = world.state.collaborations.get(&collaboration);
        let item = one.ok_or_else(Refusal::not_found)?.item;
        may_edit(world, &caller, item)?;
        world.uninvite(collaboration, caller.actor())?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// Domains that people may collaborate with.
pub(crate) async fn domains(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
) -> Reply {
    caller.needs("manage_enterprise_properties")?;
    service.with(|world| {
        let page = MarkerPage::of(world, &query, "domains")?;
        let entries = world
            .state
            .allowed_domains
            .iter()
            .filter(|(id, _)| page.after.is_none_or(|after| **id > after))
            .take(page.limit + 1)
            .map(|(id, one)| {
                let shown = json!({
                    "type": "collaboration_whitelist_entry",
                    "id": id.to_string(),
                    "domain": one.domain,
                    "direction": one.direction,
                });
                (*id, shown)
            })
            .collect();
        Ok(Json(page.answer(world, "domains", entries)))
    })
}
