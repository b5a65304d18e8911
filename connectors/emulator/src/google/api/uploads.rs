//! Uploads of bytes: at once, with metadata, and in pieces (reference/google-drive.md §6.1).

mod session;

use http::StatusCode;
use serde_json::{Map, Value};

pub(super) use self::session::resume;
use super::route::Context;
use super::writes::{Metadata, Upload, change, check_precondition, make};
use crate::frame::Content;
use crate::frame::Reply;
use crate::google::state::file::{FileNumber, NATIVE_PREFIX};
use crate::google::state::permission::Role;
use crate::google::wire::call::json_object;
use crate::google::wire::failure::Failure;
use crate::google::wire::multipart;
use crate::google::world::Actor;

/// The body of a call as the service understands it.
struct Parts {
    metadata: Value,
    upload: Upload,
}

pub(super) fn create(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    if context.call.parameter("upload_id").is_some() {
        return resume(context);
    }
    if context.call.parameter("uploadType") == Some("resumable") {
        return session::begin(context, None);
    }
    let parts = read(context)?;
    let metadata = Metadata::read(&parts.metadata, context.is_v2())?;
    refuse_conversion(&metadata)?;
    let number = make(context, &metadata, Some(parts.upload))?;
    context.shown(number)
}

pub(super) fn update(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    if context.call.parameter("upload_id").is_some() {
        return resume(context);
    }
    let (number, role) = context.file()?;
    if context.call.parameter("uploadType") == Some("resumable") {
        return session::begin(context, Some(number));
    }
    let parts = read(context)?;
    let edit = context.world.state.transient.edits.remove(&number);
    if let Some((content, who)) = edit {
        let now = context.world.now;
        context
            .world
            .set_content(number, content, now, &Actor::person(&who))?;
    }
    if context.is_v2() || context.world.switches.v3_media_if_match {
        check_precondition(context, number, context.call.header("if-match"))?;
    }
    store(context, number, role, &parts.metadata, parts.upload)?;
    context.shown(number)
}

/// Stores bytes in a file.
fn store(
    context: &mut Context<'_, '_>,
    number: FileNumber,
    role: Role,
    metadata: &Value,
    upload: Upload,
) -> Result<(), Failure> {
    let metadata = Metadata::read(metadata, context.is_v2())?;
    refuse_conversion(&metadata)?;
    change(context, number, role, &metadata, Some(upload))
}

/// The emulator makes no documents of Google's own out of bytes.
fn refuse_conversion(metadata: &Metadata) -> Result<(), Failure> {
    match &metadata.mime_type {
        Some(mime_type) if mime_type.starts_with(NATIVE_PREFIX) => Err(Failure::bad_request(
            "badRequest",
            "The emulator does not convert uploads.",
        )),
        _ => Ok(()),
    }
}

fn read(context: &Context<'_, '_>) -> Result<Parts, Failure> {
    let call = context.call;
    let upload = |bytes: bytes::Bytes, media_type: Option<String>| Upload {
        content: Content::new(bytes),
        media_type: media_type.filter(|media_type| !media_type.is_empty()),
    };
    match call.parameter("uploadType") {
        Some("media") => Ok(Parts {
            metadata: Value::Object(Map::new()),
            upload: upload(call.body.clone(), call.media_type()),
        }),
        Some("multipart") => {
            let malformed = || Failure::bad_request("badRequest", "Malformed multipart body.");
            let boundary = call.header("content-type").and_then(multipart::boundary);
            let parts = multipart::parts(&call.body, &boundary.ok_or_else(malformed)?)?;
            let [metadata, media] = parts.as_slice() else {
                return Err(malformed());
            };
            Ok(Parts {
                metadata: json_object(&metadata.body)?,
                upload: upload(
                    media.body.clone(),
                    media.header("content-type").map(str::to_owned),
                ),
            })
        }
        _ => Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "uploadTypeRequired",
            "The uploadType parameter is required.",
        )),
    }
}
