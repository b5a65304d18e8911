//! A process among those at work on the store: registered, with a lease on what it claims that is kept alive.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;

use super::heartbeat::{BeatWatch, LEASE, keep_lease};
use super::{CrashMarkers, StopSignal, error_chain};
use crate::clock::Clock;
use crate::store::workers::{self, WorkerId};
use crate::store::{Db, StoreError};

/// Registers this process with the store, and takes up at once what the one has left that had its markers before.
///
/// # Errors
///
/// Those of the store.
pub async fn register(
    db: &Db,
    markers: &CrashMarkers,
    now: DateTime<Utc>,
) -> Result<WorkerId, StoreError> {
    let worker = workers::register(db, &process_name(), LEASE, now).await?;
    if let Some(place) = markers.place() {
        workers::take_place(db, worker, place, now).await?;
    }
    Ok(worker)
}

/// The registration of this process, kept alive. Dropped without [`Membership::leave`], others take up what it holds when
/// its lease has run out, or the next one has its markers.
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
    pub async fn join(
        db: Db,
        clock: Arc<dyn Clock>,
        markers: &CrashMarkers,
        stop: StopSignal,
    ) -> Result<Self, StoreError> {
        let worker = register(&db, markers, clock.now()).await?;
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
    keep_lease(&db, worker, &*clock, &Told::default()).await;
    stop.stop();
}

/// Tells the log of heartbeats that are not stored.
#[derive(Debug, Default)]
struct Told {
    in_trouble: AtomicBool,
}

impl BeatWatch for Told {
    fn stored(&self) {
        self.in_trouble.store(false, Ordering::Relaxed);
    }

    fn failed(&self, error: &StoreError) {
        self.in_trouble.store(true, Ordering::Relaxed);
        tracing::warn!("{}: the lease is not prolonged", error_chain(error));
    }

    fn is_in_trouble(&self) -> bool {
        self.in_trouble.load(Ordering::Relaxed)
    }
}

/// Host and number of this process, for people.
fn process_name() -> String {
    let host = rustix::system::uname();
    let host = host.nodename().to_string_lossy().into_owned();
    format!("{host}:{}", process::id())
}
