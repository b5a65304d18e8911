//! `/livez`, `/readyz` and `/metrics`.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router, middleware};
use serde::Serialize;

use super::host::only_this_machine;
use super::server::{self, ListenError, Served};
use crate::telemetry;

/// What the pages ask the service.
#[async_trait]
pub trait Probes: Send + Sync + 'static {
    /// What keeps the service from doing its work; empty when it is ready.
    async fn failing(&self) -> Vec<FailingCheck>;

    /// The metrics page ([`telemetry::Snapshot::page`]).
    async fn metrics(&self) -> String;
}

/// A check that fails.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FailingCheck {
    /// What is checked: a word such as `store`, with the app or tenant behind it where there is one.
    pub check: String,
    /// For how long it has been failing, in seconds.
    pub seconds: u64,
    /// Why, in one line. Never a secret.
    pub reason: String,
}

#[derive(Debug, Serialize)]
struct Readiness {
    ready: bool,
    failing: Vec<FailingCheck>,
}

/// Serves the pages on `address` until `stop` is ready.
///
/// # Errors
///
/// When the address cannot be listened on.
pub async fn serve(
    address: SocketAddr,
    probes: Arc<dyn Probes>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Served, ListenError> {
    let mut routes = Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(probes);
    if address.ip().is_loopback() {
        routes = routes.layer(middleware::from_fn(only_this_machine));
    }
    server::serve(address, routes, stop).await
}

/// That it answers is the answer.
async fn livez() -> &'static str {
    "ok\n"
}

async fn readyz(State(probes): State<Arc<dyn Probes>>) -> Response {
    let failing = probes.failing().await;
    let ready = failing.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Readiness { ready, failing })).into_response()
}

async fn metrics(State(probes): State<Arc<dyn Probes>>) -> impl IntoResponse {
    let media_type = [(header::CONTENT_TYPE, telemetry::CONTENT_TYPE)];
    (media_type, probes.metrics().await)
}
