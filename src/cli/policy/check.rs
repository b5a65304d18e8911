//! `labeld policy check`: what the policies' author should know.

use std::io;

use anyhow::Result;
use clap::Args;
use serde::Serialize;

use super::{catalogue, of_tenant};
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::output::{Format, Listing, Row};
use crate::cli::session;
use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::policy::lint::{self, Remark, Weight};

/// Arguments of `labeld policy check`.
#[derive(Debug, Args)]
pub(super) struct PolicyCheckArgs {
    #[command(flatten)]
    config: ConfigArgs,
    /// How the list is printed
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Serialize)]
struct RemarkRow {
    tenant: String,
    policy: String,
    weight: &'static str,
    place: String,
    message: String,
    fix: String,
}

impl Row for RemarkRow {
    const COLUMNS: &'static [&'static str] =
        &["tenant", "policy", "weight", "place", "what", "fix"];

    fn cells(&self) -> Vec<String> {
        vec![
            self.tenant.clone(),
            self.policy.clone(),
            self.weight.to_owned(),
            self.place.clone(),
            self.message.clone(),
            self.fix.clone(),
        ]
    }
}

/// Runs the command. An error ends it with the exit code of a wrong configuration, warnings do not.
///
/// # Errors
///
/// Problems of the configuration, and an output that cannot be written.
pub(super) fn run(args: &PolicyCheckArgs) -> Result<Exit> {
    session::with_config(&args.config, async |config| {
        let mut listing = Listing::new::<RemarkRow>(io::stdout(), args.format);
        let mut exit = Exit::Ok;
        for tenant in &config.tenants {
            let mut warnings = Vec::new();
            let catalogue = catalogue(&config, tenant, &mut |warning| warnings.push(warning)).await;
            for warning in warnings {
                tracing::warn!("{warning}");
            }
            let policies = of_tenant(&config, tenant, &catalogue);
            for remark in lint::lint(&policies, SystemClock.now()) {
                if remark.weight == Weight::Error {
                    exit = Exit::Configuration;
                }
                listing.row(&row(&config, &tenant.name.0, &remark))?;
            }
        }
        listing.finish()?;
        Ok(exit)
    })
}

fn row(config: &Config, tenant: &str, remark: &Remark) -> RemarkRow {
    let policy = config
        .policies
        .iter()
        .find(|policy| policy.name == remark.policy);
    let place = policy.map(|policy| format!("{}:{}", policy.place.0.display(), policy.place.1));
    RemarkRow {
        tenant: tenant.to_owned(),
        policy: remark.policy.to_string(),
        weight: match remark.weight {
            Weight::Error => "error",
            Weight::Warning => "warning",
        },
        place: place.unwrap_or_default(),
        message: remark.message.clone(),
        fix: remark.fix.clone(),
    }
}
