//! Putting content (reference/microsoft-graph.md §5.1, §5.3).

use bytes::Bytes;
use http::StatusCode;

use super::access::Access;
use super::items::{caller_actor, changed};
use super::route::{DriveRef, ItemRef};
use super::{items, refer};
use crate::frame::Content;
use crate::microsoft::state::actor::Actors;
use crate::microsoft::state::drive::DriveIndex;
use crate::microsoft::state::item::{ItemIndex, Kind, LockForm};
use crate::microsoft::state::transient::{Effect, Place, Scheduled};
use crate::microsoft::switches::{IfMatch, Promotion};
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::{NewItem, World};

/// `PUT …/content`
pub(super) fn put(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    named: (&DriveRef, &ItemRef),
) -> Result<Reply, Failure> {
    let drive = refer::drive(world, caller, named.0, Access::Write)?;
    let maximum = world.switches.upload_maximum_bytes;
    if call.body.len() as u64 > maximum {
        return Err(Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "invalidRequest",
            &format!("The request exceeds the maximum request size of {maximum} bytes."),
        ));
    }
    let conflict = conflict(call.parameter("@microsoft.graph.conflictBehavior"))?;
    let target = target(world, drive, named.1)?;
    store(world, caller, call, drive, target, &call.body, conflict)
}

/// Where a content goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Existing(ItemIndex),
    Named { folder: ItemIndex, name: String },
}

/// What happens when there is a file of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conflict {
    Fail,
    Replace,
    Rename,
}

/// Reads a conflict behaviour; absent, it is to replace.
pub(super) fn conflict(word: Option<&str>) -> Result<Conflict, Failure> {
    match word {
        None | Some("replace") => Ok(Conflict::Replace),
        Some("fail") => Ok(Conflict::Fail),
        Some("rename") => Ok(Conflict::Rename),
        Some(_) => Err(Failure::invalid_request(
            "The conflict behavior is not valid.",
        )),
    }
}

/// The place that an upload names: a file by its id, or a name in a folder. Missing folders on the way are made.
pub(super) fn target(
    world: &mut World<'_>,
    drive: DriveIndex,
    named: &ItemRef,
) -> Result<Target, Failure> {
    let Some((name, folders)) = named.path.split_last() else {
        let place = refer::item(world, drive, named)?;
        return match world.item(place)?.kind {
            Kind::File => Ok(Target::Existing(place.item)),
            _ => Err(Failure::invalid_request(
                "The content of a folder cannot be set.",
            )),
        };
    };
    let begin = ItemRef {
        id: named.id.clone(),
        path: Vec::new(),
    };
    let mut folder = refer::item(world, drive, &begin)?.item;
    for part in folders {
        folder = match world.drive(drive)?.tree.child(folder, part) {
            Some(found) => found,
            None => world.create(
                drive,
                &NewItem {
                    folder,
                    name: part,
                    kind: Kind::Folder,
                    blob: None,
                    actor: Actors::SYSTEM,
                    unique_id: None,
                },
            )?,
        };
    }
    Ok(Target::Named {
        folder,
        name: name.clone(),
    })
}

/// Stores a content and answers the item.
pub(super) fn store(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    drive: DriveIndex,
    target: Target,
    body: &Bytes,
    conflict: Conflict,
) -> Result<Reply, Failure> {
    let (target, new_name) = match target {
        Target::Existing(item) => (Some(item), None),
        Target::Named { folder, name } => match world.drive(drive)?.tree.child(folder, &name) {
            None => (None, Some((folder, name))),
            Some(item) => match conflict {
                Conflict::Replace => (Some(item), None),
                Conflict::Fail => return Err(Failure::name_exists()),
                Conflict::Rename => (
                    None,
                    Some((folder, free_name(world, drive, folder, &name)?)),
                ),
            },
        },
    };
    let (place, status) = match (target, new_name) {
        (Some(item), _) => {
            let place = Place { drive, item };
            world.edit_before_upload(place)?;
            replace(world, caller, call, place, body)?;
            (place, StatusCode::OK)
        }
        (None, Some((folder, name))) => {
            refuse_over_quota(world, drive, 0, body.len() as u64)?;
            let actor = caller_actor(world, caller);
            let blob = world.keep(Content::new(body.clone()))?;
            let new = NewItem {
                folder,
                name: &name,
                kind: Kind::File,
                blob: Some(blob),
                actor,
                unique_id: None,
            };
            let item = world.create(drive, &new)?;
            let checks_out = world.drive(drive)?.library.force_checkout;
            if checks_out {
                // It stays with its author, unseen by others, until it is checked in (§5.5).
                world.change(Place { drive, item }, |item, _| {
                    item.rare().checked_out_by = Some(actor);
                })?;
            }
            (Place { drive, item }, StatusCode::CREATED)
        }
        (None, None) => return Err(Failure::item_not_found()),
    };
    let reply = changed(world, caller, place, status)?;
    promote_later(world, place)?;
    Ok(reply)
}

