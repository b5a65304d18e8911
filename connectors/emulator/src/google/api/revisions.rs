//! Revisions (reference/google-drive.md §6.5). These calls know no `supportsAllDrives`.

use http::StatusCode;
use serde_json::{Value, json};

use super::route::Context;
use super::routes::CONTENT;
use super::{media, render};
use crate::frame::Reply;
use crate::google::state::file::{File, FileNumber, Revision};
use crate::google::state::permission::Role;
use crate::google::state::written;
use crate::google::wire::failure::Failure;
use crate::google::wire::fields::Mask;
use crate::google::wire::schema::{Api, Shape};

/// Most revisions of a file that are kept for ever.
const MOST_KEPT: usize = 200;

pub(super) fn list(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (_, file) = editable(context)?;
    let fields = context
        .call
        .parameter("fields")
        .unwrap_or("kind,nextPageToken,revisions(id,mimeType,kind,modifiedTime)");
    let mask = Mask::parse(fields, Shape::named(Api::DriveV3, "RevisionList"))?;
    let size = context.call.page_size("pageSize", 200, 1000)?;
    let from = match context.call.parameter("pageToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("revisions-")
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Failure::invalid("pageToken"))?,
    };
    let page = file.revisions.iter().skip(from).take(size);
    let mut answer = json!({
        "kind": "drive#revisionList",
        "revisions": page.map(|revision| shown(context, file, revision)).collect::<Vec<_>>(),
    });
    if file.revisions.len() > from + size {
        answer["nextPageToken"] = json!(format!("revisions-{}", from + size));
    }
    Ok(Reply::json(mask.apply(answer)))
}

pub(super) fn get(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (_, file) = editable(context)?;
    let revision = find(context, file)?;
    if context.call.parameter("alt") != Some("media") {
        return reply(context, file, revision);
    }
    context.caller.must_have(CONTENT)?;
    let is_head = file.head().is_some_and(|head| head.id == revision.id);
    if !is_head && !revision.keep_forever {
        return Err(Failure::forbidden(
            &context.world.switches.old_revision_reason,
            "This revision cannot be downloaded by the authenticated user.",
        ));
    }
    media::revision(context, file, revision)
}

pub(super) fn update(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, file) = editable(context)?;
    let revision = find(context, file)?;
    let body = context.call.json()?;
    let keep = body.get("keepForever").and_then(Value::as_bool);
    let kept = file
        .revisions
        .iter()
        .filter(|revision| revision.keep_forever)
        .count();
    let cannot_be_done =
        (keep == Some(false) && revision.keep_forever) || (keep == Some(true) && kept >= MOST_KEPT);
    if cannot_be_done {
        return Err(Failure::bad_request(
            "illegalKeepForeverModification",
            "The keepForever field of the revision cannot be changed.",
        ));
    }
    let id = revision.id.clone();
    let file = context.world.file_mut(number)?;
    if let Some(revision) = file.revisions.iter_mut().find(|revision| revision.id == id) {
        revision.keep_forever |= keep == Some(true);
    }
    let file = context.get(number)?;
    reply(context, file, find(context, file)?)
}

/// Revisions are shown to those who may write.
fn editable<'c>(context: &'c Context<'_, '_>) -> Result<(FileNumber, &'c File), Failure> {
    let (number, role) = context.visible(context.id(0), true)?;
    if role < Role::Writer {
        return Err(Failure::insufficient_file_permissions(context.id(0)));
    }
    Ok((number, context.get(number)?))
}

fn find<'f>(context: &Context<'_, '_>, file: &'f File) -> Result<&'f Revision, Failure> {
    let id = context.id(1);
    let wanted = match id {
        "head" => file.head(),
        id => file.revisions.iter().find(|revision| revision.id == id),
    };
    wanted.ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            "notFound",
            &format!("Revision not found: {id}."),
        )
        .at("revisionId", "parameter")
    })
}

fn reply(context: &Context<'_, '_>, file: &File, revision: &Revision) -> Result<Reply, Failure> {
    let fields = context
        .call
        .parameter("fields")
        .unwrap_or("kind,id,mimeType,modifiedTime");
    let mask = Mask::parse(fields, Shape::named(Api::DriveV3, "Revision"))?;
    Ok(Reply::json(mask.apply(shown(context, file, revision))))
}

fn shown(context: &Context<'_, '_>, file: &File, revision: &Revision) -> Value {
    let content = context.world.state.blobs.get(revision.blob);
    super::about::without_nulls(json!({
        "kind": "drive#revision",
        "id": revision.id,
        "mimeType": revision.mime_type,
        "modifiedTime": written(revision.modified),
        "keepForever": revision.keep_forever,
        "published": false,
        "originalFilename": file.name,
        "size": content.map(|content| content.size().to_string()),
        "md5Checksum": content.map(|content| render::md5(content).to_string()),
        "lastModifyingUser": render::person(context.world, &context.caller.user, revision.modified_by.as_deref()),
    }))
}
