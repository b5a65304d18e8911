//! Labels that encrypt: the service assigns them, where that is switched on (rules §4, A13). It answers before it has done so,
//! and what it finds on the file afterwards is the only proof.

use std::time::Duration;

use labeld_connector::{AssignLabel, AssignOutcome, FileRef, NativeLabels};
use uuid::Uuid;

use super::acting::Acting;
use super::decide::Wish;
use super::end::{Ending, Halt};
use super::intend::intend;
use super::look::Looked;
use super::record::{self, Landing};
use super::verify::{Expected, verify};
use super::{Outcome, send};
use crate::crash_points::{self, CrashPoint};
use crate::model::Reason;
use crate::pipeline::error_chain;
use crate::store::actions::Action;
use crate::store::ledger::AttemptState;

/// How long the service's job is followed; afterwards the write is settled like one whose answer was lost.
const PATIENCE: Duration = Duration::from_secs(120);

/// Has the service assign the label.
pub(super) async fn assign(
    acting: &Acting<'_>,
    action: &Action,
    looked: Looked,
    wish: &Wish,
    id: Uuid,
) -> Result<Outcome, Halt> {
    let (Some(native), Some(label)) = (acting.app.connector.native_labels(), wish.label()) else {
        let reason = Reason::LabelNeedsProtection;
        let ending = Ending::because(acting, action, reason, None, None);
        return Err(ending.learned(looked.learned()).halt());
    };
    let mut promised = intend(acting, action, &looked, wish, None, id).await?;
    // What is read afterwards needs memory of its own.
    let file = looked.meta.file.clone();
    drop(looked);
    send::mark_sent(acting, action, &mut promised).await?;
    crash_points::pass(CrashPoint::BeforeSend);
    let request = AssignLabel {
        label: label.to_string(),
        method: wish
            .method()
            .map_or("standard", |method| method.name())
            .to_ascii_lowercase(),
        justification: format!("labeld action {id}"),
        patience: PATIENCE,
    };
    let answer = native.assign(&file, &request).await;
    crash_points::pass(CrashPoint::AfterAnswer);
    let said = match answer {
        Err(error) => return Err(send::not_landed(acting, action, promised, &error).await),
        Ok(said) => said,
    };
    match (shows(native, &file, label).await, said) {
        (Some(true), _) => {}
        (Some(false), AssignOutcome::Failed(why)) => {
            let (state, reason) = (AttemptState::Refused, Reason::WriteDenied);
            record::refused(acting, promised, state, reason, &why).await?;
            return Err(Ending::because(acting, action, reason, Some(why), None).halt());
        }
        (_, said) => {
            let detail = format!("the service does not show the label yet: {said:?}");
            record::left_unknown(acting, promised, &detail).await?;
            return Err(send::unknown(acting, detail));
        }
    }
    // The label is there; what the file is like now is for people and for the next decision.
    let meta = acting.app.connector.stat(&file).await;
    let mut meta = meta
        .inspect_err(|error| tracing::debug!("{}", error_chain(error)))
        .ok();
    let verified = match &mut meta {
        Some(meta) => verify(acting, action.wanted.file, meta, &Expected::Anything).await,
        None => super::verify::Verified::NotRead,
    };
    let landing = Landing {
        id,
        action: action.id,
        file: action.wanted.file,
        verb: action.wanted.verb,
        slot: promised.slot,
        over_midnight: promised.slot.is_some_and(|day| day < send::today(acting)),
        meta: meta.as_ref(),
        is_as_left: true,
        verified: &verified,
        holds_action: true,
    };
    Ok(record::landed(acting, &landing).await?)
}

/// Whether the service finds the label on the file; `None` where it cannot tell just now.
pub(super) async fn shows(native: &dyn NativeLabels, file: &FileRef, label: Uuid) -> Option<bool> {
    match native.extract(file).await {
        Ok(found) => Some(found.iter().any(|found| {
            Uuid::try_parse(found.label.trim_matches(['{', '}'])).is_ok_and(|id| id == label)
        })),
        Err(error) => {
            tracing::debug!("{}", error_chain(&error));
            None
        }
    }
}