fn replace(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    place: Place,
    body: &Bytes,
) -> Result<(), Failure> {
    if world.item(place)?.kind != Kind::File {
        return Err(Failure::name_exists());
    }
    check_if_match(world, call, place)?;
    refuse_change(world, caller, place)?;
    let old_size = world.item(place)?.size;
    refuse_over_quota(world, place.drive, old_size, body.len() as u64)?;
    let actor = caller_actor(world, caller);
    let blob = world.keep(Content::new(body.clone()))?;
    world.replace(place, blob, actor)?;
    Ok(())
}

/// The tag in `If-Match`.
///
/// # Errors
///
/// 400 when it has no quotes.
pub(super) fn wanted_tag(call: &Call) -> Result<Option<&str>, Failure> {
    match call.header("if-match").map(str::trim) {
        None => Ok(None),
        Some(tag)
            if tag == "*" || (tag.starts_with('"') && tag.ends_with('"') && tag.len() > 1) =>
        {
            Ok(Some(tag))
        }
        Some(_) => {
            Err(Failure::invalid_request("The entity tag is malformed.")
                .inner("malformedEntityTag"))
        }
    }
}

/// The refusal where the item changed meanwhile.
pub(super) fn modified(status: StatusCode) -> Failure {
    Failure::new(
        status,
        "resourceModified",
        "ETag does not match current item's value",
    )
}

/// Does with `If-Match` what the switch says, for content (§5.1 \[I\]).
fn check_if_match(world: &World<'_>, call: &Call, place: Place) -> Result<(), Failure> {
    let mode = world.switches.if_match;
    if mode == IfMatch::Ignore {
        return Ok(());
    }
    let Some(wanted) = wanted_tag(call)? else {
        return Ok(());
    };
    let item = world.item(place)?;
    if wanted == "*" || wanted == item.e_tag() || wanted == item.c_tag() {
        return Ok(());
    }
    Err(match mode {
        IfMatch::Honour409 => modified(StatusCode::CONFLICT),
        IfMatch::HonourNotAllowed => Failure::new(
            StatusCode::PRECONDITION_FAILED,
            "notAllowed",
            "ETag does not match current item's value",
        )
        .inner("preconditionFailed"),
        IfMatch::Honour412 | IfMatch::Ignore => modified(StatusCode::PRECONDITION_FAILED),
    })
}

/// Refuses to change a file's content: locked, checked out, not checked out, or a record (§5.3).
pub(crate) fn refuse_change(
    world: &mut World<'_>,
    caller: &Caller,
    place: Place,
) -> Result<(), Failure> {
    refuse_metadata_change(world, caller, place)?;
    let item = world.item(place)?;
    let checked_out = item.rarely(|rare| rare.checked_out_by).is_some();
    if world.drive(place.drive)?.library.force_checkout && !checked_out {
        let name = &item.name;
        return Err(Failure::with_status(
            world.switches.checkout_required_status,
            "notAllowed",
            &format!(
                "The file \"{name}\" is not checked out. You must first check out this document before making changes."
            ),
        ));
    }
    let record = item
        .rarely(|rare| rare.retention.as_ref())
        .is_some_and(|retention| retention.record_locked || !retention.content_update_allowed);
    if record {
        return Err(record_refusal(world));
    }
    Ok(())
}

