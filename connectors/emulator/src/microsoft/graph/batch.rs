//! Many calls in one (reference/microsoft-graph.md §8.3).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{finish, single};
use crate::frame::ActiveFaults;
use crate::microsoft::wire::{Body, Call, Caller, Failure, Reply, query_pairs};
use crate::microsoft::{Microsoft, throttle};

/// The most parts of a batch.
const PARTS: usize = 20;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Part>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: Option<Value>,
    #[serde(default)]
    depends_on: Vec<String>,
}

/// Answers `POST /$batch`. Each part is judged as a call of its own.
pub(super) async fn answer(
    microsoft: &Microsoft,
    caller: &Caller,
    call: &Call,
) -> Result<Reply, Failure> {
    if call.method != Method::POST {
        return Err(Failure::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        )
        .header(http::header::ALLOW, "POST"));
    }
    let parts = read(call)?;
    if let Some(seconds) = call.faults.as_ref().and_then(ActiveFaults::throttle) {
        return Err(microsoft
            .with(|world| throttle::refusal(&world.switches.throttle, seconds.map(i64::from))));
    }
    let mut answers: Vec<(String, StatusCode, Value)> = Vec::with_capacity(parts.len());
    let mut units = 0_u32;
    for part in parts {
        let failed = part.depends_on.iter().any(|wanted| {
            answers
                .iter()
                .all(|(id, status, _)| id != wanted || !status.is_success())
        });
        let reply = if failed {
            failed_dependency(microsoft, call)
        } else {
            one(microsoft, caller, call, &part).await
        };
        units = units.saturating_add(reply.units.unwrap_or(0));
        answers.push((part.id.clone(), reply.status, shown(&part.id, reply)));
    }
    let mut responses: Vec<Value> = answers.into_iter().map(|(_, _, answer)| answer).collect();
    if microsoft.switches().batch_shuffled {
        // The same batch has the same order each time, and seldom the order of its parts.
        let seed = responses.len() as u64 ^ call.body.len() as u64;
        fastrand::Rng::with_seed(seed).shuffle(&mut responses);
    }
    let mut reply = Reply::json(json!({ "responses": responses }));
    reply.units = Some(units);
    Ok(reply)
}

fn read(call: &Call) -> Result<Vec<Part>, Failure> {
    let parts = serde_json::from_value::<Batch>(call.json()?)
        .map_err(|_| Failure::bad_request("Invalid batch payload format."))?
        .requests;
    if parts.len() > PARTS {
        return Err(Failure::bad_request(&format!(
            "Number of batch request steps exceeds the maximum value of {PARTS}."
        )));
    }
    for (at, part) in parts.iter().enumerate() {
        let earlier = &parts[..at];
        if part.id.is_empty() || earlier.iter().any(|known| known.id == part.id) {
            return Err(Failure::bad_request(
                "Each request of a batch needs an id of its own.",
            ));
        }
        if part
            .depends_on
            .iter()
            .any(|wanted| earlier.iter().all(|known| known.id != *wanted))
        {
            return Err(Failure::bad_request(
                "A request depends on one that does not come before it.",
            ));
        }
    }
    Ok(parts)
}

fn failed_dependency(microsoft: &Microsoft, call: &Call) -> Reply {
    let failure = Failure::new(
        StatusCode::FAILED_DEPENDENCY,
        "FailedDependency",
        "A request that this one depends on has failed.",
    );
    finish(microsoft, call, Err(failure))
}

async fn one(microsoft: &Microsoft, caller: &Caller, batch: &Call, part: &Part) -> Reply {
    match part_call(microsoft, batch, part) {
        Err(failure) => finish(microsoft, batch, Err(failure)),
        Ok(call) => {
            let answered = single(microsoft, caller, &call).await;
            finish(microsoft, &call, answered)
        }
    }
}

fn part_call(microsoft: &Microsoft, batch: &Call, part: &Part) -> Result<Call, Failure> {
    let version = batch.segments().into_iter().next().unwrap_or_default();
    let url = relative(microsoft, part, &version)?;
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let method = Method::from_bytes(part.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| Failure::bad_request("The method of a batch request is not valid."))?;
    let mut headers = HeaderMap::new();
    for (name, value) in &part.headers {
        let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value))
        else {
            return Err(Failure::bad_request(
                "A header of a batch request is not valid.",
            ));
        };
        headers.insert(name, value);
    }
    let body = match &part.body {
        None => Bytes::new(),
        Some(_) if !headers.contains_key(http::header::CONTENT_TYPE) => {
            return Err(Failure::bad_request(
                "Write request id contains a body and should have a Content-Type header.",
            ));
        }
        // Anything but JSON travels as base64.
        Some(Value::String(text)) => STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|_| Failure::bad_request("Invalid batch payload format."))?,
        Some(json) => Bytes::from(json.to_string()),
    };
    Ok(Call {
        method,
        path: format!("/{version}{path}"),
        query: query_pairs(query),
        headers,
        body,
        faults: None,
        request_id: uuid::Uuid::new_v4(),
    })
}

/// The URL of a part without its version, with a `/` at its beginning.
fn relative(microsoft: &Microsoft, part: &Part, version: &str) -> Result<String, Failure> {
    let base = format!("{}{version}", microsoft.bases().graph);
    if let Some(rest) = part.url.strip_prefix(&base) {
        if microsoft.switches().batch_absolute_urls {
            return Ok(rest.to_owned());
        }
    } else if !part.url.contains("://") {
        return Ok(format!("/{}", part.url.trim_start_matches('/')));
    }
    Err(Failure::bad_request(
        "Invalid batch request URL: it must be relative.",
    ))
}

fn shown(id: &str, reply: Reply) -> Value {
    let mut headers: Map<String, Value> = reply
        .headers
        .iter()
        .filter_map(|(name, value)| Some((titled(name.as_str()), json!(value.to_str().ok()?))))
        .collect();
    let body = match reply.body {
        Body::Empty => None,
        Body::Json(value) => {
            headers.insert("Content-Type".to_owned(), json!("application/json"));
            Some(value)
        }
        Body::Bytes(bytes) => Some(json!(STANDARD.encode(bytes))),
    };
    let mut shown = json!({ "id": id, "status": reply.status.as_u16(), "headers": headers });
    if let Some(body) = body {
        shown["body"] = body;
    }
    shown
}

/// A header's name as the service writes it: `Retry-After`.
fn titled(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters.next().map_or_else(String::new, |first| {
                first.to_uppercase().chain(letters).collect()
            })
        })
        .collect::<Vec<_>>()
        .join("-")
}
