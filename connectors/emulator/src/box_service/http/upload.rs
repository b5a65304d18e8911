//! Uploads (reference/box.md §5.1 to §5.4).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::Reply;
use super::caller::Caller;
use super::files::{check_if_match, check_lock, time};
use super::folders::place_of;
use super::multipart::{self, Upload};
use super::query::Query;
use super::refusal::Refusal;
use super::subject::{Body, File, Subject, Writes};
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::world::{Actor, EditError, NewVersion, World, hex_sha1};

pub(crate) async fn new_file(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    caller.needs_writing()?;
    let upload = received(&headers, &body)?;
    service.with(|world| {
        check_size(world, upload.content.len())?;
        let place = place_of(world, &caller, upload.attributes.get("parent"))?
            .ok_or_else(|| Refusal::bad_request("'parent' is required"))?;
        let name = name_in(&upload.attributes)?;
        let new = version_of(world, &upload, true);
        let made = world.create_file(place, &name, new, caller.actor());
        let made = made.map_err(|error| refused(world, error))?;
        Ok(stored(world, &caller, made, &query))
    })
}

pub(crate) async fn new_version(
    subject: Subject<File, Writes>,
    query: Query,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let (caller, file) = (&subject.caller, subject.id);
    let upload = received(&headers, &body)?;
    subject.with(|world| {
        make_scripted_edit(world, file)?;
        may_replace(world, caller, file)?;
        check_if_match(world, file, &headers)?;
        check_size(world, upload.content.len())?;
        let name = name_in(&upload.attributes)?;
        let present = world.item(file)?;
        if *present.name != *name {
            let place = present.parent;
            world.relocate(file, place, &name, caller.actor())?;
        }
        let honoured = world.switches.content_modified_honoured;
        let new = version_of(world, &upload, honoured);
        let replaced = world.replace(file, new, caller.actor());
        replaced.map_err(|error| refused(world, error))?;
        if let Some(left) = world.state.script.unavailable_after_upload.checked_sub(1) {
            world.state.script.unavailable_after_upload = left;
            return Err(Refusal::new(503, "unavailable", "Service unavailable"));
        }
        Ok(stored(world, caller, file, &query))
    })
}

/// What arrived, checked as a whole.
fn received(headers: &HeaderMap, body: &Bytes) -> Result<Upload, Refusal> {
    if !headers.contains_key(CONTENT_LENGTH) {
        return Err(Refusal::new(
            411,
            "length_required",
            "Content-Length is required",
        ));
    }
    let upload = multipart::parse(headers, body)?;
    let wanted = headers
        .get("content-md5")
        .and_then(|value| value.to_str().ok());
    // SHA-1, despite the name.
    if let Some(wanted) = wanted
        && !wanted
            .trim()
            .eq_ignore_ascii_case(&hex_sha1(&upload.content))
    {
        return Err(Refusal::new(
            400,
            "bad_digest",
            "The specified content-md5 did not match what we received",
        ));
    }
    Ok(upload)
}

/// A person who is faster by a moment.
fn make_scripted_edit(world: &mut World<'_>, file: Id) -> Result<(), Refusal> {
    let edits = &mut world.state.script.edits_before_upload;
    let Some(at) = edits.iter().position(|(edited, ..)| *edited == file) else {
        return Ok(());
    };
    let (_, content, who) = edits.remove(at);
    let size = content.len() as u64;
    let content = world.keep(content);
    let new = NewVersion {
        content,
        size,
        content_modified: None,
    };
    world.replace(file, new, Actor::person(who))?;
    Ok(())
}

fn may_replace(world: &World<'_>, caller: &Caller, file: Id) -> Result<(), Refusal> {
    if world.state.script.forbidden.contains(&file) {
        return Err(Refusal::new(
            403,
            "forbidden_by_policy",
            "Access blocked by security policy",
        ));
    }
    if !caller.access(world, file)?.may_upload() {
        return Err(Refusal::no_permission());
    }
    let retained = world.item(file)?.rare.as_ref().is_some_and(|rare| {
        rare.retained_until
            .is_some_and(|until| until > world.millis())
    });
    if retained && world.switches.retention_forbids_versions {
        return Err(Refusal::new(
            403,
            "forbidden",
            "The item is under retention",
        ));
    }
    check_lock(world, caller, file)
}

fn check_size(world: &World<'_>, size: usize) -> Result<(), Refusal> {
    if size as u64 > world.switches.most_upload_bytes {
        return Err(Refusal::new(
            413,
            "request_entity_too_large",
            "File size exceeds the limit of the account",
        ));
    }
    Ok(())
}

fn name_in(attributes: &Map<String, Value>) -> Result<String, Refusal> {
    let name = attributes.get("name").and_then(Value::as_str);
    name.map(str::to_owned)
        .ok_or_else(|| Refusal::bad_request("'name' is required"))
}

fn version_of(world: &mut World<'_>, upload: &Upload, takes_time: bool) -> NewVersion {
    let content_modified = upload
        .attributes
        .get("content_modified_at")
        .and_then(Value::as_str)
        .and_then(time)
        .filter(|_| takes_time);
    NewVersion {
        content: world.keep(upload.content.clone()),
        size: upload.content.len() as u64,
        content_modified,
    }
}

fn refused(world: &World<'_>, error: EditError) -> Refusal {
    match error {
        EditError::QuotaExceeded => Refusal::new(
            world.switches.quota_status,
            "storage_limit_exceeded",
            "Account storage limit reached",
        ),
        other => other.into(),
    }
}

fn stored(world: &World<'_>, caller: &Caller, file: Id, query: &Query) -> Response {
    let status = StatusCode::from_u16(world.switches.upload_status).unwrap_or(StatusCode::OK);
    let shown = world.item_json(file, caller.user, &query.fields());
    (status, Json(json!({"total_count": 1, "entries": [shown]}))).into_response()
}

/// Whether a new file could be uploaded (§5.2).
pub(crate) async fn preflight_new(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Body(wanted): Body,
) -> Reply {
    caller.needs_writing()?;
    service.with(|world| {
        let place = place_of(world, &caller, wanted.get("parent"))?
            .ok_or_else(|| Refusal::bad_request("'parent' is required"))?;
        let name = name_in(&wanted)?;
        if let Some(taken) = world.state.tree.named(place, &name) {
            return Err(Refusal::from(EditError::NameTaken)
                .with_context(json!({"conflicts": world.item_mini(taken)})));
        }
        Ok(Json(upload_url(world, "files/content")))
    })
}

/// Whether a new version could be uploaded (§5.2).
pub(crate) async fn preflight_version(file: Subject<File, Writes>) -> Reply {
    file.with(|world| {
        may_replace(world, &file.caller, file.id)?;
        let path = format!("files/{}/content", file.id);
        Ok(Json(upload_url(world, &path)))
    })
}

fn upload_url(world: &World<'_>, path: &str) -> Value {
    json!({
        "upload_url": format!("{}api/2.0/{path}?upload_session_id=1", world.bases.upload),
        "upload_token": null,
        "download_url": null,
    })
}

/// Uploads in pieces, which labeld never needs (§5.7).
pub(crate) async fn session() -> Refusal {
    Refusal::new(
        501,
        "not_implemented",
        "The emulator takes whole uploads only",
    )
}
