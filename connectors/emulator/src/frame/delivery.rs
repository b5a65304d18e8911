//! Calls that a service makes: to the receivers of notifications, on loopback only.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::{Host, Url};

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

/// What a receiver answers.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// `Content-Type`; empty where there is none.
    pub(crate) media_type: String,
    pub(crate) body: Bytes,
}

/// Why a call could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CallError {
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
    #[error("the receiver took too long")]
    TooLate,
}

/// Posts to a receiver, which may take `patience` to answer.
pub(crate) async fn post(
    url: &Url,
    headers: HeaderMap,
    body: Bytes,
    patience: Duration,
) -> Result<Answer, CallError> {
    tokio::time::timeout(patience, post_patiently(url, headers, body))
        .await
        .unwrap_or(Err(CallError::TooLate))
}

async fn post_patiently(url: &Url, headers: HeaderMap, body: Bytes) -> Result<Answer, CallError> {
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
    let mut request = Request::builder()
        .method(Method::POST)
        .uri(target)
        .body(Full::new(body))?;
    *request.headers_mut() = headers;
    let host = HeaderValue::try_from(address.to_string()).map_err(http::Error::from)?;
    request.headers_mut().insert(HOST, host);
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
