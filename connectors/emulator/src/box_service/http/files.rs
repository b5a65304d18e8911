//! Files: looking at them and changing everything but their content (reference/box.md §5.3, §6).

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use chrono::DateTime;
use http::header::{IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::folders::place_of;
use super::page::offset_page;
use super::query::Query;
use super::refusal::Refusal;
use super::subject::{Body, File, Reads, Subject, Trashed, Writes};
use super::{Reply, id};
use crate::box_service::state::item::{Item, Lock};
use crate::box_service::state::{Id, Millis};
use crate::box_service::world::World;
use crate::frame::ActiveFaults;

pub(crate) async fn get(
    file: Subject<File, Reads>,
    query: Query,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    file.with(|world| {
        if is_unchanged(world, file.id, &headers) {
            return Ok(StatusCode::NOT_MODIFIED.into_response());
        }
        Ok(Json(file.shown(world, &query)).into_response())
    })
}

pub(crate) async fn update(
    file: Subject<File, Writes>,
    query: Query,
    headers: HeaderMap,
    Body(wanted): Body,
) -> Reply {
    file.with(|world| {
        apply_changes(world, &file.caller, file.id, &wanted, &headers)?;
        if let Some(lock) = wanted.get("lock") {
            set_lock(world, &file.caller, file.id, lock)?;
        }
        Ok(Json(file.shown(world, &query)))
    })
}

pub(crate) async fn delete(
    file: Subject<File, Writes>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    file.edit(|world| {
        check_if_match(world, file.id, &headers)?;
        world.trash(file.id, file.caller.actor())?;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// Takes a file out of the trash.
pub(crate) async fn restore(
    file: Subject<Trashed, Writes>,
    query: Query,
) -> Result<Response, Refusal> {
    file.with(|world| {
        world.restore(file.id, file.caller.actor())?;
        Ok((StatusCode::CREATED, Json(file.shown(world, &query))).into_response())
    })
}

/// A file in the trash, when it was put there itself and not with a folder (§2.3).
pub(crate) async fn trashed(file: Subject<Trashed, Reads>, query: Query) -> Reply {
    file.with(|world| Ok(Json(file.shown(world, &query))))
}

pub(crate) async fn copy(
    file: Subject<File, Writes>,
    query: Query,
    Body(wanted): Body,
) -> Result<Response, Refusal> {
    let (caller, file_id) = (&file.caller, file.id);
    file.with(|world| {
        let place = place_of(world, caller, wanted.get("parent"))?
            .ok_or_else(|| Refusal::bad_request("'parent' is required"))?;
        let name = wanted
            .get("name")
            .and_then(Value::as_str)
            .map(str::to_owned);
        let name = match name {
            Some(name) => name,
            None => world.item(file_id)?.name.to_string(),
        };
        let copied = world.copy(file_id, place, &name, caller.actor())?;
        let shown = world.item_json(copied, caller.user, &query.fields());
        Ok((StatusCode::CREATED, Json(shown)).into_response())
    })
}

/// The older versions, the newest first.
pub(crate) async fn versions(file: Subject<File, Reads>, query: Query) -> Reply {
    file.with(|world| {
        let item = world.item(file.id)?;
        let old = item.rare.iter().flat_map(|rare| rare.versions.iter().rev());
        let entries = old
            .map(|version| world.version_json(version, &item.name))
            .collect();
        offset_page(world, &query, entries, None).map(Json)
    })
}

pub(crate) async fn promote(
    file: Subject<File, Writes>,
    Body(wanted): Body,
) -> Result<Response, Refusal> {
    file.edit(|world| {
        let version = wanted.get("id").and_then(Value::as_str);
        let version = id(version.unwrap_or_default())?;
        world.promote(file.id, version, file.caller.actor())?;
        let item = world.item(file.id)?;
        let shown = item
            .version()
            .map(|version| world.version_json(version, &item.name));
        Ok((StatusCode::CREATED, Json(json!(shown))).into_response())
    })
}

/// Fails unless the caller may change the item, and nobody else has locked it (§5.5).
pub(crate) fn may_edit(world: &World<'_>, caller: &Caller, item: Id) -> Result<(), Refusal> {
    if !caller.access(world, item)?.may_edit() {
        return Err(Refusal::no_permission());
    }
    check_lock(world, caller, item)
}

/// Fails when somebody else has locked the file.
pub(crate) fn check_lock(world: &World<'_>, caller: &Caller, file: Id) -> Result<(), Refusal> {
    let lock = world.item(file)?.lock_at(world.millis());
    if lock.is_some_and(|lock| lock.by != caller.user) {
        return Err(Refusal::new(
            403,
            "access_denied_item_locked",
            "Access denied - item locked",
        ));
    }
    Ok(())
}

/// Fails when an `If-Match`, bare or quoted, is not the item's tag.
pub(crate) fn check_if_match(
    world: &World<'_>,
    item: Id,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    match (tag(headers, &IF_MATCH), world.state.tree.get(item)) {
        (Some(wanted), Some(item)) if wanted != item.etag.to_string() => {
            Err(Refusal::precondition_failed())
        }
        _ => Ok(()),
    }
}

/// Whether an `If-None-Match` is the item's tag.
pub(crate) fn is_unchanged(world: &World<'_>, item: Id, headers: &HeaderMap) -> bool {
    let known = tag(headers, &IF_NONE_MATCH);
    let item = world.state.tree.get(item);
    known
        .zip(item)
        .is_some_and(|(known, item)| known == item.etag.to_string())
}

fn tag(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?;
    Some(text.trim().trim_matches('"').to_owned())
}

/// Name, place, description, tags, link: what files and folders have in common.
pub(crate) fn apply_changes(
    world: &mut World<'_>,
    caller: &Caller,
    item: Id,
    wanted: &Map<String, Value>,
    headers: &HeaderMap,
) -> Result<(), Refusal> {
    let place = place_of(world, caller, wanted.get("parent"))?;
    let name = wanted.get("name").and_then(Value::as_str);
    // Moves ignore it (§5.3).
    if place.is_none() {
        check_if_match(world, item, headers)?;
    }
    let text = |name: &str| wanted.get(name).and_then(Value::as_str);
    let changes_something = ["name", "parent", "description", "tags", "shared_link"]
        .iter()
        .any(|name| wanted.contains_key(*name));
    if changes_something {
        may_edit(world, caller, item)?;
    }
    if place.is_some() || name.is_some() {
        let present: &Item = world.item(item)?;
        let place = place.unwrap_or(present.parent);
        let name = name.map_or_else(|| present.name.to_string(), str::to_owned);
        world.relocate(item, place, &name, caller.actor())?;
    }
    if let Some(description) = text("description") {
        world.describe_item(item, description, caller.actor())?;
    }
    if let Some(tags) = wanted.get("tags").and_then(Value::as_array) {
        let tags = tags
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect();
        if let Some(item) = world.state.tree.get_mut(item) {
            item.rare().tags = tags;
            item.etag += 1;
        }
    }
    if let Some(link) = wanted.get("shared_link") {
        let link = match link.as_object() {
            None => None,
            Some(link) => {
                let access = link
                    .get("access")
                    .and_then(Value::as_str)
                    .unwrap_or("company");
                Some(world.new_link(access))
            }
        };
        world.set_link(item, link, caller.actor())?;
    }
    Ok(())
}

fn set_lock(
    world: &mut World<'_>,
    caller: &Caller,
    file: Id,
    wanted: &Value,
) -> Result<(), Refusal> {
    if !caller.access(world, file)?.may_upload() {
        return Err(Refusal::no_permission());
    }
    check_lock(world, caller, file)?;
    let lock = wanted.as_object().map(|wanted| {
        let expires = wanted
            .get("expires_at")
            .and_then(Value::as_str)
            .and_then(time);
        let prevented = wanted.get("is_download_prevented").and_then(Value::as_bool);
        Lock {
            id: world.state.new_id(),
            by: caller.user,
            created: world.millis(),
            expires,
            download_prevented: prevented.unwrap_or(false),
            app_type: None,
        }
    });
    world.set_lock(file, lock, caller.actor())?;
    Ok(())
}

/// A time in a request.
pub(crate) fn time(text: &str) -> Option<Millis> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    // Second precision (§6).
    Some(time.timestamp() * 1000)
}

/// Whether a read is to be answered as if the last write had not happened.
pub(crate) fn is_stale(faults: &ActiveFaults) -> bool {
    faults.stale_read()
}
