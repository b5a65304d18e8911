//! Refused actions that are looked at again by themselves.
//!
//! What stood in their way is not among the stored facts (`library.checkout_required`, a right that is missing for writing), so
//! that no listing tells when it is gone. The action is opened again, and the usual path looks at the file first: one call or two
//! for each action and pause, and no place under the cap before them.

use chrono::TimeDelta;

use super::Decided;
use super::decide::room_left;
use super::governance::Governance;
use crate::pipeline::Work;
use crate::store::StoreError;
use crate::store::actions;

/// Actions that are opened again at a time.
const BATCH: u32 = 256;

/// When an action is looked for again whose policy has used its canary up.
const CANARY_PAUSE: TimeDelta = TimeDelta::days(1);

/// Opens those again that are due, where the files' decisions still say so.
pub(super) async fn open_due(
    work: &Work,
    app: Decided<'_>,
    governance: &Governance,
) -> Result<(), StoreError> {
    let now = work.clock.now();
    let next = actions::next_again(&work.db, app.id).await?;
    if next.is_none_or(|next| next > now) {
        return Ok(());
    }
    let tx = work.db.begin().await?;
    let mut due = actions::due_again(&tx, app.id, now, BATCH).await?;
    // Policies are locked in the order of their numbers.
    due.sort_by_key(|due| due.policy);
    for due in due {
        let policy = governance
            .in_force()
            .find(|policy| policy.stored.id == due.policy && due.is_wanted && policy.acts());
        let Some(policy) = policy else {
            // As soon as a policy wants it the file is decided anew.
            actions::leave_refused(&tx, due.action).await?;
            continue;
        };
        let has_room = match policy.canary() {
            Some(canary) => room_left(&tx, policy, canary).await? > 0,
            None => true,
        };
        if has_room {
            actions::open_again(&tx, due.action, now).await?;
        } else {
            actions::open_again_at(&tx, due.action, now + CANARY_PAUSE).await?;
        }
    }
    tx.commit().await
}
