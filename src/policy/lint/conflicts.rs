//! Policies that want different labels for the same files (rows X1 and A4).

use super::{Remark, Weight};
use crate::model::policy::{Governance, PolicyDefinition};
use crate::policy::evaluate::Policies;

/// Most pairs that are told.
const MOST: usize = 50;

/// Pairs of enabled policies of equal priority that want different things and may meet on a file.
pub(super) fn find(policies: &Policies) -> Vec<Remark> {
    let governing: Vec<&PolicyDefinition> = policies
        .rules()
        .iter()
        .filter(|rule| rule.enabled && rule.governance.is_some())
        .collect();
    let mut remarks = Vec::new();
    for (index, winner) in governing.iter().enumerate() {
        for loser in &governing[index + 1..] {
            let undecided = winner.priority == loser.priority && winner.mode == loser.mode;
            if undecided && !wants_the_same(policies, winner, loser) && may_meet(winner, loser) {
                remarks.push(Remark {
                    policy: loser.name.clone(),
                    weight: Weight::Warning,
                    message: format!(
                        "it and policy {} may meet on a file, want different labels and have the same priority: {} wins, \
                         by its label's rank or its name, and what labeld has set once is final",
                        winner.name, winner.name
                    ),
                    fix: "give one of them a larger `priority`, or filters that keep them apart".to_owned(),
                });
            }
            if remarks.len() == MOST {
                return remarks;
            }
        }
    }
    remarks
}

fn wants_the_same(policies: &Policies, one: &PolicyDefinition, other: &PolicyDefinition) -> bool {
    match (&one.governance, &other.governance) {
        (Some(Governance::ApplyLabel(one)), Some(Governance::ApplyLabel(other))) => {
            let labels = policies.labels();
            one == other
                || match (labels.resolve(one), labels.resolve(other)) {
                    (Ok(one), Ok(other)) => one == other,
                    _ => false,
                }
        }
        (one, other) => one == other,
    }
}

/// Whether no bound of the two scopes keeps them apart. Filters are not compared: they may meet all the same.
fn may_meet(one: &PolicyDefinition, other: &PolicyDefinition) -> bool {
    fn overlap<T: PartialEq>(one: &[T], other: &[T]) -> bool {
        one.is_empty() || other.is_empty() || one.iter().any(|item| other.contains(item))
    }
    let (one, other) = (&one.scope, &other.scope);
    overlap(&one.tenants, &other.tenants)
        && overlap(&one.apps, &other.apps)
        && overlap(&one.app_kinds, &other.app_kinds)
}
