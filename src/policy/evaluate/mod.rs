//! All policies over the facts of one file: which match, which one wins, and what may be done.

#[cfg(test)]
mod condition_tests;
mod conditions;
mod matching;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
pub(in crate::policy) mod tests;
mod trace;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use self::conditions::Truth;
use self::conditions::View;
pub use self::matching::{Check, PolicyLook};
pub(super) use self::trace::describe;
pub use self::trace::{COVERAGE, Trace};
use super::catalogue::{TenantLabels, Unresolved};
use super::decide::{self, ApplyCase, Decided, RemoveCase};
use super::facts::Facts;
use super::gates::{self, Gate, GateOutcome, Purpose, WriteTerms};
use super::origin::{LabelStanding, OwnLabels, standing};
use crate::model::policy::{
    Condition, CurrentLabel, Filter, Governance, LabelName, PolicyDefinition, PolicyMode,
    PolicyName, Relation, Route, RowId, Severity, SignedFiles, Verdict,
};
use crate::model::{AppName, DEFAULT_SIZE_LIMIT, Reason};

/// What the operator set for an app, as far as decisions ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppTraits {
    /// Largest file that is written, in bytes, inclusive.
    pub size_limit: u64,
    /// The service can assign labels that encrypt, and that is switched on (row A13).
    pub service_encrypts: bool,
    /// Its connector can tell whom files are shared with by name.
    pub names_collaborators: bool,
}

impl Default for AppTraits {
    fn default() -> Self {
        Self {
            size_limit: DEFAULT_SIZE_LIMIT,
            service_encrypts: false,
            names_collaborators: true,
        }
    }
}

/// The policies of one tenant, in the order in which they win (row X1).
#[derive(Debug, Clone, Default)]
pub struct Policies {
    rules: Vec<PolicyDefinition>,
    labels: TenantLabels,
    resolved: HashMap<LabelName, Uuid>,
    unresolved: Vec<(PolicyName, Unresolved)>,
    apps: HashMap<AppName, AppTraits>,
}

/// What is done to the label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wanted {
    /// This one is applied.
    Apply(Uuid),
    /// It is removed.
    Remove,
}

/// What decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecidedBy {
    /// A gate of rules §3.
    Gate(Gate),
    /// A row of rules §4.
    Row(RowId),
    /// The file was not read yet.
    NotRead,
    /// The policy names a label that the catalogue does not have, or has several of.
    LabelName,
}

/// What the winning policy does to the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// The policy.
    pub policy: PolicyName,
    /// Whether it acts, or only says so.
    pub mode: PolicyMode,
    /// How bad the match is.
    pub severity: Severity,
    /// What it does with signed files.
    pub signed: SignedFiles,
    /// What it wants; `None` where its label is not known.
    pub wanted: Option<Wanted>,
    /// What may be done.
    pub verdict: Verdict,
    /// What decided.
    pub decided_by: DecidedBy,
}

/// A policy that matched and gave way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// It.
    pub policy: PolicyName,
    /// The one that won (`policy.lost_to`).
    pub to: PolicyName,
}

/// What all policies say to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Policies that match, in their order.
    pub matched: Vec<PolicyName>,
    /// Those of them that raise an alert.
    pub alerts: Vec<PolicyName>,
    /// What is to be done; `None` where no policy that matches does anything to labels.
    pub planned: Option<Planned>,
    /// Policies that gave way to the one of `planned`.
    pub lost: Vec<Lost>,
    /// How it came to that; empty from [`evaluate_untraced`].
    pub trace: Trace,
}

impl Decision {
    /// The reason code that the file ends in; `None` where it is written, or where no policy wants anything.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        self.planned.as_ref()?.verdict.reason()
    }

    /// Whether the file is to be written: a policy in `enforce` says so.
    #[must_use]
    pub fn acts(&self) -> bool {
        let planned = self.planned.as_ref();
        planned.is_some_and(|it| it.mode == PolicyMode::Enforce && it.verdict.writes())
    }
}

