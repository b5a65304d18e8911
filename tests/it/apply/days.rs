//! The date that a place belongs to: writes around midnight, and a machine whose clock is wrong (rules §6).

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use labeld::clock::Clock;
use labeld::model::cap::CapDay;
use labeld::model::policy::Override;
use labeld::store::actions::{ActionState, RunKind, Verb};
use labeld::store::cap::{self, CapKey};

use super::{Fate, World, on_each_store, plain};
use crate::five_apps::App;
use crate::workspace::GENERAL;

/// When the date changes.
#[derive(Debug, Clone, Copy)]
enum Midnight {
    /// Between the reservation and the first byte.
    BeforeItIsSent,
    /// While it is on its way.
    InFlight,
}

#[test]
fn a_write_around_midnight_has_a_place_of_the_right_date() {
    on_each_store("", &async |world: &mut World<'_>| {
        for limit in [100, 1] {
            world.set_cap(limit);
            for (app, midnight) in [
                (App::Box, Midnight::BeforeItIsSent),
                (App::Google, Midnight::InFlight),
            ] {
                around_midnight(world, app, midnight).await;
            }
            // The next limit on a later date.
            world.clock.advance(TimeDelta::days(3));
        }
    });
}

/// The first midnight after a time.
fn midnight_after(now: DateTime<Utc>) -> DateTime<Utc> {
    let next = now.date_naive() + TimeDelta::days(1);
    next.and_hms_opt(0, 0, 0).unwrap().and_utc()
}

async fn around_midnight(world: &mut World<'_>, app: App, midnight: Midnight) {
    let what = format!(
        "{app:?} {midnight:?} {:?}",
        world.rules.apps.values().next()
    );
    let tuesday = midnight_after(world.clock.now() + TimeDelta::days(1));
    let monday = tuesday - TimeDelta::seconds(1);
    let path = world.add(app, &plain()).await;
    let asked = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    let meddled = world.meddle(app);
    match midnight {
        // Asked for when places are counted, when one is taken, and before the first byte.
        Midnight::BeforeItIsSent => meddled.tell_times([monday, monday, tuesday]),
        Midnight::InFlight => {
            meddled.tell_times([monday]);
            let watch = std::sync::Arc::clone(&meddled);
            meddled.next(Fate::After(Box::new(move || watch.tell_times([tuesday]))));
        }
    }
    world.act(app, asked.1).await;
    let action = world.action(asked.0).await;
    assert_eq!(
        (action.state, action.reason),
        (ActionState::Done, None),
        "{what}"
    );
    let rows = world.ledger(app, &path).await;
    let days: Vec<_> = rows.iter().map(|row| row.slot_day).collect();
    let (first, second) = (CapDay::of(monday), CapDay::of(tuesday));
    let expected = match midnight {
        Midnight::BeforeItIsSent => Some(second),
        // And on the next one too, as the cap shows.
        Midnight::InFlight => Some(first),
    };
    assert_eq!(days, [expected], "{what}");
    let cap = world.cap(app).await;
    assert_eq!((cap.day, cap.used, cap.landed), (second, 1, 1), "{what}");
    world.unmeddle(app, &meddled);
}

/// By how much the machine's clock is wrong, the true time in hours after the first midnight, and how many labels there may
/// be by then.
type Moment = (TimeDelta, i64, usize);

const MOMENTS: &[Moment] = &[
    (TimeDelta::zero(), 10, 1),
    // It jumps ahead, and is corrected.
    (TimeDelta::days(5), 11, 1),
    (TimeDelta::zero(), 24 + 1, 1),
    // It is set back.
    (TimeDelta::days(-2), 24 + 11, 1),
    (TimeDelta::zero(), 24 + 13, 2),
    (TimeDelta::days(5), 24 + 14, 2),
    // Whatever was put off by a wrong clock is done in the end.
    (TimeDelta::zero(), 9 * 24 + 13, 3),
];

const FILES: usize = 3;

/// Between the first moments of two apps.
const APART: TimeDelta = TimeDelta::days(20);

#[test]
fn a_wrong_clock_grants_nothing_where_a_service_tells_the_time() {
    on_each_store("", &async |world: &mut World<'_>| {
        world.set_cap(1);
        let mut first = midnight_after(Utc::now() + TimeDelta::days(1));
        for app in [App::SharePoint, App::OneDrive, App::Box, App::Google] {
            told_by_the_service(world, app, first).await;
            first += APART;
        }
    });
}

async fn told_by_the_service(world: &World<'_>, app: App, first: DateTime<Utc>) {
    let emulated = world.five.emulator.clock();
    emulated.set(first);
    world.clock.set(first);
    let run = world.begin_run(RunKind::Hand).await;
    let mut files = Vec::new();
    for _ in 0..FILES {
        let path = world.add(app, &plain()).await;
        let wanted = (Verb::Apply, Some(GENERAL), Override::Automatic);
        world.ask_in(run, app, &path, wanted).await;
        files.push(path);
    }
    let mut by_date: BTreeMap<NaiveDate, usize> = BTreeMap::new();
    let mut before = 0;
    for (wrong_by, hours, most) in MOMENTS {
        let now = first + TimeDelta::hours(*hours);
        emulated.set(now);
        world.clock.set(now + *wrong_by);
        world.act(app, run).await;
        let labelled: usize = files
            .iter()
            .map(|path| world.own_versions(app, path).unwrap().len())
            .sum();
        assert!(labelled <= *most, "{app:?} at {now}: {labelled}");
        *by_date.entry(now.date_naive()).or_default() += labelled - before;
        before = labelled;
        let key = CapKey {
            tenant: &world.rules.tenant,
            app_kind: &world.apps[&app].kind,
        };
        let rule = world.rules.apps[&world.apps[&app].name].cap;
        let state = cap::state(&world.db, key, rule, world.clock.now()).await;
        let is_back = state.unwrap().clock_is_back;
        assert_eq!(is_back, *wrong_by < TimeDelta::zero(), "{app:?} at {now}");
    }
    assert!(by_date.values().all(|labels| *labels <= 1), "{by_date:?}");
    assert_eq!(before, files.len(), "{app:?} {by_date:?}");
}
