//! Connections: accepted, bounded, and ended in good order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// Connections at the same time; more wait in the system's queue.
const MOST_CONNECTIONS: usize = 128;

/// How long the head of a request may take, and how long a connection may stay idle.
const HEAD_TIME: Duration = Duration::from_secs(10);

/// How long the body of a request and its answer may take.
const REQUEST_TIME: Duration = Duration::from_secs(20);

/// How long a connection lives, whatever it does: one that never takes its answer frees its place.
const CONNECTION_TIME: Duration = Duration::from_secs(300);

/// How long requests under way may take after the stop.
const DRAIN_TIME: Duration = Duration::from_secs(5);

/// How long nothing is accepted after the system has refused to, for example for want of file handles.
const PAUSE: Duration = Duration::from_millis(200);

/// Most bytes of a request's head.
const MOST_HEAD: usize = 32 << 10;

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct ListenError {
    /// The address.
    pub address: SocketAddr,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// A server at work, until its stop.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    /// The address it listens on, with the port that the system chose where 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until every connection has ended, which is soon after the stop.
    pub async fn finished(self) {
        // A task that was cancelled has ended too.
        let _ = self.task.await;
    }
}

/// Serves `routes` on `address` until `stop` is ready.
pub(super) async fn serve(
    address: SocketAddr,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Served, ListenError> {
    let failed = |source| ListenError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let routes = routes
        .layer(middleware::from_fn(in_time))
        .layer(middleware::from_fn(with_safe_headers));
    let task = tokio::spawn(accept(listener, routes, stop));
    Ok(Served { address, task })
}

async fn accept(
    listener: TcpListener,
    routes: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let (stopping, stopped) = watch::channel(());
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = next(&listener, &places) => match accepted {
                Ok((stream, place)) => {
                    let served = connection(stream, routes.clone(), stopped.clone(), place);
                    connections.spawn(timeout(CONNECTION_TIME, served));
                }
                Err(error) => {
                    tracing::warn!("cannot accept a connection: {error}");
                    sleep(PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    drop(stopping);
    let drained = async { while connections.join_next().await.is_some() {} };
    // What is not done by then is cut off.
    let _ = timeout(DRAIN_TIME, drained).await;
}

/// The next connection, when there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await;
    let place = place.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

async fn connection(
    stream: TcpStream,
    routes: Router,
    mut stopped: watch::Receiver<()>,
    _place: OwnedSemaphorePermit,
) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(MOST_HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(routes));
    let mut connection = std::pin::pin!(connection);
    // How a connection ends is the other side's affair.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            // The caller has hung up: that is an end too.
            let _ = connection.await;
        }
    }
}

async fn in_time(request: Request, next: Next) -> Response {
    match timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// No answer is kept by a cache or taken for another type than it says.
async fn with_safe_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
