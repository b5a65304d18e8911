//! Claiming actions and leading each to its end.

use chrono::{DateTime, Utc};
use futures_util::future::join_all;
use uuid::Uuid;

use super::acting::Acting;
use super::decide::decide;
use super::end::{Ending, Halt, store_end};
use super::intend::intend;
use super::look::look;
use super::record::{self, Landing};
use super::rehearse::rehearse;
use super::send::{self, send};
use super::verify::{Expected, verify};
use super::{Acted, Outcome, assign, late};
use crate::crash_points::{self, CrashPoint};
use crate::model::Reason;
use crate::model::inventory::FileId;
use crate::model::policy::Route;
use crate::pipeline::StageError;
use crate::store::actions::{self, Action, ActionEnd, ActionId, Claim};
use crate::store::cap;

/// Actions that are carried out side by side.
const SIDE_BY_SIDE: u32 = 4;

/// Looks at one file in a row that has another version each time; then it waits.
const MOST_ROUNDS: u32 = 4;

/// Crashes of the process over one file, after which it is left alone (rules §3 gate 17).
const MOST_CRASHES: u32 = 3;

pub(super) async fn act(acting: &Acting<'_>, limit: u32) -> Result<Acted, StageError> {
    give_back_abandoned(acting).await?;
    let bound = acting.run.as_ref().filter(|run| run.kind.is_bounded());
    let run = bound.map(|run| run.id);
    let mut acted = Acted::default();
    let mut left = limit;
    let mut is_paused = false;
    while left > 0 {
        if acting.work.stop.is_stopped() {
            return Err(StageError::Stopped);
        }
        let (paused_until, places) = places(acting).await?;
        acted.cap_paused_until = paused_until;
        let claim = Claim {
            applies: places > 0 && !is_paused,
            run,
            // Never more than there are places: what stands further back in the order must not overtake.
            limit: match places {
                0 => SIDE_BY_SIDE.min(left),
                places => SIDE_BY_SIDE.min(left).min(places),
            },
        };
        let batch = batch(acting, claim).await?;
        if batch.is_empty() {
            break;
        }
        let is_reached =
            |(_, _, outcome): &(_, _, Outcome)| *outcome == Outcome::Because(Reason::CapReached);
        is_paused |= batch.iter().any(is_reached);
        left = left.saturating_sub(u32::try_from(batch.len()).unwrap_or(u32::MAX));
        acted.ended.extend(batch);
    }
    acted.cap_paused_until = places(acting).await?.0;
    let (applies, others) = actions::next_due(&acting.work.db, acting.app_id, run).await?;
    let applies = applies.map(|due| acted.cap_paused_until.map_or(due, |until| due.max(until)));
    acted.next_due = applies.into_iter().chain(others).min();
    Ok(acted)
}

/// Until when no label can be applied, and how many can be just now.
async fn places(acting: &Acting<'_>) -> Result<(Option<DateTime<Utc>>, u32), StageError> {
    // The later of the two: a witness that was not heard for a while must not hold everything up. Who takes a place asks the
    // witness alone, right after having heard it.
    let now = acting.witnessed_now().max(acting.now());
    let state = cap::state(&acting.work.db, acting.cap_key(), acting.cap, now).await?;
    Ok(match state.paused_until {
        Some(until) => (Some(until), 0),
        None => (None, acting.cap.limit.saturating_sub(state.used)),
    })
}

async fn give_back_abandoned(acting: &Acting<'_>) -> Result<(), StageError> {
    let work = acting.work;
    let in_hand = &work.actions_in_hand;
    let _claiming = in_hand.claiming().await;
    let tx = work.db.begin().await?;
    actions::abandoned(&tx, work.worker, &in_hand.all()).await?;
    tx.commit().await?;
    Ok(())
}

