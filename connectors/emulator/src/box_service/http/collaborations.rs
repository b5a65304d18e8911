//! Invitations (reference/box.md §8).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;
use super::files::may_edit;
use super::page::MarkerPage;
use super::query::Query;
use super::refusal::Refusal;
use super::subject::{Body, Collaboration, File, FolderOrRoot, Reads, Subject, Writes};
use super::{Reply, id};
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::state::collaboration::{CollaborationRole, CollaborationStatus, Grantee};
use crate::box_service::world::World;

pub(crate) async fn of_file(file: Subject<File, Reads>, query: Query) -> Reply {
    file.with(|world| {
        let inherited = world.switches.file_collaborations_inherited;
        of_item(world, file.id, &query, inherited)
    })
}

pub(crate) async fn of_folder(folder: Subject<FolderOrRoot, Reads>, query: Query) -> Reply {
    if folder.id == 0 {
        return Err(Refusal::new(
            400,
            "collaborations_not_available_on_root_folder",
            "Root folder cannot be collaborated",
        ));
    }
    folder.with(|world| of_item(world, folder.id, &query, true))
}

fn of_item(world: &World<'_>, item: Id, query: &Query, inherited: bool) -> Reply {
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

pub(crate) async fn get(one: Subject<Collaboration, Reads>, query: Query) -> Reply {
    one.with(|world| shown(world, one.id, &query).map(Json))
}

fn shown(world: &World<'_>, collaboration: Id, query: &Query) -> Result<Value, Refusal> {
    let one = world.state.collaborations.get(&collaboration);
    let one = one.ok_or_else(Refusal::not_found)?;
    Ok(world.collaboration(collaboration, one, &query.fields()))
}

/// The item of an invitation that the caller may change.
fn editable_item(world: &World<'_>, caller: &Caller, collaboration: Id) -> Result<Id, Refusal> {
    let one = world.state.collaborations.get(&collaboration);
    let item = one.ok_or_else(Refusal::not_found)?.item;
    may_edit(world, caller, item)?;
    Ok(item)
}

pub(crate) async fn create(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
    Body(wanted): Body,
) -> Result<Response, Refusal> {
    caller.needs_writing()?;
    let wanted = Value::Object(wanted);
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
        Ok((StatusCode::CREATED, Json(shown(world, made, &query)?)).into_response())
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
    collaboration: Subject<Collaboration, Writes>,
    Body(wanted): Body,
) -> Reply {
    let (caller, id) = (&collaboration.caller, collaboration.id);
    collaboration.with(|world| {
        let item = editable_item(world, caller, id)?;
        let role: CollaborationRole =
            serde_json::from_value(wanted.get("role").cloned().unwrap_or_default())
                .map_err(|_| Refusal::bad_request("Invalid 'role'"))?;
        if let Some(one) = world.state.collaborations.get_mut(&id) {
            one.role = role;
        }
        world.happened(
            "COLLABORATION_ROLE_CHANGE",
            "COLLAB_ROLE_CHANGE",
            item,
            caller.actor(),
        );
        shown(world, id, &Query::default()).map(Json)
    })
}

pub(crate) async fn delete(
    collaboration: Subject<Collaboration, Writes>,
) -> Result<StatusCode, Refusal> {
    let (caller, id) = (&collaboration.caller, collaboration.id);
    collaboration.with(|world| {
        editable_item(world, caller, id)?;
        world.uninvite(id, caller.actor())?;
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
