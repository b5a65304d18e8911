//! Whether an answer with the status of success is what was asked for.

use http::{Method, StatusCode};
use serde::de::IgnoredAny;

use super::answer::Answer;
use super::call::{Call, Expect};
use super::range;

/// What is wrong with an accepted answer, if anything.
pub(super) fn check(call: &Call, answer: &Answer) -> Result<(), &'static str> {
    if let Some(asked) = &call.range {
        return range::examine(answer, asked).map(|_| ());
    }
    if !answer.status.is_success() || call.method == Method::HEAD {
        return Ok(());
    }
    match call.expect {
        Expect::Anything => Ok(()),
        Expect::Json => json(answer),
        Expect::Bytes if answer.status == StatusCode::PARTIAL_CONTENT => {
            Err("is a part of the file though all of it was asked for")
        }
        Expect::Bytes => range::unencoded(answer).and_then(|()| range::no_page(answer)),
    }
}

/// A body is cut short without a trace when its length is not told beforehand; only the JSON itself
/// shows it.
fn json(answer: &Answer) -> Result<(), &'static str> {
    if answer.body.is_empty() && (!answer.is_json() || answer.status == StatusCode::NO_CONTENT) {
        return Ok(());
    }
    if answer.is_html() {
        return Err("is a page in HTML instead of JSON");
    }
    if answer.media_type().is_some() && !answer.is_json() {
        return Err("is not JSON");
    }
    serde_json::from_slice::<IgnoredAny>(&answer.body)
        .map(|_| ())
        .map_err(|cause| {
            if cause.is_eof() {
                "ends in the middle"
            } else {
                "is not valid JSON"
            }
        })
}
