//! Beginning an upload in pieces (reference/microsoft-graph.md §5.2).

use serde_json::json;

use super::access::Access;
use super::refer;
use super::route::{DriveRef, ItemRef};
use super::upload::{self, Conflict, Target};
use crate::microsoft::sharepoint;
use crate::microsoft::state::transient::{Place, UploadSession, UploadTarget};
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::{World, timestamp};

/// How long a session lasts.
const LIFE: i64 = 24 * 3_600_000;

/// `POST …/createUploadSession`
pub(super) fn create(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    named: (&DriveRef, &ItemRef),
) -> Result<Reply, Failure> {
    let drive = refer::drive(world, caller, named.0, Access::Write)?;
    let body = if call.body.is_empty() {
        json!({})
    } else {
        call.json()?
    };
    let conflict = body["item"]["@microsoft.graph.conflictBehavior"].as_str();
    let conflict = match upload::conflict(conflict)? {
        Conflict::Fail => "fail",
        Conflict::Replace => "replace",
        Conflict::Rename => "rename",
    };
    let target = match upload::target(world, drive, named.1)? {
        Target::Existing(item) => {
            let place = Place { drive, item };
            let wanted = upload::wanted_tag(call)?;
            if wanted.is_some_and(|tag| {
                world
                    .item(place)
                    .is_ok_and(|item| tag != item.e_tag() && tag != item.c_tag())
            }) {
                return Err(upload::modified(http::StatusCode::PRECONDITION_FAILED));
            }
            upload::refuse_change(world, caller, place)?;
            // Opening a session moves the eTag (§5.2 [I]).
            world.change(place, |item, _| item.e_tag += 1)?;
            UploadTarget::Existing(item)
        }
        Target::Named { folder, name } => UploadTarget::Named { folder, name },
    };
    let expires = world.millis() + LIFE;
    let id = world.state.new_uuid().to_string();
    let session = UploadSession {
        drive,
        target,
        client_id: caller.client_id.clone(),
        received: Vec::new(),
        total: body["item"]["fileSize"].as_u64(),
        expires,
        defer_commit: body["deferCommit"].as_bool().unwrap_or(false),
        conflict: conflict.to_owned(),
    };
    let url = sharepoint::upload_url(world, &session, &id);
    world.state.uploads.insert(id, session);
    Ok(Reply::json(json!({
        "uploadUrl": url,
        "expirationDateTime": timestamp(expires),
        "nextExpectedRanges": ["0-"],
    })))
}

/// Stores what an upload in pieces has brought.
pub(crate) fn finish(
    world: &mut World<'_>,
    call: &Call,
    session: &UploadSession,
) -> Result<Reply, Failure> {
    let caller = Caller {
        client_id: session.client_id.clone(),
        roles: Vec::new(),
    };
    let target = match &session.target {
        UploadTarget::Existing(item) => Target::Existing(*item),
        UploadTarget::Named { folder, name } => Target::Named {
            folder: *folder,
            name: name.clone(),
        },
    };
    let conflict = upload::conflict(Some(&session.conflict))?;
    let body = bytes::Bytes::from(session.received.clone());
    upload::store(world, &caller, call, session.drive, target, &body, conflict)
}
