//! Calls that the service makes: to the receivers of notifications, on loopback only.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use url::{Host, Url};

/// How long a receiver may take to confirm.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// How long a receiver may take to take a notification.
const DELIVERY: Duration = Duration::from_secs(3);

/// The most bytes that are read of an answer.
const ANSWER: usize = 64 * 1024;

/// Whether a URL leads to this machine by plain HTTP.
pub(crate) fn is_loopback(url: &Url) -> bool {
    url.scheme() == "http" && address(url).is_some()
}

fn address(url: &Url) -> Option<SocketAddr> {
    let ip: IpAddr = match url.host()? {
        Host::Ipv4(ip) => ip.into(),
        Host::Ipv6(ip) => ip.into(),
        Host::Domain("localhost") => IpAddr::from([127, 0, 0, 1]),
        Host::Domain(_) => return None,
    };
    ip.is_loopback()
        .then(|| Some(SocketAddr::new(ip, url.port_or_known_default()?)))
        .flatten()
}

/// Asks a receiver to repeat a token, and says whether it did.
pub(crate) async fn handshake(url: &str, token: &str) -> bool {
    let Ok(mut url) = Url::parse(url) else {
        return false;
    };
    url.query_pairs_mut().append_pair("validationToken", token);
    let answer = tokio::time::timeout(
        HANDSHAKE,
        post(&url, "text/plain; charset=utf-8", Bytes::new()),
    )
    .await;
    let Ok(Ok(answer)) = answer else {
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
    let body = Bytes::from(body.to_string());
    let answer = tokio::time::timeout(
        DELIVERY,
        post(&url, "application/json; charset=utf-8", body),
    )
    .await;
    matches!(answer, Ok(Ok(answer)) if answer.status.is_success())
}

struct Answer {
    status: StatusCode,
    media_type: String,
    body: Bytes,
}

/// Why a call could not be made.
#[derive(Debug, thiserror::Error)]
enum CallError {
    #[error("the receiver is not on this machine")]
    NotLoopback,
    #[error("cannot connect")]
    Connect(#[from] std::io::Error),
    #[error("cannot send the request")]
    Send(#[from] hyper::Error),
    #[error("the request is not valid")]
    Request(#[from] http::Error),
    #[error("the answer cannot be read")]
    Answer,
}

async fn post(url: &Url, media_type: &str, body: Bytes) -> Result<Answer, CallError> {
    if !is_loopback(url) {
        return Err(CallError::NotLoopback);
    }
    let address = address(url).ok_or(CallError::NotLoopback)?;
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(async move {
        // An error of the connection is also one of the request, where it is seen.
        drop(connection.await);
    });
    let target = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let request = Request::builder()
        .method(Method::POST)
        .uri(target)
        .header(HOST, address.to_string())
        .header(CONTENT_TYPE, media_type)
        .body(Full::new(body))?;
    let response = sender.send_request(request).await?;
    let (head, body) = response.into_parts();
    let media_type = head
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let body = Limited::new(body, ANSWER)
        .collect()
        .await
        .map_err(|_| CallError::Answer)?
        .to_bytes();
    Ok(Answer {
        status: head.status,
        media_type,
        body,
    })
}
