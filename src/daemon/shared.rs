//! What the parts of the service know of each other.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use chrono::{DateTime, Utc};
use tokio::sync::{mpsc, oneshot};

use super::generation::Generation;
use super::queue_depth::QueueDepth;
use super::status::Phase;
use super::store_watch::StoreWatch;
use crate::clock::Clock;
use crate::config::Config;
use crate::pipeline::App;
use crate::store::queue::Depth;
use crate::store::{Db, Location, StoreError, tasks};

/// The service, as seen by the control socket and by the addresses it listens on. Clones share it.
#[derive(Debug, Clone)]
pub struct Handle {
    pub(super) shared: Arc<Shared>,
}

/// Something that the main loop is asked to do.
#[derive(Debug)]
pub(super) enum Order {
    /// Read the configuration anew; the answer says why it was refused.
    Reload(oneshot::Sender<Result<(), String>>),
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) clock: Arc<dyn Clock>,
    pub(super) started: DateTime<Utc>,
    pub(super) store: StoreWatch,
    /// Set once the store is open.
    pub(super) db: OnceLock<Db>,
    pub(super) store_name: String,
    pub(super) queue_depth: QueueDepth,
    pub(super) orders: mpsc::Sender<Order>,
    present: RwLock<Present>,
}

/// What changes while the service runs.
#[derive(Debug, Clone)]
pub(super) struct Present {
    pub(super) phase: Phase,
    pub(super) phase_since: Instant,
    pub(super) config: Arc<Config>,
    pub(super) loaded: DateTime<Utc>,
    /// Why a newer configuration was refused.
    pub(super) refused: Option<String>,
    pub(super) generation: Option<Arc<Generation>>,
    pub(super) listens: Vec<String>,
}

/// What a nudge is for.
#[derive(Debug, Clone, Copy)]
pub enum Nudge<'a> {
    /// Everything that looks for news: all polls and label lists.
    News,
    /// The task of this name.
    Task(&'a str),
}

impl Shared {
    pub(super) fn new(
        clock: Arc<dyn Clock>,
        config: Arc<Config>,
        location: &Location,
        orders: mpsc::Sender<Order>,
    ) -> Self {
        let now = clock.now();
        Self {
            clock,
            started: now,
            store: StoreWatch::opening(),
            db: OnceLock::new(),
            store_name: location.to_string(),
            queue_depth: QueueDepth::default(),
            orders,
            present: RwLock::new(Present {
                phase: Phase::Starting,
                phase_since: Instant::now(),
                config,
                loaded: now,
                refused: None,
                generation: None,
                listens: Vec::new(),
            }),
        }
    }

    pub(super) fn present(&self) -> Present {
        let present = self.present.read();
        present.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn update(&self, change: impl FnOnce(&mut Present)) {
        change(&mut self.present.write().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn set_phase(&self, phase: Phase) {
        self.update(|present| {
            present.phase = phase;
            present.phase_since = Instant::now();
        });
    }

    /// Has tasks done before they are due; the number of tasks that were meant.
    pub(super) async fn nudge(&self, nudge: Nudge<'_>) -> Result<u64, StoreError> {
        let (Some(db), Some(generation)) = (self.db.get(), self.present().generation) else {
            return Ok(0);
        };
        let mut nudged = 0;
        for (name, told) in &generation.nudges {
            let is_meant = match nudge {
                Nudge::News => name.starts_with("poll:") || name.starts_with("label_sync:"),
                Nudge::Task(task) => name == task,
            };
            if is_meant {
                tasks::nudge(db, name).await?;
                told.notify_one();
                nudged += 1;
            }
        }
        Ok(nudged)
    }
}

impl Handle {
    /// Has tasks done before they are due; the number of tasks that were meant.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn nudge(&self, nudge: Nudge<'_>) -> Result<u64, StoreError> {
        self.shared.nudge(nudge).await
    }

    /// Reads the configuration anew.
    ///
    /// # Errors
    ///
    /// Why it was refused, in words; the old one stays in force then.
    pub async fn reload(&self) -> Result<(), String> {
        let (answer, answered) = oneshot::channel();
        let order = Order::Reload(answer);
        let gone = || "the service is stopping".to_owned();
        self.shared.orders.send(order).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }

    /// The configuration in force.
    #[must_use]
    pub fn config(&self) -> Arc<Config> {
        self.shared.present().config
    }

    /// The store, once it is open.
    #[must_use]
    pub fn db(&self) -> Option<&Db> {
        self.shared.db.get()
    }

    /// How much there is to do, by app and class; of a long queue as it was a moment ago. Nothing while the store is not open.
    ///
    /// # Errors
    ///
    /// Those of the store.
    pub async fn queue_depth(&self) -> Result<Vec<Depth>, StoreError> {
        match self.db() {
            Some(db) => self.shared.queue_depth.get(db).await,
            None => Ok(Vec::new()),
        }
    }

    /// The apps that are worked on; `None` while there are none yet.
    #[must_use]
    pub fn apps(&self) -> Option<Vec<App>> {
        let generation = self.shared.present().generation?;
        let apps = generation.apps.iter().map(|served| served.app.clone());
        Some(apps.collect())
    }

    /// What time it is for the service.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.shared.clock.now()
    }

    /// Tells where the service listens, for [`Status`](super::Status).
    pub fn listens_on(&self, address: String) {
        self.shared.update(|present| present.listens.push(address));
    }
}
