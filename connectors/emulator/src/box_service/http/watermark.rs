//! Watermarks.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::{Value, json};

use super::caller::Caller;
use super::files::{check_file, may_edit};
use super::refusal::Refusal;
use super::{Reply, id};
use crate::box_service::BoxService;
use crate::box_service::state::{Id, Millis};
use crate::box_service::world::World;

pub(crate) async fn get(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(file): Path<String>,
) -> Reply {
    let file = id(&file)?;
    caller.needs_reading()?;
    service.with(|world| {
        check_file(world, &caller, file)?;
        let since = watermark(world, file).ok_or_else(Refusal::not_found)?;
        Ok(Json(shown(world, since)))
    })
}

pub(crate) async fn put(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(file): Path<String>,
) -> Reply {
    let file = id(&file)?;
    caller.needs_writing()?;
    service.with(|world| {
        check_file(world, &caller, file)?;
        may_edit(world, &caller, file)?;
        let now = world.millis();
        if let Some(item) = world.state.tree.get_mut(file) {
            item.rare().watermark = Some(now);
        }
        Ok(Json(shown(world, now)))
    })
}

pub(crate) async fn delete(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(file): Path<String>,
) -> Result<StatusCode, Refusal> {
    let file = id(&file)?;
    caller.needs_writing()?;
    service.with(|world| {
        check_file(world, &caller, file)?;
        may_edit(world, &caller, file)?;
        watermark(world, file).ok_or_else(Refusal::not_found)?;
        if let Some(item) = world.state.tree.get_mut(file) {
            item.rare().watermark = None;
        }
        Ok(StatusCode::NO_CONTENT)
    })
}

fn watermark(world: &World<'_>, file: Id) -> Option<Millis> {
    world.state.tree.get(file)?.rare.as_ref()?.watermark
}

fn shown(world: &World<'_>, since: Millis) -> Value {
    let time = world.timestamp(since);
    json!({"watermark": {"created_at": time, "modified_at": time}})
}
