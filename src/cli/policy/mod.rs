//! `labeld policy`: check policies, test them against facts, see what they would do, and switch them.

mod check;
mod diff;
mod fixture;
mod rehearse;
mod rules;
mod simulate;
mod switch;
mod test;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};

use super::exit::Exit;
use super::session;
use crate::apps;
use crate::config::{Config, LabelSource, TenantConfig};
use crate::model::catalogue::CatalogueEntry;
use crate::pipeline::label_list;
use crate::pipeline::{error_chain, labels};
use crate::policy::{Policies, TenantLabels};
use crate::store::{self, Access, Db};

/// Arguments of `labeld policy`.
#[derive(Debug, Args)]
pub(super) struct PolicyArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Look for traps, labels that cannot be applied, and policies in each other's way
    Check(check::PolicyCheckArgs),
    /// Evaluate policies over facts written in files, and compare with what is expected
    Test(test::PolicyTestArgs),
    /// Say what the policies would do to the inventory, and until when; asks no app
    Simulate(simulate::PolicySimulateArgs),
    /// Say what a changed configuration would do otherwise than the old one
    Diff(diff::PolicyDiffArgs),
    /// Switch a policy on, to a mode, or let it go on behind its canary
    Enable(switch::PolicyEnableArgs),
    /// Switch a policy off: what it wanted is suspended
    Disable(switch::PolicyDisableArgs),
}

/// Runs the command.
///
/// # Errors
///
/// Problems of the configuration and of fixtures.
pub(super) fn run(args: &PolicyArgs) -> Result<Exit> {
    match &args.action {
        Action::Check(args) => check::run(args),
        Action::Test(args) => test::run(args),
        Action::Simulate(args) => simulate::run(args),
        Action::Diff(args) => diff::run(args),
        Action::Enable(args) => switch::enable(args),
        Action::Disable(args) => switch::disable(args),
    }
}

/// The policies of a tenant with its labels, as far as they are known.
pub(super) fn of_tenant(
    config: &Config,
    tenant: &TenantConfig,
    catalogue: &[CatalogueEntry],
) -> Policies {
    let rules = apps::tenant_rules(config, tenant);
    let traits = rules.apps.into_iter();
    Policies::new(
        config.policies.clone(),
        TenantLabels::new(tenant.id, catalogue),
        traits.map(|(name, app)| (name, app.traits)).collect(),
    )
}

/// The tenant's labels: from its file, else from the store where there is one. Empty where neither tells; a label file that
/// cannot be read is told to `warn`.
pub(super) async fn catalogue(
    config: &Config,
    tenant: &TenantConfig,
    warn: &mut dyn FnMut(String),
) -> Vec<CatalogueEntry> {
    if let Some(listed) = listed(tenant, warn) {
        return listed;
    }
    let stored = stored_catalogue(config, tenant).await;
    stored.unwrap_or_else(|_| {
        warn(format!(
            "tenant {}: its labels are not known before `labeld labels sync`",
            tenant.name
        ));
        Vec::new()
    })
}

/// The labels of a tenant whose list is a file, or that has none; `None` where only the store can tell.
pub(super) fn listed(
    tenant: &TenantConfig,
    warn: &mut dyn FnMut(String),
) -> Option<Vec<CatalogueEntry>> {
    let path = match &tenant.labels {
        Some(LabelSource::File(path)) => path,
        Some(LabelSource::Graph) => return None,
        None => return Some(Vec::new()),
    };
    Some(match label_list::read_file(path) {
        Ok(list) => {
            let site = tenant.id.or(list.tenant_id);
            let never = DateTime::<Utc>::UNIX_EPOCH;
            labels::sync(&[], &list.labels, None, site, never).entries
        }
        Err(error) => {
            warn(format!("tenant {}: {}", tenant.name, error_chain(&error)));
            Vec::new()
        }
    })
}

async fn stored_catalogue(config: &Config, tenant: &TenantConfig) -> Result<Vec<CatalogueEntry>> {
    let db = Db::open(&session::location(&config.store)?, Access::Read).await?;
    let entries = store::labels::entries(&db, &tenant.name).await?;
    db.close().await?;
    Ok(entries)
}
