//! Why a file is decided as it is: the decision made once more, by the same code, with everything that it looks at.

mod reasons;

use std::sync::Arc;

use chrono::{DateTime, Utc};

pub use self::reasons::About;
use super::facts_of;
use super::governance::{Governance, TenantRules};
use crate::model::inventory::FileRecord;
use crate::model::policy::{PolicyMode, PolicyName, SignedFiles};
use crate::model::{DEFAULT_SIZE_LIMIT, Reason};
use crate::policy::gates::{self, GateOutcome, Purpose, WriteTerms};
use crate::policy::{Decision, evaluate};
use crate::store::actions::{self, Action, ActionQuery};
use crate::store::cap::{self, CapKey, CapState};
use crate::store::policies::Switch;
use crate::store::{Db, StoreError, apps, decisions, ledger, owners, queue};

/// What there is to say about a file.
#[derive(Debug)]
pub struct Explanation {
    /// What the policies say, with the trace of how they came to it.
    pub decision: Decision,
    /// The gates of a write, whether a policy wants one or not.
    pub gates: GateOutcome,
    /// The name of the label that the winning policy wants, or that the file has.
    pub names: LabelNames,
    /// Policies that somebody has switched, or that were stopped by their own bound.
    pub switched: Vec<(PolicyName, Switch)>,
    /// Something about the file is new and was not decided yet.
    pub waits: bool,
    /// The winning policy has acted on as many files as its canary lets it, and waits for somebody to look.
    pub canary_is_used_up: bool,
    /// The last action that was wanted for the file.
    pub action: Option<Action>,
    /// The cap that the file's app is under.
    pub cap: Option<CapState>,
    /// Every reason code that stands for the file, the verdict's first; each once.
    pub reasons: Vec<(Reason, About)>,
}

/// Labels by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LabelNames {
    /// The one on the file that is the tenant's.
    pub present: Option<String>,
    /// The one that is to be applied.
    pub wanted: Option<String>,
}

/// Explains what the policies say to a file, from what is stored of it. `app_kind` as the configuration calls it.
///
/// # Errors
///
/// Those of the store.
pub async fn explain(
    db: &Db,
    rules: &Arc<TenantRules>,
    record: &FileRecord,
    now: DateTime<Utc>,
) -> Result<Explanation, StoreError> {
    let governance = Governance::load(db, Arc::clone(rules)).await?;
    let app = rules.apps.get(&record.app);
    let kind = app.map_or("", |app| app.kind.as_str());
    let app_id = apps::find(db, &record.tenant, &record.app).await?;
    let owner = match (app_id, &record.owner) {
        (Some(app), Some(owner)) => owners::get(db, app, owner).await?,
        _ => None,
    };
    let mut written = ledger::newest_applied(db, &[record.id]).await?;
    let facts = facts_of(record, kind, owner, written.remove(&record.id));
    let decision = evaluate(&governance.policies, &facts, now);
    let terms = WriteTerms {
        size_limit: app.map_or(DEFAULT_SIZE_LIMIT, |app| app.traits.size_limit),
        signed: SignedFiles::Refuse,
    };
    let query = ActionQuery {
        file: Some(record.id),
        ..ActionQuery::default()
    };
    let wanted = actions::list(db, &query, u32::MAX).await?;
    let cap = match app {
        Some(app) => {
            let key = CapKey {
                tenant: &record.tenant,
                app_kind: kind,
            };
            Some(cap::state(db, key, app.cap, now).await?)
        }
        None => None,
    };
    let gates = match &decision.trace.gates {
        Some(gates) => gates.clone(),
        None => gates::pass(&facts, Purpose::Write, terms),
    };
    let action = wanted.into_iter().next_back();
    let job = queue::of_file(db, record.id).await?;
    let known = reasons::Known {
        record,
        decision: &decision,
        gates: &gates,
        job: job.as_ref(),
        action: action.as_ref(),
        cap: cap.as_ref(),
    };
    Ok(Explanation {
        reasons: reasons::reasons(&known),
        gates,
        names: names(&governance, &decision),
        switched: switched(&governance),
        waits: decisions::is_waiting(db, record.id).await?,
        canary_is_used_up: is_held_back(db, &governance, &decision).await?,
        action,
        cap,
        decision,
    })
}

fn names(governance: &Governance, decision: &Decision) -> LabelNames {
    use crate::policy::Wanted;
    let labels = governance.policies.labels();
    let present = decision
        .trace
        .standing
        .and_then(|standing| standing.current);
    let wanted = decision.planned.as_ref().and_then(|planned| planned.wanted);
    LabelNames {
        present: present.map(|id| labels.full_name(id)),
        wanted: match wanted {
            Some(Wanted::Apply(id)) => Some(labels.full_name(id)),
            Some(Wanted::Remove) | None => None,
        },
    }
}

fn switched(governance: &Governance) -> Vec<(PolicyName, Switch)> {
    let mut switched: Vec<_> = governance
        .in_force()
        .filter_map(|policy| {
            let switch = policy.stored.switch.clone()?;
            Some((policy.rule.name.clone(), switch))
        })
        .collect();
    switched.sort_by(|(one, _), (other, _)| one.cmp(other));
    switched
}

/// Whether the policy that wants the file to be written waits after its canary.
async fn is_held_back(
    db: &Db,
    governance: &Governance,
    decision: &Decision,
) -> Result<bool, StoreError> {
    let Some(planned) = &decision.planned else {
        return Ok(false);
    };
    let acts = planned.mode == PolicyMode::Enforce && planned.verdict.writes();
    let Some(policy) = governance.policy(&planned.policy).filter(|_| acts) else {
        return Ok(false);
    };
    let Some(canary) = policy.canary() else {
        return Ok(false);
    };
    Ok(decisions::made_by(db, policy.stored.revision).await? >= u64::from(canary))
}
