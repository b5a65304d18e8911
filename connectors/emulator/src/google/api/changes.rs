//! The change logs (reference/google-drive.md §3).

use serde_json::{Value, json};

use super::disturb;
use super::render;
use super::route::Context;
use crate::frame::Reply;
use crate::google::state::file::File;
use crate::google::state::log::{Aside, Entry, LogOf, Sequence, Wanted};
use crate::google::state::written;
use crate::google::wire::failure::Failure;
use crate::google::wire::fields::Mask;
use crate::google::wire::schema::{Api, Shape};

/// A token is the place in the sequence times this, and the number of the log.
const LOGS: u64 = 100_000;

const DEFAULT: &str = "kind,nextPageToken,newStartPageToken,changes(kind,type,changeType,time,removed,fileId,driveId,\
    file(kind,id,name,mimeType),drive(kind,id,name))";

pub(super) fn start_page_token(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let log = log(context)?;
    let token = token(context, &log, context.world.state.logs.last() + 1);
    let answer = json!({"kind": "drive#startPageToken", "startPageToken": token});
    let shape = Shape::named(Api::DriveV3, "StartPageToken");
    let mask = match context.call.parameter("fields") {
        Some(fields) => Mask::parse(fields, shape)?,
        None => Mask::All,
    };
    Ok(Reply::json(mask.apply(answer)))
}

/// Whose log the call is about.
pub(super) fn log(context: &Context<'_, '_>) -> Result<LogOf, Failure> {
    let drive = context
        .call
        .parameter("driveId")
        .or_else(|| context.call.parameter("teamDriveId"));
    let Some(drive) = drive else {
        return Ok(LogOf::User(context.caller.user.id.clone()));
    };
    let is_member = context
        .world
        .membership(&context.caller.user, drive)
        .is_some();
    if !is_member || !context.supports_all_drives()? {
        return Err(Failure::drive_not_found(drive));
    }
    Ok(LogOf::Drive(drive.to_owned()))
}

fn token(context: &mut Context<'_, '_>, log: &LogOf, place: Sequence) -> String {
    let number = context.world.state.logs.number(log);
    (place * LOGS + number).to_string()
}

/// The place that a token of this log names.
pub(super) fn place(context: &mut Context<'_, '_>, log: &LogOf, token: &str) -> Option<Sequence> {
    let token: u64 = token.parse().ok()?;
    let last = context.world.state.logs.last();
    let number = context.world.state.logs.number(log);
    let place = token / LOGS;
    (token % LOGS == number && (1..=last + 1).contains(&place)).then_some(place)
}

pub(super) fn list(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let call = context.call;
    let text = call
        .parameter("pageToken")
        .ok_or_else(|| Failure::required("pageToken"))?;
    let log = log(context)?;
    let from = place(context, &log, text)
        .filter(|_| !disturb::cursor_is_expired(call))
        .ok_or_else(|| Failure::invalid("pageToken"))?;
    let size = call.page_size("pageSize", 100, 1000)?;
    let wanted = wanted(context)?;
    let fields = call.parameter("fields").unwrap_or(DEFAULT);
    let mask = Mask::parse(fields, Shape::named(Api::DriveV3, "ChangeList"))?;
    let of_file = mask.within("changes").within("file").clone();
    let mut changes = Vec::new();
    let mut next = None;
    if disturb::page_is_empty(call) {
        next = Some(from);
    } else {
        let entries = context.world.state.logs.since(&log, from - 1);
        for (place, entry, time) in entries {
            let Some(mut change) = change(context, &log, wanted, &entry, &of_file) else {
                continue;
            };
            if changes.len() == size {
                next = Some(place);
                break;
            }
            change["kind"] = json!("drive#change");
            change["time"] = json!(written(time));
            changes.push(change);
        }
    }
    disturb::list(call, &mut changes, &["file", "id"]);
    let mut answer = json!({"kind": "drive#changeList", "changes": changes});
    let last = context.world.state.logs.last();
    match next {
        Some(place) => answer["nextPageToken"] = json!(token(context, &log, place)),
        None => answer["newStartPageToken"] = json!(token(context, &log, last + 1)),
    }
    Ok(Reply::json(mask.apply(answer)))
}

/// What the call wants of its log.
pub(super) fn wanted(context: &Context<'_, '_>) -> Result<Wanted, Failure> {
    let call = context.call;
    let drives = call.flag("includeItemsFromAllDrives")? || call.flag("includeTeamDriveItems")?;
    if drives && !context.supports_all_drives()? {
        let reason = &context.world.switches.all_drives_reason;
        return Err(Failure::bad_request(
            reason,
            "The includeItemsFromAllDrives parameter requires supportsAllDrives.",
        ));
    }
    Ok(Wanted {
        removals: call.flag_unless("includeRemoved")?,
        drives,
        corpus_removals: call.flag("includeCorpusRemovals")?,
        my_drive_only: call.flag("restrictToMyDrive")?,
    })
}

/// An entry as the caller sees it; `None` when they do not.
fn change(
    context: &Context<'_, '_>,
    log: &LogOf,
    wanted: Wanted,
    entry: &Entry,
    of_file: &Mask,
) -> Option<Value> {
    let (world, user) = (&*context.world, &context.caller.user);
    if !world.tells(user, log, wanted, entry) {
        return None;
    }
    let shown = |file: &File| render::file(world, user, file, of_file, &context.labels());
    Some(match entry {
        Entry::File(number) => {
            let file = world.state.file(*number)?;
            json!({"changeType": "file", "type": "file", "removed": false, "fileId": file.id, "file": shown(file)})
        }
        Entry::Aside(Aside::Gone(id)) => {
            let mut change =
                json!({"changeType": "file", "type": "file", "removed": true, "fileId": id});
            let file = world.state.find(id).filter(|_| wanted.corpus_removals);
            if let Some(file) = file.filter(|file| world.access(user, file.number).is_some()) {
                change["file"] = shown(file);
            }
            change
        }
        Entry::Aside(Aside::Drive(id)) => {
            let name = &world.state.drives.get(id)?.name;
            json!({"changeType": "drive", "type": "teamDrive", "removed": false, "driveId": id,
                   "drive": {"kind": "drive#drive", "id": id, "name": name}})
        }
        Entry::Aside(Aside::DriveGone(id)) => {
            json!({"changeType": "drive", "type": "teamDrive", "removed": true, "driveId": id})
        }
    })
}
