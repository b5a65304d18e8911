//! `labeld run`: starts what is done again and again, keeps the lease on it, takes over another configuration, and brings
//! everything to an end when it is told to.

pub mod audit;
pub mod control;
mod gather;
mod generation;
mod govern;
pub mod hand;
mod pause;
mod pulse;
mod queue_depth;
mod reload;
pub mod rescan;
mod schedule;
mod service_manager;
mod shared;
mod signals;
pub mod status;
mod store_watch;
pub mod switch;
mod tasks;

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use self::control::{Control, SocketError};
use self::generation::{Foundation, Running, Supplied};
use self::pulse::Pulse;
use self::shared::{Order, Shared};
use self::signals::{Asked, Signals};
use crate::clock::Clock;
use crate::config::Config;
use crate::pipeline::calls::CallBudgets;
use crate::pipeline::{MarkerError, error_chain, keep_lease, register};
use crate::store::workers::WorkerId;
use crate::store::{Access, Db, Location, StoreError};
use crate::telemetry::{
    ConfigRefused, ConfigReloaded, ServiceReady, ServiceStarted, ServiceStopped, ServiceStopping,
};

pub use self::shared::{Handle, Nudge};
pub use self::status::{FailingCheck, Phase, Status};

/// Why the service ends by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The control socket.
    #[error(transparent)]
    Control(#[from] SocketError),
    /// The store cannot be opened, and waiting does not help.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The notes about files under the parser.
    #[error(transparent)]
    Markers(#[from] MarkerError),
    /// The operating system.
    #[error("cannot {operation}")]
    System {
        /// What was tried.
        operation: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A service that has its control socket and nothing else yet.
#[derive(Debug)]
pub struct Service {
    shared: Arc<Shared>,
    location: Location,
    control: Control,
    orders: mpsc::Receiver<Order>,
}

/// Orders that wait while another is carried out.
const MOST_ORDERS: usize = 16;

/// How often apps that could not be made are tried again.
const RETRY_UNSERVED: Duration = Duration::from_secs(60);

/// Longest pause between two attempts to open the store.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// Pause before the store is asked again to register this process.
const REGISTER_AGAIN: Duration = Duration::from_secs(2);

/// How the main loop goes on.
enum Next {
    /// With another generation.
    Begin(Supplied),
    /// With another generation, at once: others may have taken up what this one held.
    LeaseLost(Supplied),
    /// Not at all; who asked for the end.
    End(&'static str),
}

impl Next {
    /// What the next generation works on.
    fn supplied(self) -> Option<Supplied> {
        match self {
            Self::Begin(supplied) | Self::LeaseLost(supplied) => Some(supplied),
            Self::End(_) => None,
        }
    }
}

impl Service {
    /// Takes the control socket of the state folder.
    ///
    /// # Errors
    ///
    /// [`ServiceError::Control`], also where another service has it.
    pub fn prepare(
        config: Config,
        location: Location,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ServiceError> {
        let control = Control::bind(&config.service.state_dir)?;
        let (give, orders) = mpsc::channel(MOST_ORDERS);
        let shared = Shared::new(clock, Arc::new(config), &location, give);
        Ok(Self {
            shared: Arc::new(shared),
            location,
            control,
            orders,
        })
    }

    /// The service as others see it.
    #[must_use]
    pub fn handle(&self) -> Handle {
        Handle {
            shared: Arc::clone(&self.shared),
        }
    }

    /// Runs until SIGTERM or SIGINT.
    ///
    /// # Errors
    ///
    /// When the store cannot be used and waiting does not help against it.
    pub async fn run(self) -> Result<(), ServiceError> {
        let begun = Instant::now();
        ServiceStarted {
            version: env!("CARGO_PKG_VERSION"),
        }
        .emit();
        let mut signals = Signals::listen().map_err(|source| ServiceError::System {
            operation: "listen for signals",
            source,
        })?;
        let handle = self.handle();
        let control = tokio::spawn(self.control.serve(handle));
        let mut main = Main {
            shared: self.shared,
            orders: self.orders,
            pulse: Pulse::new(),
        };
        let ended = main.run(&self.location, &mut signals, begun).await;
        control.abort();
        // The socket goes with its task.
        let _ = control.await;
        ended
    }
}

/// The main loop.
struct Main {
    shared: Arc<Shared>,
    orders: mpsc::Receiver<Order>,
    pulse: Pulse,
}

impl Main {
    async fn run(
        &mut self,
        location: &Location,
        signals: &mut Signals,
        begun: Instant,
    ) -> Result<(), ServiceError> {
        let Some(db) = self.open_store(location, signals).await? else {
            return Ok(());
        };
        let present = self.shared.present().config;
        let clock = Arc::clone(&self.shared.clock);
        let foundation = Foundation::lay(db.clone(), clock, &present.service).await?;
        // A clone here would hold the store open beyond its last use.
        let _ = self.shared.db.set(db.clone());
        self.shared.store.opened();
        let mut next = Some(self.supplied(&foundation.calls).await);
        let mut is_ready = false;
        while let Some(supplied) = next {
            let Some(worker) = self.register(&foundation, signals).await? else {
                break;
            };
            let running = Running::begin(&self.shared, &foundation, worker, supplied);
            self.shared.set_phase(Phase::Running);
            if !is_ready {
                is_ready = true;
                ServiceReady {
                    seconds: begun.elapsed(),
                }
                .emit();
            }
            service_manager::ready("running");
            next = self.keep(running, signals, &foundation).await.supplied();
        }
        drop(foundation);
        db.close().await?;
        Ok(())
    }

    /// Opens the store, waiting for a database server that does not answer and for room on the disk; `None` where a stop came first.
    async fn open_store(
        &mut self,
        location: &Location,
        signals: &mut Signals,
    ) -> Result<Option<Db>, ServiceError> {
        let mut pause = Duration::from_millis(500);
        loop {
            let error = match Db::open(location, Access::Write).await {
                Ok(db) => return Ok(Some(db)),
                Err(error @ (StoreError::Unreachable { .. } | StoreError::Full { .. })) => error,
                Err(error) => return Err(error.into()),
            };
            self.shared.store.cannot_open(&error);
            let why = error_chain(&error);
            tracing::warn!("waiting for the store: {why}");
            service_manager::status(&format!("waiting for the store: {why}"));
            if self.wait(pause, signals).await.is_none() {
                return Ok(None);
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Registers with the store, once it takes that; `None` where a stop came first.
    async fn register(
        &mut self,
        foundation: &Foundation,
        signals: &mut Signals,
    ) -> Result<Option<WorkerId>, StoreError> {
        let Foundation { db, markers, .. } = foundation;
        loop {
            match register(db, markers, self.shared.clock.now()).await {
                Ok(worker) => {
                    self.shared.store.wrote();
                    return Ok(Some(worker));
                }
                Err(error) if self.shared.store.note(&error) => {}
                Err(error) => return Err(error),
            }
            if self.wait(REGISTER_AGAIN, signals).await.is_none() {
                return Ok(None);
            }
        }
    }

    /// Waits; `None` where a stop came first.
    async fn wait(&mut self, pause: Duration, signals: &mut Signals) -> Option<()> {
        let waited = tokio::time::sleep(pause);
        tokio::pin!(waited);
        loop {
            tokio::select! {
                () = &mut waited => return Some(()),
                () = self.pulse.beat() => {}
                order = self.orders.recv() => refuse(order, "the service waits for its store"),
                asked = signals.next() => if let Asked::Stop(_) = asked {
                    return None;
                },
            }
        }
    }

    /// Makes what the configuration in force names, on a thread that may block.
    async fn supplied(&mut self, calls: &CallBudgets) -> Supplied {
        let config = self.shared.present().config;
        let calls = calls.clone();
        let making = tokio::task::spawn_blocking(move || Supplied::of(&config, &calls));
        let made = self.pulse.while_doing(making).await;
        made.unwrap_or_else(|error| {
            tracing::error!("cannot make the apps: {error}");
            Supplied::default()
        })
    }

    /// Waits until something ends the generation, and ends it.
    async fn keep(
        &mut self,
        mut running: Running,
        signals: &mut Signals,
        foundation: &Foundation,
    ) -> Next {
        let work = running.generation.work.clone();
        let shared = Arc::clone(&self.shared);
        let heart = tokio::spawn(async move {
            keep_lease(&work.db, work.worker, &*work.clock, &shared.store).await;
        });
        let next = self
            .until_change(&mut running, signals, heart, foundation)
            .await;
        match &next {
            Next::Begin(_) | Next::LeaseLost(_) => self.shared.set_phase(Phase::Reloading),
            Next::End(cause) => {
                self.shared.set_phase(Phase::Stopping);
                ServiceStopping { cause }.emit();
                service_manager::stopping("finishing what has begun");
            }
        }
        let begun = Instant::now();
        // The store takes nothing more of a generation that has lost its lease.
        let patience = match &next {
            Next::LeaseLost(_) => Duration::ZERO,
            Next::Begin(_) | Next::End(_) => self.shared.present().config.service.drain,
        };
        let ending = running.end(&self.shared, patience);
        tokio::pin!(ending);
        loop {
            tokio::select! {
                () = &mut ending => break,
                () = self.pulse.beat() => {}
                asked = signals.next() => if let (Asked::Stop(_), Next::End(_)) = (asked, &next) {
                    // Asked twice: whatever was not committed is done again by the next run.
                    break;
                },
            }
        }
        if let Next::End(_) = next {
            ServiceStopped {
                seconds: begun.elapsed(),
            }
            .emit();
        }
        next
    }

    async fn until_change(
        &mut self,
        running: &mut Running,
        signals: &mut Signals,
        heart: tokio::task::JoinHandle<()>,
        foundation: &Foundation,
    ) -> Next {
        let mut heart = AbortOnDrop(heart);
        let unserved = running.generation.unserved.len();
        let mut retry =
            tokio::time::interval_at(tokio::time::Instant::now() + RETRY_UNSERVED, RETRY_UNSERVED);
        loop {
            tokio::select! {
                () = self.pulse.beat() => {}
                asked = signals.next() => match asked {
                    Asked::Stop(signal) => return Next::End(signal),
                    Asked::News => self.nudge_for_news().await,
                    Asked::Reload => if let Ok(supplied) = self.reload(&foundation.calls).await {
                        return Next::Begin(supplied);
                    },
                },
                Some(order) = self.orders.recv() => {
                    let Order::Reload(answer) = order;
                    let outcome = self.reload(&foundation.calls).await;
                    // Nobody is told where nobody waits any more.
                    match outcome {
                        Ok(supplied) => {
                            let _ = answer.send(Ok(()));
                            return Next::Begin(supplied);
                        }
                        Err(why) => {
                            let _ = answer.send(Err(why));
                        }
                    }
                }
                _ = &mut heart.0 => {
                    return Next::LeaseLost(self.supplied(&foundation.calls).await);
                }
                () = running.died() => {
                    return Next::Begin(self.supplied(&foundation.calls).await);
                }
                _ = retry.tick(), if unserved > 0 => {
                    let supplied = self.supplied(&foundation.calls).await;
                    if supplied.unserved.len() < unserved {
                        return Next::Begin(supplied);
                    }
                }
            }
        }
    }

    async fn nudge_for_news(&self) {
        if let Err(error) = self.shared.nudge(Nudge::News).await {
            self.shared.store.note(&error);
        }
    }

    /// The configuration as it is now, where it can be used; in words why not.
    async fn reload(&mut self, calls: &CallBudgets) -> Result<Supplied, String> {
        service_manager::reloading();
        let present = self.shared.present().config;
        let calls = calls.clone();
        let preparing = tokio::task::spawn_blocking(move || reload::prepare(&present, &calls));
        let prepared = self.pulse.while_doing(preparing).await;
        let prepared = prepared.unwrap_or_else(|error| Err(error.to_string()));
        match prepared {
            Ok((config, supplied)) => {
                let loaded = self.shared.clock.now();
                self.shared.update(|present| {
                    present.config = Arc::new(config);
                    present.loaded = loaded;
                    present.refused = None;
                });
                ConfigReloaded {}.emit();
                Ok(supplied)
            }
            Err(why) => {
                ConfigRefused { error: &why }.emit();
                audit::note_refused(&self.shared).await;
                self.shared
                    .update(|present| present.refused = Some(why.clone()));
                service_manager::ready("running; the changed configuration was refused");
                Err(why)
            }
        }
    }
}

fn refuse(order: Option<Order>, why: &str) {
    if let Some(Order::Reload(answer)) = order {
        let _ = answer.send(Err(why.to_owned()));
    }
}

/// A task that ends with whoever waits for it.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
