//! `labeld doctor`: looks at everything labeld needs, by harmless calls, and says what to do about what is
//! missing.

mod checks;
mod row;

use std::io;

use anyhow::Result;
use clap::Args;

use self::checks::Checks;
use self::row::FindingRow;
use super::UsageError;
use super::config_args::ConfigArgs;
use super::exit::Exit;
use super::output::{Format, Listing};
use super::session;
use crate::apps::Organisation;
use crate::clock::SystemClock;
use crate::config::{Config, TenantConfig};

/// Arguments of `labeld doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// Only this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Only this app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Runs the command.
///
/// # Errors
///
/// Problems of the configuration, and an output that cannot be written. What is found wrong is no error, but
/// the exit code tells of it.
pub(super) fn run(args: &DoctorArgs) -> Result<Exit> {
    session::with_config(&args.config, async |config| examine(args, &config).await)
}

async fn examine(args: &DoctorArgs, config: &Config) -> Result<Exit> {
    let tenants = args.tenants(config)?;
    let mut checks = Checks::new(Listing::new::<FindingRow>(io::stdout(), args.format));
    checks.configuration(config)?;
    let store = checks.store(&config.store).await?;
    for tenant in tenants {
        let organisation = Organisation::new(config, tenant);
        checks.label_list(tenant, &organisation).await?;
        if let Some(db) = &store {
            checks.label_age(tenant, db, &SystemClock).await?;
        }
        let is_meant = |name: &str| args.app.as_ref().is_none_or(|app| app == name);
        for app in tenant.apps().filter(|app| is_meant(&app.name().0)) {
            checks.app(tenant, &organisation, app).await?;
        }
    }
    if let Some(db) = store {
        db.close().await?;
    }
    checks.finish()
}

impl DoctorArgs {
    fn tenants<'a>(&self, config: &'a Config) -> Result<Vec<&'a TenantConfig>, UsageError> {
        let is_meant = |tenant: &&TenantConfig| {
            let (name, app) = (self.tenant.as_ref(), self.app.as_ref());
            name.is_none_or(|name| tenant.name.0 == *name)
                && app.is_none_or(|app| tenant.has_app(app))
        };
        let tenants: Vec<&TenantConfig> = config.tenants.iter().filter(is_meant).collect();
        if tenants.is_empty() {
            return Err(UsageError(super::no_such_app(config)));
        }
        Ok(tenants)
    }
}
