//! Change notifications that the clouds send. A notification is a hint to look, and never data.
//!
//! What comes in is handed to the connector of the app, which alone knows how its service proves that it
//! is the sender. A hint that is genuine makes the app's next look at its changes come soon; all else is
//! answered and forgotten. The host name of a request is not looked at: a proxy stands in front.
//!
//! `POST /hooks/TENANT/APP` is for services that sign in per app, `POST /hooks/TENANT` for those that
//! sign in per tenant: it asks each of the tenant's apps.

mod rate;

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use labeld_connector::{Connector, FeedRef, HintAnswer, HintRequest, Subscription};

use self::rate::Rates;
use super::server::{self, ListenError, Served};
use crate::model::{AppName, TenantName};
use crate::telemetry::{HintReceived, HintRefused};

/// Largest body, in bytes. Services send a few hundred bytes a change, some hundred changes at a time.
const MOST_BODY: usize = 1 << 20;

/// Most headers that are handed on.
const MOST_HEADERS: usize = 100;

/// Seconds that a sender who is too fast is asked to wait.
const WAIT_SECONDS: &str = "10";

/// Knows the apps that take hints, and what to do about one.
#[async_trait]
pub trait HintSink: Send + Sync + 'static {
    /// The apps of a tenant that may take hints, or the one that is named. None for names that are not
    /// known.
    ///
    /// # Errors
    ///
    /// When it cannot be said at present; the sender will try again.
    async fn targets(
        &self,
        tenant: &TenantName,
        app: Option<&AppName>,
    ) -> Result<Vec<HintTarget>, NotNow>;

    /// A genuine hint came: the app's changes are to be looked at soon.
    ///
    /// # Errors
    ///
    /// When that cannot be noted at present; the sender will try again.
    async fn heard(&self, target: &HintTarget, hint: Hint) -> Result<(), NotNow>;
}

/// Hints cannot be taken at present, for example because the store is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("change notifications cannot be taken at present")]
pub struct NotNow;

/// An app that takes hints.
#[derive(Debug, Clone)]
pub struct HintTarget {
    /// The tenant.
    pub tenant: TenantName,
    /// The app.
    pub app: AppName,
    /// Its connector, which reads and proves what came.
    pub connector: Arc<dyn Connector>,
    /// The subscriptions that exist.
    pub known: Vec<Subscription>,
}

/// What a genuine hint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// Feeds to look at.
    pub look_at: Vec<FeedRef>,
    /// Subscriptions to make anew or renew, by their ids.
    pub renew: Vec<String>,
}

struct Hooks {
    sink: Arc<dyn HintSink>,
    rates: Rates,
}

type Parameters = Query<Vec<(String, String)>>;

/// Takes change notifications on `address` until `stop` is ready.
///
/// # Errors
///
/// When the address cannot be listened on.
pub async fn serve(
    address: SocketAddr,
    sink: Arc<dyn HintSink>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Served, ListenError> {
    let hooks = Arc::new(Hooks {
        sink,
        rates: Rates::default(),
    });
    let routes = Router::new()
        .route("/hooks/{tenant}", post(of_tenant))
        .route("/hooks/{tenant}/{app}", post(of_app))
        .layer(DefaultBodyLimit::max(MOST_BODY))
        .with_state(hooks);
    server::serve(address, routes, stop).await
}

async fn of_tenant(
    State(hooks): State<Arc<Hooks>>,
    Path(tenant): Path<String>,
    Query(query): Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let headers = plain(&headers);
    let request = HintRequest {
        query: &query,
        headers: &headers,
        body: &body,
    };
    hooks.receive(TenantName(tenant), None, &request).await
}

async fn of_app(
    State(hooks): State<Arc<Hooks>>,
    Path((tenant, app)): Path<(String, String)>,
    Query(query): Parameters,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let headers = plain(&headers);
    let request = HintRequest {
        query: &query,
        headers: &headers,
        body: &body,
    };
    hooks
        .receive(TenantName(tenant), Some(AppName(app)), &request)
        .await
}

/// Headers as connectors want them; what is no text proves nothing.
fn plain(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .take(MOST_HEADERS)
        .filter_map(|(name, value)| {
            let value = std::str::from_utf8(value.as_bytes()).ok()?;
            Some((name.as_str().to_owned(), value.to_owned()))
        })
        .collect()
}

impl Hooks {
    async fn receive(
        &self,
        tenant: TenantName,
        app: Option<AppName>,
        request: &HintRequest<'_>,
    ) -> Response {
        if !self.rates.allow_any() {
            return too_many();
        }
        let targets = match self.sink.targets(&tenant, app.as_ref()).await {
            Ok(targets) => targets,
            Err(NotNow) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        };
        if targets.is_empty() {
            return StatusCode::NOT_FOUND.into_response();
        }
        // Names that are known only, so that strangers cannot make the table grow.
        if !self.rates.allow(tenant, app) {
            refused(&targets, StatusCode::TOO_MANY_REQUESTS.as_u16());
            return too_many();
        }
        match self.ask(&targets, request).await {
            Ok(answer) => response(answer),
            Err(NotNow) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        }
    }

    /// Asks each app whether the hint is for it. The best answer is given: that one app does not know a
    /// sender whom another knows is no refusal.
    async fn ask(
        &self,
        targets: &[HintTarget],
        request: &HintRequest<'_>,
    ) -> Result<HintAnswer, NotNow> {
        let mut best: Option<HintAnswer> = None;
        for target in targets {
            let Some(hints) = target.connector.change_hints() else {
                continue;
            };
            let mut answer = hints.receive(request, &target.known);
            self.pass_on(target, &mut answer).await?;
            if best.as_ref().is_none_or(|best| answer.status < best.status) {
                best = Some(answer);
            }
        }
        let answer = best.unwrap_or_else(not_taken);
        if !is_success(answer.status) {
            refused(targets, answer.status);
        }
        Ok(answer)
    }

    async fn pass_on(&self, target: &HintTarget, answer: &mut HintAnswer) -> Result<(), NotNow> {
        let hint = Hint {
            look_at: std::mem::take(&mut answer.look_at),
            renew: std::mem::take(&mut answer.renew),
        };
        if hint.look_at.is_empty() && hint.renew.is_empty() {
            return Ok(());
        }
        HintReceived {
            tenant: &target.tenant,
            app: &target.app,
            feeds: hint.look_at.len() as u64,
        }
        .emit();
        self.sink.heard(target, hint).await
    }
}

fn not_taken() -> HintAnswer {
    HintAnswer {
        status: StatusCode::NOT_FOUND.as_u16(),
        body: String::new(),
        look_at: Vec::new(),
        renew: Vec::new(),
    }
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn refused(targets: &[HintTarget], status: u16) {
    for HintTarget { tenant, app, .. } in targets {
        HintRefused {
            tenant,
            app,
            status: status.into(),
        }
        .emit();
    }
}

fn too_many() -> Response {
    let wait = [(header::RETRY_AFTER, WAIT_SECONDS)];
    (StatusCode::TOO_MANY_REQUESTS, wait).into_response()
}

/// Plain text whatever it is: a handshake gives back what a stranger may have sent.
fn response(answer: HintAnswer) -> Response {
    let status = StatusCode::from_u16(answer.status);
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media_type = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
    (status, media_type, answer.body).into_response()
}
