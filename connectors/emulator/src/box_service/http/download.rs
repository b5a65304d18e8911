//! Downloads: the redirect and its target (reference/box.md §4).

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, LOCATION,
    RANGE, RETRY_AFTER,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use uuid::Uuid;

use super::caller::Caller;
use super::files::is_stale;
use super::id;
use super::query::Query;
use super::refusal::Refusal;
use super::subject::{File, Reads, Subject};
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::state::item::Version;
use crate::box_service::state::session::Download;
use crate::box_service::world::{Access, World};
use crate::frame::ActiveFaults;

pub(crate) async fn content(
    subject: Subject<File, Reads>,
    query: Query,
    headers: HeaderMap,
    Extension(faults): Extension<ActiveFaults>,
) -> Result<Response, Refusal> {
    let (caller, file) = (&subject.caller, subject.id);
    subject.with(|world| {
        let access = caller.access(world, file)?;
        may_download(world, caller, access, file)?;
        let version = asked_version(world, file, query.get("version"), is_stale(&faults))?;
        if is_not_ready(world, file, &version) {
            return Ok((StatusCode::ACCEPTED, [(RETRY_AFTER, "1")]).into_response());
        }
        let item = world.item(file)?;
        let is_marked = item
            .rare
            .as_ref()
            .is_some_and(|rare| rare.watermark.is_some());
        let gets_original = access.may_upload() && !world.switches.watermark_for_owner;
        let download = Download {
            name: item.name.to_string(),
            content: version.content,
            expires: world.millis() + i64::from(world.switches.download_seconds) * 1000,
            watermarked: is_marked && !gets_original,
            used: 0,
        };
        if world.switches.download_events {
            world.happened("DOWNLOAD", "ITEM_DOWNLOAD", file, caller.actor());
        }
        if world.switches.stream_content {
            return Ok(served(world, &download, &headers));
        }
        let token = Uuid::new_v4().simple().to_string();
        let location = format!("{}d/1/{token}/download", world.bases.download);
        world.state.downloads.insert(token, download);
        Ok((StatusCode::FOUND, [(LOCATION, location)]).into_response())
    })
}

fn may_download(
    world: &World<'_>,
    caller: &Caller,
    access: Access,
    file: Id,
) -> Result<(), Refusal> {
    if world.state.script.forbidden.contains(&file) {
        return Err(Refusal::new(
            403,
            "forbidden_by_policy",
            "Access blocked by security policy",
        ));
    }
    if !access.may_download() {
        return Err(Refusal::no_permission());
    }
    let lock = world.item(file)?.lock_at(world.millis());
    if lock.is_some_and(|lock| lock.download_prevented && lock.by != caller.user) {
        let code = &world.switches.download_prevented_code;
        return Err(Refusal::new(403, code, "Access denied - item locked"));
    }
    Ok(())
}

/// The version that was asked for, or the present one; by a fault the one before it.
fn asked_version(
    world: &World<'_>,
    file: Id,
    asked: Option<&str>,
    stale: bool,
) -> Result<Version, Refusal> {
    let item = world.item(file)?;
    let present = item.version().ok_or_else(Refusal::not_found)?;
    let old = || item.rare.iter().flat_map(|rare| &rare.versions);
    match asked {
        None if stale => Ok(old().last().unwrap_or(present).clone()),
        None => Ok(present.clone()),
        Some(asked) => {
            let asked = id(asked)?;
            let mut all = std::iter::once(present).chain(old());
            all.find(|version| version.id == asked)
                .cloned()
                .ok_or_else(Refusal::not_found)
        }
    }
}

/// Whether the content is still being processed (§4).
fn is_not_ready(world: &mut World<'_>, file: Id, version: &Version) -> bool {
    if let Some(left) = world.state.script.not_ready.get_mut(&file)
        && *left > 0
    {
        *left -= 1;
        return true;
    }
    let ready = version.uploaded + i64::from(world.switches.not_ready_milliseconds);
    world.millis() < ready
}

