//! Folders (reference/box.md §2.2, §2.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::caller::Caller;
use super::files::{apply_changes, body_of, check_if_match};
use super::page::{MarkerPage, offset_page};
use super::query::Query;
use super::refusal::Refusal;
use super::{Reply, id};
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::state::item::{Body, Place};
use crate::box_service::world::World;

/// The farthest offset of a folder's items.
const MOST_OFFSET: u64 = 300_000;

pub(crate) async fn items(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(folder): Path<String>,
    query: Query,
) -> Reply {
    let folder = id(&folder)?;
    caller.needs_reading()?;
    service.with(|world| {
        if folder != 0 {
            check_folder(world, &caller, folder)?;
        }
        let fields = query.fields();
        if query.flag("usemarker") {
            if query.get("sort").is_some() {
                return Err(Refusal::bad_request("'sort' does not go with markers"));
            }
            let what = format!("folder {folder} of {}", caller.user);
            let page = MarkerPage::of(world, &query, &what)?;
            let found = listed(world, &caller, folder, page.after, page.limit + 1);
            let entries = found
                .into_iter()
                .map(|id| (id, world.entry_json(id, caller.user, &fields)))
                .collect();
            return Ok(Json(page.answer(world, &what, entries)));
        }
        let found = listed(world, &caller, folder, None, usize::MAX);
        let entries = found
            .into_iter()
            .map(|id| world.entry_json(id, caller.user, &fields))
            .collect();
        offset_page(world, &query, entries, Some(MOST_OFFSET)).map(Json)
    })
}

/// The entries of a folder after one of them, in the order of their ids.
fn listed(
    world: &World<'_>,
    caller: &Caller,
    folder: Id,
    after: Option<Id>,
    most: usize,
) -> Vec<Id> {
    let is_shown = |id: &Id| {
        let item = world.state.tree.get(*id);
        item.is_some_and(|item| world.switches.web_links || !matches!(item.body, Body::WebLink(_)))
    };
    if folder == 0 {
        let items = world.root_items(caller.user, after);
        return items.into_iter().filter(is_shown).take(most).collect();
    }
    let children = world.state.tree.children(Place::Folder(folder), after);
    children
        .map(|(id, _)| id)
        .filter(is_shown)
        .take(most)
        .collect()
}

fn check_folder(world: &World<'_>, caller: &Caller, folder: Id) -> Result<(), Refusal> {
    caller.access(world, folder)?;
    if world.item(folder)?.is_folder() {
        return Ok(());
    }
    Err(Refusal::not_found())
}

pub(crate) async fn get(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(folder): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let folder = id(&folder)?;
    caller.needs_reading()?;
    service.with(|world| {
        if folder == 0 {
            return Ok(Json(world.root_json(caller.user, &query.fields())).into_response());
        }
        check_folder(world, &caller, folder)?;
        if super::files::is_unchanged(world, folder, &headers) {
            return Ok(StatusCode::NOT_MODIFIED.into_response());
        }
        let shown = world.item_json(folder, caller.user, &query.fields());
        Ok(Json(shown).into_response())
    })
}

pub(crate) async fn create(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
    body: Bytes,
) -> Result<Response, Refusal> {
    caller.needs_writing()?;
    let wanted = body_of(&body)?;
    service.with(|world| {
        let place = place_of(world, &caller, wanted.get("parent"))?
            .ok_or_else(|| Refusal::bad_request("'parent' is required"))?;
        let name = wanted.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| Refusal::bad_request("'name' is required"))?;
        let made = world.create_folder(place, name, caller.actor())?;
        let shown = world.item_json(made, caller.user, &query.fields());
        Ok((StatusCode::CREATED, Json(shown)).into_response())
    })
}

pub(crate) async fn update(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(folder): Path<String>,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let folder = id(&folder)?;
    caller.needs_writing()?;
    let wanted = body_of(&body)?;
    service.with(|world| {
        check_folder(world, &caller, folder)?;
        apply_changes(world, &caller, folder, &wanted, &headers)?;
        Ok(Json(world.item_json(folder, caller.user, &query.fields())))
    })
}

pub(crate) async fn delete(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(folder): Path<String>,
    query: Query,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let folder = id(&folder)?;
    caller.needs_writing()?;
    service.with(|world| {
        check_folder(world, &caller, folder)?;
        if !caller.access(world, folder)?.may_edit() {
            return Err(Refusal::no_permission());
        }
        check_if_match(world, folder, &headers)?;
        let is_empty = world
            .state
            .tree
            .children(Place::Folder(folder), None)
            .next()
            .is_none();
        if !is_empty && !query.flag("recursive") {
            return Err(Refusal::new(
                400,
                "folder_not_empty",
                "Cannot delete - folder not empty",
            ));
        }
        world.trash(folder, caller.actor())?;
        Ok(StatusCode::NO_CONTENT)
    })
}

pub(crate) async fn trash(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
) -> Reply {
    caller.needs_reading()?;
    service.with(|world| {
        let trashed: Vec<Id> = world
            .state
            .tree
            .iter()
            .filter(|(_, item)| item.trashed.is_some() && item.owner == caller.user)
            .map(|(id, _)| id)
            .collect();
        let fields = query.fields();
        let entries: Vec<Value> = trashed
            .into_iter()
            .map(|id| world.entry_json(id, caller.user, &fields))
            .collect();
        offset_page(world, &query, entries, None).map(Json)
    })
}

/// The place that `parent` names in a body, when the caller may put something there.
pub(crate) fn place_of(
    world: &World<'_>,
    caller: &Caller,
    parent: Option<&Value>,
) -> Result<Option<Place>, Refusal> {
    let Some(parent) = parent.and_then(|parent| parent.get("id")) else {
        return Ok(None);
    };
    let parent: Id = match parent {
        Value::String(text) => id(text)?,
        other => other
            .as_u64()
            .ok_or_else(|| Refusal::bad_request("Invalid 'parent'"))?,
    };
    if parent == 0 {
        return Ok(Some(Place::Root(caller.user)));
    }
    check_folder(world, caller, parent)?;
    if !caller.access(world, parent)?.may_upload() {
        return Err(Refusal::no_permission());
    }
    Ok(Some(Place::Folder(parent)))
}
