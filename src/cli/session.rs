//! What every command that works with a configuration begins with: log, runtime, store.

use std::future::Future;
use std::sync::Arc;

use anyhow::{Context, Result};
use tracing_subscriber::filter::LevelFilter;

use super::config_args::ConfigArgs;
use crate::clock::SystemClock;
use crate::config::{Config, LogFormat, LogLevel, SecretError, StoreConfig};
use crate::store::{Access, Db, Location};
use crate::telemetry::trace::{Exporter, TraceOptions};
use crate::telemetry::{self, LogOptions};

/// A configuration and its open store.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) config: Config,
    pub(super) db: Db,
}

/// Loads the configuration, opens the store and runs `command` on an async runtime.
///
/// # Errors
///
/// Problems of the configuration, errors of the store, and those of the command.
pub(super) fn with_store<F, T>(
    config: &ConfigArgs,
    access: Access,
    command: impl FnOnce(Session) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    with_config(config, async |config| {
        open_store(config, access, command).await
    })
}

/// Opens the store and runs `command`.
///
/// # Errors
///
/// Errors of the store, and those of the command.
pub(super) async fn open_store<F, T>(
    config: Config,
    access: Access,
    command: impl FnOnce(Session) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let db = Db::open(&location(&config.store)?, access).await?;
    let session = Session {
        config,
        db: db.clone(),
    };
    let outcome = command(session).await;
    db.close().await?;
    outcome
}

/// Loads the configuration and runs `command` on an async runtime. It logs what may need somebody: what happens it says itself.
///
/// # Errors
///
/// Problems of the configuration, and those of the command.
pub(super) fn with_config<F, T>(config: &ConfigArgs, command: impl FnOnce(Config) -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    logging(LogLevel::Warn, config, command)
}

/// [`with_config`] for the service, whose log says what happens.
///
/// # Errors
///
/// As [`with_config`].
pub(super) fn with_service_config<F, T>(
    config: &ConfigArgs,
    service: impl FnOnce(Config) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    logging(LogLevel::Info, config, service)
}

fn logging<F, T>(
    unless_configured: LogLevel,
    config: &ConfigArgs,
    command: impl FnOnce(Config) -> F,
) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    let config = config.load()?;
    let exporter = start_log(&config, unless_configured);
    run(async {
        let exporting = exporter.map(Exporter::spawn);
        let outcome = command(config).await;
        if let Some(exporting) = exporting {
            exporting.finish().await;
        }
        outcome
    })
}

/// Runs `command` on an async runtime.
///
/// # Errors
///
/// Those of the command.
pub(super) fn without_config<F, T>(command: impl FnOnce() -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    run(command())
}

fn run<T>(command: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    runtime.block_on(command)
}

/// Where the store is.
///
/// # Errors
///
/// When the secret that says so cannot be had.
pub(super) fn location(store: &StoreConfig) -> Result<Location, SecretError> {
    match store {
        StoreConfig::Sqlite(path) => Ok(Location::Sqlite(path.clone())),
        StoreConfig::Postgres(secret) => Ok(Location::parse(secret.resolve()?.expose())),
    }
}

/// Begins the log, and with a collector the taking of spans.
fn start_log(config: &Config, unless_configured: LogLevel) -> Option<Exporter> {
    let level = match config.log.level.unwrap_or(unless_configured) {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let format = match config.log.format {
        LogFormat::Text => telemetry::LogFormat::Text,
        LogFormat::Json => telemetry::LogFormat::Json,
    };
    let collector = config.telemetry.otlp.clone();
    let traces = collector.map(|collector| TraceOptions {
        collector,
        clock: Arc::new(SystemClock),
    });
    telemetry::start(&LogOptions { level, format }, traces)
}
