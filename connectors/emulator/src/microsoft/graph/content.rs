//! Getting content (reference/microsoft-graph.md §4).

use http::StatusCode;
use http::header::{CONTENT_TYPE, ETAG, HeaderName, LOCATION};

use super::render;
use crate::microsoft::state::item::{Item, mime_type};
use crate::microsoft::state::transient::Place;
use crate::microsoft::wire::{Body, Call, Caller, Failure, Reply};
use crate::microsoft::world::World;

/// `GET …/content`: a redirect to the URL that gives the bytes, or the bytes where the switch says so.
pub(super) fn get(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    place: Place,
) -> Result<Reply, Failure> {
    let item = world.item(place)?;
    refuse_infected(item)?;
    if call
        .header("if-none-match")
        .is_some_and(|tag| tag == item.e_tag() || tag == item.c_tag())
    {
        return Ok(Reply::empty(StatusCode::NOT_MODIFIED));
    }
    if world.switches.stream_content {
        return stream(world, place);
    }
    let url = render::download_url(world, place, &caller.client_id);
    Ok(Reply::empty(StatusCode::FOUND).header(LOCATION, &url))
}

/// `GET …/contentStream` of beta: the bytes.
pub(super) fn stream(world: &World<'_>, place: Place) -> Result<Reply, Failure> {
    let item = world.item(place)?;
    refuse_infected(item)?;
    let bytes = world.blob(place)?.bytes();
    Ok(Reply::new(StatusCode::OK, Body::Bytes(bytes))
        .header(CONTENT_TYPE, mime_type(&item.name))
        .header(ETAG, &item.e_tag()))
}

/// Refuses the content of an infected file.
pub(crate) fn refuse_infected(item: &Item) -> Result<(), Failure> {
    match item.rarely(|rare| rare.malware.as_ref()) {
        None => Ok(()),
        Some(description) => Err(Failure::new(
            StatusCode::FORBIDDEN,
            "malwareDetected",
            "This file is infected with a virus.",
        )
        .inner("virusSuspicious")
        .header(HeaderName::from_static("x-virus-infected"), description)),
    }
}
