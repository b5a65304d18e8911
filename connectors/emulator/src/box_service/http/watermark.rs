//! Watermarks.

use axum::Json;
use http::StatusCode;
use serde_json::{Value, json};

use super::Reply;
use super::refusal::Refusal;
use super::subject::{File, Reads, Subject, Writes};
use crate::box_service::state::{Id, Millis};
use crate::box_service::world::World;

pub(crate) async fn get(file: Subject<File, Reads>) -> Reply {
    file.with(|world| {
        let since = watermark(world, file.id).ok_or_else(Refusal::not_found)?;
        Ok(Json(shown(world, since)))
    })
}

pub(crate) async fn put(file: Subject<File, Writes>) -> Reply {
    file.edit(|world| {
        let now = world.millis();
        if let Some(item) = world.state.tree.get_mut(file.id) {
            item.rare().watermark = Some(now);
        }
        Ok(Json(shown(world, now)))
    })
}

pub(crate) async fn delete(file: Subject<File, Writes>) -> Result<StatusCode, Refusal> {
    file.edit(|world| {
        watermark(world, file.id).ok_or_else(Refusal::not_found)?;
        if let Some(item) = world.state.tree.get_mut(file.id) {
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
