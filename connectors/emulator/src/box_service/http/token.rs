//! The token endpoint (reference/box.md §1.2, §1.4).

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::{Extension, response::IntoResponse as _, response::Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde_json::json;
use url::form_urlencoded;
use uuid::Uuid;

use super::assertion::{self, Subject};
use super::refusal::Refusal;
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::state::directory::Role;
use crate::box_service::state::session::Session;
use crate::box_service::world::World;
use crate::frame::ActiveFaults;

const JWT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

const NOT_AUTHORIZED: &str = "This app is not authorized by the enterprise admin";

pub(crate) async fn token(
    State(service): State<Arc<BoxService>>,
    Extension(faults): Extension<ActiveFaults>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    if let Some(retry_after) = faults.throttle() {
        // The assertion counts as used all the same (§1.3).
        let form = form(&headers, &body)?;
        if let Some(assertion) = form.get("assertion") {
            let _ = service.with(|world| assertion::check(world, assertion));
        }
        return Err(Refusal::rate_limited(retry_after));
    }
    let form = form(&headers, &body)?;
    service.with(|world| {
        check_client(world, &form)?;
        let field = |name: &str| form.get(name).map(String::as_str);
        let subject = match field("grant_type") {
            Some(JWT) => assertion::check(world, field("assertion").unwrap_or_default())?,
            Some("client_credentials") => Subject {
                kind: field("box_subject_type").unwrap_or_default().to_owned(),
                id: field("box_subject_id").unwrap_or_default().to_owned(),
            },
            _ => {
                return Err(Refusal::oauth(
                    "invalid_request",
                    "The grant type is unauthorized for this client_id",
                ));
            }
        };
        if !world.state.app.authorized {
            return Err(Refusal::oauth("unauthorized_client", NOT_AUTHORIZED));
        }
        let is_jwt = field("grant_type") == Some(JWT);
        let user = user_of(world, &subject, is_jwt)?;
        Ok(issued(world, user))
    })
}

pub(crate) async fn revoke(
    State(service): State<Arc<BoxService>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let form = form(&headers, &body)?;
    service.with(|world| {
        check_client(world, &form)?;
        if let Some(token) = form.get("token") {
            world.state.sessions.remove(token);
        }
        Ok(StatusCode::OK)
    })
}

fn form(headers: &HeaderMap, body: &Bytes) -> Result<HashMap<String, String>, Refusal> {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !media.is_some_and(|media| media.starts_with("application/x-www-form-urlencoded")) {
        return Err(Refusal::oauth(
            "invalid_request",
            "Invalid grant_type parameter or parameter missing",
        ));
    }
    Ok(form_urlencoded::parse(body).into_owned().collect())
}

fn check_client(world: &World<'_>, form: &HashMap<String, String>) -> Result<(), Refusal> {
    let app = &world.state.app;
    let is_known = form.get("client_id") == Some(&app.client_id)
        && form.get("client_secret") == Some(&app.client_secret);
    if is_known {
        return Ok(());
    }
    Err(Refusal::oauth(
        "invalid_client",
        "The client credentials are invalid",
    ))
}

/// The user that the token is for.
fn user_of(world: &World<'_>, subject: &Subject, is_jwt: bool) -> Result<Id, Refusal> {
    let app = &world.state.app;
    let invalid = || {
        Refusal::oauth(
            "invalid_grant",
            match is_jwt {
                true => "Please check the 'sub' claim. The 'sub' specified is invalid.",
                false => "Grant credentials are invalid",
            },
        )
    };
    let id: Id = subject.id.parse().map_err(|_| invalid())?;
    match &*subject.kind {
        "enterprise" if id == world.state.enterprise => Ok(app.service_account),
        "user" if !app.user_tokens => Err(Refusal::oauth(
            "unauthorized_client",
            "The \"box_subject_type\" value is unauthorized for this client_id",
        )),
        "user" => {
            let user = world.state.users.get(&id).ok_or_else(invalid)?;
            if !user.platform_only && !app.enterprise_access {
                return Err(Refusal::new(
                    400,
                    "bad_request",
                    "Cannot obtain token based on the enterprise configuration for your app",
                ));
            }
            if user.managed && user.role == Role::User {
                Ok(id)
            } else {
                Err(invalid())
            }
        }
        _ => Err(invalid()),
    }
}

fn issued(world: &mut World<'_>, user: Id) -> Response {
    let token = Uuid::new_v4().simple().to_string();
    let seconds = world.switches.access_token_seconds;
    let expires = world.millis() + i64::from(seconds) * 1000;
    let now = world.millis();
    world
        .state
        .sessions
        .retain(|_, session| session.expires > now);
    let session = Session {
        user,
        expires,
        scopes: world.state.app.scopes.clone(),
    };
    world.state.sessions.insert(token.clone(), session);
    let mut answer = json!({
        "access_token": token,
        "expires_in": seconds,
        "restricted_to": [],
    });
    if world.switches.token_type {
        answer["token_type"] = json!("bearer");
    }
    (StatusCode::OK, Json(answer)).into_response()
}