/// Claims the next actions and carries them out side by side. None is dropped half-way: each comes to its end, or to a point
/// from which it can be settled.
async fn batch(
    acting: &Acting<'_>,
    claim: Claim,
) -> Result<Vec<(ActionId, FileId, Outcome)>, StageError> {
    let work = acting.work;
    let claiming = work.actions_in_hand.claiming().await;
    let claimed = actions::claim(&work.db, acting.app_id, work.worker, claim, acting.now());
    let held: Vec<_> = claimed
        .await?
        .into_iter()
        .map(|action| (work.actions_in_hand.take(action.id), action))
        .collect();
    drop(claiming);
    if !held.is_empty() {
        crash_points::pass(CrashPoint::AfterActionClaim);
    }
    let under_way = held.into_iter().map(|(in_hand, action)| async move {
        let (id, file) = (action.id, action.wanted.file);
        let outcome = carry_out(acting, action).await;
        drop(in_hand);
        outcome.map(|outcome| (id, file, outcome))
    });
    join_all(under_way).await.into_iter().collect()
}

async fn carry_out(acting: &Acting<'_>, mut action: Action) -> Result<Outcome, StageError> {
    if action.crashes >= MOST_CRASHES {
        let detail = Some("labeld died over this file three times".to_owned());
        let ending = Ending::because(acting, &action, Reason::FilePoison, detail, None);
        return store_end(acting, &action, &ending).await;
    }
    for _ in 0..MOST_ROUNDS {
        match attempt(acting, &mut action).await {
            Ok(outcome) => return Ok(outcome),
            Err(Halt::Again) => {}
            Err(Halt::End(ending)) => return store_end(acting, &action, &ending).await,
            // Another worker's transaction was in the way; where an intent was stored before, it is settled.
            Err(Halt::Stage(StageError::Store(error))) if error.is_conflict() => {}
            Err(Halt::Stage(error)) => {
                give_back(acting, &action).await;
                return Err(error);
            }
        }
    }
    let detail = Some("the file keeps changing".to_owned());
    let ending = Ending::because(acting, &action, Reason::WriteConflict, detail, None);
    store_end(acting, &action, &ending).await
}

/// Gives an action back that could not be ended. Where the store does not take that either, the next round does it.
async fn give_back(acting: &Acting<'_>, action: &Action) {
    let released = async {
        let tx = acting.work.db.begin().await?;
        let worker = acting.work.worker;
        let now = acting.now();
        actions::finish(&tx, action.id, worker, &ActionEnd::Released, None, now).await?;
        tx.commit().await
    };
    if let Err(error) = released.await {
        tracing::debug!("cannot give an action back: {error}");
    }
}

/// One round: everything from the look at the file on.
async fn attempt(acting: &Acting<'_>, action: &mut Action) -> Result<Outcome, Halt> {
    let mut looked = look(acting, action).await?;
    if late::land_on(acting, action.wanted.file, &looked.file_facts).await? {
        // What the ledger says of the file is new.
        looked.refresh_ledger(acting, action).await?;
    }
    let wish = decide(acting, action, &looked).await?;
    let id = Uuid::new_v4();
    if wish.route() == Route::Service {
        return assign::assign(acting, action, looked, &wish, id).await;
    }
    let rehearsed = rehearse(acting, action, &looked, &wish, id).await?;
    let mut promised = intend(acting, action, &looked, &wish, Some(&rehearsed), id).await?;
    let mut meta = send(acting, action, &looked, &rehearsed, &mut promised).await?;
    drop((rehearsed, looked));
    let file = action.wanted.file;
    let verified = verify(acting, file, &mut meta, &Expected::of(&wish)).await;
    let landing = Landing {
        id: promised.id,
        action: action.id,
        file: action.wanted.file,
        verb: action.wanted.verb,
        slot: promised.slot,
        over_midnight: promised.slot.is_some_and(|day| day < send::today(acting)),
        meta: Some(&meta),
        is_as_left: true,
        verified: &verified,
        holds_action: true,
    };
    Ok(record::landed(acting, &landing).await?)
}
