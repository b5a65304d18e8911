//! `[service]`, `[http]`, `[telemetry]` and `[audit]`: how `labeld run` lives on its machine.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeValue;
use url::Url;

use super::StoreConfig;
use super::address::ServiceUrl;
use super::section::Section;
use super::source::Source;
use super::time::Span;
use super::value::{ByteSize, Refusal, Value, Whole, refuse, wrong_type};

/// Where the service keeps its state, and what it may use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceConfig {
    /// Folder of the control socket and of the crash markers.
    pub state_dir: PathBuf,
    /// How long work under way may go on after the service was told to stop.
    pub drain: Duration,
    /// Memory that parsing may use over all apps, in bytes.
    pub memory: u64,
    /// Files that are scanned side by side in each app.
    pub scans: usize,
    /// How long after a write of unknown outcome it is looked at what became of it.
    pub settle_after: Duration,
}

/// Addresses that the service listens on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HttpConfig {
    /// For health and metrics; `None` where they are not offered.
    pub listen: Option<SocketAddr>,
    /// For change notifications of the clouds; `None` where none are taken.
    pub webhooks: Option<SocketAddr>,
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TelemetryConfig {
    /// A collector that takes OTLP over HTTP; without it there are no traces.
    pub otlp: Option<Url>,
}

/// What is done with the audit log beside the store.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditConfig {
    /// File that the service keeps the log's head in; `None` where it does not.
    pub head_file: Option<PathBuf>,
}

/// Loopback, so that nobody else can look before the operator says so.
const LISTEN: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8620);

/// Inside the 90 s that systemd waits before it kills.
const DRAIN: u64 = 30;

/// Room for the largest files that are parsed, and for many small ones beside them.
const MEMORY: u64 = 64 << 20;

const SCANS: u32 = 16;

/// Longer than a service goes on with what it was sent before the connection was lost.
const SETTLE_AFTER: u64 = 60;

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            listen: Some(LISTEN),
            webhooks: None,
        }
    }
}

impl ServiceConfig {
    /// What holds where the configuration has no `[service]`.
    pub(super) fn of_store(store: &StoreConfig, source: &Source) -> Self {
        Self {
            state_dir: default_state_dir(store, source),
            drain: Duration::from_secs(DRAIN),
            memory: MEMORY,
            scans: SCANS as usize,
            settle_after: Duration::from_secs(SETTLE_AFTER),
        }
    }
}

/// The folder of an SQLite file; `labeld-data` beside the configuration where the store is elsewhere.
fn default_state_dir(store: &StoreConfig, source: &Source) -> PathBuf {
    match store {
        StoreConfig::Sqlite(path) => path.parent().unwrap_or(Path::new("")).to_owned(),
        StoreConfig::Postgres(_) => source.resolve("labeld-data"),
    }
}

pub(super) fn read_service(
    section: &mut Section<'_>,
    store: Option<&StoreConfig>,
) -> Option<ServiceConfig> {
    let state_dir = section.optional("state_dir");
    let drain: Option<Span<1, 3_600>> = section.optional("drain");
    let memory: Option<ByteSize> = section.optional("memory");
    if memory.is_some_and(|ByteSize(bytes)| bytes < 1 << 20) {
        section.report_key(
            "memory",
            "`memory` is too small to parse anything in".to_owned(),
            "at least \"1 MiB\"",
        );
    }
    let scans: Option<Whole<1_000>> = section.optional("scans");
    let settle_after: Option<Span<1, 3_600>> = section.optional("settle_after");
    let plain = ServiceConfig::of_store(store?, section.source());
    Some(ServiceConfig {
        state_dir: state_dir.unwrap_or(plain.state_dir),
        drain: drain.map_or(plain.drain, |drain| drain.0),
        memory: memory.map_or(plain.memory, |memory| memory.0),
        scans: scans.map_or(plain.scans, |scans| scans.0 as usize),
        settle_after: settle_after.map_or(plain.settle_after, |span| span.0),
    })
}

pub(super) fn read_http(section: &mut Section<'_>) -> Option<HttpConfig> {
    let plain = HttpConfig::default();
    let listen: Option<Listen> = section.optional("listen");
    let webhooks: Option<Listen> = section.optional("webhooks");
    let http = HttpConfig {
        listen: listen.map_or(plain.listen, |listen| listen.0),
        webhooks: webhooks.map_or(plain.webhooks, |webhooks| webhooks.0),
    };
    let is_fixed = |address: &SocketAddr| address.port() != 0;
    if http.listen.is_some_and(|address| is_fixed(&address)) && http.listen == http.webhooks {
        section.report_key(
            "webhooks",
            "`webhooks` and `listen` are the same address".to_owned(),
            "give webhooks a port of their own: the whole internet may come to it",
        );
    }
    Some(http)
}

pub(super) fn read_telemetry(section: &mut Section<'_>) -> Option<TelemetryConfig> {
    let otlp: Option<ServiceUrl> = section.optional("otlp");
    Some(TelemetryConfig {
        otlp: otlp.map(ServiceUrl::into_url),
    })
}

pub(super) fn read_audit(section: &mut Section<'_>) -> Option<AuditConfig> {
    Some(AuditConfig {
        head_file: section.optional("head_file"),
    })
}

/// An address to listen on, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Listen(Option<SocketAddr>);

impl Value for Listen {
    const EXPECTED: &'static str = "an address with a port as text, or \"off\"";
    const EXAMPLE: &'static str = "\"127.0.0.1:8620\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or_else(|| wrong_type::<Self>(value))?;
        if text == "off" {
            return Ok(Self(None));
        }
        match text.parse() {
            Ok(address) => Ok(Self(Some(address))),
            Err(_) => refuse(
                "not an address with a port",
                "\"127.0.0.1:8620\" for this machine only, \"0.0.0.0:8620\" or \"[::]:8620\" for everybody, or \"off\"",
            ),
        }
    }
}
