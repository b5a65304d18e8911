//! Two weeks of a service under a clock that the test holds: the weeks in which the clocks of Europe are changed, with all
//! that goes wrong in the life of a service, hour by hour.

mod weeks;

use std::ops::RangeInclusive;

use chrono::TimeDelta;
use labeld_emulator::frame::{Effect, FaultRule};
use serde_json::Value;

use self::weeks::{HOURS_OF_A_DAY, LABEL_SYNC, Outage, Weeks};
use crate::five_apps::App;
use crate::workspace::Store;

/// Changes of files on a simulated day, over all apps.
const CHANGES: usize = 200;

/// Sets another number of changes.
const CHANGES_VARIABLE: &str = "LABELD_FORTNIGHT_CHANGES";

/// Days of each of the two weeks.
const DAYS: usize = 7;

/// The nights in which clocks are put forward and back are the fourth of these weeks.
const WEEKS: [&str; 2] = ["2026-03-26T00:00:00Z", "2026-10-22T00:00:00Z"];

const NOON: usize = HOURS_OF_A_DAY / 2;

/// What happens on a day of the fortnight.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// A service is down.
    Down(&'static Outage),
    /// The label list is empty at these hours.
    LabelsGone([usize; 2]),
    /// At noon the machine is suspended for so many hours.
    Asleep(usize),
    /// At noon the clock is put back by so many hours, and in the evening forward again.
    ClockBack(i64),
}

/// By the number of the day, from 0.
const EVENTS: [(usize, Event); 5] = [
    (1, Event::Down(&GOOGLE)),
    (4, Event::LabelsGone([5, 9])),
    (5, Event::Asleep(5)),
    (8, Event::ClockBack(30)),
    (11, Event::Down(&MICROSOFT)),
];

const GOOGLE: Outage = Outage {
    provider: "google",
    apps: &[App::Google],
    labels: false,
};

/// With the label list.
const MICROSOFT: Outage = Outage {
    provider: "microsoft",
    apps: &[App::SharePoint, App::OneDrive],
    labels: true,
};

#[test]
fn a_fortnight_on_sqlite() {
    check(Store::Sqlite);
}

#[test]
#[ignore = "takes as long as the one on SQLite: tests/run --long"]
fn a_fortnight_on_postgresql() {
    if let Some(store) = Store::postgres() {
        check(store);
    }
}

fn check(store: Store) {
    let changes =
        std::env::var(CHANGES_VARIABLE).map_or(CHANGES, |changes| changes.parse().unwrap());
    let mut weeks = Weeks::begin(store, WEEKS[0].parse().unwrap(), changes);
    for day in 0..WEEKS.len() * DAYS {
        if day == DAYS {
            weeks.jump_to(WEEKS[1].parse().unwrap());
            assert_eq!(weeks.take_syncs(), 1, "after months without any");
        }
        let mut events = EVENTS.iter();
        let event = events.find(|(on, _)| *on == day).map(|(_, event)| *event);
        live_a_day(&mut weeks, event);
        let syncs = weeks.take_syncs();
        let expected = syncs_of(event);
        assert!(expected.contains(&syncs), "{syncs} on day {day}, {event:?}");
        weeks.expect_truth(&App::ALL);
    }
    weeks.end();
}

/// How often the label list is read on a day.
fn syncs_of(event: Option<Event>) -> RangeInclusive<usize> {
    let exactly = |syncs| syncs..=syncs;
    match event {
        None | Some(Event::LabelsGone(_)) => exactly(HOURS_OF_A_DAY),
        // One that was under way when the service came back may succeed before the next is due.
        Some(Event::Down(outage)) if outage.labels => 1..=2,
        Some(Event::Down(_)) => exactly(HOURS_OF_A_DAY),
        // Once for all the hours that were slept through.
        Some(Event::Asleep(hours)) => exactly(HOURS_OF_A_DAY - hours + 1),
        // Once more for the hours that the clock is put forward again.
        Some(Event::ClockBack(_)) => exactly(HOURS_OF_A_DAY + 1),
    }
}

fn live_a_day(weeks: &mut Weeks, event: Option<Event>) {
    match event {
        None => live_hours(weeks, HOURS_OF_A_DAY),
        Some(Event::Down(outage)) => a_service_is_down(weeks, outage),
        Some(Event::LabelsGone(hours)) => the_label_list_is_empty(weeks, hours),
        Some(Event::Asleep(hours)) => the_machine_is_suspended(weeks, hours),
        Some(Event::ClockBack(hours)) => the_clock_is_put_back(weeks, hours),
    }
}

fn live_hours(weeks: &mut Weeks, hours: usize) {
    (0..hours).for_each(|_| weeks.live_an_hour());
}

/// The other apps go on as if nothing were, and those that were down catch up when their service is back.
fn a_service_is_down(weeks: &mut Weeks, outage: &'static Outage) {
    let labels = weeks.labels();
    // Nobody repeats a call that is led to a page about maintenance: repetitions take real time.
    let mut rule = FaultRule::new(Effect::Status {
        code: 302,
        headers: [("location", "https://maintenance.example/")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        body: Value::Null,
    });
    rule.provider = Some(outage.provider.to_owned());
    let faults = weeks.apps.emulator.faults().clone();
    let rule = faults.add(rule).unwrap();
    weeks.set_outage(Some(outage));
    live_hours(weeks, HOURS_OF_A_DAY - 1);
    weeks.expect_outage_shown(outage);
    let up: Vec<App> = App::ALL
        .into_iter()
        .filter(|app| !outage.apps.contains(app))
        .collect();
    weeks.expect_truth(&up);
    assert_eq!(weeks.labels(), labels, "the last good list stays");
    assert!(faults.hits(rule).is_some_and(|hits| hits > 0));
    faults.remove(rule);
    weeks.set_outage(None);
    weeks.live_an_hour();
}

/// A list that is empty once, and a second time after it was back, deletes nothing.
fn the_label_list_is_empty(weeks: &mut Weeks, hours: [usize; 2]) {
    let before = weeks.labels();
    assert!(before.len() > 3, "{before:#?}");
    let list = weeks.apps.emulator.microsoft().labels();
    for hour in 0..HOURS_OF_A_DAY {
        let is_empty = hours.contains(&hour);
        let shown = if is_empty { Vec::new() } else { list.clone() };
        weeks.apps.emulator.microsoft().set_labels(shown);
        weeks.live_an_hour();
        if is_empty {
            assert_eq!(weeks.labels(), before, "at {hour}");
        }
    }
    assert_eq!(weeks.labels(), before);
}

/// What fell due meanwhile is done once, and said to be late.
fn the_machine_is_suspended(weeks: &mut Weeks, hours: usize) {
    live_hours(weeks, NOON);
    let asleep = TimeDelta::hours(hours.try_into().unwrap());
    weeks.jump_to(weeks.now() + asleep);
    weeks.expect_late(LABEL_SYNC, asleep - TimeDelta::hours(1));
    live_hours(weeks, HOURS_OF_A_DAY - NOON - hours);
}

/// Nothing waits until the clock is again where it was.
fn the_clock_is_put_back(weeks: &mut Weeks, hours: i64) {
    live_hours(weeks, NOON);
    let before = weeks.now();
    weeks.jump_to(before - TimeDelta::hours(hours));
    live_hours(weeks, NOON);
    weeks.expect_truth(&App::ALL);
    weeks.jump_to(before + TimeDelta::hours(12));
}
