//! Download URLs (reference/microsoft-graph.md §4).

use chrono::{TimeZone, Utc};
use http::StatusCode;
use http::header::{
    ACCEPT, ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    HeaderName, LAST_MODIFIED,
};
use uuid::Uuid;

use super::ticket::Ticket;
use crate::frame::ActiveFaults;
use crate::microsoft::graph::refuse_infected;
use crate::microsoft::state::item::mime_type;
use crate::microsoft::state::site::{SharePointHost, SiteState};
use crate::microsoft::state::transient::Place;
use crate::microsoft::throttle::{self, Cost};
use crate::microsoft::wire::{Body, Call, Failure, Reply};
use crate::microsoft::world::{World, encode_path};

/// A URL that gives a file's content to whoever has it.
pub(crate) fn url(world: &World<'_>, place: Place, client_id: &str) -> String {
    let (Ok(drive), Ok(item)) = (world.drive(place.drive), world.item(place)) else {
        return String::new();
    };
    let site = world
        .site_of(drive)
        .map_or_else(String::new, |site| world.site_url(site));
    let ticket = Ticket {
        place: Some(place),
        operation: None,
        expires: world.millis() + i64::from(world.switches.download_url_seconds) * 1000,
        nonce: fastrand::u64(..),
        client_id: client_id.to_owned(),
    };
    format!(
        "{site}/_layouts/15/download.aspx?UniqueId={}&Translate=false&tempauth={}&ApiVersion=2.0",
        item.unique_id,
        ticket.text(world.state)
    )
}

/// Gives the present content.
pub(super) fn answer(
    world: &mut World<'_>,
    at: (SharePointHost, &str),
    call: &Call,
) -> Result<Reply, Failure> {
    super::refuse_leaked_token(world, call)?;
    let (ticket, place) = admit(world, at, call)?;
    let cost = Cost {
        units: world.switches.throttle.download_units,
        sharing: false,
    };
    let charged = throttle::charge(world, &ticket.client_id, cost);
    if let Some(seconds) = call.faults.as_ref().and_then(ActiveFaults::throttle) {
        return Err(throttle::refusal(
            &world.switches.throttle,
            seconds.map(i64::from),
        ));
    }
    let headers = charged?;
    let mut reply = content(world, place, call)?;
    reply.headers.extend(headers);
    reply.units = Some(cost.units);
    Ok(reply)
}

/// Checks the proof, and that it is for this file of this site.
fn admit(
    world: &mut World<'_>,
    at: (SharePointHost, &str),
    call: &Call,
) -> Result<(Ticket, Place), Failure> {
    let expired = || {
        Failure::with_status(
            world.switches.expired_url_status,
            "unauthenticated",
            "The download URL has expired or is not valid.",
        )
    };
    let ticket = call
        .parameter("tempauth")
        .and_then(|text| Ticket::parse(text, world.state))
        .filter(|ticket| world.millis() < ticket.expires)
        .ok_or_else(expired)?;
    let place = ticket.place.ok_or_else(expired)?;
    if world.switches.single_use && !world.state.used_downloads.insert(ticket.nonce) {
        return Err(Failure::with_status(
            world.switches.expired_url_status,
            "unauthenticated",
            "The download URL was used before.",
        ));
    }
    let drive = world.drive(place.drive)?;
    let site = super::site(world, at).filter(|site| *site == drive.site);
    let unique_id = call
        .parameter("UniqueId")
        .and_then(|id| id.parse::<Uuid>().ok());
    if site.is_none() || unique_id != Some(world.item(place)?.unique_id) {
        return Err(super::not_found());
    }
    let state = world
        .site_of(drive)
        .map_or(SiteState::Missing, |site| site.state);
    match state {
        SiteState::Open | SiteState::ReadOnly => Ok((ticket, place)),
        SiteState::Unreadable => Err(Failure::access_denied()),
        SiteState::RecentlyArchived | SiteState::FullyArchived | SiteState::Locked => {
            Err(Failure::locked())
        }
        SiteState::Missing | SiteState::Gone | SiteState::Deleted => Err(super::not_found()),
    }
}

