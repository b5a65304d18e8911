//! Every reason code that stands for a file just now, and where it comes from.

use crate::model::Reason;
use crate::model::inventory::FileRecord;
use crate::policy::Decision;
use crate::policy::gates::GateOutcome;
use crate::store::actions::{Action, ActionState};
use crate::store::cap::CapState;
use crate::store::queue::JobState;

/// What a reason is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum About {
    /// What the policies say to the file.
    Verdict,
    /// A gate that stops a write, whether one is wanted or not.
    Gate,
    /// How the last reading of the present version ended.
    Reading,
    /// The scan queue.
    Queue,
    /// A policy that gave way to another one.
    Policy,
    /// The last action that was wanted for the file.
    Action,
    /// The daily cap.
    Cap,
}

impl About {
    /// The word in output.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Verdict => "verdict",
            Self::Gate => "gate",
            Self::Reading => "reading",
            Self::Queue => "queue",
            Self::Policy => "policy",
            Self::Action => "action",
            Self::Cap => "cap",
        }
    }
}

/// What the reasons are found in.
pub(super) struct Known<'a> {
    pub(super) record: &'a FileRecord,
    pub(super) decision: &'a Decision,
    pub(super) gates: &'a GateOutcome,
    pub(super) job: Option<&'a JobState>,
    pub(super) action: Option<&'a Action>,
    pub(super) cap: Option<&'a CapState>,
}

/// Each reason once, by the first of its sources.
pub(super) fn reasons(known: &Known<'_>) -> Vec<(Reason, About)> {
    let unread = not_read(known);
    let verdict = known.decision.reason();
    // What the decision calls pending may be waited for by nobody.
    let verdict = verdict.filter(|reason| *reason != Reason::Pending || unread.is_none());
    let no_match = known.decision.matched.is_empty();
    let stopped = known.gates.stopped.map(|(_, reason)| reason);
    let lost = (!known.decision.lost.is_empty()).then_some(Reason::PolicyLostTo);
    let failed = known.job.and_then(|job| job.reason.as_deref());
    let (acted, held) = of_action(known);
    let all = [
        (verdict, About::Verdict),
        (no_match.then_some(Reason::PolicyNoMatch), About::Verdict),
        (stopped, About::Gate),
        (of_reading(known.record), About::Reading),
        (unread, About::Queue),
        (failed.and_then(Reason::from_code), About::Queue),
        (lost, About::Policy),
        (acted, About::Action),
        (held, About::Cap),
    ];
    let mut reasons: Vec<(Reason, About)> = Vec::new();
    for (reason, about) in all {
        let Some(reason) = reason else { continue };
        if !reasons.iter().any(|(known, _)| *known == reason) {
            reasons.push((reason, about));
        }
    }
    reasons
}

/// How the reading of the present version ended, where it has something to report.
fn of_reading(record: &FileRecord) -> Option<Reason> {
    let facts = record.facts.as_ref()?;
    let is_current = facts.version == record.version;
    let reason = facts.reason.as_deref().filter(|_| is_current)?;
    Reason::from_code(reason)
}

/// Why a file that no gate stops was never read in its present version: it waits for its turn, or nobody has asked for it.
fn not_read(known: &Known<'_>) -> Option<Reason> {
    let record = known.record;
    let facts = record.facts.as_ref();
    let is_read = facts.is_some_and(|facts| facts.version == record.version);
    if is_read || known.gates.stopped.is_some() {
        return None;
    }
    Some(match known.job {
        Some(_) => Reason::Pending,
        None => Reason::NotQueued,
    })
}

/// Why the last action came to nothing or waits, and whether it waits for the cap.
fn of_action(known: &Known<'_>) -> (Option<Reason>, Option<Reason>) {
    let Some(action) = known.action else {
        return (None, None);
    };
    let is_paused = known.cap.is_some_and(|cap| cap.paused_until.is_some());
    match action.state {
        ActionState::Suspended => (Some(Reason::PolicySuspended), None),
        ActionState::Waiting => {
            let held = is_paused.then_some(Reason::CapReached);
            (action.reason, held)
        }
        _ => (action.reason, None),
    }
}
