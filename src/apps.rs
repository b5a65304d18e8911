//! The only place that names concrete connectors: from configuration to apps.

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use labeld_connector_local::{Listed, LocalFile, LocalFolder, file_ref_of, path_of};
use labeld_connector_local::{Local, LocalOptions, PathFilter, copy_from};
use labeld_formats::{Coauthoring, RangeStrategy};

use crate::config::{self, Config, LocalAppConfig, PathPatterns, StoreConfig, TenantConfig};
use crate::pipeline::App;

/// Makes the apps of a tenant, ready to use.
///
/// # Errors
///
/// When a sample folder cannot be copied. An app that cannot be reached fails when it is used.
pub fn of_tenant(config: &Config, tenant: &TenantConfig) -> labeld_connector::Result<Vec<App>> {
    tenant
        .local
        .iter()
        .map(|local| local_app(config, tenant, local))
        .collect()
}

fn local_app(
    config: &Config,
    tenant: &TenantConfig,
    local: &LocalAppConfig,
) -> labeld_connector::Result<App> {
    if let Some(samples) = &local.copy_from {
        copy_from(&local.root, samples)?;
    }
    let state = feed_folder(config).join(&tenant.name.0).join(&local.name.0);
    let mut options = LocalOptions::new(local.name.0.clone(), &local.root, state);
    options.exclude = Some(Arc::new(Excluded(local.exclude.clone())));
    Ok(App {
        tenant: tenant.name.clone(),
        site_id: tenant.id,
        name: local.name.clone(),
        connector: Arc::new(Local::new(options)),
        strategy: strategy(local.read_mode),
        size_limit: local.size_limit,
    })
}

/// Where local apps keep what their folders looked like: beside the SQLite store, or with PostgreSQL in
/// `labeld-data` beside the configuration.
fn feed_folder(config: &Config) -> PathBuf {
    let parent = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
    match &config.store {
        StoreConfig::Sqlite(path) => parent(path).join("feeds"),
        StoreConfig::Postgres(_) => parent(&config.file).join("labeld-data/feeds"),
    }
}

fn strategy(mode: config::ReadMode) -> RangeStrategy {
    match mode {
        config::ReadMode::Local => RangeStrategy::LOCAL,
        config::ReadMode::Requests => RangeStrategy::REQUESTS,
        config::ReadMode::Bytes => RangeStrategy::BYTES,
    }
}

/// The co-authoring setting of a tenant as the reader knows it.
#[must_use]
pub fn coauthoring(tenant: &TenantConfig) -> Coauthoring {
    match tenant.coauthoring {
        config::Coauthoring::On => Coauthoring::On,
        config::Coauthoring::Off => Coauthoring::Off,
        config::Coauthoring::Unknown => Coauthoring::Unknown,
    }
}

#[derive(Debug)]
struct Excluded(PathPatterns);

impl PathFilter for Excluded {
    fn excludes(&self, path: &Path, is_folder: bool) -> bool {
        self.0.excludes(path, is_folder)
    }
}
