//! Accepting connections and serving them.

use std::error::Error as StdError;
use std::pin::pin;
use std::time::Duration;

use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tracing::debug;

/// How long to wait when no connection can be accepted, for lack of file descriptors as a rule.
const PAUSE_AFTER_REFUSAL: Duration = Duration::from_millis(50);

/// A bound port and how its connections are served.
pub(super) struct Listening {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<TlsAcceptor>,
    /// Becomes true when the server is to stop.
    pub(super) stopped: watch::Receiver<bool>,
}

impl Listening {
    /// Serves until the server stops and the last connection has ended. Dropping the future closes all
    /// connections.
    pub(super) async fn serve<S>(mut self, service: S)
    where
        S: Service<Request<Incoming>, Response = Response> + Clone + Send + 'static,
        S::Future: Send + 'static,
        S::Error: Into<Box<dyn StdError + Send + Sync>>,
    {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                _ = connections.join_next(), if !connections.is_empty() => continue,
                _ = self.stopped.wait_for(|stopped| *stopped) => break,
            };
            match accepted {
                Ok((stream, _)) => {
                    let (tls, stopped) = (self.tls.clone(), self.stopped.clone());
                    connections.spawn(serve_stream(stream, tls, service.clone(), stopped));
                }
                Err(error) => {
                    debug!(%error, "cannot accept a connection");
                    tokio::time::sleep(PAUSE_AFTER_REFUSAL).await;
                }
            }
        }
        drop(self.listener);
        while connections.join_next().await.is_some() {}
    }
}

async fn serve_stream<S>(
    stream: TcpStream,
    tls: Option<TlsAcceptor>,
    service: S,
    stopped: watch::Receiver<bool>,
) where
    S: Service<Request<Incoming>, Response = Response> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    // An answer's head and body are two writes, which must not wait for each other's acknowledgement.
    if let Err(error) = stream.set_nodelay(true) {
        debug!(%error, "cannot set TCP_NODELAY");
    }
    let Some(tls) = tls else {
        return serve_http(stream, service, stopped).await;
    };
    match tls.accept(stream).await {
        Ok(stream) => serve_http(stream, service, stopped).await,
        Err(error) => debug!(%error, "no TLS handshake"),
    }
}

async fn serve_http<S>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: S,
    mut stopped: watch::Receiver<bool>,
) where
    S: Service<Request<Incoming>, Response = Response> + Send + 'static,
    S::Future: Send + 'static,
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    let mut builder = Builder::new(TokioExecutor::new());
    // The only `Date` is that of the emulator's clock.
    builder.http1().auto_date_header(false);
    builder.http2().auto_date_header(false);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = stopped.wait_for(|stopped| *stopped) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        debug!(%error, "a connection ended early");
    }
}
