//! Four services on one PostgreSQL: one is killed every moment, the database dies under them, and their connections are
//! cut.

use std::env;
use std::thread::sleep;
use std::time::Duration;

use super::world::World;
use crate::postgres::PrivateCluster;
use crate::service_process::ServiceProcess;
use crate::workspace::Store;

const SERVICES: usize = 4;

/// Blows; `LABELD_CRASH_BLOWS` asks for more.
const BLOWS: u32 = 12;

/// What is done to the services.
#[derive(Debug, Clone, Copy)]
enum Blow {
    /// One is killed and started again.
    Kill,
    /// The database dies and comes back.
    CrashDatabase,
    /// All connections to the database break.
    CutConnections,
}

impl Blow {
    const ALL: [Self; 5] = [
        Self::Kill,
        Self::Kill,
        Self::CutConnections,
        Self::Kill,
        Self::CrashDatabase,
    ];

    fn strike(self, world: &mut World, cluster: &PrivateCluster, services: &mut [ServiceProcess]) {
        match self {
            Self::Kill => {
                let number = world.dice().usize(..SERVICES);
                services[number].kill();
                services[number] = world.start(number, None);
            }
            Self::CrashDatabase => {
                cluster.crash();
                cluster.start_again();
            }
            Self::CutConnections => world.execute(
                &cluster.url(),
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename IS NOT NULL",
            ),
        }
    }
}

#[test]
fn four_services_share_the_work_whatever_happens() {
    let Some(cluster) = PrivateCluster::start() else {
        return;
    };
    let blows = env::var("LABELD_CRASH_BLOWS").map_or(BLOWS, |number| number.parse().unwrap());
    let mut world = World::new(Store::Postgres(cluster.url()), SERVICES);
    let mut services: Vec<ServiceProcess> = (0..SERVICES)
        .map(|number| world.start(number, None))
        .collect();
    for blow in Blow::ALL.into_iter().cycle().take(blows as usize) {
        for _ in 0..world.dice().u32(10..150) {
            sleep(Duration::from_millis(10));
            if world.dice().u8(..) < 32 {
                world.work();
            }
        }
        blow.strike(&mut world, &cluster, &mut services);
    }
    for service in &mut services {
        world.check_alive(service);
    }
    println!("{blows} blows to {SERVICES} services");
    world.come_to_rest(services);
}
