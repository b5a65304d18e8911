//! Labels that encrypt, set by the service (rules §4, A13): what it answers is no proof, what it finds on the file is.

use chrono::TimeDelta;
use labeld::clock::Clock;
use labeld::model::Reason;
use labeld::model::policy::Route;
use labeld::pipeline::apply;
use labeld::store::actions::{ActionId, ActionRunId, ActionState, Verb};
use labeld::store::ledger::{AttemptState, LedgerRow};
use labeld::store::workers;
use labeld_emulator::frame::{Effect, Entry, FaultRule};
use serde_json::json;

use super::{Fate, SEALED, World, id, label_of, on_each_store, plain};
use crate::five_apps::App;

/// The services that assign labels.
const ASSIGNING: [App; 2] = [App::SharePoint, App::OneDrive];

async fn asked(world: &World<'_>, app: App) -> (String, (ActionId, ActionRunId)) {
    let path = world.add(app, &plain()).await;
    let asked = world.ask(app, &path, Verb::Apply, Some(SEALED)).await;
    (path, asked)
}

fn states(rows: &[LedgerRow]) -> Vec<AttemptState> {
    rows.iter().map(|row| row.state).collect()
}

/// Each row by the service, with a place of the day where it has landed, and the label on the file.
async fn is_applied(world: &World<'_>, app: App, path: &str, before: &[AttemptState]) {
    let rows = world.ledger(app, path).await;
    let expected = [before, &[AttemptState::Applied]].concat();
    assert_eq!(states(&rows), expected, "{app:?} {rows:?}");
    for row in &rows {
        assert_eq!((row.route, row.label), (Route::Service, Some(id(SEALED))));
        assert_eq!(
            row.slot_day.is_some(),
            row.state == AttemptState::Applied,
            "{app:?} {rows:?}"
        );
    }
    let site = world.rules.site_id.unwrap();
    let (label, _) = label_of(&world.content(app, path), site).unwrap();
    assert_eq!(label, id(SEALED), "{app:?}");
}

#[test]
fn the_service_sets_labels_that_encrypt() {
    on_each_store("", &async |world: &mut World<'_>| {
        for app in ASSIGNING {
            let (path, asked) = asked(world, app).await;
            let action = world.act_to_the_end(app, asked).await;
            assert_eq!((action.state, action.reason), (ActionState::Done, None));
            is_applied(world, app, &path, &[]).await;
            let cap = world.cap(app).await;
            assert_eq!((cap.used, cap.landed), (1, 1), "{app:?}");
        }
        for app in [App::Box, App::Google, App::Local] {
            let (path, asked) = asked(world, app).await;
            let action = world.act_to_the_end(app, asked).await;
            let expected = (ActionState::Refused, Some(Reason::LabelNeedsProtection));
            assert_eq!((action.state, action.reason), expected, "{app:?}");
            assert_eq!(world.content(app, &path), plain(), "{app:?}");
            assert!(world.ledger(app, &path).await.is_empty(), "{app:?}");
            assert_eq!(world.cap(app).await.used, 0, "{app:?}");
        }
    });
}

/// The service accepts, says that it is done, and has done nothing: the place stays taken until that is settled.
#[test]
fn an_assignment_that_is_never_done_is_settled_and_tried_again() {
    on_each_store("", &async |world: &mut World<'_>| {
        let app = App::SharePoint;
        let microsoft = world.five.emulator.microsoft();
        microsoft.switch(|switches| switches.assign_applied = false);
        let (path, (action, run)) = asked(world, app).await;
        world.act(app, run).await;
        let waiting = world.action(action).await;
        assert_eq!(waiting.reason, Some(Reason::WriteUnknown), "{waiting:?}");
        for later in [TimeDelta::zero(), TimeDelta::minutes(30)] {
            world.clock.advance(later);
            world.act(app, run).await;
            let rows = world.ledger(app, &path).await;
            assert_eq!(states(&rows), [AttemptState::Unknown], "{rows:?}");
            let cap = world.cap(app).await;
            assert_eq!((cap.used, cap.landed), (1, 0));
        }
        microsoft.switch(|switches| switches.assign_applied = true);
        world.clock.advance(TimeDelta::minutes(31));
        let action = world.act_to_the_end(app, (action, run)).await;
        assert_eq!((action.state, action.reason), (ActionState::Done, None));
        is_applied(world, app, &path, &[AttemptState::Failed]).await;
        let cap = world.cap(app).await;
        assert_eq!((cap.used, cap.landed), (1, 1));
        // Its limit for assigning labels, which holds up the whole tenant.
        let (path, (action, run)) = asked(world, app).await;
        let wait = Effect::Throttle {
            retry_after: Some(7200),
        };
        let rule = FaultRule::new(wait).path("**/assignSensitivityLabel");
        world.five.emulator.faults().add(rule).unwrap();
        world.act(app, run).await;
        let waiting = world.action(action).await;
        assert_eq!(waiting.reason, Some(Reason::FetchThrottled), "{waiting:?}");
        let rows = world.ledger(app, &path).await;
        assert_eq!(states(&rows), [AttemptState::Refused], "{rows:?}");
        assert_eq!(world.cap(app).await.used, 1);
    });
}

