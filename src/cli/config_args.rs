//! `--config`, for every command that works with a configuration.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, Problems};

/// Which configuration a command works with.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ConfigArgs {
    /// Configuration file; without it labeld.toml, then /etc/labeld/labeld.toml
    #[arg(long = "config", value_name = "FILE")]
    file: Option<PathBuf>,
}

impl ConfigArgs {
    /// The state folder of the service that runs with the configuration, also where that has problems by now.
    ///
    /// # Errors
    ///
    /// [`Problems`] of a configuration that does not tell it.
    pub(super) fn state_dir(&self) -> Result<PathBuf, Problems> {
        Config::state_dir(&Config::find(self.file.as_deref())?)
    }

    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// [`Problems`], which end a command with exit code 78.
    pub(super) fn load(&self) -> Result<Config, Problems> {
        Config::load(&Config::find(self.file.as_deref())?)
    }
}
