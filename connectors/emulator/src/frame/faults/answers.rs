//! Answers that are not what the service would say.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::{CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");

const SIGN_IN_PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head>\
    <body><form method=\"post\"><input name=\"user\"><input name=\"password\" type=\"password\">\
    <button>Sign in</button></form></body></html>\n";

/// The answer that a rule gives in the service's place. What cannot be sent was refused with the rule.
pub(crate) fn forced_answer(
    code: u16,
    headers: &BTreeMap<String, String>,
    body: &Value,
) -> Response {
    let (content_type, body) = match body {
        Value::Null => (None, Body::empty()),
        Value::String(text) => (Some(TEXT), Body::from(text.clone())),
        json => (Some(JSON), Body::from(json.to_string())),
    };
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(content_type) = content_type {
        answer.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            answer.headers_mut().insert(name, value);
        }
    }
    answer
}

/// What a proxy that wants a sign-in answers to everything.
pub(crate) fn sign_in_page() -> Response {
    let mut answer = Response::new(Body::from(SIGN_IN_PAGE));
    answer.headers_mut().insert(CONTENT_TYPE, HTML);
    answer
}

/// The first half of a body.
pub(crate) fn truncate_json(body: &Bytes) -> Bytes {
    body.slice(..body.len() / 2)
}

/// Moves the `Content-Range` one byte off the bytes that are sent.
pub(crate) fn shift_content_range(headers: &mut HeaderMap) {
    let shifted = headers
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok())
        .and_then(shifted);
    if let Some(value) = shifted {
        headers.insert(CONTENT_RANGE, value);
    }
}

fn shifted(content_range: &str) -> Option<HeaderValue> {
    let (range, total) = content_range.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = range.split_once('-')?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.parse().ok()?);
    let (first, last) = match first.checked_sub(1) {
        Some(before) => (before, last.saturating_sub(1)),
        None => (1, last.saturating_add(1)),
    };
    HeaderValue::try_from(format!("bytes {first}-{last}/{total}")).ok()
}

#[cfg(test)]
mod tests {
    use super::shifted;

    #[test]
    fn content_ranges_are_moved() {
        for (sent, moved) in [
            ("bytes 0-99/1000", Some("bytes 1-100/1000")),
            ("bytes 100-199/1000", Some("bytes 99-198/1000")),
            ("bytes 100-199/*", Some("bytes 99-198/*")),
            ("bytes */1000", None),
            ("items 0-1/2", None),
        ] {
            let shifted = shifted(sent);
            assert_eq!(
                shifted.as_ref().map(|value| value.to_str().unwrap()),
                moved,
                "{sent}"
            );
        }
    }
}
