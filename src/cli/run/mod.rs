//! `labeld run`: the service.

mod listeners;

use anyhow::Result;
use clap::Args;

use self::listeners::Listeners;
use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::session;
use crate::clock;
use crate::config::StoreConfig;
use crate::daemon::control::SocketError;
use crate::daemon::{Service, ServiceError};

/// Arguments of `labeld run`.
#[derive(Debug, Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the service until it is told to stop.
///
/// # Errors
///
/// Problems of configuration and store; another service that uses the same state folder.
pub(super) fn run(args: &RunArgs) -> Result<Exit> {
    session::with_service_config(&args.config, async |config| {
        let location = session::location(&config.store)?;
        let http = config.http;
        let is_sqlite = matches!(config.store, StoreConfig::Sqlite(_));
        let service = match Service::prepare(config, location, clock::of_process()?) {
            Err(ServiceError::Control(error @ SocketError::Taken { .. })) if is_sqlite => {
                // Whoever has the folder of the store writes to it.
                tracing::error!("{error}");
                return Ok(Exit::StoreInUse);
            }
            prepared => prepared?,
        };
        let listeners = Listeners::open(http, &service.handle()).await?;
        let ended = service.run().await;
        listeners.close().await;
        match ended {
            Ok(()) => Ok(Exit::Ok),
            // The exit code depends on what is wrong with the store.
            Err(ServiceError::Store(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
    })
}
