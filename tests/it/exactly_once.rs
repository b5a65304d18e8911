//! Labels are written while services are killed at every step of a write, while clouds lose answers and refuse what they
//! were sent, and while people go on working: each file gets its label once, and nobody's work is lost.
//!
//! The emulator lives in the test's own process and outlives every kill. What it has stored, by whom and when, is the
//! truth that is counted; labeld's own store is never asked how much was labelled.

mod counting;
mod misfortunes;
mod stages;
mod town;

use std::env;

use self::stages::Stage;
use self::town::Town;
use crate::tally::Tally;
use crate::workspace::Store;

/// Kills on each store; `LABELD_WRITE_KILLS` asks for more.
const KILLS: u32 = 30;

/// Services that share a PostgreSQL store.
const SERVICES: usize = 3;

fn check(store: Store, services: usize) {
    let kills = env::var("LABELD_WRITE_KILLS").map_or(KILLS, |number| number.parse().unwrap());
    let mut town = Town::new(store, services);
    let mut tally = Tally::<Stage>::new();
    // Some lives end before they get to the stage at which they were to be killed.
    for _ in 0..kills * 4 {
        if tally.kills() >= kills && tally.is_enough() {
            break;
        }
        let stage = tally.rarest();
        for killed in town.live_and_die(stage) {
            tally.add(killed);
        }
        town.check();
    }
    println!("kills while writing, on {}: {tally}", town.store_name());
    assert!(tally.is_enough(), "{tally}");
    let labelled = town.come_to_rest();
    println!("{labelled}");
}

#[test]
fn each_file_is_labelled_once_on_sqlite() {
    check(Store::Sqlite, 1);
}

#[test]
fn each_file_is_labelled_once_on_postgresql() {
    if let Some(store) = Store::postgres() {
        check(store, SERVICES);
    }
}
