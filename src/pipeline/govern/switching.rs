//! Switching a policy on or off beside the configuration, or to another mode (rules §9).

use chrono::{DateTime, Utc};

use super::governance::{Governance, TenantRules};
use super::take_over_at;
use crate::model::TenantName;
use crate::model::policy::{PolicyMode, PolicyName};
use crate::store::policies::{self, StoredPolicy, Switch};
use crate::store::{Db, StoreError, decisions};
use crate::telemetry::PolicySwitched;

/// What somebody wants of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SwitchWish {
    /// The policy.
    pub policy: PolicyName,
    /// On or off.
    pub enabled: bool,
    /// Another mode than before; `None` leaves it.
    pub mode: Option<PolicyMode>,
    /// Who wants it.
    pub by: String,
}

/// How a policy stands after it was switched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switched {
    /// The tenant.
    pub tenant: TenantName,
    /// On or off.
    pub enabled: bool,
    /// Its mode now.
    pub mode: PolicyMode,
    /// Its canary had acted on as many files as it may, and may go on now.
    pub goes_on: bool,
}

/// Why a policy is not switched.
#[derive(Debug, thiserror::Error)]
pub enum SwitchError {
    /// Nobody knows whose labels the tenant's are, and they have to stand in the files.
    #[error(
        "cannot enforce policy {policy} in tenant {tenant}: its Entra tenant id is not known; add it as `id` to [[tenant]]"
    )]
    NoTenantId {
        /// The policy.
        policy: PolicyName,
        /// The tenant.
        tenant: TenantName,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Switches a policy in a tenant; `None` where the tenant has none of that name. Somebody who enables a policy that waits
/// after its canary lets it go on.
///
/// # Errors
///
/// [`SwitchError`].
pub async fn switch(
    db: &Db,
    rules: &std::sync::Arc<TenantRules>,
    wish: &SwitchWish,
    now: DateTime<Utc>,
) -> Result<Option<Switched>, SwitchError> {
    let tenant = &rules.tenant;
    take_over_at(db, rules, now).await?;
    let governance = Governance::load(db, std::sync::Arc::clone(rules)).await?;
    let Some(policy) = governance.policy(&wish.policy) else {
        return Ok(None);
    };
    let mode = wish.mode.unwrap_or(policy.rule.mode);
    if wish.enabled && mode == PolicyMode::Enforce && governance.site_id.is_none() {
        return Err(SwitchError::NoTenantId {
            policy: wish.policy.clone(),
            tenant: tenant.clone(),
        });
    }
    let is_at_work = policy.acts();
    let goes_on =
        wish.enabled && is_at_work && is_used_up(db, policy.canary(), &policy.stored).await?;
    let before = policy.stored.switch.as_ref();
    let switch = Switch {
        enabled: wish.enabled,
        mode: wish.mode.or_else(|| before.and_then(|switch| switch.mode)),
        consented: match goes_on {
            true => Some(policy.stored.revision),
            false => before.and_then(|switch| switch.consented),
        },
        changed_at: now,
        changed_by: wish.by.clone(),
        reason: None,
    };
    let tx = db.begin().await?;
    policies::set_switch(&tx, tenant, &wish.policy, &switch).await?;
    tx.commit().await?;
    PolicySwitched {
        tenant,
        policy: &wish.policy,
        state: if wish.enabled { "on" } else { "off" },
        by: &wish.by,
    }
    .emit();
    Ok(Some(Switched {
        tenant: tenant.clone(),
        enabled: wish.enabled,
        mode,
        goes_on,
    }))
}

/// Whether the canary has acted on as many files as it may.
async fn is_used_up(
    db: &Db,
    canary: Option<u32>,
    stored: &StoredPolicy,
) -> Result<bool, StoreError> {
    let Some(canary) = canary else {
        return Ok(false);
    };
    Ok(decisions::made_by(db, stored.revision).await? >= u64::from(canary))
}
