//! The service is killed, over and over, at every step of its work; nothing may be lost.
//!
//! The emulator lives in the test's own process and outlives every kill: what it holds is the truth that the inventory is
//! compared with at the end.

mod kills;
mod many_workers;
mod world;

use std::env;

use self::kills::Stage;
use self::world::World;
use crate::tally::Tally;
use crate::workspace::Store;

/// Kills on each store; `LABELD_CRASH_KILLS` asks for more.
const KILLS: u32 = 20;

fn wanted_kills() -> u32 {
    env::var("LABELD_CRASH_KILLS").map_or(KILLS, |number| number.parse().unwrap())
}

fn check(store: Store) {
    let mut world = World::new(store, 1);
    let mut tally = Tally::<Stage>::new();
    let kills = wanted_kills();
    // Some lives end before they get to the stage at which they were to be killed.
    for _ in 0..kills * 3 {
        if tally.kills() >= kills && tally.is_enough() {
            break;
        }
        let stage = tally.rarest();
        tally.add(world.live_and_die(stage));
    }
    println!("kills on {}: {tally}", world.store_name());
    assert!(tally.is_enough(), "{tally}");
    let service = world.start(0, None);
    world.come_to_rest(vec![service]);
}

#[test]
fn nothing_is_lost_on_sqlite() {
    check(Store::Sqlite);
}

#[test]
fn nothing_is_lost_on_postgresql() {
    if let Some(store) = Store::postgres() {
        check(store);
    }
}
