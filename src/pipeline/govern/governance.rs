//! The rules in force: the configured policies with what was switched beside them, over the tenant's present label catalogue.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::TimeDelta;
use labeld_formats::Coauthoring;
use uuid::Uuid;

use super::stamp;
use crate::model::cap::CapRule;
use crate::model::catalogue::{CatalogueEntry, LabelState};
use crate::model::policy::{PolicyDefinition, PolicyMode, PolicyName};
use crate::model::{AppName, TenantName};
use crate::policy::{AppTraits, Policies, TenantLabels};
use crate::store::policies::{self, ConfiguredPolicy, PolicyId, StoredPolicy};
use crate::store::{Db, StoreError, decisions, labels};

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

    /// The policies as the store takes them over.
    #[must_use]
    pub fn configured(&self) -> Vec<ConfiguredPolicy> {
        let definitions = self.definitions.iter();
        definitions
            .map(|rule| ConfiguredPolicy {
                name: rule.name.clone(),
                document: rule.document(),
                enabled: rule.enabled,
            })
            .collect()
    }
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
                names_collaborators: true,
            },
            cap,
        }
    }

    /// The same of an app that does not tell whom files are shared with by name.
    #[must_use]
    pub fn without_collaborators(mut self) -> Self {
        self.traits.names_collaborators = false;
        self
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
    /// Whose labels the tenant's are: its Entra id as configured, else as its label list has it.
    pub site_id: Option<Uuid>,
    pub(super) asks_for_age: bool,
    in_force: HashMap<PolicyName, InForce>,
}

/// A policy that is in force, on or off.
#[derive(Debug, Clone)]
pub(super) struct InForce {
    /// As configured and switched.
    pub(super) rule: PolicyDefinition,
    /// As the store knows it.
    pub(super) stored: StoredPolicy,
}

impl InForce {
    /// Whether it is on, and not only to observe.
    pub(super) fn acts(&self) -> bool {
        self.rule.enabled && self.rule.mode == PolicyMode::Enforce
    }

    /// Files on which it may act before somebody has to look; `None` where there is no such bound, or somebody has looked.
    pub(super) fn canary(&self) -> Option<u32> {
        let switch = self.stored.switch.as_ref();
        let consented = switch.and_then(|switch| switch.consented);
        let is_bound =
            self.rule.mode == PolicyMode::Enforce && consented != Some(self.stored.revision);
        self.rule.canary.filter(|_| is_bound)
    }
}

impl Governance {
    /// The rules in force now, after [`take_over`](policies::take_over).
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn load(db: &Db, rules: Arc<TenantRules>) -> Result<Self, StoreError> {
        // First: what changes meanwhile is loaded once more.
        let stamp = decisions::stamp(db, &rules.tenant).await?;
        let stored = policies::of_tenant(db, &rules.tenant).await?;
        let catalogue = labels::entries(db, &rules.tenant).await?;
        Ok(Self::of(rules, stored, &catalogue, stamp))
    }

    /// The rules, from what the store has told.
    fn of(
        rules: Arc<TenantRules>,
        stored: Vec<StoredPolicy>,
        catalogue: &[CatalogueEntry],
        stamp: String,
    ) -> Self {
        let stored: HashMap<PolicyName, StoredPolicy> = stored
            .into_iter()
            .map(|policy| (policy.name.clone(), policy))
            .collect();
        let definitions: Vec<PolicyDefinition> = rules
            .definitions
            .iter()
            .map(|rule| switched(rule, stored.get(&rule.name)))
            .collect();
        // One that was not taken over can be looked at, and nothing comes of it.
        let in_force: HashMap<PolicyName, InForce> = definitions
            .iter()
            .filter_map(|rule| {
                let (rule, stored) = (rule.clone(), stored.get(&rule.name)?.clone());
                Some((rule.name.clone(), InForce { rule, stored }))
            })
            .collect();
        let apps = rules.apps.iter();
        let traits = apps.map(|(name, app)| (name.clone(), app.traits)).collect();
        let listed = catalogue
            .iter()
            .filter(|entry| entry.state != LabelState::External);
        let site_id = rules
            .site_id
            .or_else(|| listed.filter_map(|entry| entry.site_id).next());
        Self {
            asks_for_age: definitions.iter().any(stamp::asks_for_age),
            policies: Policies::new(definitions, TenantLabels::new(site_id, catalogue), traits),
            stored,
            rules,
            stamp,
            site_id,
            in_force,
        }
    }

    /// Every policy, on or off.
    pub(super) fn in_force(&self) -> impl Iterator<Item = &InForce> {
        self.in_force.values()
    }

    pub(super) fn policy(&self, name: &PolicyName) -> Option<&InForce> {
        self.in_force.get(name)
    }

    /// The text of a policy, on or off.
    pub(in crate::pipeline) fn rule_of(&self, policy: PolicyId) -> Option<&PolicyDefinition> {
        let mut all = self.in_force.values();
        all.find(|one| one.stored.id == policy).map(|one| &one.rule)
    }

    /// Whether the policy is there and switched off: what it wanted waits for it (rules §9).
    pub(super) fn is_switched_off(&self, policy: PolicyId) -> bool {
        let mut all = self.in_force.values();
        all.any(|one| one.stored.id == policy && !one.rule.enabled)
    }
}

/// A policy as it stands after what was switched.
fn switched(rule: &PolicyDefinition, stored: Option<&StoredPolicy>) -> PolicyDefinition {
    let switch = stored.and_then(|stored| stored.switch.as_ref());
    PolicyDefinition {
        enabled: switch.map_or(rule.enabled, |switch| switch.enabled),
        mode: switch.and_then(|switch| switch.mode).unwrap_or(rule.mode),
        ..rule.clone()
    }
}