fn content(world: &World<'_>, place: Place, call: &Call) -> Result<Reply, Failure> {
    let item = world.item(place)?;
    refuse_infected(item)?;
    let stale = call.faults.as_ref().is_some_and(ActiveFaults::stale_read);
    let before = item
        .rarely(|rare| rare.versions.last())
        .filter(|_| stale)
        .and_then(|version| world.state.blobs.get(version.blob));
    let bytes = match before {
        Some(content) => content.bytes(),
        None => world.blob(place)?.bytes(),
    };
    let tag = crate::microsoft::ids::e_tag(
        item.unique_id,
        item.e_tag.saturating_sub(u32::from(before.is_some())),
    );
    let length = bytes.len() as u64;
    let range = match call.header("range") {
        Some(text) if !world.switches.range_ignored && if_range_holds(call, &tag) => {
            if world.switches.range_needs_accept && call.header(ACCEPT.as_str()) != Some("*/*") {
                return Err(unsatisfiable(length));
            }
            Some(range(text, length).ok_or_else(|| unsatisfiable(length))?)
        }
        _ => None,
    };
    let mut reply = match range {
        None => Reply::new(StatusCode::OK, Body::Bytes(bytes)),
        Some((begin, end)) => {
            let from = usize::try_from(begin).unwrap_or(usize::MAX);
            let to = usize::try_from(end).unwrap_or(usize::MAX);
            Reply::new(
                StatusCode::PARTIAL_CONTENT,
                Body::Bytes(bytes.slice(from..to)),
            )
            .header(
                CONTENT_RANGE,
                &format!("bytes {begin}-{}/{length}", end - 1),
            )
        }
    };
    if world.switches.download_etag {
        reply = reply.header(ETAG, &tag);
    }
    let modified = Utc
        .timestamp_millis_opt(item.modified)
        .single()
        .unwrap_or_default()
        .format("%a, %d %b %Y %H:%M:%S GMT")
        .to_string();
    Ok(reply
        .header(CONTENT_TYPE, mime_type(&item.name))
        .header(ACCEPT_RANGES, "bytes")
        .header(CACHE_CONTROL, "private")
        .header(LAST_MODIFIED, &modified)
        .header(HeaderName::from_static("x-download-options"), "noopen")
        .header(
            CONTENT_DISPOSITION,
            &format!("attachment; filename*=UTF-8''{}", encode_path(&item.name)),
        ))
}

fn if_range_holds(call: &Call, tag: &str) -> bool {
    call.header("if-range").is_none_or(|wanted| wanted == tag)
}

fn unsatisfiable(length: u64) -> Failure {
    Failure::new(
        StatusCode::RANGE_NOT_SATISFIABLE,
        "invalidRange",
        "The requested range cannot be satisfied.",
    )
    .header(CONTENT_RANGE, &format!("bytes */{length}"))
}

/// The one range of a `Range` header, as begin and end; `None` for anything malformed or outside the content.
fn range(text: &str, length: u64) -> Option<(u64, u64)> {
    let (first, last) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok()).flatten()
    };
    let (begin, end) = match (first, last) {
        ("", suffix) => (
            length.saturating_sub(number(suffix).filter(|suffix| *suffix > 0)?),
            length,
        ),
        (first, "") => (number(first)?, length),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            if last < first {
                return None;
            }
            (first, last.saturating_add(1).min(length))
        }
    };
    (begin < end).then_some((begin, end))
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ranges_are_read() {
        let table = [
            ("bytes=0-9", Some((0, 10))),
            ("bytes=0-", Some((0, 100))),
            ("bytes=90-200", Some((90, 100))),
            ("bytes=-10", Some((90, 100))),
            ("bytes=-200", Some((0, 100))),
            ("bytes=99-99", Some((99, 100))),
            ("bytes=100-", None),
            ("bytes=9-0", None),
            ("bytes=-0", None),
            ("bytes=-", None),
            ("bytes=a-b", None),
            ("bytes=+1-2", None),
            ("bytes=0-1,3-4", None),
            ("items=0-1", None),
            ("0-1", None),
        ];
        for (text, expected) in table {
            assert_eq!(range(text, 100), expected, "{text}");
        }
        assert_eq!(range("bytes=0-", 0), None);
    }
}
