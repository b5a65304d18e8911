//! Many calls in one (reference/google-drive.md §9.3).

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, Method, StatusCode};

use super::route;
use crate::frame::{Body, Reply};
use crate::google::JSON;
use crate::google::wire::call::Call;
use crate::google::wire::failure::Failure;
use crate::google::wire::multipart::{self, Part};
use crate::google::world::World;

/// Most calls in one.
const MOST_CALLS: usize = 100;

const BOUNDARY: &str = "batch_labeldEmulator0";

/// Answers all calls of a batch, each with its own status.
pub(super) fn answer(
    world: &mut World<'_>,
    call: &Call,
    static_tokens: &[(String, String)],
) -> Reply {
    match answers(world, call, static_tokens) {
        Ok(reply) => reply,
        Err(failure) => failure.reply(false),
    }
}

fn answers(
    world: &mut World<'_>,
    call: &Call,
    static_tokens: &[(String, String)],
) -> Result<Reply, Failure> {
    let malformed = || Failure::bad_request("badRequest", "Failed to parse batch request.");
    let boundary = call
        .header("content-type")
        .and_then(multipart::boundary)
        .ok_or_else(malformed)?;
    let parts = multipart::parts(&call.body, &boundary)?;
    if parts.len() > MOST_CALLS {
        return Err(Failure::bad_request(
            "badRequest",
            "The batch request must not contain more than 100 calls.",
        ));
    }
    let mut body = BytesMut::new();
    let mut units = 0;
    for part in &parts {
        let reply = match inner(part, call) {
            Some(inner)
                if inner.path.starts_with("/batch") || inner.path.starts_with("/upload") =>
            {
                malformed().reply(false)
            }
            // Bytes are not sent in a batch, but where they are is told, as seen on the live service.
            Some(inner) if inner.parameter("alt") == Some("media") => elsewhere(world, part),
            Some(inner) => route::answer(world, &inner, static_tokens),
            None => malformed().reply(false),
        };
        units += reply.units.unwrap_or(0);
        write_part(&mut body, part.header("content-id"), &reply);
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    let mut reply = Reply::new(StatusCode::OK, Body::Bytes(body.freeze())).header(
        CONTENT_TYPE,
        &format!("multipart/mixed; boundary={BOUNDARY}"),
    );
    reply.units = Some(units);
    Ok(reply)
}

/// The call in a part. It has the outer one's token unless it brings its own.
fn inner(part: &Part, outer: &Call) -> Option<Call> {
    let text = std::str::from_utf8(&part.body).ok()?;
    let (head, body) = text
        .split_once("\r\n\r\n")
        .or_else(|| text.split_once("\n\n"))
        .unwrap_or((text, ""));
    let mut lines = head.lines();
    let mut request = lines.next()?.split_whitespace();
    let method: Method = request.next()?.parse().ok()?;
    let target = request.next()?;
    let target = match target.split_once("://") {
        Some((_, rest)) => rest
            .find('/')
            .map_or("/", |at| rest.get(at..).unwrap_or("/")),
        None => target,
    };
    let mut headers = HeaderMap::new();
    for line in lines {
        if let Some((name, value)) = line.split_once(':')
            && let Ok(name) = HeaderName::try_from(name.trim())
            && let Ok(value) = HeaderValue::try_from(value.trim())
        {
            headers.insert(name, value);
        }
    }
    if let Some(token) = outer.headers.get(http::header::AUTHORIZATION) {
        headers
            .entry(http::header::AUTHORIZATION)
            .or_insert_with(|| token.clone());
    }
    let mut call = Call::new(
        method,
        target,
        headers,
        Bytes::copy_from_slice(body.trim_end().as_bytes()),
    );
    call.faults.clone_from(&outer.faults);
    Some(call)
}

/// A redirect to the call by itself.
fn elsewhere(world: &World<'_>, part: &Part) -> Reply {
    let request = String::from_utf8_lossy(&part.body);
    let target = request.split_whitespace().nth(1).unwrap_or("/");
    let location = world.base.join(target).map(String::from);
    Reply::empty(StatusCode::FOUND).header(LOCATION, &location.unwrap_or_default())
}

fn write_part(body: &mut BytesMut, id: Option<&str>, reply: &Reply) {
    let mut head = format!("--{BOUNDARY}\r\nContent-Type: application/http\r\n");
    if let Some(id) = id {
        let id = id.trim_start_matches('<').trim_end_matches('>');
        head.push_str(&format!("Content-ID: <response-{id}>\r\n"));
    }
    let reason = reply.status.canonical_reason().unwrap_or_default();
    head.push_str(&format!(
        "\r\nHTTP/1.1 {} {reason}\r\n",
        reply.status.as_u16()
    ));
    if reply.is_json() {
        head.push_str(&format!("Content-Type: {JSON}\r\n"));
    }
    for (name, value) in &reply.headers {
        if let Ok(value) = value.to_str() {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
    }
    let bytes = reply.bytes();
    head.push_str(&format!("Content-Length: {}\r\n\r\n", bytes.len()));
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(&bytes);
    body.extend_from_slice(b"\r\n");
}
