//! What befalls writes on their way to a cloud.

use labeld_emulator::frame::{Effect, FaultRule};
use serde_json::{Value, json};

/// Where each service takes new contents.
const WRITES: [fn(FaultRule) -> FaultRule; 3] = [
    |rule| rule.host("graph").method("PUT"),
    |rule| rule.host("upload").method("POST"),
    |rule| rule.path("/upload/drive/**").method("PUT"),
];

/// One of the things that may happen to the next write to a service, whichever it is.
pub(super) fn one_of_each(dice: &mut fastrand::Rng) -> Vec<FaultRule> {
    let effects = effects();
    let aimed = WRITES.iter().map(|aim| {
        let effect = effects[dice.usize(..effects.len())].clone();
        aim(FaultRule::new(effect)).count(1)
    });
    aimed.collect()
}

/// The answer to the next two writes to each service is lost.
pub(super) fn answers_lost() -> Vec<FaultRule> {
    let aimed = WRITES
        .iter()
        .map(|aim| aim(FaultRule::new(Effect::AnswerLost)).count(2));
    aimed.collect()
}

/// The next write to each service waits so long before anything is done with it.
pub(super) fn held_up(ms: u64) -> Vec<FaultRule> {
    let aimed = WRITES
        .iter()
        .map(|aim| aim(FaultRule::new(Effect::DelayMs(ms))).count(1));
    aimed.collect()
}

fn effects() -> Vec<Effect> {
    vec![
        Effect::AnswerLost,
        Effect::RequestLost,
        Effect::TruncatedJson,
        Effect::Html,
        Effect::Throttle {
            retry_after: Some(0),
        },
        refused(412),
        refused(423),
        refused(500),
        refused(503),
        refused(507),
    ]
}

/// An answer in the service's place, whose body says what all three dialects look for.
fn refused(code: u16) -> Effect {
    let word = match code {
        412 => "conditionNotMet",
        423 => "resourceLocked",
        507 => "quotaLimitReached",
        _ => "generalException",
    };
    let body: Value = json!({
        "error": {"code": word, "message": word, "errors": [{"reason": word, "message": word}]},
        "type": "error", "status": code, "message": word,
    });
    Effect::Status {
        code,
        headers: [("content-type".to_owned(), "application/json".to_owned())].into(),
        body,
    }
}
