//! The token endpoint, whose refusals have the shape of RFC 6749 and not that of the APIs.

use http::{Method, StatusCode};
use serde_json::json;

use super::assertion::{self, Claims};
use crate::frame::{Body, Reply};
use crate::google::wire::call::Call;
use crate::google::world::World;

const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: &'static str,
}

impl Refusal {
    pub(super) fn bad(error: &'static str, description: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            description,
        }
    }
}

/// Answers a request for a token.
pub(crate) fn answer(world: &mut World<'_>, call: &Call) -> Reply {
    if call.method != Method::POST {
        return Reply::empty(StatusCode::NOT_FOUND);
    }
    match granted(world, call) {
        Ok(token) => Reply::json(json!({
            "access_token": token,
            "expires_in": world.switches.access_token_seconds,
            "token_type": "Bearer",
        })),
        Err(refusal) => Reply::new(
            refusal.status,
            Body::Json(json!({
                "error": refusal.error,
                "error_description": refusal.description,
            })),
        ),
    }
}

fn granted(world: &mut World<'_>, call: &Call) -> Result<String, Refusal> {
    let form: Vec<(String, String)> = url::form_urlencoded::parse(&call.body)
        .into_owned()
        .collect();
    let field = |name: &str| {
        let found = form.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let is_form = call.media_type().as_deref() == Some("application/x-www-form-urlencoded");
    if !is_form || field("grant_type") != Some(GRANT_TYPE) {
        return Err(Refusal::bad(
            "unsupported_grant_type",
            "Invalid grant_type: the emulator takes signed assertions only.",
        ));
    }
    let assertion =
        field("assertion").ok_or_else(|| Refusal::bad("invalid_request", "Bad Request"))?;
    let claims = assertion::check(world, assertion)?;
    let scopes = scopes(world, &claims)?;
    let user = user(world, &claims)?;
    Ok(world.issue(user, scopes))
}

/// The scopes; one that is not granted spoils them all.
fn scopes(world: &World<'_>, claims: &Claims) -> Result<Vec<String>, Refusal> {
    let scopes: Vec<String> = claims.scope.split_whitespace().map(str::to_owned).collect();
    let is_known = |scope: &String| scope.starts_with(super::SCOPE_PREFIX);
    if scopes.is_empty() || !scopes.iter().all(is_known) {
        return Err(Refusal::bad(
            "invalid_scope",
            "Invalid OAuth scope or ID token audience provided.",
        ));
    }
    let is_granted = |scope: &String| world.state.delegated.contains(scope);
    if claims.sub.is_some() && !scopes.iter().all(is_granted) {
        return Err(Refusal {
            status: StatusCode::UNAUTHORIZED,
            error: "unauthorized_client",
            description: "Client is unauthorized to retrieve access tokens using this method, or client not \
                authorized for any of the scopes requested.",
        });
    }
    Ok(scopes)
}

/// The id of the user who is impersonated. Aliases are not taken.
fn user(world: &World<'_>, claims: &Claims) -> Result<Option<String>, Refusal> {
    let Some(sub) = &claims.sub else {
        return Ok(None);
    };
    if !sub.contains('@') {
        return Err(Refusal::bad(
            "invalid_grant",
            "Not a valid email or user ID.",
        ));
    }
    let users = &world.state.directory.users;
    let user = users
        .values()
        .find(|user| user.email.eq_ignore_ascii_case(sub));
    user.map(|user| Some(user.id.clone()))
        .ok_or_else(|| Refusal::bad("invalid_grant", "Invalid email or User ID"))
}