/// A refusal, what it makes of the action, and whether it is tried again.
type Refusal = (&'static str, fn(&World<'_>), Reason, ActionState);

/// What the service refuses gives the place back. The last one lasts until a restart.
const REFUSALS: &[Refusal] = &[
    (
        "the file is open",
        |world| refuse(world, 423, "resourceLocked"),
        Reason::FileLocked,
        ActionState::Waiting,
    ),
    (
        "the limit of the plan",
        |world| refuse(world, 403, "accessDenied"),
        Reason::WriteDenied,
        ActionState::Refused,
    ),
    (
        "nobody pays",
        |world| {
            let microsoft = world.five.emulator.microsoft();
            microsoft.switch(|switches| switches.billing = false);
        },
        Reason::WriteDenied,
        ActionState::Refused,
    ),
];

fn refuse(world: &World<'_>, code: u16, word: &str) {
    let effect = Effect::Status {
        code,
        headers: Default::default(),
        body: json!({"error": {"code": word, "message": "by the test"}}),
    };
    let rule = FaultRule::new(effect).path("**/assignSensitivityLabel");
    world.five.emulator.faults().add(rule.count(1)).unwrap();
}

#[test]
fn an_assignment_that_is_refused_gives_its_place_back() {
    on_each_store("", &async |world: &mut World<'_>| {
        for app in ASSIGNING {
            for (what, refuse, reason, state) in REFUSALS {
                let (path, (action, run)) = asked(world, app).await;
                refuse(world);
                world.act(app, run).await;
                let ended = world.action(action).await;
                assert_eq!(
                    (ended.state, ended.reason),
                    (*state, Some(*reason)),
                    "{what}"
                );
                let rows = world.ledger(app, &path).await;
                assert_eq!(states(&rows), [AttemptState::Refused], "{what} {rows:?}");
                assert_eq!(world.cap(app).await.used, 0, "{what}");
                assert_eq!(world.content(app, &path), plain(), "{what}");
            }
            let microsoft = world.five.emulator.microsoft();
            microsoft.switch(|switches| switches.billing = true);
        }
    });
}

/// The process dies between the request and the answer: the next one finds the label on the file, and asks for none.
#[test]
fn a_crash_before_the_answer_is_settled_by_what_the_service_finds() {
    on_each_store("", &async |world: &mut World<'_>| {
        for app in ASSIGNING {
            let (path, (action, run)) = asked(world, app).await;
            let meddled = world.meddle(app);
            meddled.next(Fate::NeverAnswered);
            let before = world.five.emulator.journal().last();
            tokio::select! {
                _ = world.try_act(app, run) => panic!("it waits for an answer"),
                () = meddled.is_waiting() => {}
            }
            let rows = world.ledger(app, &path).await;
            assert_eq!(states(&rows), [AttemptState::Intent], "{rows:?}");
            assert_eq!(world.cap(app).await.used, 1);
            let dead = world.work.worker;
            world.work = super::work(&world.db, &world.clock).await;
            workers::leave(&world.db, dead, world.clock.now())
                .await
                .unwrap();
            world.clock.advance(TimeDelta::minutes(2));
            let governance = world.governance().await;
            let settled = apply::settle(&world.work, &world.apps[&app], &governance).await;
            assert_eq!(settled.unwrap().landed, 1, "{app:?}");
            is_applied(world, app, &path, &[]).await;
            assert_eq!(world.action(action).await.state, ActionState::Done);
            let cap = world.cap(app).await;
            assert_eq!((cap.used, cap.landed), (1, 1));
            let entries = world.five.emulator.journal().since(before);
            let is_asked = |entry: &&Entry| entry.path().ends_with("/assignSensitivityLabel");
            assert_eq!(entries.iter().filter(is_asked).count(), 1, "{app:?}");
            world.unmeddle(app, &meddled);
        }
    });
}