impl Policies {
    /// Prepares policies for a tenant. Names of labels are looked up once.
    #[must_use]
    pub fn new(
        mut rules: Vec<PolicyDefinition>,
        labels: TenantLabels,
        apps: HashMap<AppName, AppTraits>,
    ) -> Self {
        let mut resolved = HashMap::new();
        let mut unresolved = Vec::new();
        for rule in &rules {
            for name in labels_named(rule) {
                match labels.resolve(name) {
                    Ok(id) => {
                        resolved.insert(name.clone(), id);
                    }
                    Err(error) => unresolved.push((rule.name.clone(), error)),
                }
            }
        }
        // X1: priority, then the label's rank, then the name. Names are unique, so no two are equal.
        rules.sort_by_cached_key(|rule| {
            let rank = match &rule.governance {
                Some(Governance::ApplyLabel(name)) => {
                    resolved.get(name).and_then(|id| labels.rank(*id))
                }
                _ => None,
            };
            let larger_first = std::cmp::Reverse((rule.priority, rank));
            (larger_first, rule.name.clone())
        });
        Self {
            rules,
            labels,
            resolved,
            unresolved,
            apps,
        }
    }

    /// The policies, the first to win first.
    #[must_use]
    pub fn rules(&self) -> &[PolicyDefinition] {
        &self.rules
    }

    /// What the operator set for the tenant's apps.
    pub fn apps(&self) -> impl Iterator<Item = (&AppName, &AppTraits)> {
        self.apps.iter()
    }

    /// The tenant's labels.
    #[must_use]
    pub fn labels(&self) -> &TenantLabels {
        &self.labels
    }

    /// Names of labels that the catalogue does not have, or has several of, with the policies that use them.
    #[must_use]
    pub fn unresolved(&self) -> &[(PolicyName, Unresolved)] {
        &self.unresolved
    }

    fn rule(&self, name: &PolicyName) -> Option<&PolicyDefinition> {
        self.rules.iter().find(|rule| rule.name == *name)
    }

    fn resolved(&self, name: &LabelName) -> Option<Uuid> {
        self.resolved.get(name).copied()
    }

    fn standing(&self, facts: &Facts) -> Option<LabelStanding> {
        let own = OwnLabels {
            site_id: self.labels.site_id,
            is_listed: &|id| self.labels.is_listed(id),
        };
        let reading = facts.reading.as_ref()?;
        Some(standing(reading, own, facts.ledger.as_ref()))
    }
}

/// Every label that a policy names.
fn labels_named(rule: &PolicyDefinition) -> Vec<&LabelName> {
    let mut names: Vec<&LabelName> = Vec::new();
    if let Some(Governance::ApplyLabel(name)) = &rule.governance {
        names.push(name);
    }
    let allowed = rule.allow.iter().map(|entry| &entry.filter);
    for filter in rule.filter.iter().chain(allowed) {
        Filter::visit(filter, &mut |condition, _| {
            if let Condition::Label(labels) | Condition::LabelOrSublabel(labels) = condition {
                names.extend(labels);
            }
        });
    }
    names
}

/// Evaluates all policies over a file, and says how it came to its answer.
#[must_use]
pub fn evaluate(policies: &Policies, facts: &Facts, now: DateTime<Utc>) -> Decision {
    decide_file(policies, facts, now, true)
}

/// [`evaluate`] without the trace: for many files.
#[must_use]
pub fn evaluate_untraced(policies: &Policies, facts: &Facts, now: DateTime<Utc>) -> Decision {
    decide_file(policies, facts, now, false)
}

fn decide_file(policies: &Policies, facts: &Facts, now: DateTime<Utc>, traced: bool) -> Decision {
    let view = View {
        policies,
        facts,
        standing: policies.standing(facts),
        now,
    };
    let mut trace = Trace::default();
    let mut matched: Vec<&PolicyDefinition> = Vec::new();
    for rule in &policies.rules {
        let result = if traced {
            let look = view.look(rule);
            let result = look.result;
            trace.policies.push(look);
            result
        } else {
            view.matches(rule, 0)
        };
        if result == Truth::Yes {
            matched.push(rule);
        }
    }
    let governing = matched.iter().filter(|rule| rule.governance.is_some());
    // What only observes takes nothing away from what acts.
    let winner = governing
        .clone()
        .find(|rule| rule.mode == PolicyMode::Enforce)
        .or_else(|| governing.clone().next())
        .copied();
    let planned = winner.map(|winner| view.plan(winner, traced.then_some(&mut trace)));
    let lost = winner.into_iter().flat_map(|winner| {
        let losers = governing
            .clone()
            .filter(|rule| !view.wants_the_same(rule, winner));
        losers.map(|rule| Lost {
            policy: rule.name.clone(),
            to: winner.name.clone(),
        })
    });
    Decision {
        alerts: matched
            .iter()
            .filter(|rule| rule.alert.enabled)
            .map(|rule| rule.name.clone())
            .collect(),
        lost: lost.collect(),
        planned,
        trace,
        matched: matched.iter().map(|rule| rule.name.clone()).collect(),
    }
}

