//! Resumable uploads.

use bytes::{Bytes, BytesMut};
use chrono::TimeDelta;
use http::header::{LOCATION, RANGE};
use http::{HeaderName, StatusCode};

use super::store;
use crate::frame::Content;
use crate::frame::Reply;
use crate::google::api::route::Context;
use crate::google::api::writes::{Metadata, Upload, check_precondition, make};
use crate::google::ids::IdKind;
use crate::google::state::file::FileNumber;
use crate::google::state::transient::UploadSession;
use crate::google::switches::ResumableCheck;
use crate::google::wire::failure::Failure;

/// Pieces but the last are multiples of this.
const PIECE: u64 = 262_144;

/// How long a session lives.
const LIFETIME: TimeDelta = TimeDelta::days(7);

/// Begins a session.
pub(super) fn begin(
    context: &mut Context<'_, '_>,
    file: Option<FileNumber>,
) -> Result<Reply, Failure> {
    let metadata = context.call.json()?;
    Metadata::read(&metadata, context.is_v2())?;
    let if_match = context.call.header("if-match").filter(|_| context.is_v2());
    if let Some(file) = file
        && context.world.switches.resumable_if_match == ResumableCheck::AtStart
    {
        check_precondition(context, file, if_match)?;
    }
    let id = context.world.state.new_id(IdKind::Opaque);
    let session = UploadSession {
        file,
        user: context.caller.user.id.clone(),
        v2: context.is_v2(),
        metadata,
        media_type: context
            .call
            .header("x-upload-content-type")
            .map(str::to_owned),
        query: context.call.query.clone(),
        if_match: if_match.map(str::to_owned),
        received: Bytes::new(),
        expires: context.world.now + LIFETIME,
    };
    context
        .world
        .state
        .transient
        .uploads
        .insert(id.clone(), session);
    let mut location = context.world.base.clone();
    location.set_path(context.call.path.trim_start_matches('/'));
    location.set_query(Some(&format!("uploadType=resumable&upload_id={id}")));
    Ok(Reply::empty(StatusCode::OK)
        .header(LOCATION, location.as_str())
        .header(HeaderName::from_static("x-guploader-uploadid"), &id))
}

/// Takes a piece, or says how much is there.
pub(in crate::google::api) fn resume(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let id = context
        .call
        .parameter("upload_id")
        .unwrap_or_default()
        .to_owned();
    let now = context.world.now;
    let session = context.world.state.transient.uploads.get(&id).cloned();
    let session = session.filter(|session| {
        now < session.expires
            && session.user == context.caller.user.id
            && session.v2 == context.is_v2()
    });
    let Some(mut session) = session else {
        return Err(Failure::new(StatusCode::NOT_FOUND, "notFound", "Not Found"));
    };
    let held = session.received.len() as u64;
    match piece(context)? {
        Piece::Question => return Ok(incomplete(held)),
        Piece::Whole => session.received = context.call.body.clone(),
        Piece::Part { start, total } => {
            let length = context.call.body.len() as u64;
            if start != held {
                return Ok(incomplete(held));
            }
            let is_last = total == Some(start + length);
            if !is_last && !length.is_multiple_of(PIECE) {
                return Err(Failure::bad_request(
                    "badRequest",
                    "The length of a piece must be a multiple of 262144.",
                ));
            }
            let mut received = BytesMut::from(&*session.received);
            received.extend_from_slice(&context.call.body);
            session.received = received.freeze();
            if !is_last {
                let held = session.received.len() as u64;
                context.world.state.transient.uploads.insert(id, session);
                return Ok(incomplete(held));
            }
        }
    }
    context.world.state.transient.uploads.remove(&id);
    finish(context, session)
}

fn finish(context: &mut Context<'_, '_>, session: UploadSession) -> Result<Reply, Failure> {
    let upload = Upload {
        content: Content::new(session.received),
        media_type: session.media_type,
    };
    // The parameters are those of the call that began the session.
    let mut call = context.call.clone();
    call.query = session.query;
    let mut first = Context {
        world: context.world,
        caller: context.caller,
        call: &call,
        ids: context.ids.clone(),
    };
    let Some(number) = session.file else {
        let metadata = Metadata::read(&session.metadata, session.v2)?;
        let number = make(&mut first, &metadata, Some(upload))?;
        return first.shown(number);
    };
    if first.world.switches.resumable_if_match == ResumableCheck::AtEnd {
        check_precondition(&first, number, session.if_match.as_deref())?;
    }
    let id = first.get(number)?.id.clone();
    let (number, role) = first.visible(&id, true)?;
    store(&mut first, number, role, &session.metadata, upload)?;
    first.shown(number)
}

enum Piece {
    /// How much is there?
    Question,
    /// Everything in one piece.
    Whole,
    Part {
        start: u64,
        total: Option<u64>,
    },
}

fn piece(context: &Context<'_, '_>) -> Result<Piece, Failure> {
    let malformed = || Failure::bad_request("badRequest", "Failed to parse Content-Range header.");
    let Some(text) = context.call.header("content-range") else {
        return Ok(Piece::Whole);
    };
    let (range, total) = text
        .strip_prefix("bytes ")
        .and_then(|text| text.split_once('/'))
        .ok_or_else(malformed)?;
    let total = match total {
        "*" => None,
        total => Some(total.parse().map_err(|_| malformed())?),
    };
    if range == "*" {
        return Ok(Piece::Question);
    }
    let (first, last) = range.split_once('-').ok_or_else(malformed)?;
    let start: u64 = first.parse().map_err(|_| malformed())?;
    let last: u64 = last.parse().map_err(|_| malformed())?;
    let length = last
        .checked_sub(start)
        .map_or(0, |length| length.saturating_add(1));
    if length != context.call.body.len() as u64 {
        return Err(malformed());
    }
    Ok(Piece::Part { start, total })
}

/// 308, which is no redirect here.
fn incomplete(held: u64) -> Reply {
    let reply = Reply::empty(StatusCode::PERMANENT_REDIRECT);
    match held.checked_sub(1) {
        Some(last) => reply.header(RANGE, &format!("bytes=0-{last}")),
        None => reply,
    }
}
