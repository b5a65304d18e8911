//! Uploads in pieces (reference/microsoft-graph.md §5.2).

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::ticket::Ticket;
use crate::microsoft::graph::finish_upload;
use crate::microsoft::ids;
use crate::microsoft::state::transient::{UploadSession, UploadTarget};
use crate::microsoft::wire::{Body, Call, Failure, Reply};
use crate::microsoft::world::{World, timestamp};

/// Pieces but the last are multiples of this.
const UNIT: u64 = 327_680;

/// A piece is smaller than this.
const PIECE: u64 = 60 * 1024 * 1024;

/// The URL of a session.
pub(crate) fn url(world: &World<'_>, session: &UploadSession, id: &str) -> String {
    let Ok(drive) = world.drive(session.drive) else {
        return String::new();
    };
    let site = world
        .site_of(drive)
        .map_or_else(String::new, |site| world.site_url(site));
    let unique_id = match session.target {
        UploadTarget::Existing(item) => drive.tree.get(item).map(|item| item.unique_id),
        UploadTarget::Named { folder, .. } => drive.tree.get(folder).map(|item| item.unique_id),
    };
    let item = drive.key.item_id(unique_id.unwrap_or(ids::ROOT_FOLDER));
    let ticket = Ticket {
        place: None,
        operation: Some(id.to_owned()),
        expires: session.expires,
        nonce: 0,
        client_id: session.client_id.clone(),
    };
    format!(
        "{site}/_api/v2.0/drives/{}/items/{item}/uploadSession?guid={id}&overwrite=True&rename=False&dc=0&tempauth={}",
        drive.id,
        ticket.text(world.state)
    )
}

/// Takes a piece, or says how far the session is, ends it, or commits it.
pub(super) fn answer(world: &mut World<'_>, call: &Call) -> Result<Reply, Failure> {
    super::refuse_leaked_token(world, call)?;
    let id = call
        .parameter("tempauth")
        .and_then(|text| Ticket::parse(text, world.state))
        .and_then(|ticket| ticket.operation)
        .filter(|id| call.parameter("guid") == Some(id))
        .ok_or_else(|| {
            Failure::new(
                StatusCode::UNAUTHORIZED,
                "unauthenticated",
                "The upload URL is not valid.",
            )
        })?;
    let now = world.millis();
    let live = world
        .state
        .uploads
        .get(&id)
        .is_some_and(|session| now < session.expires);
    if !live {
        world.state.uploads.remove(&id);
        return Err(Failure::item_not_found().inner("uploadSessionNotFound"));
    }
    match call.method {
        Method::DELETE => {
            world.state.uploads.remove(&id);
            Ok(Reply::empty(StatusCode::NO_CONTENT))
        }
        Method::PUT => take(world, call, &id),
        Method::POST => commit(world, call, &id),
        _ => progress(world, &id, StatusCode::OK),
    }
}

fn take(world: &mut World<'_>, call: &Call, id: &str) -> Result<Reply, Failure> {
    let session = world
        .state
        .uploads
        .get_mut(id)
        .ok_or_else(Failure::item_not_found)?;
    let (begin, end, total) = call
        .header("content-range")
        .and_then(content_range)
        .ok_or_else(|| {
            Failure::invalid_request("The Content-Range header is missing or malformed.")
        })?;
    let length = call.body.len() as u64;
    let is_last = end + 1 == total;
    let sound =
        end + 1 - begin == length && length < PIECE && (is_last || length.is_multiple_of(UNIT));
    if !sound || session.total.is_some_and(|known| known != total) {
        return Err(Failure::invalid_request("The piece has a wrong size."));
    }
    if begin != session.received.len() as u64 {
        return Err(Failure::new(
            StatusCode::RANGE_NOT_SATISFIABLE,
            "invalidRange",
            "Optimistic concurrency failure during fragmented upload",
        )
        .inner("fragmentOverlap"));
    }
    session.total = Some(total);
    session.received.extend_from_slice(&call.body);
    if !is_last || session.defer_commit {
        return progress(world, id, StatusCode::ACCEPTED);
    }
    commit(world, call, id)
}

fn commit(world: &mut World<'_>, call: &Call, id: &str) -> Result<Reply, Failure> {
    let session = world
        .state
        .uploads
        .get(id)
        .cloned()
        .ok_or_else(Failure::item_not_found)?;
    if session.total != Some(session.received.len() as u64) {
        return Err(Failure::invalid_request("The upload is not complete."));
    }
    let reply = finish_upload(world, call, &session)?;
    world.state.uploads.remove(id);
    Ok(reply)
}

fn progress(world: &World<'_>, id: &str, status: StatusCode) -> Result<Reply, Failure> {
    let session = world
        .state
        .uploads
        .get(id)
        .ok_or_else(Failure::item_not_found)?;
    let received = session.received.len() as u64;
    let missing: Vec<Value> = (session.total != Some(received))
        .then(|| json!(format!("{received}-")))
        .into_iter()
        .collect();
    Ok(Reply::new(
        status,
        Body::Json(json!({
            "expirationDateTime": timestamp(session.expires),
            "nextExpectedRanges": missing,
        })),
    ))
}

fn content_range(text: &str) -> Option<(u64, u64, u64)> {
    let (range, total) = text.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (begin, end) = range.split_once('-')?;
    let (begin, end, total) = (begin.parse().ok()?, end.parse().ok()?, total.parse().ok()?);
    (begin <= end && end < total).then_some((begin, end, total))
}
