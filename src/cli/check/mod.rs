//! `labeld check`: says what is wrong with the configuration, or what it configures.

mod cloud;
mod policies;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use clap::Args;

use super::config_args::ConfigArgs;
use super::exit::Exit;
use crate::config::{
    AppConfig, Config, LabelSource, LocalAppConfig, Secret, StoreConfig, TenantConfig,
};
use crate::model::catalogue::LabelState;
use crate::pipeline::label_list::{self, LabelList};
use crate::pipeline::{error_chain, labels};

/// Arguments of `labeld check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Runs the command. Warnings do not change the exit code; policies that cannot work do.
///
/// # Errors
///
/// When the output cannot be written.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let config = match args.config.load() {
        Ok(config) => config,
        Err(problems) => {
            writeln!(std::io::stderr(), "{problems}")?;
            return Ok(Exit::Configuration);
        }
    };
    let report = Report::of(&config);
    write!(std::io::stdout(), "{}", report.summary)?;
    for warning in &report.warnings {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    for error in &report.errors {
        writeln!(std::io::stderr(), "error: {error}")?;
    }
    Ok(match report.errors.is_empty() {
        true => Exit::Ok,
        false => Exit::Configuration,
    })
}

/// What a configuration sets up, and what about it will not work as things are.
#[derive(Debug, Default)]
struct Report {
    summary: String,
    warnings: Vec<String>,
    /// What cannot work at all.
    errors: Vec<String>,
}

impl Report {
    fn of(config: &Config) -> Self {
        let mut report = Self::default();
        report.line(0, format_args!("{}: no problems", config.file.display()));
        report.store(&config.store);
        for tenant in &config.tenants {
            report.tenant(tenant);
        }
        report.policies(config);
        report
    }

    fn line(&mut self, depth: usize, text: std::fmt::Arguments<'_>) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.summary, "{:width$}{text}", "", width = 2 * depth);
    }

    fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    fn store(&mut self, store: &StoreConfig) {
        match store {
            StoreConfig::Sqlite(path) => {
                self.line(1, format_args!("store: SQLite, {}", path.display()));
            }
            StoreConfig::Postgres(secret) => {
                self.line(1, format_args!("store: PostgreSQL, URL from {secret}"));
                self.secret(secret);
            }
        }
    }

    /// A command is not run by a mere check: it may ask a person or cost something.
    fn secret(&mut self, secret: &Secret) {
        if matches!(secret, Secret::Command { .. }) {
            return;
        }
        if let Err(error) = secret.resolve() {
            self.warn(error_chain(&error));
        }
    }

    fn tenant(&mut self, tenant: &TenantConfig) {
        match tenant.id {
            Some(id) => self.line(1, format_args!("tenant {} ({id})", tenant.name)),
            None => self.line(1, format_args!("tenant {}", tenant.name)),
        }
        match &tenant.labels {
            Some(LabelSource::File(path)) => self.label_file(tenant, path),
            Some(LabelSource::Graph) => self.line(2, format_args!("labels: from Microsoft Graph")),
            None => self.line(2, format_args!("labels: shown as the files name them")),
        }
        if let Some(microsoft) = &tenant.microsoft {
            self.microsoft(tenant, microsoft);
        }
        for app in tenant.apps() {
            match app {
                AppConfig::Local(app) => self.local(tenant, app),
                AppConfig::SharePoint(app) => self.sharepoint(app),
                AppConfig::OneDrive(app) => self.onedrive(app),
                AppConfig::Box(app) => self.box_app(tenant, app),
                AppConfig::Google(app) => self.google(tenant, app),
            }
        }
        if tenant.apps().next().is_none() {
            self.warn(format!(
                "tenant {} has no app: add a table [[tenant.local]], [[tenant.sharepoint]], [[tenant.onedrive]], [[tenant.box]] or [[tenant.google]]",
                tenant.name
            ));
        }
    }

    fn label_file(&mut self, tenant: &TenantConfig, path: &Path) {
        let list = match label_list::read_file(path) {
            Ok(list) => list,
            Err(error) => {
                self.line(2, format_args!("labels: {}, not readable", path.display()));
                return self.warn(format!("tenant {}: {}", tenant.name, error_chain(&error)));
            }
        };
        self.line(
            2,
            format_args!(
                "labels: {}, {} labels, {} can be applied ({} format)",
                path.display(),
                list.labels.len(),
                count_usable(&list),
                list.format
            ),
        );
        if list.labels.is_empty() {
            self.warn(format!(
                "tenant {}: the label list {} is empty",
                tenant.name,
                path.display()
            ));
        }
        if let (Some(ours), Some(theirs)) = (tenant.id, list.tenant_id)
            && ours != theirs
        {
            self.warn(format!(
                "tenant {} has the id {ours}, but the label list {} is of tenant {theirs}",
                tenant.name,
                path.display()
            ));
        }
    }

    fn local(&mut self, tenant: &TenantConfig, app: &LocalAppConfig) {
        let root = app.root.display();
        self.line(2, format_args!("local app {}: {root}", app.name));
        let name = format!("local app {} of tenant {}", app.name, tenant.name);
        if app.root.is_dir() {
            return;
        }
        if app.root.exists() {
            return self.warn(format!("{name}: {root} is not a folder"));
        }
        match &app.copy_from {
            Some(from) if from.is_dir() => self.line(
                3,
                format_args!("not there yet: will be copied from {}", from.display()),
            ),
            Some(from) => self.warn(format!(
                "{name}: neither {root} nor {}, which it would be copied from, is a folder",
                from.display()
            )),
            None => self.warn(format!("{name}: the folder {root} does not exist")),
        }
    }
}

/// How many labels of a list can be applied, as the catalogue would say after a first sync.
fn count_usable(list: &LabelList) -> usize {
    let first_sync = labels::sync(
        &[],
        &list.labels,
        None,
        list.tenant_id,
        DateTime::<Utc>::UNIX_EPOCH,
    );
    first_sync
        .entries
        .iter()
        .filter(|entry| entry.state == LabelState::Active && labels::usable(entry).is_ok())
        .count()
}
