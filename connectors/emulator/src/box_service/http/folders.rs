//! Folders (reference/box.md §2.2, §2.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use super::caller::Caller;
use super::files::{apply_changes, check_if_match, is_unchanged};
use super::page::{MarkerPage, offset_page};
use super::query::Query;
use super::refusal::Refusal;
use super::subject::{Body, Folder, FolderOrRoot, Kind as _, Reads, Subject, Writes};
use super::{Reply, id};
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::state::item::{self, Place};
use crate::box_service::world::World;

/// The farthest offset of a folder's items.
const MOST_OFFSET: u64 = 300_000;

pub(crate) async fn items(folder: Subject<FolderOrRoot, Reads>, query: Query) -> Reply {
    let caller = &folder.caller;
    folder.with(|world| {
        let fields = query.fields();
        let shown = |id: Id| world.entry_json(id, caller.user, &fields);
        if query.flag("usemarker") {
            if query.get("sort").is_some() {
                return Err(Refusal::bad_request("'sort' does not go with markers"));
            }
            let what = format!("folder {} of {}", folder.id, caller.user);
            let page = MarkerPage::of(world, &query, &what)?;
            let found = listed(world, caller, folder.id, page.after, page.limit + 1);
            let entries = found.into_iter().map(|id| (id, shown(id))).collect();
            return Ok(Json(page.answer(world, &what, entries)));
        }
        let found = listed(world, caller, folder.id, None, usize::MAX);
        let entries = found.into_iter().map(shown).collect();
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
        item.is_some_and(|item| {
            world.switches.web_links || !matches!(item.body, item::Body::WebLink(_))
        })
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

pub(crate) async fn get(
    folder: Subject<FolderOrRoot, Reads>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    folder.with(|world| {
        if folder.id == 0 {
            let shown = world.root_json(folder.caller.user, &query.fields());
            return Ok(Json(shown).into_response());
        }
        if is_unchanged(world, folder.id, &headers) {
            return Ok(StatusCode::NOT_MODIFIED.into_response());
        }
        Ok(Json(folder.shown(world, &query)).into_response())
    })
}

pub(crate) async fn create(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
    Body(wanted): Body,
) -> Result<Response, Refusal> {
    caller.needs_writing()?;
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
    folder: Subject<Folder, Writes>,
    query: Query,
    headers: HeaderMap,
    Body(wanted): Body,
) -> Reply {
    folder.with(|world| {
        apply_changes(world, &folder.caller, folder.id, &wanted, &headers)?;
        Ok(Json(folder.shown(world, &query)))
    })
}

pub(crate) async fn delete(
    folder: Subject<Folder, Writes>,
    query: Query,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    folder.edit(|world| {
        check_if_match(world, folder.id, &headers)?;
        let place = Place::Folder(folder.id);
        let is_empty = world.state.tree.children(place, None).next().is_none();
        if !is_empty && !query.flag("recursive") {
            return Err(Refusal::new(
                400,
                "folder_not_empty",
                "Cannot delete - folder not empty",
            ));
        }
        world.trash(folder.id, folder.caller.actor())?;
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
    Folder::check(world, caller, parent)?;
    if !caller.access(world, parent)?.may_upload() {
        return Err(Refusal::no_permission());
    }
    Ok(Some(Place::Folder(parent)))
}