fn is_assigned(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Apply {
            route: Route::Service,
            ..
        }
    )
}

impl View<'_> {
    fn wanted(&self, rule: &PolicyDefinition) -> Option<Wanted> {
        match rule.governance.as_ref()? {
            Governance::ApplyLabel(name) => self.policies.resolved(name).map(Wanted::Apply),
            Governance::RemoveLabel => Some(Wanted::Remove),
        }
    }

    fn wants_the_same(&self, one: &PolicyDefinition, other: &PolicyDefinition) -> bool {
        match (self.wanted(one), self.wanted(other)) {
            (Some(one), Some(other)) => one == other,
            _ => one.name == other.name,
        }
    }

    /// What the rule does to the file: the gates of a write first, then the table.
    fn plan(&self, rule: &PolicyDefinition, trace: Option<&mut Trace>) -> Planned {
        let traits = self.policies.apps.get(&self.facts.app).copied();
        let traits = traits.unwrap_or_default();
        let terms = WriteTerms {
            size_limit: traits.size_limit,
            signed: rule.signed,
        };
        let mut gates = gates::pass(self.facts, Purpose::Write, terms);
        let wanted = self.wanted(rule);
        let (mut verdict, mut decided_by, mut decided) = self.decide(rule, wanted, traits, &gates);
        // What a service makes of a signed file is not known: the option is about what labeld writes itself.
        if is_assigned(verdict)
            && let Some(opened) = gates.opened.take()
        {
            gates.passed.retain(|gate| *gate != opened.0);
            gates.stopped = Some(opened);
            (verdict, decided_by, decided) = self.decide(rule, wanted, traits, &gates);
        }
        if let Some(trace) = trace {
            trace.standing = self.standing;
            trace.options = match (wanted, &decided) {
                (Some(Wanted::Apply(id)), Some(_)) => self.other_options(rule, id, traits),
                (_, None) => self.option_for_signed(rule, wanted, traits, &gates),
                _ => Vec::new(),
            };
            trace.gates = Some(gates);
            trace.table = decided;
        }
        Planned {
            policy: rule.name.clone(),
            mode: rule.mode,
            severity: rule.severity,
            signed: rule.signed,
            wanted,
            verdict,
            decided_by,
        }
    }

    fn decide(
        &self,
        rule: &PolicyDefinition,
        wanted: Option<Wanted>,
        traits: AppTraits,
        gates: &GateOutcome,
    ) -> (Verdict, DecidedBy, Option<Decided>) {
        if let Some((gate, reason)) = gates.stopped {
            return (Verdict::Block(reason), DecidedBy::Gate(gate), None);
        }
        let Some(wanted) = wanted else {
            return (
                Verdict::Block(Reason::LabelDeleted),
                DecidedBy::LabelName,
                None,
            );
        };
        let Some(standing) = &self.standing else {
            return (Verdict::Block(Reason::Pending), DecidedBy::NotRead, None);
        };
        let decided = match wanted {
            Wanted::Apply(id) => decide::apply(&self.apply_case(rule, id, standing, traits)),
            Wanted::Remove => decide::remove(&RemoveCase {
                origin: standing.origin,
                protection: standing.protection,
                applied_with_override: standing.applied_with_override,
                current_label: standing
                    .current
                    .map_or(CurrentLabel::Known, |id| self.policies.labels.current(id)),
            }),
        };
        (decided.verdict, DecidedBy::Row(decided.row), Some(decided))
    }

    fn apply_case(
        &self,
        rule: &PolicyDefinition,
        wanted: Uuid,
        standing: &LabelStanding,
        traits: AppTraits,
    ) -> ApplyCase {
        ApplyCase {
            origin: standing.origin,
            protection: standing.protection,
            overrides: rule.overrides,
            allow_downgrade: rule.allow_downgrade,
            relation: match standing.current {
                None => Relation::Other,
                present => self.policies.labels.relation(wanted, present),
            },
            label: self.policies.labels.label_use(wanted),
            service_encrypts: traits.service_encrypts,
        }
    }
}
