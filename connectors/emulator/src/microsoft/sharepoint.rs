//! The SharePoint hosts: downloads, uploads in pieces, monitors, and the REST API.

mod download;
mod monitor;
mod rest;
mod rest_failure;
mod ticket;
mod upload;

use http::header::HeaderName;
use http::{HeaderValue, Method, StatusCode};

use super::state::site::{SharePointHost, SiteIndex};
use super::wire::{Call, Failure, Reply};
use super::world::World;

pub(crate) use self::download::url as download_url;
pub(crate) use self::monitor::url as monitor_url;
pub(crate) use self::upload::url as upload_url;

/// Answers a call to one of the hosts.
pub(crate) fn answer(world: &mut World<'_>, host: SharePointHost, call: &Call) -> Reply {
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let answered = route(world, host, call, &segments);
    let request_id = call.request_id.to_string();
    let mut reply = match answered {
        Ok(reply) => reply,
        Err(failure) => failure.reply(world.now, (&request_id, &request_id), world.switches),
    };
    for (name, value) in [
        ("sprequestguid", request_id.as_str()),
        ("request-id", request_id.as_str()),
        ("microsoftsharepointteamservices", "16.0.0.0"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            reply.headers.insert(HeaderName::from_static(name), value);
        }
    }
    reply
}

fn route(
    world: &mut World<'_>,
    host: SharePointHost,
    call: &Call,
    segments: &[&str],
) -> Result<Reply, Failure> {
    let begin = segments
        .iter()
        .position(|segment| ["_layouts", "_api"].contains(segment))
        .ok_or_else(not_found)?;
    let (site, rest) = segments.split_at(begin);
    let site_path = site.join("/");
    match *rest {
        ["_layouts", "15", "download.aspx"] => {
            allow(call, &[Method::GET, Method::HEAD])?;
            download::answer(world, (host, &site_path), call)
        }
        ["_api", "v2.0", "monitor", operation] => {
            allow(call, &[Method::GET])?;
            monitor::answer(world, call, operation)
        }
        ["_api", "v2.0", "drives", _, "items", _, "uploadSession"] => {
            allow(
                call,
                &[Method::PUT, Method::GET, Method::DELETE, Method::POST],
            )?;
            upload::answer(world, call)
        }
        ["_api", "web", ref rest @ ..] => Ok(rest::answer(world, (host, &site_path), call, rest)),
        _ => Err(not_found()),
    }
}

fn allow(call: &Call, methods: &[Method]) -> Result<(), Failure> {
    if methods.contains(&call.method) {
        return Ok(());
    }
    let names: Vec<&str> = methods.iter().map(Method::as_str).collect();
    Err(Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "invalidRequest",
        "The HTTP method is not allowed.",
    )
    .header(http::header::ALLOW, &names.join(", ")))
}

fn not_found() -> Failure {
    Failure::new(StatusCode::NOT_FOUND, "itemNotFound", "FILE NOT FOUND")
}

/// The site at a path of a host.
fn site(world: &World<'_>, at: (SharePointHost, &str)) -> Option<SiteIndex> {
    world.state.find_site(at.0, at.1)
}

/// Refuses a call that brings a bearer to a URL which is itself the proof (reference/microsoft-graph.md §4).
fn refuse_leaked_token(world: &World<'_>, call: &Call) -> Result<(), Failure> {
    if world.switches.url_auth_leak_refused
        && call.headers.contains_key(http::header::AUTHORIZATION)
    {
        return Err(Failure::new(
            StatusCode::UNAUTHORIZED,
            "unauthenticated",
            "A pre-authenticated URL does not take an Authorization header.",
        ));
    }
    Ok(())
}
