//! The token endpoint (reference/microsoft-graph.md §1.1).

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use super::access::{Claims, mint};
use super::{Resource, assertion};
use crate::microsoft::state::directory::Application;
use crate::microsoft::wire::{Body, Call, Reply, decoded};
use crate::microsoft::world::World;

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A refusal of the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    code: u32,
    message: String,
}

impl Refusal {
    /// 400.
    fn request(error: &'static str, code: u32, message: &str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            error,
            code,
            message: message.to_owned(),
        }
    }

    /// 401 `invalid_client`.
    pub(super) fn client(code: u32, message: &str) -> Self {
        Self {
            status: StatusCode::UNAUTHORIZED,
            error: "invalid_client",
            code,
            message: message.to_owned(),
        }
    }

    fn missing(parameter: &str) -> Self {
        Self::request(
            "invalid_request",
            900_144,
            &format!("The request body must contain the following parameter: '{parameter}'."),
        )
    }

    fn reply(&self, world: &World<'_>, call: &Call) -> Reply {
        let (trace, correlation) = (
            call.request_id,
            call.header("client-request-id")
                .map_or_else(|| call.request_id.to_string(), str::to_owned),
        );
        let timestamp = world.now.format("%Y-%m-%d %H:%M:%SZ").to_string();
        Reply::new(
            self.status,
            Body::Json(json!({
                "error": self.error,
                "error_description": format!(
                    "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}",
                    self.code, self.message
                ),
                "error_codes": [self.code],
                "timestamp": timestamp,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
            })),
        )
    }
}

/// Answers a call to the login host.
pub(crate) fn answer(world: &mut World<'_>, call: &Call) -> Reply {
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(|segment| &**segment).collect();
    let mut reply = match *segments.as_slice() {
        [tenant, "oauth2", "v2.0", "token"] if call.method == Method::POST => {
            token(world, call, tenant)
                .map_or_else(|refusal| refusal.reply(world, call), Reply::json)
        }
        [_, "oauth2", "v2.0", "token"] => {
            let refusal = Refusal {
                status: StatusCode::METHOD_NOT_ALLOWED,
                ..Refusal::request(
                    "invalid_request",
                    900_561,
                    &format!(
                        "The endpoint only accepts POST, OPTIONS requests. Received a {} request.",
                        call.method
                    ),
                )
            };
            refusal
                .reply(world, call)
                .header(http::header::ALLOW, "POST")
        }
        [tenant, "v2.0", ".well-known", "openid-configuration"] if call.method == Method::GET => {
            discovery(world, tenant)
        }
        _ => Refusal {
            status: StatusCode::NOT_FOUND,
            ..Refusal::request("invalid_request", 90023, "The request is not known.")
        }
        .reply(world, call),
    };
    reply.headers.insert(
        http::header::CACHE_CONTROL,
        HeaderValue::from_static("no-store, no-cache"),
    );
    if let Ok(id) = HeaderValue::from_str(&call.request_id.to_string()) {
        reply.headers.insert("x-ms-request-id", id);
    }
    reply
}

fn discovery(world: &World<'_>, tenant: &str) -> Reply {
    let base = format!("{}{tenant}", world.bases.login);
    Reply::json(json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "issuer": format!("{}{}/v2.0", world.bases.login, world.state.tenant_id),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }))
}

