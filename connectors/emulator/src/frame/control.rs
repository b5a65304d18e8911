//! The control API: what is done to the emulated world from outside.

mod answer;
mod calls;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{delete, get, post};
use http::header::ORIGIN;

use self::answer::{Refusal, Reply};
use super::{Frame, Provider};

/// What the calls act on.
#[derive(Clone)]
struct World {
    frame: Frame,
    providers: Arc<[Arc<dyn Provider>]>,
}

impl World {
    fn provider(&self, name: &str) -> Result<&Arc<dyn Provider>, Refusal> {
        self.providers
            .iter()
            .find(|provider| provider.name() == name)
            .ok_or_else(|| Refusal::not_found(format!("there is no provider {name:?}")))
    }
}

/// The routes of the control API.
pub(crate) fn router(frame: Frame, providers: Vec<Arc<dyn Provider>>) -> Router {
    let world = World {
        frame,
        providers: providers.into(),
    };
    let calls = Router::new()
        .route("/", get(calls::index))
        .route("/clock", get(calls::clock).post(calls::set_clock))
        .route(
            "/faults",
            get(calls::faults)
                .post(calls::add_fault)
                .delete(calls::clear_faults),
        )
        .route("/faults/{id}", delete(calls::remove_fault))
        .route("/journal", get(calls::journal).delete(calls::clear_journal))
        .route(
            "/versions",
            get(calls::versions).delete(calls::clear_versions),
        )
        .route("/switches", get(calls::switches).patch(calls::set_switches))
        .route("/save", post(calls::save))
        .route("/restore", post(calls::restore))
        .route("/{provider}/{operation}", post(calls::operate));
    Router::new()
        .nest("/_emulator", calls)
        // With and without the slash: a person types either.
        .route("/_emulator/", get(calls::index))
        .fallback(unknown_call)
        .method_not_allowed_fallback(wrong_method)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn(refuse_browsers))
        .with_state(world)
}

/// Calls may write files. A web page in the user's browser can reach loopback ports too, and says so with
/// this header.
async fn refuse_browsers(request: Request, next: Next) -> Response {
    if request.headers().contains_key(ORIGIN) {
        return Refusal::forbidden("the control API does not answer web pages").into_response();
    }
    next.run(request).await
}

async fn unknown_call(request: Request) -> Reply {
    Err(Refusal::not_found(format!(
        "there is no {}; GET /_emulator/ lists the calls",
        request.uri().path()
    )))
}

async fn wrong_method(request: Request) -> Reply {
    Err(Refusal::wrong_method(format!(
        "{} does not take {}; GET /_emulator/ lists the calls",
        request.uri().path(),
        request.method()
    )))
}
