//! Answering a call to Graph: token, path, method, throttling, and then the call itself.

use http::header::{ALLOW, HeaderName};
use http::{HeaderValue, StatusCode};

use super::dispatch::{self, Outcome};
use super::route::{ApiVersion, Route};
use super::{batch, subscriptions};
use crate::frame::ActiveFaults;
use crate::microsoft::tokens::{self, InvalidToken, Resource};
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::World;
use crate::microsoft::{Microsoft, throttle};

/// Answers a call.
pub(crate) async fn answer(microsoft: &Microsoft, call: Call) -> Reply {
    let caller = microsoft.with(|world| authenticate(world, &call));
    let answered = match caller {
        Err(failure) => Err(failure),
        Ok(caller) => match is_batch(&call) {
            true => batch::answer(microsoft, &caller, &call).await,
            false => single(microsoft, &caller, &call).await,
        },
    };
    finish(microsoft, &call, answered)
}

fn authenticate(world: &World<'_>, call: &Call) -> Result<Caller, Failure> {
    let verified = tokens::verify(world, tokens::bearer(&call.headers))
        .map_err(|error| Failure::invalid_token(&error.to_string()))?;
    match verified.resource {
        Resource::Graph => Ok(verified.caller),
        Resource::SharePoint(_) => Err(Failure::invalid_token(&InvalidToken::Audience.to_string())),
    }
}

fn is_batch(call: &Call) -> bool {
    matches!(
        call.segments()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice(),
        ["v1.0" | "beta", "$batch"]
    )
}

/// Answers a call that is no batch: one of its own, or a part of a batch.
pub(super) async fn single(
    microsoft: &Microsoft,
    caller: &Caller,
    call: &Call,
) -> Result<Reply, Failure> {
    let outcome = microsoft.with(|world| {
        let (version, route) = route(call)?;
        let cost = dispatch::cost(&route, call);
        let throttled = call.faults.as_ref().and_then(ActiveFaults::throttle);
        let charged = throttle::charge(world, &caller.client_id, cost);
        if let Some(seconds) = throttled {
            return Err(throttle::refusal(
                &world.switches.throttle,
                seconds.map(i64::from),
            ));
        }
        let headers = charged?;
        let outcome = dispatch::dispatch(world, caller, call, version, &route);
        let with_headers = |mut reply: Reply| {
            reply.headers.extend(headers.clone());
            reply.units = Some(cost.units);
            reply
        };
        match outcome {
            Ok(Outcome::Done(reply)) => Ok(Outcome::Done(with_headers(reply))),
            Ok(pending) => Ok(pending),
            Err(mut failure) => {
                failure.headers.extend(headers.clone());
                Err(failure)
            }
        }
    });
    match outcome? {
        Outcome::Done(reply) => Ok(reply),
        Outcome::Confirm(pending) => subscriptions::confirm(microsoft, pending).await,
    }
}

/// The version and route of a path.
///
/// # Errors
///
/// 400 for an unknown version or path, 405 for a method that the path does not take.
pub(super) fn route(call: &Call) -> Result<(ApiVersion, Route), Failure> {
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (version, rest) = match segments.as_slice() {
        ["v1.0", rest @ ..] => (ApiVersion::V1, rest),
        ["beta", rest @ ..] => (ApiVersion::Beta, rest),
        [other, ..] => {
            return Err(Failure::bad_request(&format!("Invalid version: {other}")));
        }
        [] => return Err(Failure::bad_request("Invalid version")),
    };
    if let ["me", ..] = rest {
        return Err(Failure::bad_request(
            "/me request is only valid with delegated authentication flow.",
        ));
    }
    // The path of the other version is not there, rather than malformed (reference §2.1).
    let v1_labels_in_beta = version == ApiVersion::Beta
        && matches!(rest, ["security", "dataSecurityAndGovernance", ..]);
    if v1_labels_in_beta {
        return Err(Failure::new(StatusCode::NOT_FOUND, "UnknownError", ""));
    }
    let route = Route::of(version, rest).ok_or_else(|| {
        let last = rest.last().copied().unwrap_or_default();
        Failure::bad_request(&format!("Resource not found for the segment '{last}'."))
    })?;
    let methods = route.methods();
    if !methods.contains(&call.method) {
        let names: Vec<&str> = methods.iter().map(http::Method::as_str).collect();
        return Err(Failure::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        )
        .header(ALLOW, &names.join(", ")));
    }
    Ok((version, route))
}

/// Gives an answer the headers that all have, and a refusal its body.
pub(super) fn finish(
    microsoft: &Microsoft,
    call: &Call,
    answered: Result<Reply, Failure>,
) -> Reply {
    let request_id = call.request_id.to_string();
    let client_id = call
        .header("client-request-id")
        .unwrap_or(&request_id)
        .to_owned();
    let mut reply = microsoft.with(|world| match answered {
        Ok(reply) => reply,
        Err(failure) => failure.reply(world.now, (&request_id, &client_id), world.switches),
    });
    let headers = [
        ("request-id", request_id.as_str()),
        ("client-request-id", client_id.as_str()),
        (
            "x-ms-ags-diagnostic",
            r#"{"ServerInfo":{"DataCenter":"Emulator","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"EMULATOR0"}}"#,
        ),
    ];
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            reply.headers.insert(HeaderName::from_static(name), value);
        }
    }
    reply
}
