//! Switching a policy on behalf of `labeld policy enable|disable`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::generation::Generation;
use super::shared::Handle;
use crate::model::TenantName;
use crate::model::policy::{PolicyMode, PolicyName};
use crate::pipeline::error_chain;
use crate::pipeline::govern::{SwitchWish, Switched, TenantRules, switch};

/// What a policy is to be switched to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchRequest {
    /// Only in this tenant.
    pub tenant: Option<TenantName>,
    /// The policy's name.
    pub policy: String,
    /// On or off.
    pub enabled: bool,
    /// The word of another mode.
    pub mode: Option<String>,
    /// Who wants it.
    pub by: String,
}

impl SwitchRequest {
    /// As the pipeline takes it. A word that is no mode leaves the mode as it is.
    #[must_use]
    pub fn wish(&self) -> SwitchWish {
        SwitchWish {
            policy: PolicyName(self.policy.clone()),
            enabled: self.enabled,
            mode: self.mode.as_deref().and_then(PolicyMode::from_word),
            by: self.by.clone(),
        }
    }
}

/// How a policy stands in a tenant afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SwitchReport {
    /// The tenant.
    pub tenant: TenantName,
    /// On or off.
    pub enabled: bool,
    /// The word of its mode.
    pub mode: String,
    /// It goes on behind its canary.
    pub goes_on: bool,
}

impl From<Switched> for SwitchReport {
    fn from(switched: Switched) -> Self {
        Self {
            tenant: switched.tenant,
            enabled: switched.enabled,
            mode: switched.mode.as_str().to_owned(),
            goes_on: switched.goes_on,
        }
    }
}

impl Handle {
    /// Switches a policy in all tenants that have it, and has its files decided at once.
    ///
    /// # Errors
    ///
    /// Why not, in words.
    pub(super) async fn switch_policy(
        &self,
        request: &SwitchRequest,
    ) -> Result<Vec<SwitchReport>, String> {
        let shared = &*self.shared;
        let Some(generation) = shared.present().generation else {
            return Err("the service is not ready".to_owned());
        };
        let mut reports = Vec::new();
        for rules in rules_of(&generation) {
            if request
                .tenant
                .as_ref()
                .is_some_and(|one| *one != rules.tenant)
            {
                continue;
            }
            let (db, now) = (&generation.work.db, shared.clock.now());
            let switched = switch(db, &rules, &request.wish(), now).await;
            let switched = switched.map_err(|error| error_chain(&error))?;
            reports.extend(switched.map(SwitchReport::from));
        }
        for served in &generation.apps {
            served.work.undecided.notify_one();
        }
        if reports.is_empty() {
            return Err(format!("policy {} is in no such tenant", request.policy));
        }
        Ok(reports)
    }
}

/// The rules of each tenant that has an app at work.
fn rules_of(generation: &Generation) -> Vec<Arc<TenantRules>> {
    let mut found: Vec<Arc<TenantRules>> = Vec::new();
    for served in &generation.apps {
        if !found.iter().any(|one| one.tenant == served.rules.tenant) {
            found.push(Arc::clone(&served.rules));
        }
    }
    found
}
