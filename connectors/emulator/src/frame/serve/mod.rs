//! The listeners: one for the control API and one for each host of each provider.

mod connection;
mod exchange;
mod tls;

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hyper::service::service_fn;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use url::Url;

pub use exchange::Arrival;

use self::connection::Listening;
use self::exchange::Exchange;
use self::tls::Authority;
use super::{Frame, Provider, control};

/// How long [`Server::stop`] lets requests in progress come to their end.
const TIME_TO_FINISH: Duration = Duration::from_secs(5);

/// Where a server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServerOptions {
    /// The port of the control API; the hosts of the providers have the ports behind it, in the order of
    /// the providers and of their hosts. The system chooses all ports when `None`.
    pub listen_base: Option<u16>,
    /// Whether the hosts of the providers speak TLS, with a certificate authority made at the start. The
    /// control API never does.
    pub tls: bool,
}

/// Running listeners, all on 127.0.0.1. Dropping it stops them at once.
pub struct Server {
    frame: Frame,
    providers: Vec<Arc<dyn Provider>>,
    control_url: Url,
    ca_pem: Option<String>,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
}

impl Server {
    /// Binds the ports, tells the providers their base URLs, and begins to serve.
    ///
    /// # Errors
    ///
    /// When a port cannot be bound.
    pub async fn start(
        options: &ServerOptions,
        frame: Frame,
        providers: Vec<Arc<dyn Provider>>,
    ) -> anyhow::Result<Self> {
        let authority = if options.tls {
            let hosts = providers.iter().flat_map(|provider| provider.hosts());
            Some(Authority::new(hosts.copied()).context("cannot make a certificate authority")?)
        } else {
            None
        };
        let mut ports = Ports(options.listen_base);
        let control_listener = ports.bind().await?;
        let control_url = base_url(&control_listener, "http")?;
        let (stop, stopped) = watch::channel(false);
        let mut server = Self {
            frame,
            providers,
            control_url,
            ca_pem: authority
                .as_ref()
                .map(|authority| authority.pem().to_owned()),
            stop,
            listeners: JoinSet::new(),
        };
        let mut bound = Vec::new();
        for provider in server.providers.clone() {
            bound.push(Self::bind_hosts(&provider, &mut ports, options.tls).await?);
        }
        for (provider, listeners) in server.providers.iter().zip(bound) {
            for (host, listener) in listeners {
                let exchange = Arc::new(Exchange::new(&server.frame, provider, host));
                let listening = Listening {
                    listener,
                    tls: authority.as_ref().map(Authority::acceptor),
                    stopped: stopped.clone(),
                };
                server
                    .listeners
                    .spawn(listening.serve(service_fn(move |request| {
                        let exchange = Arc::clone(&exchange);
                        async move { exchange.answer(request).await }
                    })));
            }
        }
        let listening = Listening {
            listener: control_listener,
            tls: None,
            stopped,
        };
        let control = control::router(server.frame.clone(), server.providers.clone());
        server
            .listeners
            .spawn(listening.serve(TowerToHyperService::new(control)));
        Ok(server)
    }

    /// The base URL of the control API, without a path.
    #[must_use]
    pub fn control_url(&self) -> &Url {
        &self.control_url
    }

    /// The certificate authority as PEM; `None` without TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// What the providers stand on.
    #[must_use]
    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// The providers.
    #[must_use]
    pub fn providers(&self) -> &[Arc<dyn Provider>] {
        &self.providers
    }

    /// Stops listening, lets requests in progress end for up to five seconds, and closes all connections.
    pub async fn stop(mut self) {
        // No receiver is left when all listeners have ended by themselves.
        let _ = self.stop.send(true);
        let all_ended = async { while self.listeners.join_next().await.is_some() {} };
        if tokio::time::timeout(TIME_TO_FINISH, all_ended)
            .await
            .is_err()
        {
            self.listeners.shutdown().await;
        }
    }

    /// Binds the hosts of a provider and tells it where.
    async fn bind_hosts(
        provider: &Arc<dyn Provider>,
        ports: &mut Ports,
        tls: bool,
    ) -> anyhow::Result<Vec<(&'static str, TcpListener)>> {
        let scheme = if tls { "https" } else { "http" };
        let mut listeners = Vec::new();
        let mut bases = HashMap::new();
        for host in provider.hosts() {
            let listener = ports.bind().await?;
            bases.insert(*host, base_url(&listener, scheme)?);
            listeners.push((*host, listener));
        }
        provider.bound(bases);
        Ok(listeners)
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Server")
            .field("control_url", &self.control_url.as_str())
            .finish_non_exhaustive()
    }
}

/// The next port, where ports are not left to the system.
struct Ports(Option<u16>);

impl Ports {
    async fn bind(&mut self) -> anyhow::Result<TcpListener> {
        let port = self.0.unwrap_or(0);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .with_context(|| format!("cannot listen on 127.0.0.1:{port}"))?;
        if let Some(next) = &mut self.0 {
            *next = next
                .checked_add(1)
                .context("cannot listen: there are no ports behind 65535")?;
        }
        Ok(listener)
    }
}

fn base_url(listener: &TcpListener, scheme: &str) -> anyhow::Result<Url> {
    let address = listener.local_addr().context("cannot tell the port")?;
    Url::parse(&format!("{scheme}://{address}/")).context("cannot make a base URL")
}