/// Refuses to change anything about an item: locked, checked out by another, or a record whose properties are
/// fixed.
pub(super) fn refuse_metadata_change(
    world: &mut World<'_>,
    caller: &Caller,
    place: Place,
) -> Result<(), Failure> {
    let own = caller_actor(world, caller);
    let item = world.item(place)?;
    if let Some(lock) = item.lock_at(world.millis()) {
        return Err(locked(lock.form));
    }
    if item
        .rarely(|rare| rare.checked_out_by)
        .is_some_and(|actor| actor != own)
    {
        return Err(locked(LockForm::AccessDenied));
    }
    let fixed = item
        .rarely(|rare| rare.retention.as_ref())
        .is_some_and(|retention| !retention.metadata_update_allowed);
    if fixed {
        return Err(record_refusal(world));
    }
    Ok(())
}

/// The refusal to change a record.
pub(super) fn record_refusal(world: &World<'_>) -> Failure {
    Failure::with_status(
        world.switches.record_status,
        "accessDenied",
        "This item is a record and cannot be changed or deleted.",
    )
}

/// The body of a lock.
pub(super) fn locked(form: LockForm) -> Failure {
    let locked = |code, message| Failure::new(StatusCode::LOCKED, code, message);
    match form {
        LockForm::NotAllowed => Failure::locked(),
        LockForm::ResourceLocked => locked(
            "resourceLocked",
            "The resource you are attempting to access is locked",
        ),
        LockForm::AccessDenied => locked(
            "accessDenied",
            "The file is currently checked out or locked for editing by another user.",
        ),
        LockForm::LockMismatch => {
            locked("notAllowed", "Lock token does not match existing lock").inner("lockMismatch")
        }
    }
}

fn refuse_over_quota(
    world: &World<'_>,
    drive: DriveIndex,
    old: u64,
    new: u64,
) -> Result<(), Failure> {
    let drive = world.drive(drive)?;
    if drive.used().saturating_sub(old).saturating_add(new) > drive.quota {
        return Err(Failure::new(
            StatusCode::INSUFFICIENT_STORAGE,
            "quotaLimitReached",
            "Insufficient Space Available",
        ));
    }
    Ok(())
}

fn free_name(
    world: &World<'_>,
    drive: DriveIndex,
    folder: ItemIndex,
    name: &str,
) -> Result<String, Failure> {
    let tree = &world.drive(drive)?.tree;
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) => (stem, format!(".{extension}")),
        None => (name, String::new()),
    };
    (1..10_000_u32)
        .map(|number| format!("{stem} {number}{extension}"))
        .find(|candidate| tree.child(folder, candidate).is_none())
        .ok_or_else(Failure::name_exists)
}

/// Lets the service rewrite an Office file as it does after uploads (§6.5 \[I\]).
fn promote_later(world: &mut World<'_>, place: Place) -> Result<(), Failure> {
    let parser_disabled = world.drive(place.drive)?.library.parser_disabled;
    let item = world.item(place)?;
    let (Some(blob), false) = (item.blob, parser_disabled) else {
        return Ok(());
    };
    if !crate::microsoft::package::is_promoted(&item.extension()) {
        return Ok(());
    }
    let effect = Effect::Promote { place, blob };
    match world.switches.promotion {
        Promotion::Off => {}
        Promotion::AfterAnswer => world.happen(effect),
        Promotion::AfterMilliseconds(milliseconds) => {
            let due = world.millis() + i64::from(milliseconds);
            world.state.scheduled.push(Scheduled { due, effect });
        }
    }
    Ok(())
}

/// The file that a call is about.
///
/// # Errors
///
/// 400 when it is something else than a file.
pub(super) fn file(
    world: &World<'_>,
    caller: &Caller,
    named: (&DriveRef, &ItemRef),
    access: Access,
) -> Result<Place, Failure> {
    let place = items::find(world, caller, named, access)?;
    match world.item(place)?.kind {
        Kind::File => Ok(place),
        _ => Err(Failure::invalid_request(
            "The operation is only valid for files.",
        )),
    }
}
