//! Scripted faults: which requests, how often, and what is done to them.

mod active;
mod answers;
mod cut;
mod rule;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;

pub use active::ActiveFaults;
pub(crate) use active::Target;
pub(crate) use answers::{forced_answer, shift_content_range, sign_in_page, truncate_json};
pub(crate) use cut::CutBody;
pub use rule::{Effect, FaultRule, InvalidRule};

/// Which rule; never used twice.
pub type RuleId = u64;

/// The rules in force. Clones are the same rules.
///
/// A rule counts the requests that it covers and to which its effect can be done. It lets `skip` of them
/// pass, throws its dice for the others, and ends after `count` hits. The dice are seeded: the same rule
/// hits the same ones in the sequence of its requests.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<Rules>>);

#[derive(Debug, Default)]
struct Rules {
    last: RuleId,
    rules: Vec<Counted>,
}

#[derive(Debug)]
struct Counted {
    id: RuleId,
    rule: FaultRule,
    seen: u64,
    hits: u64,
    dice: fastrand::Rng,
}

/// A rule with what it did so far.
#[derive(Debug, Clone, Serialize)]
pub struct ListedRule {
    /// Which rule.
    pub id: RuleId,
    /// What it says.
    #[serde(flatten)]
    pub rule: FaultRule,
    /// The requests that it covered.
    pub seen: u64,
    /// The requests to which it did its effect.
    pub hits: u64,
}

/// An effect that is to be done now.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) effect: Effect,
    /// For effects that choose; another one for each hit.
    pub(crate) seed: u64,
}

impl Faults {
    /// Puts a rule in force, behind those that are.
    ///
    /// # Errors
    ///
    /// [`InvalidRule`] when it contradicts itself.
    pub fn add(&self, rule: FaultRule) -> Result<RuleId, InvalidRule> {
        rule.check()?;
        let mut rules = self.rules();
        rules.last += 1;
        let id = rules.last;
        rules.rules.push(Counted {
            id,
            dice: fastrand::Rng::with_seed(rule.seed),
            rule,
            seen: 0,
            hits: 0,
        });
        Ok(id)
    }

    /// Takes a rule out of force; whether it was in force.
    pub fn remove(&self, id: RuleId) -> bool {
        let mut rules = self.rules();
        let before = rules.rules.len();
        rules.rules.retain(|rule| rule.id != id);
        rules.rules.len() < before
    }

    /// Takes all rules out of force.
    pub fn clear(&self) {
        self.rules().rules.clear();
    }

    /// The rules in the order in which they were added, those that have ended included.
    #[must_use]
    pub fn list(&self) -> Vec<ListedRule> {
        let rules = self.rules();
        rules.rules.iter().map(Counted::listed).collect()
    }

    /// How often the rule did its effect; `None` when there is no such rule.
    #[must_use]
    pub fn hits(&self, id: RuleId) -> Option<u64> {
        let rules = self.rules();
        let rule = rules.rules.iter().find(|rule| rule.id == id)?;
        Some(rule.hits)
    }

    /// The first hit on `target` among the rules whose effect is `wanted`. Rules behind it do not see the
    /// request.
    pub(crate) fn first(&self, target: &Target, wanted: impl Fn(&Effect) -> bool) -> Option<Hit> {
        self.rules()
            .covering(target, wanted)
            .find_map(Counted::throw)
    }

    /// The hits of all rules on `target` whose effect is `wanted`.
    pub(crate) fn all(&self, target: &Target, wanted: impl Fn(&Effect) -> bool) -> Vec<Hit> {
        self.rules()
            .covering(target, wanted)
            .filter_map(Counted::throw)
            .collect()
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rules {
    fn covering<'a>(
        &'a mut self,
        target: &'a Target,
        wanted: impl Fn(&Effect) -> bool + 'a,
    ) -> impl Iterator<Item = &'a mut Counted> {
        self.rules.iter_mut().filter(move |counted| {
            !counted.has_ended() && wanted(&counted.rule.effect) && counted.rule.covers(target)
        })
    }
}

impl Counted {
    fn has_ended(&self) -> bool {
        self.rule.count.is_some_and(|count| self.hits >= count)
    }

    /// Counts a request that the rule covers.
    fn throw(&mut self) -> Option<Hit> {
        self.seen += 1;
        if self.seen <= self.rule.skip {
            return None;
        }
        // Thrown for each request, so that the sequence does not depend on the probability.
        let (thrown, seed) = (self.dice.f64(), self.dice.u64(..));
        if thrown >= self.rule.probability {
            return None;
        }
        self.hits += 1;
        Some(Hit {
            effect: self.rule.effect.clone(),
            seed,
        })
    }

    fn listed(&self) -> ListedRule {
        ListedRule {
            id: self.id,
            rule: self.rule.clone(),
            seen: self.seen,
            hits: self.hits,
        }
    }
}

#[cfg(test)]
mod tests;
