//! Which policies and files a command is about, and the rules for them.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use chrono::{DateTime, Utc};
use clap::Args;

use crate::apps;
use crate::cli::{UsageError, no_such_app};
use crate::config::{Config, TenantConfig};
use crate::model::policy::PolicyName;
use crate::pipeline::govern::Governance;
use crate::pipeline::simulate::{Rulebook, Within};
use crate::policy::Policies;
use crate::store::Db;

/// Policies and files by name.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Chosen {
    /// Only these policies, which count as switched on; without it all. The others are evaluated too, since they may win
    #[arg(value_name = "NAME")]
    policies: Vec<String>,
    #[command(flatten)]
    files: ChosenFiles,
}

/// Files by tenant and app.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ChosenFiles {
    /// Only files of this tenant
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Only files of this app
    #[arg(long, value_name = "NAME")]
    app: Option<String>,
}

impl ChosenFiles {
    /// # Errors
    ///
    /// [`UsageError`] for a tenant or app that is not configured.
    pub(super) fn check(&self, config: &Config) -> Result<(), UsageError> {
        let is_there = config.tenants.iter().any(|tenant| {
            self.means(tenant)
                && self.app.as_ref().is_none_or(|wanted| {
                    let mut apps = tenant.apps();
                    apps.any(|app| app.name().0 == *wanted)
                })
        });
        if is_there {
            return Ok(());
        }
        Err(UsageError(no_such_app(config)))
    }

    /// Whether they are those of one app.
    pub(super) fn names_app(&self) -> bool {
        self.app.is_some()
    }

    /// Whether files of the tenant are among them.
    pub(super) fn means(&self, tenant: &TenantConfig) -> bool {
        let wanted = self.tenant.as_ref();
        wanted.is_none_or(|wanted| tenant.name.0 == *wanted)
    }

    pub(super) fn within(&self) -> Within {
        Within {
            tenant: self.tenant.as_deref().map(Into::into),
            app: self.app.as_deref().map(Into::into),
        }
    }
}

impl Chosen {
    /// # Errors
    ///
    /// [`UsageError`] for a policy, tenant or app that is not configured.
    pub(super) fn check(&self, config: &Config) -> Result<(), UsageError> {
        for wanted in &self.policies {
            if !config.policies.iter().any(|one| one.name.0 == *wanted) {
                let names: Vec<&str> = config
                    .policies
                    .iter()
                    .map(|one| one.name.0.as_str())
                    .collect();
                return Err(UsageError(format!(
                    "no policy is called `{wanted}`; there is {}",
                    names.join(", ")
                )));
            }
        }
        self.files.check(config)
    }

    /// Whether the command is about the policy.
    pub(super) fn names(&self, policy: &PolicyName) -> bool {
        self.policies.is_empty() || self.policies.contains(&policy.0)
    }

    pub(super) fn within(&self) -> Within {
        self.files.within()
    }
}

/// The rules in force, with the policies that were chosen by name switched on.
pub(super) async fn load(
    db: &Db,
    config: &Config,
    chosen: &Chosen,
    now: DateTime<Utc>,
) -> Result<Rulebook> {
    let mut tenants = Vec::new();
    for tenant in &config.tenants {
        let rules = Arc::new(apps::tenant_rules(config, tenant));
        let mut governance = Governance::load(db, rules).await?;
        if !chosen.policies.is_empty() {
            governance.policies = switched_on(&governance, chosen);
        }
        tenants.push(governance);
    }
    Ok(Rulebook::new(tenants, now))
}

fn switched_on(governance: &Governance, chosen: &Chosen) -> Policies {
    let mut rules = governance.policies.rules().to_vec();
    for rule in &mut rules {
        rule.enabled |= chosen.policies.contains(&rule.name.0);
    }
    let traits = governance.rules.apps.iter();
    let traits: HashMap<_, _> = traits
        .map(|(name, app)| (name.clone(), app.traits))
        .collect();
    Policies::new(rules, governance.policies.labels().clone(), traits)
}
