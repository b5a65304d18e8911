//! Writes that land after everybody has given them up: the ledger has them all the same, and the cap counts them.

use std::sync::Arc;

use chrono::TimeDelta;
use labeld::pipeline::{ScanSettings, apply, scan};
use labeld::store::actions::{ActionState, Verb};
use labeld::store::ledger::AttemptState;
use labeld_formats::Coauthoring;

use super::{Fate, World, on_each_store, plain};
use crate::five_apps::App;
use crate::workspace::GENERAL;

/// What looks at the file first afterwards.
#[derive(Debug, Clone, Copy)]
enum Found {
    /// A scan of the new version.
    ByScan,
    /// The next attempt at the same action.
    ByAttempt,
}

#[test]
fn a_write_that_lands_late_is_in_the_ledger_and_under_the_cap() {
    on_each_store("", &async |world: &mut World<'_>| {
        // Custom properties have the ActionId by which a late write is known.
        let apps = [App::Google, App::Box, App::Local];
        in_each_way(world, Coauthoring::Off, &apps).await;
    });
}

/// LabelInfo has no ActionId, so that GUID and Method decide (rules §1).
#[test]
fn a_late_write_without_an_action_id_is_in_the_ledger_and_under_the_cap() {
    on_each_store("", &async |world: &mut World<'_>| {
        let apps = [App::Box, App::Local];
        in_each_way(world, Coauthoring::On, &apps).await;
    });
}

async fn in_each_way(world: &mut World<'_>, coauthoring: Coauthoring, apps: &[App]) {
    Arc::make_mut(&mut world.rules).coauthoring = coauthoring;
    for app in apps {
        for found in [Found::ByScan, Found::ByAttempt] {
            landed_late(world, *app, found).await;
        }
    }
}

async fn landed_late(world: &mut World<'_>, app: App, found: Found) {
    let what = format!("{app:?} {found:?}");
    let before = world.cap(app).await.used;
    let path = world.add(app, &plain()).await;
    let (action, run) = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    let meddled = world.meddle(app);
    meddled.next(Fate::Kept);
    world.act(app, run).await;
    assert_eq!(world.cap(app).await.used, before + 1, "{what}: it is held");
    world.clock.advance(TimeDelta::minutes(2));
    let governance = world.governance().await;
    let settled = apply::settle(&world.work, &world.apps[&app], &governance).await;
    assert_eq!(settled.unwrap().failed, 1, "{what}");
    assert_eq!(world.cap(app).await.used, before, "{what}: given back");

    meddled.do_late().await.unwrap();
    match found {
        Found::ByScan => {
            world.poll(app).await;
            let settings = ScanSettings {
                coauthoring: world.rules.coauthoring,
                side_by_side: 1,
            };
            let scanned = scan::scan_waiting(&world.work, &world.apps[&app], settings).await;
            assert!(scanned.unwrap().files > 0, "{what}");
        }
        Found::ByAttempt => {
            world.act(app, run).await;
        }
    }
    world.act(app, run).await;
    let rows = world.ledger(app, &path).await;
    let states: Vec<_> = rows.iter().map(|row| row.state).collect();
    assert_eq!(states, [AttemptState::Applied], "{what} {rows:?}");
    let ended = world.action(action).await;
    assert_eq!(ended.state, ActionState::Done, "{what} {ended:?}");
    let cap = world.cap(app).await;
    assert_eq!((cap.used, cap.landed), (before + 1, before + 1), "{what}");
    if let Some(own) = world.own_versions(app, &path) {
        assert_eq!(own.len(), 1, "{what}");
    }
    world.unmeddle(app, &meddled);
}
