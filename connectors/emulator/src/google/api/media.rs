//! The bytes of files (reference/google-drive.md §5).

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::StatusCode;
use http::header::{ACCEPT_RANGES, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName};

use super::render;
use super::route::Context;
use crate::frame::Content;
use crate::frame::{Body, Reply};
use crate::google::state::file::{File, FileNumber, Revision};
use crate::google::state::permission::Role;
use crate::google::switches::{MediaHash, SuffixRange};
use crate::google::wire::failure::Failure;

/// The head of a file.
pub(super) fn of_file(
    context: &mut Context<'_, '_>,
    number: FileNumber,
    role: Role,
) -> Result<Reply, Failure> {
    let is_v2 = context.is_v2();
    let file = context.get(number)?;
    check(context, file, role, is_v2)?;
    let head = file.head().ok_or_else(not_downloadable)?;
    let stale = context
        .call
        .faults
        .as_ref()
        .is_some_and(crate::frame::ActiveFaults::stale_read);
    let read = match stale {
        true => file.revisions.iter().rev().nth(1).unwrap_or(head),
        false => head,
    };
    let mut reply = revision(context, file, read)?;
    let asked_range = context.call.header("range").is_some();
    if is_v2
        && context.world.switches.media_etag
        && (!asked_range || context.world.switches.range_etag)
    {
        reply = reply.header(ETAG, &file.etag());
    }
    if let Some(file) = context.world.state.files.get_mut(&number)
        && let Some(left) = &mut file.rare.downloads_left
    {
        *left = left.saturating_sub(1);
    }
    Ok(reply)
}

fn check(context: &Context<'_, '_>, file: &File, role: Role, is_v2: bool) -> Result<(), Failure> {
    if !file.is_blob() {
        return Err(not_downloadable());
    }
    let can_download = file
        .rare
        .capabilities
        .get("canDownload")
        .copied()
        .unwrap_or(true);
    if !can_download {
        return Err(Failure::forbidden(
            "cannotDownloadFile",
            "This file cannot be downloaded by the user.",
        ));
    }
    if file.rare.downloads_left == Some(0) {
        return Err(Failure::forbidden(
            "downloadQuotaExceeded",
            "The download quota for this file has been exceeded.",
        ));
    }
    let acknowledged = context.call.flag("acknowledgeAbuse")? && role >= Role::Organizer;
    if file.rare.abusive && !acknowledged {
        let reason = if is_v2 {
            "abuse"
        } else {
            "cannotDownloadAbusiveFile"
        };
        return Err(Failure::forbidden(
            reason,
            "This file has been identified as malware or spam and cannot be downloaded.",
        ));
    }
    Ok(())
}

fn not_downloadable() -> Failure {
    Failure::forbidden(
        "fileNotDownloadable",
        "Only files with binary content can be downloaded. Use Export with Docs Editors files.",
    )
    .at("alt", "parameter")
}

/// A content that a file has or had.
pub(super) fn revision(
    context: &Context<'_, '_>,
    file: &File,
    revision: &Revision,
) -> Result<Reply, Failure> {
    let content = context
        .world
        .state
        .blobs
        .get(revision.blob)
        .ok_or_else(not_downloadable)?;
    let bytes = content.bytes();
    let size = bytes.len() as u64;
    let mut reply = match asked(context, size) {
        None => whole(bytes, &file.mime_type),
        Some(Some(range)) => part(&bytes, range, &file.mime_type),
        Some(None) => Reply::empty(StatusCode::RANGE_NOT_SATISFIABLE)
            .header(CONTENT_RANGE, &format!("bytes */{size}"))
            .header(CONTENT_TYPE, "text/html; charset=UTF-8"),
    };
    reply = reply.header(ACCEPT_RANGES, "bytes");
    if let Some(value) = hash_header(context.world.switches.media_hash, content) {
        reply = reply.header(HeaderName::from_static("x-goog-hash"), &value);
    }
    Ok(reply)
}

/// The range that is asked for; `Some(None)` for one that the content does not have.
fn asked(context: &Context<'_, '_>, size: u64) -> Option<Option<Range<u64>>> {
    let text = context.call.header("range")?.strip_prefix("bytes=")?;
    let (first, last) = text.split_once('-')?;
    if first.is_empty() {
        let length: u64 = last.parse().ok()?;
        return match context.world.switches.suffix_range {
            SuffixRange::Whole => None,
            SuffixRange::End => {
                Some((size > 0 && length > 0).then(|| size.saturating_sub(length)..size))
            }
        };
    }
    let first: u64 = first.parse().ok()?;
    let end = match last {
        "" => size,
        last => last.parse::<u64>().ok()?.saturating_add(1).min(size),
    };
    Some((first < end).then_some(first..end))
}

/// All of a content.
pub(super) fn whole(bytes: Bytes, media_type: &str) -> Reply {
    Reply::new(StatusCode::OK, Body::Bytes(bytes)).header(CONTENT_TYPE, media_type)
}

fn part(bytes: &Bytes, range: Range<u64>, media_type: &str) -> Reply {
    let size = bytes.len();
    let start = usize::try_from(range.start).unwrap_or(size).min(size);
    let end = usize::try_from(range.end).unwrap_or(size).min(size);
    Reply::new(
        StatusCode::PARTIAL_CONTENT,
        Body::Bytes(bytes.slice(start..end.max(start))),
    )
    .header(CONTENT_TYPE, media_type)
    .header(
        CONTENT_RANGE,
        &format!(
            "bytes {}-{}/{size}",
            range.start,
            range.end.saturating_sub(1)
        ),
    )
}

fn hash_header(which: MediaHash, content: &Content) -> Option<String> {
    // Nobody checks the cyclic sum.
    let crc = "crc32c=AAAAAA==";
    match which {
        MediaHash::None => None,
        MediaHash::Crc32c => Some(crc.to_owned()),
        MediaHash::Md5 => {
            let md5 = data_encoding::HEXLOWER
                .decode(render::md5(content).as_bytes())
                .ok()?;
            Some(format!("{crc},md5={}", STANDARD.encode(md5)))
        }
    }
}
