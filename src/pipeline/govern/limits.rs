//! Bounds that stop a policy before it acts: `max_matches` and `max_matches_percent`.

use std::collections::BTreeMap;

use serde_json::json;

use super::governance::{AppRules, Governance, InForce};
use crate::model::AppName;
use crate::model::policy::{MatchLimit, PolicyName};
use crate::pipeline::Work;
use crate::store::alerts::{self, AlertKind, NewAlert};
use crate::store::files::{self, PlaceCount};
use crate::store::policies::{self, PolicyId, Switch};
use crate::store::{Db, StoreError, decisions};
use crate::telemetry;

/// Who has switched a policy off that has met its own bound.
const LABELD: &str = "labeld";

/// How many files each policy with such a bound matches.
pub(super) type Counts = BTreeMap<PolicyId, u64>;

/// Policies that act and have such a bound.
fn bounded(governance: &Governance) -> impl Iterator<Item = &InForce> {
    governance.in_force().filter(|policy| {
        let rule = &policy.rule;
        policy.acts() && rule.governance.is_some() && rule.max_matches != MatchLimit::default()
    })
}

/// The apps whose files such a bound counts, in the order of their names: those in the scope of a policy that has one. Matches
/// are counted in all of them, so that none is acted on before all are decided.
pub(super) fn counted_apps(governance: &Governance) -> BTreeMap<&AppName, &AppRules> {
    let mut counted = BTreeMap::new();
    for policy in bounded(governance) {
        let scope = &policy.rule.scope;
        let is_here = scope.tenants.is_empty() || scope.tenants.contains(&governance.rules.tenant);
        for (name, app) in &governance.rules.apps {
            let is_app = scope.apps.is_empty() || scope.apps.contains(name);
            let is_kind = scope.app_kinds.is_empty() || scope.app_kinds.contains(&app.kind);
            if is_here && is_app && is_kind {
                counted.insert(name, app);
            }
        }
    }
    counted
}

/// What is counted now. Where it is as it was when the bounds were last looked at, no policy has come over its bound since by
/// matching more.
pub(super) async fn counts(db: &Db, governance: &Governance) -> Result<Counts, StoreError> {
    let mut counts = Counts::new();
    for policy in bounded(governance) {
        let id = policy.stored.id;
        counts.insert(id, decisions::match_count(db, id).await?);
    }
    Ok(counts)
}

/// Switches off the policies in `enforce` that match more files than they may; them.
pub(super) async fn stop_exceeded(
    work: &Work,
    governance: &Governance,
) -> Result<Vec<PolicyName>, StoreError> {
    let mut stopped = Vec::new();
    for policy in bounded(governance) {
        if let Some(why) = exceeded(&work.db, governance, policy).await? {
            stop(work, governance, policy, &why).await?;
            stopped.push(policy.rule.name.clone());
        }
    }
    Ok(stopped)
}

/// Why a policy must not go on, in words.
async fn exceeded(
    db: &Db,
    governance: &Governance,
    policy: &InForce,
) -> Result<Option<String>, StoreError> {
    let limit = policy.rule.max_matches;
    let matched = decisions::match_count(db, policy.stored.id).await?;
    if let Some(most) = limit.files
        && matched > u64::from(most)
    {
        return Ok(Some(format!(
            "max_matches: {matched} files match, {most} are allowed"
        )));
    }
    let Some(most) = limit.percent else {
        return Ok(None);
    };
    let in_scope = in_scope(db, governance, policy).await?;
    let is_over = u128::from(matched) * 100 > u128::from(in_scope) * u128::from(most);
    Ok(is_over.then(|| {
        format!("max_matches_percent: {matched} of {in_scope} files in scope match, {most} percent are allowed")
    }))
}

/// Files that lie in the policy's scope, whatever its filter says.
async fn in_scope(db: &Db, governance: &Governance, policy: &InForce) -> Result<u64, StoreError> {
    let scope = &policy.rule.scope;
    let is_in_place = |place: &PlaceCount| {
        let app = governance.rules.apps.get(&place.app);
        app.is_some_and(|app| {
            scope.covers(&place.app, &app.kind, &place.folder, place.owner.as_deref())
        })
    };
    let places = files::by_place(db, &governance.rules.tenant).await?;
    Ok(places
        .iter()
        .filter(|place| is_in_place(place))
        .map(|place| place.files)
        .sum())
}

async fn stop(
    work: &Work,
    governance: &Governance,
    policy: &InForce,
    why: &str,
) -> Result<(), StoreError> {
    let now = work.clock.now();
    let tenant = &governance.rules.tenant;
    let before = policy.stored.switch.as_ref();
    let switch = Switch {
        enabled: false,
        mode: before.and_then(|switch| switch.mode),
        consented: before.and_then(|switch| switch.consented),
        changed_at: now,
        changed_by: LABELD.to_owned(),
        reason: Some(why.to_owned()),
    };
    let tx = work.db.begin().await?;
    policies::set_switch(&tx, tenant, &policy.rule.name, &switch).await?;
    let alert = NewAlert {
        tenant,
        policy: Some(policy.stored.id),
        file: None,
        kind: AlertKind::MaxMatches,
        severity: policy.rule.severity,
        document: json!({ "policy": policy.rule.name, "why": why }),
    };
    alerts::record(&tx, &alert, now).await?;
    tx.commit().await?;
    telemetry::PolicyStopped {
        tenant,
        policy: &policy.rule.name,
        why,
    }
    .emit();
    Ok(())
}