/// The target of the redirect.
pub(crate) async fn bytes(
    State(service): State<Arc<BoxService>>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    service.with(|world| {
        if world.switches.download_refuses_token && headers.contains_key(AUTHORIZATION) {
            return StatusCode::BAD_REQUEST.into_response();
        }
        let (now, single_use) = (world.millis(), world.switches.single_use);
        let found = world.state.downloads.get_mut(&token);
        let is_good =
            |download: &&mut Download| download.expires > now && !(single_use && download.used > 0);
        let Some(download) = found.filter(is_good) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        download.used += 1;
        let download = download.clone();
        served(world, &download, &headers)
    })
}

fn served(world: &World<'_>, download: &Download, headers: &HeaderMap) -> Response {
    let content = world.state.contents.get(download.content);
    let mut bytes = content
        .map(crate::frame::Content::bytes)
        .unwrap_or_default();
    if download.watermarked {
        let mut rendition = bytes.to_vec();
        rendition.extend_from_slice(b" watermarked for you");
        bytes = Bytes::from(rendition);
    }
    let range = headers
        .get(RANGE)
        .filter(|_| !world.switches.range_ignored)
        .and_then(|value| value.to_str().ok());
    let total = bytes.len();
    let mut answer = match range.map(|range| asked_range(range, total)) {
        None | Some(Asked::Nonsense) => bytes.into_response(),
        Some(Asked::Beyond) => {
            let status = StatusCode::from_u16(world.switches.bad_range_status)
                .unwrap_or(StatusCode::RANGE_NOT_SATISFIABLE);
            return (status, [(CONTENT_RANGE, format!("bytes */{total}"))]).into_response();
        }
        Some(Asked::Part(first, last)) => (
            StatusCode::PARTIAL_CONTENT,
            [(CONTENT_RANGE, format!("bytes {first}-{last}/{total}"))],
            bytes.slice(first..=last),
        )
            .into_response(),
    };
    let sent = answer.headers_mut();
    sent.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    sent.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/octet-stream"),
    );
    let name: String = download
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && c != '"' {
                c
            } else {
                '_'
            }
        })
        .collect();
    if let Ok(value) = HeaderValue::try_from(format!("attachment;filename=\"{name}\"")) {
        sent.insert(CONTENT_DISPOSITION, value);
    }
    answer
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// First and last byte.
    Part(usize, usize),
    Beyond,
    /// Not understood, and so ignored (RFC 9110 §14.2).
    Nonsense,
}

fn asked_range(text: &str, total: usize) -> Asked {
    let Some((first, last)) = text
        .strip_prefix("bytes=")
        .and_then(|range| range.split_once('-'))
    else {
        return Asked::Nonsense;
    };
    let end = total.checked_sub(1);
    match (first.parse::<usize>(), last.parse::<usize>()) {
        (Ok(first), last) if first < total => {
            let last = last.unwrap_or(usize::MAX).min(end.unwrap_or(0));
            if last < first {
                return Asked::Nonsense;
            }
            Asked::Part(first, last)
        }
        (Ok(_), _) => Asked::Beyond,
        (Err(_), Ok(suffix)) if first.is_empty() => match end {
            Some(end) if suffix > 0 => Asked::Part(total.saturating_sub(suffix), end),
            _ => Asked::Beyond,
        },
        (Err(_), _) => Asked::Nonsense,
    }
}

#[cfg(test)]
mod tests {
    use super::{Asked, asked_range};

    #[test]
    fn ranges_are_read() {
        for (text, total, asked) in [
            ("bytes=0-3", 10, Asked::Part(0, 3)),
            ("bytes=8-99", 10, Asked::Part(8, 9)),
            ("bytes=8-", 10, Asked::Part(8, 9)),
            ("bytes=-3", 10, Asked::Part(7, 9)),
            ("bytes=-30", 10, Asked::Part(0, 9)),
            ("bytes=10-12", 10, Asked::Beyond),
            ("bytes=0-0", 0, Asked::Beyond),
            ("bytes=5-4", 10, Asked::Nonsense),
            ("lines=1-2", 10, Asked::Nonsense),
        ] {
            assert_eq!(asked_range(text, total), asked, "{text}");
        }
    }
}
