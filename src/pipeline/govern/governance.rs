//! The rules in force: the configured policies with what was switched beside them, over the tenant's present label catalogue.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use labeld_formats::Coauthoring;
use uuid::Uuid;

use crate::model::cap::CapRule;
use crate::model::policy::{PolicyDefinition, PolicyName};
use crate::model::{AppName, TenantName};
use crate::policy::{AppTraits, Policies, TenantLabels};
use crate::store::policies::{self, StoredPolicy};
use crate::store::{Db, StoreError, labels};

/// What a configuration says for the decisions and writes of one tenant.
#[derive(Debug, Clone)]
pub struct TenantRules {
    /// The tenant.
    pub tenant: TenantName,
    /// Its Entra tenant id, where it is configured.
    pub site_id: Option<Uuid>,
    /// The policies whose scope has the tenant.
    pub definitions: Vec<PolicyDefinition>,
    /// Its apps.
    pub apps: HashMap<AppName, AppRules>,
    /// Where labels are written and read (reference/label-formats.md §2.5).
    pub coauthoring: Coauthoring,
    /// How long after a write of unknown outcome was sent it is looked at what became of it.
    pub settle_after: TimeDelta,
}

/// What a configuration says for one app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppRules {
    /// Its kind, as the configuration calls it.
    pub kind: String,
    /// What decisions ask of it.
    pub traits: AppTraits,
    /// The cap that it shares with the tenant's other apps of its kind (rules §6).
    pub cap: CapRule,
}

impl TenantRules {
    /// Time until a write of unknown outcome is looked at, unless configured otherwise: the service has surely ended by then
    /// what it was at.
    pub const SETTLE_AFTER: TimeDelta = TimeDelta::seconds(60);
}

impl AppRules {
    /// The rules of an app. `service_encrypts`: its service can assign labels that encrypt, and that is switched on.
    #[must_use]
    pub fn new(kind: &str, size_limit: u64, service_encrypts: bool, cap: CapRule) -> Self {
        Self {
            kind: kind.to_owned(),
            traits: AppTraits {
                size_limit,
                service_encrypts,
            },
            cap,
        }
    }
}

/// The rules in force.
#[derive(Debug, Clone)]
pub struct Governance {
    /// The policies, ready to be evaluated.
    pub policies: Policies,
    /// What the store knows of each.
    pub stored: HashMap<PolicyName, StoredPolicy>,
    /// Where they come from.
    pub rules: Arc<TenantRules>,
    /// Tells these rules from others: policies, switches, catalogue.
    pub stamp: String,
}

impl Governance {
    /// The rules in force now, after [`take_over`](policies::take_over).
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn load(db: &Db, rules: Arc<TenantRules>) -> Result<Self, StoreError> {
        let stored = policies::of_tenant(db, &rules.tenant).await?;
        let catalogue = labels::entries(db, &rules.tenant).await?;
        let stored: HashMap<PolicyName, StoredPolicy> = stored
            .into_iter()
            .map(|policy| (policy.name.clone(), policy))
            .collect();
        let definitions = rules
            .definitions
            .iter()
            .map(|rule| in_force(rule, stored.get(&rule.name)))
            .collect();
        let traits = rules.apps.iter();
        let traits = traits.map(|(name, app)| (name.clone(), app.traits));
        let tenant_labels = TenantLabels::new(rules.site_id, &catalogue);
        Ok(Self {
            policies: Policies::new(definitions, tenant_labels, traits.collect()),
            stored,
            stamp: String::new(),
            rules,
        })
    }
}

/// A policy as it stands after what was switched.
fn in_force(rule: &PolicyDefinition, stored: Option<&StoredPolicy>) -> PolicyDefinition {
    let switch = stored.and_then(|stored| stored.switch.as_ref());
    PolicyDefinition {
        enabled: switch.map_or(rule.enabled, |switch| switch.enabled),
        mode: switch.and_then(|switch| switch.mode).unwrap_or(rule.mode),
        ..rule.clone()
    }
}
