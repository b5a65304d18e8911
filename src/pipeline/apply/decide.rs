//! The decision about a file as it is now: the gates and the policies once more, the loop guard, and what an undo asks for.

use chrono::TimeDelta;
use labeld_formats::write::{Method, Undo};
use uuid::Uuid;

use super::acting::Acting;
use super::end::{Ending, Halt};
use super::look::Looked;
use crate::model::Reason;
use crate::model::policy::{
    CurrentLabel, Override, PolicyMode, Relation, Route, SinceLabeld, Verdict,
};
use crate::policy::decide::{self, ApplyCase, RemoveCase};
use crate::policy::gates::{self, Purpose};
use crate::policy::origin::{LabelStanding, standing};
use crate::policy::{Planned, Wanted, evaluate_untraced};
use crate::store::actions::{Action, ActionState, AskedBy, Verb};
use crate::store::ledger;
use crate::store::policies::{PolicyId, RevisionId};

/// Rounds per file between a person and a policy, and the time in which they count (rules §4, X6).
const MOST_ROUNDS: u32 = 2;
const ROUNDS_COUNT_FOR: TimeDelta = TimeDelta::days(7);

/// What is to be written.
#[derive(Debug)]
pub(super) enum Wish {
    /// A label.
    Apply {
        label: Uuid,
        method: Method,
        /// A person's choice is replaced.
        overridden: bool,
        route: Route,
    },
    /// The tenant's label goes.
    Remove { label: Option<Uuid> },
    /// What labeld wrote is taken back.
    Restore {
        label: Option<Uuid>,
        undo: Box<Undo>,
    },
}

impl Wish {
    pub(super) fn label(&self) -> Option<Uuid> {
        match self {
            Self::Apply { label, .. } => Some(*label),
            Self::Remove { label } | Self::Restore { label, .. } => *label,
        }
    }

    pub(super) fn route(&self) -> Route {
        match self {
            Self::Apply { route, .. } => *route,
            Self::Remove { .. } | Self::Restore { .. } => Route::File,
        }
    }

    pub(super) fn method(&self) -> Option<Method> {
        match self {
            Self::Apply { method, .. } => Some(*method),
            Self::Remove { .. } | Self::Restore { .. } => None,
        }
    }

    pub(super) fn overridden(&self) -> bool {
        matches!(
            self,
            Self::Apply {
                overridden: true,
                ..
            }
        )
    }
}

/// Decides anew. The action carries the revision of the policy that has decided from then on.
pub(super) async fn decide(
    acting: &Acting<'_>,
    action: &mut Action,
    looked: &Looked,
) -> Result<Wish, Halt> {
    match (action.wanted.verb, action.wanted.asked_by.clone()) {
        (Verb::Restore, _) => undo(acting, action, looked).await,
        (_, AskedBy::Policy { policy, .. }) => {
            let (verdict, revision) = by_policies(acting, action, looked, policy)?;
            let wish = wish_of(acting, action, looked, verdict)?;
            action.wanted.asked_by = AskedBy::Policy { policy, revision };
            guard_against_loops(acting, action, looked).await?;
            Ok(wish)
        }
        (
            _,
            AskedBy::Person {
                overrides,
                allow_downgrade,
                ..
            },
        ) => {
            let verdict = by_hand(acting, action, looked, (overrides, allow_downgrade))?;
            wish_of(acting, action, looked, verdict)
        }
    }
}

fn halt(acting: &Acting<'_>, action: &Action, looked: &Looked, reason: Reason) -> Halt {
    let ending = Ending::because(acting, action, reason, None, None);
    ending.learned(looked.learned()).halt()
}

fn cancelled(looked: &Looked, reason: Reason, detail: Option<String>) -> Halt {
    let ending = Ending::over(ActionState::Cancelled, reason, detail);
    ending.learned(looked.learned()).halt()
}

/// The verdict of all policies, where the action's own one still wins and wants the same.
fn by_policies(
    acting: &Acting<'_>,
    action: &Action,
    looked: &Looked,
    policy: PolicyId,
) -> Result<(Verdict, RevisionId), Halt> {
    let governance = acting.governance;
    let decision = evaluate_untraced(&governance.policies, &looked.facts, acting.now());
    let Some(planned) = decision.planned else {
        return Err(cancelled(looked, Reason::PolicyNoMatch, None));
    };
    let stored = governance.stored.get(&planned.policy);
    match stored {
        Some(stored) if stored.id == policy => {
            still_wanted(action, looked, &planned)?;
            Ok((planned.verdict, stored.revision))
        }
        _ => {
            let detail = format!("`{}` decides now", planned.policy.0);
            Err(cancelled(looked, Reason::PolicyLostTo, Some(detail)))
        }
    }
}

fn still_wanted(action: &Action, looked: &Looked, planned: &Planned) -> Result<(), Halt> {
    if planned.mode != PolicyMode::Enforce {
        let detail = "the policy only observes by now".to_owned();
        return Err(cancelled(looked, Reason::PolicyCancelled, Some(detail)));
    }
    let wanted = match (action.wanted.verb, action.wanted.label) {
        (Verb::Apply, Some(label)) => Some(Wanted::Apply(label)),
        _ => Some(Wanted::Remove),
    };
    if planned.wanted.is_some() && planned.wanted != wanted {
        let detail = "the policy wants something else by now".to_owned();
        return Err(cancelled(looked, Reason::PolicyCancelled, Some(detail)));
    }
    Ok(())
}

