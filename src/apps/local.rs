//! Folders.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use labeld_connector_local::{Local, LocalOptions, PathFilter, copy_from};

use crate::config::{Config, LocalAppConfig, PathPatterns, StoreConfig, TenantConfig};

pub(super) fn connect(
    config: &Config,
    tenant: &TenantConfig,
    app: &LocalAppConfig,
) -> labeld_connector::Result<Local> {
    if let Some(samples) = &app.copy_from {
        copy_from(&app.root, samples)?;
    }
    let state = feed_folder(config).join(&tenant.name.0).join(&app.name.0);
    let mut options = LocalOptions::new(app.name.0.clone(), &app.root, state);
    options.exclude = Some(Arc::new(Excluded(app.exclude.clone())));
    Ok(Local::new(options))
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

#[derive(Debug)]
struct Excluded(PathPatterns);

impl PathFilter for Excluded {
    fn excludes(&self, path: &Path, is_folder: bool) -> bool {
        self.0.excludes(path, is_folder)
    }
}
