//! What the service tells the receivers of notifications (reference/microsoft-graph.md §8.4).

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use url::Url;

use crate::frame::delivery::post;

/// How long a receiver may take to confirm.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a receiver may take to take a notification.
const DELIVERY: Duration = Duration::from_secs(3);

/// Asks a receiver to repeat a token, and says whether it did.
pub(crate) async fn handshake(url: &str, token: &str) -> bool {
    let Ok(mut url) = Url::parse(url) else {
        return false;
    };
    url.query_pairs_mut().append_pair("validationToken", token);
    let headers = of_type("text/plain; charset=utf-8");
    let Ok(answer) = post(&url, headers, Bytes::new(), HANDSHAKE).await else {
        return false;
    };
    answer.status == StatusCode::OK
        && answer
            .media_type
            .to_ascii_lowercase()
            .starts_with("text/plain")
        && answer.body == token.as_bytes()
}

/// Delivers a notification, and says whether the receiver took it.
pub(crate) async fn deliver(url: &str, body: &Value) -> bool {
    let Ok(url) = Url::parse(url) else {
        return false;
    };
    let headers = of_type("application/json; charset=utf-8");
    let body = Bytes::from(body.to_string());
    let answer = post(&url, headers, body, DELIVERY).await;
    answer.is_ok_and(|answer| answer.status.is_success())
}

fn of_type(media_type: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(media_type))])
}