fn token(world: &mut World<'_>, call: &Call, tenant: &str) -> Result<Value, Refusal> {
    let form = form(call)?;
    let is_tenant = tenant
        .parse::<Uuid>()
        .is_ok_and(|id| id == world.state.tenant_id)
        || world
            .state
            .domains
            .iter()
            .any(|domain| domain.eq_ignore_ascii_case(tenant));
    if !is_tenant {
        return Err(Refusal::request(
            "invalid_request",
            90002,
            &format!(
                "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID."
            ),
        ));
    }
    let parameter = |name: &str| {
        form.get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    match parameter("grant_type").ok_or_else(|| Refusal::missing("grant_type"))? {
        "client_credentials" => {}
        other => {
            return Err(Refusal::request(
                "unsupported_grant_type",
                70003,
                &format!("The app requested an unsupported grant type '{other}'."),
            ));
        }
    }
    let (basic_id, basic_secret) = basic(call).unzip();
    let client_id = parameter("client_id")
        .or(basic_id.as_deref())
        .ok_or_else(|| Refusal::missing("client_id"))?;
    let application = world.state.application(client_id).cloned().ok_or_else(|| {
        Refusal::request(
            "unauthorized_client",
            700_016,
            &format!("Application with identifier '{client_id}' was not found in the directory '{tenant}'."),
        )
    })?;
    let scope = parameter("scope").ok_or_else(|| Refusal::missing("scope"))?;
    let (resource, audience) = resource(world, scope)?;
    let secret = parameter("client_secret").or(basic_secret.as_deref());
    let by_secret = authenticate(world, &application, tenant, &form, secret)?;
    Ok(issue(world, &application, resource, audience, by_secret))
}

fn form(call: &Call) -> Result<HashMap<String, String>, Refusal> {
    let media_type = call.header("content-type").unwrap_or_default();
    if !media_type
        .to_ascii_lowercase()
        .starts_with("application/x-www-form-urlencoded")
    {
        return Err(Refusal::missing("grant_type"));
    }
    Ok(url::form_urlencoded::parse(&call.body)
        .into_owned()
        .collect())
}

/// Client id and secret of HTTP Basic, each URL-encoded within.
fn basic(call: &Call) -> Option<(String, String)> {
    let (scheme, value) = call.header("authorization")?.split_once(' ')?;
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let plain = |text: &str| decoded(&text.replace('+', " "));
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| (plain(id), plain(secret)))
}

fn resource<'a>(world: &World<'_>, scope: &'a str) -> Result<(Resource, &'a str), Refusal> {
    let invalid = || {
        Refusal::request(
            "invalid_scope",
            70011,
            &format!(
                "The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid."
            ),
        )
    };
    let mut scopes = scope.split_whitespace();
    let (Some(only), None) = (scopes.next(), scopes.next()) else {
        return Err(invalid());
    };
    let name = only.strip_suffix("/.default").ok_or_else(invalid)?;
    let resource = Resource::named(name, world.state, world.bases).ok_or_else(|| {
        Refusal::request(
            "invalid_resource",
            500_011,
            &format!("The resource principal named {name} was not found in the tenant."),
        )
    })?;
    Ok((resource, name))
}

/// Checks what the application proves itself by, and says whether it was a secret.
fn authenticate(
    world: &mut World<'_>,
    application: &Application,
    tenant: &str,
    form: &HashMap<String, String>,
    secret: Option<&str>,
) -> Result<bool, Refusal> {
    if let Some(assertion) = form.get("client_assertion") {
        if form.get("client_assertion_type").map(String::as_str) != Some(ASSERTION_TYPE) {
            return Err(Refusal::request(
                "invalid_request",
                900_144,
                "The request body must contain the following parameter: 'client_assertion_type'.",
            ));
        }
        let endpoint = format!("{}{tenant}/oauth2/v2.0/token", world.bases.login);
        assertion::check(world, application, &endpoint, assertion)?;
        return Ok(false);
    }
    let Some(secret) = secret else {
        return Err(Refusal::client(
            7_000_218,
            "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        ));
    };
    match application
        .secrets
        .iter()
        .find(|known| known.value == secret)
    {
        Some(known) if known.expired => Err(Refusal::client(
            7_000_222,
            &format!(
                "The provided client secret keys for app '{}' are expired.",
                application.client_id
            ),
        )),
        Some(_) => Ok(true),
        None => Err(Refusal::client(
            7_000_215,
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.",
        )),
    }
}

fn issue(
    world: &mut World<'_>,
    application: &Application,
    resource: Resource,
    audience: &str,
    by_secret: bool,
) -> Value {
    let now = world.now.timestamp();
    let lifetime = world.switches.access_token_seconds;
    let roles = match resource {
        Resource::Graph => &application.graph_roles,
        Resource::SharePoint(_) => &application.sharepoint_roles,
    };
    let claims = Claims {
        aud: audience.to_owned(),
        iss: format!("https://sts.windows.net/{}/", world.state.tenant_id),
        iat: now,
        nbf: now,
        exp: now + i64::from(lifetime),
        appid: application.client_id.clone(),
        appidacr: if by_secret { "1" } else { "2" }.to_owned(),
        app_displayname: application.name.clone(),
        idtyp: "app".to_owned(),
        roles: roles.clone(),
        tid: world.state.tenant_id,
        uti: world.state.new_uuid().simple().to_string(),
        ver: "1.0".to_owned(),
        epoch: world.state.token_epoch,
    };
    json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": mint(world.state, &claims),
    })
}
