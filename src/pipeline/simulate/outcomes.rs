//! What becomes of the files, counted by policy.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Decided, Rulebook, SurveyedFile, Tally, Within, walk};
use crate::model::inventory::FileId;
use crate::model::policy::{PolicyDefinition, PolicyMode, PolicyName, SignedFiles, Verdict};
use crate::model::{Reason, TenantName};
use crate::policy::{Decision, Wanted};
use crate::store::{Db, StoreError};

/// What a policy comes to with a file that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// It decides what is done.
    Decides(Verdict),
    /// Another one decides, and wants the same.
    Agrees,
    /// Another one decides, and wants something else (`policy.lost_to`).
    Loses,
    /// It does nothing to labels.
    Alerts,
}

impl What {
    /// The word in output: that of the verdict where the policy decides.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Decides(verdict) => verdict.as_str(),
            Self::Agrees => "agrees",
            Self::Loses => "block",
            Self::Alerts => "alert",
        }
    }

    /// Why nothing is done.
    #[must_use]
    pub fn reason(self) -> Option<Reason> {
        match self {
            Self::Decides(verdict) => verdict.reason(),
            Self::Loses => Some(Reason::PolicyLostTo),
            Self::Agrees | Self::Alerts => None,
        }
    }

    /// Whether the file would be written.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Decides(verdict) if verdict.writes())
    }

    /// Whether a label would be applied, which takes a place under the cap.
    #[must_use]
    pub fn applies(self) -> bool {
        matches!(self, Self::Decides(Verdict::Apply { .. }))
    }
}

/// Files that a policy comes to the same with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The tenant.
    pub tenant: TenantName,
    /// The kind of their app, by which the cap counts.
    pub app_kind: String,
    /// The policy.
    pub policy: PolicyName,
    /// Whether it acts, or only says so.
    pub mode: PolicyMode,
    /// What it comes to.
    pub what: What,
    /// How many.
    pub files: u64,
}

/// What the policies would do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Simulation {
    /// Files that were looked at.
    pub files: u64,
    /// Files that no policy matches.
    pub unmatched: u64,
    /// By tenant, kind of app and policy, in the order in which these win; the most files first.
    pub outcomes: Vec<Outcome>,
    /// Some files that would be written, spread over all of them.
    pub sample: Vec<Sampled>,
}

/// A file that would be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampled {
    /// It.
    pub file: FileId,
    /// What is wanted.
    pub wanted: Wanted,
    /// What the policy does with signed files.
    pub signed: SignedFiles,
}

/// Evaluates all policies over the files, and keeps at most `sample` of those that would be written.
///
/// # Errors
///
/// Those of the store.
pub async fn simulate(
    db: &Db,
    rulebook: &Arc<Rulebook>,
    within: &Within,
    sample: usize,
) -> Result<Simulation, StoreError> {
    let tallies = walk(db, within, || Counts::new(rulebook, sample)).await?;
    let mut all = Counts::new(rulebook, sample);
    for tally in tallies {
        all.join(tally);
    }
    Ok(all.end())
}

/// A policy by its place in the order of its tenant's.
type Place = (TenantName, String, usize);

struct Counts {
    rulebook: Arc<Rulebook>,
    files: u64,
    unmatched: u64,
    outcomes: HashMap<Place, HashMap<What, u64>>,
    sample: Sample,
}

impl Tally for Counts {
    fn take(&mut self, file: &SurveyedFile) {
        let rulebook = Arc::clone(&self.rulebook);
        let Some(decided) = rulebook.decide(file) else {
            return;
        };
        self.files += 1;
        let Decided {
            policies,
            app_kind,
            decision,
        } = decided;
        if decision.matched.is_empty() {
            self.unmatched += 1;
            return;
        }
        let record = &file.surveyed.record;
        for (place, rule) in policies.rules().iter().enumerate() {
            let Some(what) = what(rule, &decision) else {
                continue;
            };
            if what.writes()
                && let Some(planned) = &decision.planned
                && let Some(wanted) = planned.wanted
            {
                self.sample.take(Sampled {
                    file: record.id,
                    wanted,
                    signed: planned.signed,
                });
            }
            let place = (record.tenant.clone(), app_kind.to_owned(), place);
            let counts = self.outcomes.entry(place).or_default();
            *counts.entry(what).or_default() += 1;
        }
    }
}

/// `None` where the policy does not match.
fn what(rule: &PolicyDefinition, decision: &Decision) -> Option<What> {
    if !decision.matched.contains(&rule.name) {
        return None;
    }
    let planned = decision.planned.as_ref();
    Some(match planned {
        _ if rule.governance.is_none() => What::Alerts,
        Some(planned) if planned.policy == rule.name => What::Decides(planned.verdict),
        _ if decision.lost.iter().any(|lost| lost.policy == rule.name) => What::Loses,
        _ => What::Agrees,
    })
}

impl Counts {
    fn new(rulebook: &Arc<Rulebook>, sample: usize) -> Self {
        Self {
            rulebook: Arc::clone(rulebook),
            files: 0,
            unmatched: 0,
            outcomes: HashMap::new(),
            sample: Sample {
                limit: sample,
                chosen: BTreeMap::new(),
            },
        }
    }

    fn join(&mut self, other: Self) {
        self.files += other.files;
        self.unmatched += other.unmatched;
        for (place, counts) in other.outcomes {
            let joined = self.outcomes.entry(place).or_default();
            for (what, files) in counts {
                *joined.entry(what).or_default() += files;
            }
        }
        for sampled in other.sample.chosen.into_values() {
            self.sample.take(sampled);
        }
    }

    fn end(self) -> Simulation {
        let ordered: BTreeMap<Place, HashMap<What, u64>> = self.outcomes.into_iter().collect();
        let mut outcomes = Vec::new();
        for ((tenant, app_kind, place), counts) in ordered {
            let rules = self.rulebook.tenants.get(&tenant);
            let Some(rule) = rules.and_then(|one| one.policies.rules().get(place)) else {
                continue;
            };
            let mut counts: Vec<(What, u64)> = counts.into_iter().collect();
            counts.sort_by_key(|(what, files)| {
                let reason = what.reason().map(Reason::code);
                (std::cmp::Reverse(*files), what.word(), reason)
            });
            outcomes.extend(counts.into_iter().map(|(what, files)| Outcome {
                tenant: tenant.clone(),
                app_kind: app_kind.clone(),
                policy: rule.name.clone(),
                mode: rule.mode,
                what,
                files,
            }));
        }
        Simulation {
            files: self.files,
            unmatched: self.unmatched,
            outcomes,
            sample: self.sample.end(),
        }
    }
}

/// The files whose scattered numbers are the smallest: the same ones however the inventory is walked through.
struct Sample {
    limit: usize,
    chosen: BTreeMap<(u64, FileId), Sampled>,
}

impl Sample {
    fn take(&mut self, sampled: Sampled) {
        if self.limit == 0 {
            return;
        }
        let key = (scattered(sampled.file), sampled.file);
        self.chosen.insert(key, sampled);
        if self.chosen.len() > self.limit {
            self.chosen.pop_last();
        }
    }

    fn end(self) -> Vec<Sampled> {
        let mut files: Vec<Sampled> = self.chosen.into_values().collect();
        files.sort_unstable_by_key(|sampled| sampled.file);
        files
    }
}

/// Neighbouring numbers far from each other: a multiplication by 2^64 over the golden ratio.
fn scattered(file: FileId) -> u64 {
    file.0.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