fn standing_of(acting: &Acting<'_>, looked: &Looked) -> Option<LabelStanding> {
    let reading = looked.facts.reading.as_ref()?;
    let ledger = looked.facts.ledger.as_ref();
    Some(acting.with_own_labels(|own| standing(reading, own, ledger)))
}

/// The gates and the tables for what a person asked for: the same as a policy's, with the person's options.
fn by_hand(
    acting: &Acting<'_>,
    action: &Action,
    looked: &Looked,
    (overrides, allow_downgrade): (Override, bool),
) -> Result<Verdict, Halt> {
    let stopped = gates::pass(&looked.facts, Purpose::Write, acting.write_terms(action)).stopped;
    if let Some((_, reason)) = stopped {
        return Err(halt(acting, action, looked, reason));
    }
    let Some(standing) = standing_of(acting, looked) else {
        return Err(halt(acting, action, looked, Reason::FetchFailed));
    };
    let labels = acting.governance.policies.labels();
    let decided = match (action.wanted.verb, action.wanted.label) {
        (Verb::Apply, Some(label)) => decide::apply(&ApplyCase {
            origin: standing.origin,
            protection: standing.protection,
            overrides,
            allow_downgrade,
            relation: match standing.current {
                None => Relation::Other,
                present => labels.relation(label, present),
            },
            label: labels.label_use(label),
            service_encrypts: acting.service_encrypts(),
        }),
        _ => decide::remove(&RemoveCase {
            origin: standing.origin,
            protection: standing.protection,
            applied_with_override: standing.applied_with_override,
            current_label: standing
                .current
                .map_or(CurrentLabel::Known, |id| labels.current(id)),
        }),
    };
    Ok(decided.verdict)
}

fn wish_of(
    acting: &Acting<'_>,
    action: &Action,
    looked: &Looked,
    verdict: Verdict,
) -> Result<Wish, Halt> {
    match (verdict, action.wanted.verb, action.wanted.label) {
        (
            Verdict::Apply {
                override_used,
                route,
            },
            Verb::Apply,
            Some(label),
        ) => {
            // Rules §1: a person's apply and one that used the override are privileged.
            let is_privileged = override_used || action.wanted.asked_by.is_person();
            Ok(Wish::Apply {
                label,
                method: if is_privileged {
                    Method::Privileged
                } else {
                    Method::Standard
                },
                overridden: override_used,
                route,
            })
        }
        (Verdict::Remove, Verb::Remove, _) => Ok(Wish::Remove {
            label: standing_of(acting, looked).and_then(|standing| standing.current),
        }),
        (Verdict::NoOp(reason), ..) => {
            let ending = Ending::over(ActionState::Done, reason, None);
            Err(ending.learned(looked.learned()).halt())
        }
        (verdict, ..) => {
            let reason = verdict.reason().unwrap_or(Reason::Internal);
            Err(halt(acting, action, looked, reason))
        }
    }
}

/// A policy that has written to the file again and again, because somebody changes the label in between, stops (X6).
async fn guard_against_loops(
    acting: &Acting<'_>,
    action: &Action,
    looked: &Looked,
) -> Result<(), Halt> {
    let since = acting.now() - ROUNDS_COUNT_FOR;
    let rounds = ledger::applied_since(&acting.work.db, action.wanted.file, since).await?;
    if rounds < MOST_ROUNDS {
        return Ok(());
    }
    let detail = looked
        .meta
        .own_write
        .is_some_and(|is_own| !is_own)
        .then(|| "somebody has changed the file since".to_owned());
    let ending = Ending::over(ActionState::Refused, Reason::PolicyFightingUser, detail);
    Err(ending.learned(looked.learned()).halt())
}

/// Rows U1 and U2: the label state before a write is put back where the file is exactly as that write left it, whatever the
/// options.
async fn undo(acting: &Acting<'_>, action: &Action, looked: &Looked) -> Result<Wish, Halt> {
    let stopped = gates::pass(&looked.facts, Purpose::Write, acting.write_terms(action)).stopped;
    if let Some((_, reason)) = stopped {
        return Err(halt(acting, action, looked, reason));
    }
    let refused = |detail: &str| {
        let detail = Some(detail.to_owned());
        let ending = Ending::over(ActionState::Refused, Reason::UndoChanged, detail);
        ending.learned(looked.learned()).halt()
    };
    let row = match action.wanted.undoes {
        Some(id) => ledger::get(&acting.work.db, id).await?,
        None => None,
    };
    let Some(row) = row else {
        return Err(halt(acting, action, looked, Reason::Internal));
    };
    if ledger::undone_by(&acting.work.db, row.id).await?.is_some() {
        return Err(refused("it was taken back before"));
    }
    // A service that rewrites what was written to it leaves labeld as the last who wrote.
    let newest = ledger::newest_write(&acting.work.db, row.file).await?;
    let is_newest = newest == Some(row.id);
    let is_as_left = row.version_after.as_ref() == Some(&looked.meta.version)
        || row.sent_digest == Some(looked.digest)
        || is_newest && looked.meta.own_write == Some(true);
    let since = if is_as_left {
        SinceLabeld::AsLeft
    } else {
        SinceLabeld::Changed
    };
    if decide::undo(since).verdict != Verdict::Restore {
        return Err(refused("the file was changed since"));
    }
    let undo = row
        .undo
        .as_deref()
        .and_then(|undo| serde_json::from_str(undo).ok());
    match undo {
        Some(undo) => Ok(Wish::Restore {
            label: row.label,
            undo: Box::new(undo),
        }),
        None => Err(refused("nothing is known of the state before")),
    }
}
