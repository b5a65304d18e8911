//! What would have to change for something to be done.

use crate::model::Reason;
use crate::model::policy::PolicyMode;
use crate::pipeline::govern::Explanation;
use crate::store::actions::ActionState;

/// It, in words; a step each.
pub(super) fn next(explained: &Explanation) -> Vec<String> {
    let decision = &explained.decision;
    let fixes = explained.reasons.iter();
    let mut next: Vec<String> = fixes.map(|(reason, _)| reason.fix().to_owned()).collect();
    next.dedup();
    let Some(planned) = &decision.planned else {
        let near = decision.trace.policies.iter();
        for look in near.filter(|look| look.is_near_miss()) {
            for check in &look.failing {
                next.push(format!(
                    "policy {} would match with {}",
                    look.policy, check.wanted
                ));
            }
        }
        return next;
    };
    let options = decision.trace.options.iter();
    next.extend(options.map(|option| format!("it would be done with {option}")));
    if !planned.verdict.writes() {
        return next;
    }
    if planned.mode == PolicyMode::Observe {
        next.push(format!(
            "`labeld policy enable {} --mode enforce` lets the policy act",
            planned.policy
        ));
    } else if explained.canary_is_used_up {
        next.push(format!(
            "the policy has acted on as many files as its canary lets it: look at them, then `labeld policy enable {}` lets it go on",
            planned.policy
        ));
    }
    let waiting = explained.action.as_ref();
    let is_waiting = waiting.is_some_and(|action| action.state == ActionState::Waiting);
    let paused = explained.cap.and_then(|cap| cap.paused_until);
    if let Some(until) = paused.filter(|_| is_waiting) {
        next.push(format!(
            "the cap is reached ({}); it lets on at {}",
            Reason::CapReached.code(),
            until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        ));
    }
    next
}
