//! The way to the network: TLS, proxy, time limits.

use std::fmt;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, ClientBuilder, Proxy};

use super::watch::CallWatch;
use crate::error::{Error, ErrorKind, Result};

/// How to reach the network: one for each tenant's credentials.
#[derive(Debug, Clone)]
pub struct NetworkOptions {
    /// Sent as `User-Agent`: services tell callers apart by it.
    pub user_agent: String,
    /// Certificates (PEM, one or more in each) that are trusted besides the system's: a private
    /// authority, or that of a proxy that opens TLS.
    pub extra_roots_pem: Vec<Vec<u8>>,
    /// `http://host:port` or `https://host:port` of a proxy that every call goes through, with user and
    /// password where it wants them. `None` goes straight; the environment is not asked.
    pub proxy: Option<String>,
    /// How long a connection may take to be made, TLS included.
    pub connect_timeout: Duration,
    /// How long a service may say nothing: before its answer begins, and between two pieces of it.
    pub silence_timeout: Duration,
    /// Who watches the calls that are made through it.
    pub watch: CallWatch,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            user_agent: concat!("labeld/", env!("CARGO_PKG_VERSION")).to_owned(),
            extra_roots_pem: Vec::new(),
            proxy: None,
            connect_timeout: Duration::from_secs(10),
            silence_timeout: Duration::from_secs(60),
            watch: CallWatch::default(),
        }
    }
}

/// Connections to the network, shared by all clones.
#[derive(Clone)]
pub struct Network {
    /// For everything that is read as a whole: takes gzip.
    compressed: Client,
    /// For files: no content coding is asked for or undone, since a range counts the bytes of the file.
    plain: Client,
    silence: Duration,
    watch: CallWatch,
}

impl Network {
    /// Connections as `options` say. No redirect is followed and no cookie is kept.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unexpected`] when a certificate or the proxy's address cannot be understood, when
    /// the system's trusted certificates cannot be read, or when the program has not installed a rustls
    /// provider.
    pub fn new(options: &NetworkOptions) -> Result<Self> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(failed("TLS").with_source("the program has installed no rustls provider"));
        }
        let client = |gzip: bool| {
            builder(options)?.gzip(gzip).build().map_err(|cause| {
                failed("the trusted certificates or the user agent")
                    .with_source(cause.without_url())
            })
        };
        Ok(Self {
            compressed: client(true)?,
            plain: client(false)?,
            silence: options.silence_timeout,
            watch: options.watch.clone(),
        })
    }

    /// The client for answers that are read as a whole, or for files.
    pub(super) fn client(&self, files: bool) -> &Client {
        if files { &self.plain } else { &self.compressed }
    }

    /// Who watches the calls.
    pub(super) fn watch(&self) -> &CallWatch {
        &self.watch
    }

    /// How long a service may say nothing.
    pub(super) fn silence(&self) -> Duration {
        self.silence
    }
}

/// Bytes of one answer that a service may send before they are taken: a file that is fetched whole.
const STREAM_WINDOW: u32 = 1 << 20;

/// The same for all answers on a connection. It bounds the memory that all the files fetched side by side take before anybody has
/// looked at them, and leaves 20 MB a second on a line with a round trip of a tenth of a second.
const CONNECTION_WINDOW: u32 = 2 << 20;

fn builder(options: &NetworkOptions) -> Result<ClientBuilder> {
    let mut builder = Client::builder()
        .user_agent(&options.user_agent)
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .no_proxy();
    for pem in &options.extra_roots_pem {
        let certificates = Certificate::from_pem_bundle(pem).map_err(|cause| {
            failed("an additional certificate").with_source(cause.without_url())
        })?;
        if certificates.is_empty() {
            return Err(
                failed("an additional certificate").with_source("no certificate in PEM form found")
            );
        }
        builder = builder.tls_certs_merge(certificates);
    }
    if let Some(address) = &options.proxy {
        builder = builder.proxy(proxy(address)?);
    }
    Ok(builder)
}

/// The address may carry a password, so no error shows it.
fn proxy(address: &str) -> Result<Proxy> {
    let wrong = || {
        failed("the address of the proxy")
            .with_source("http://host:port or https://host:port is expected")
    };
    let url = url::Url::parse(address).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong());
    }
    Proxy::all(url).map_err(|_| wrong())
}

fn failed(what: &str) -> Error {
    Error::new(ErrorKind::Unexpected, "set up the network with", what)
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("silence", &self.silence)
            .finish_non_exhaustive()
    }
}
