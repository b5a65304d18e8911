//! What the hosts answer.

mod assertion;
mod caller;
mod classification;
mod collaborations;
mod download;
mod events;
mod files;
mod folders;
mod multipart;
mod page;
mod people;
mod query;
mod refusal;
mod subject;
mod token;
mod upload;
mod watermark;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, options, post, put};
use http::HeaderValue;
use serde_json::Value;
use uuid::Uuid;

use self::refusal::Refusal;
use super::BoxService;
use super::state::Id;

/// What most handlers give.
type Reply = Result<axum::Json<Value>, Refusal>;

/// Tokens and the API.
pub(crate) fn api(service: Arc<BoxService>) -> Router {
    let api = Router::new()
        .route("/users", get(people::users))
        .route("/users/me", get(people::me))
        .route("/users/{user}", get(people::user))
        .route("/users/{user}/memberships", get(people::user_memberships))
        .route("/groups", get(people::groups))
        .route("/groups/{group}", get(people::group))
        .route(
            "/groups/{group}/memberships",
            get(people::group_memberships),
        )
        .route("/folders", post(folders::create))
        .route("/folders/trash/items", get(folders::trash))
        .route(
            "/folders/{folder}",
            get(folders::get)
                .put(folders::update)
                .delete(folders::delete),
        )
        .route("/folders/{folder}/items", get(folders::items))
        .route(
            "/folders/{folder}/collaborations",
            get(collaborations::of_folder),
        )
        .route("/files/content", options(upload::preflight_new))
        .route(
            "/files/{file}",
            get(files::get)
                .put(files::update)
                .post(files::restore)
                .delete(files::delete),
        )
        .route("/files/{file}/copy", post(files::copy))
        .route(
            "/files/{file}/content",
            get(download::content).options(upload::preflight_version),
        )
        .route("/files/{file}/collaborations", get(collaborations::of_file))
        .route("/files/{file}/versions", get(files::versions))
        .route("/files/{file}/versions/current", post(files::promote))
        .route("/files/{file}/trash", get(files::trashed))
        .route(
            "/files/{file}/watermark",
            get(watermark::get)
                .put(watermark::put)
                .delete(watermark::delete),
        )
        .route("/files/{file}/metadata", get(classification::all))
        .route(
            "/files/{file}/metadata/{scope}/{template}",
            get(classification::get)
                .post(classification::create)
                .put(classification::update)
                .delete(classification::delete),
        )
        .route(
            "/metadata_templates/schema",
            post(classification::create_template),
        )
        .route(
            "/metadata_templates/{scope}/{template}/schema",
            get(classification::template).put(classification::update_template),
        )
        .route("/collaborations", post(collaborations::create))
        .route(
            "/collaborations/{collaboration}",
            get(collaborations::get)
                .put(collaborations::update)
                .delete(collaborations::delete),
        )
        .route(
            "/collaboration_whitelist_entries",
            get(collaborations::domains),
        )
        .route("/events", get(events::events).options(events::servers))
        .route("/webhooks", get(webhooks::list).post(webhooks::create))
        .route(
            "/webhooks/{webhook}",
            get(webhooks::get)
                .put(webhooks::update)
                .delete(webhooks::delete),
        );
    let tokens = Router::new()
        .route("/token", post(token::token))
        .route("/revoke", post(token::revoke));
    finished(
        Router::new()
            .nest("/2.0", api)
            .nest("/oauth2", tokens)
            .route("/subscribe", get(events::subscribe)),
        service,
    )
}

/// Uploads.
pub(crate) fn upload(service: Arc<BoxService>) -> Router {
    let files = Router::new()
        .route("/files/content", post(upload::new_file))
        .route("/files/{file}/content", post(upload::new_version))
        .route("/files/upload_sessions", post(upload::session))
        .route("/files/{file}/upload_sessions", post(upload::session))
        .route("/files/upload_sessions/{session}", put(upload::session));
    finished(Router::new().nest("/api/2.0", files), service)
}

/// Pre-signed downloads.
pub(crate) fn download(service: Arc<BoxService>) -> Router {
    finished(
        Router::new().route("/d/1/{token}/download", get(download::bytes)),
        service,
    )
}

fn finished(router: Router<Arc<BoxService>>, service: Arc<BoxService>) -> Router {
    router
        .fallback(async || Refusal::not_found())
        .method_not_allowed_fallback(async || Refusal::method_not_allowed())
        .layer(middleware::from_fn(name_request))
        .with_state(service)
}

/// Another name for the request than that in error bodies (reference/box.md §9).
async fn name_request(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let name = Uuid::new_v4().simple().to_string();
    if let Ok(value) = HeaderValue::try_from(name) {
        answer.headers_mut().insert("box-request-id", value);
    }
    answer
}

/// The id in a path. One that is not a number is no id of anything (reference/box.md §5.4).
fn id(text: &str) -> Result<Id, Refusal> {
    text.parse().map_err(|_| Refusal::method_not_allowed())
}
