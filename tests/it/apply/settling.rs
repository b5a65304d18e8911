//! A process that goes while a write of its own is under way: the next one finds out what became of it.

use std::time::Duration;

use chrono::TimeDelta;
use labeld::clock::Clock;
use labeld::model::Reason;
use labeld::store::actions::{ActionState, Verb};
use labeld::store::ledger::AttemptState;
use labeld::store::workers;
use labeld_emulator::frame::Effect;

use super::faults::{CLOUDS, upload};
use super::{World, label_of, on_each_store, plain, work};
use crate::five_apps::App;
use crate::workspace::GENERAL;

/// What has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// The part of the process that wrote; the process lives on.
    Part,
    /// The process.
    Process,
}

#[test]
fn a_write_whose_writer_is_gone_is_settled_once() {
    on_each_store("", &async |world: &mut World<'_>| {
        for app in CLOUDS {
            for gone in [Gone::Part, Gone::Process] {
                settled(world, app, gone).await;
            }
        }
    });
}

async fn settled(world: &mut World<'_>, app: App, gone: Gone) {
    let site = world.rules.site_id.unwrap();
    let before = world.cap(app).await.landed;
    let path = world.add(app, &plain()).await;
    let (action, run) = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    // The write takes effect, and its answer does not come.
    let stall = Effect::StallAfter {
        bytes: 1,
        ms: 600_000,
    };
    let rule = world
        .five
        .emulator
        .faults()
        .add(upload(app, stall).count(1))
        .unwrap();
    let written = async {
        while world.own_versions(app, &path).unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        acted = world.act(app, run) => panic!("{app:?} {acted:?}"),
        () = written => {}
    }
    world.five.emulator.faults().remove(rule);
    if gone == Gone::Process {
        workers::leave(&world.db, world.work.worker, world.clock.now())
            .await
            .unwrap();
        world.work = work(&world.db, &world.clock).await;
    }
    // Nobody writes to the file before it is known what became of the write.
    let acted = world.act(app, run).await;
    assert!(acted.ended.is_empty(), "{app:?} {gone:?} {acted:?}");
    assert!(
        acted.next_due.is_some_and(|due| due > world.clock.now()),
        "{acted:?}"
    );
    world.clock.advance(TimeDelta::seconds(61));
    world.act(app, run).await;
    let action = world.action(action).await;
    assert_eq!(
        (action.state, action.reason),
        (ActionState::Done, None),
        "{app:?} {gone:?} {action:?}"
    );
    let rows = world.ledger(app, &path).await;
    let states: Vec<_> = rows.iter().map(|row| (row.state, row.reason)).collect();
    assert_eq!(
        states,
        [(AttemptState::Applied, None::<Reason>)],
        "{app:?} {gone:?}"
    );
    assert_eq!(
        world.own_versions(app, &path).unwrap().len(),
        1,
        "{app:?} {gone:?}"
    );
    assert!(label_of(&world.content(app, &path), site).is_some());
    assert_eq!(world.cap(app).await.landed, before + 1, "{app:?} {gone:?}");
}
