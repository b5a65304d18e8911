//! A process among those at work on the store: registered, with a lease that is kept alive.

use std::process;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::task::JoinHandle;

use super::{StopSignal, error_chain};
use crate::clock::Clock;
use crate::store::workers::{self, WorkerId};
use crate::store::{Db, StoreError};
use crate::telemetry;

/// How long others wait before they take up what a silent process holds: whoever starts a killed rescan again waits for it,
/// too.
const LEASE: TimeDelta = TimeDelta::seconds(20);

/// How often the lease is prolonged: several may be missed.
const HEARTBEAT: Duration = Duration::from_secs(5);

/// How soon it is tried again where the store does not answer.
const HEARTBEAT_AGAIN: Duration = Duration::from_secs(1);

/// The registration of this process. Dropped without [`Membership::leave`], others take up what it holds when its lease has
/// run out.
#[derive(Debug)]
pub struct Membership {
    db: Db,
    clock: Arc<dyn Clock>,
    worker: WorkerId,
    keeper: JoinHandle<()>,
}

impl Membership {
    /// Registers the process and keeps its lease alive. When the lease is lost all the same, `stop` is told: what the
    /// process does is others' by then.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn join(db: Db, clock: Arc<dyn Clock>, stop: StopSignal) -> Result<Self, StoreError> {
        let worker = workers::register(&db, &process_name(), LEASE, clock.now()).await?;
        let keeper = tokio::spawn(keep(db.clone(), Arc::clone(&clock), worker, stop));
        Ok(Self {
            db,
            clock,
            worker,
            keeper,
        })
    }

    /// The process as the store knows it.
    #[must_use]
    pub fn worker(&self) -> WorkerId {
        self.worker
    }

    /// Gives back all that the process holds.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn leave(self) -> Result<(), StoreError> {
        self.keeper.abort();
        workers::leave(&self.db, self.worker, self.clock.now()).await
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

async fn keep(db: Db, clock: Arc<dyn Clock>, worker: WorkerId, stop: StopSignal) {
    let mut pause = HEARTBEAT;
    loop {
        tokio::time::sleep(pause).await;
        pause = match workers::heartbeat(&db, worker, LEASE, clock.now()).await {
            Ok(true) => HEARTBEAT,
            Ok(false) => {
                telemetry::LeaseLost {}.emit();
                stop.stop();
                return;
            }
            Err(error) => {
                tracing::warn!("{}: the lease is not prolonged", error_chain(&error));
                HEARTBEAT_AGAIN
            }
        };
    }
}

/// Host and number of this process, for people.
#[must_use]
pub fn process_name() -> String {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().into_owned();
    format!("{host}:{}", process::id())
}
