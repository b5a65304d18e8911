//! Box: an enterprise with its people, their files, and the app that labeld is (reference/box.md).
//!
//! Three hosts: tokens and the API, uploads, and the target of downloads. What the reference leaves open is a
//! [switch](Switches); everything that a test does to the enterprise from outside is a method of [`BoxService`], and an
//! operation of the control API.

mod control;
mod fresh;
mod generate;
mod hand;
mod http;
mod provider;
mod signature;
mod state;
mod switches;
mod view;
mod world;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;

pub use self::fresh::{ALL_SCOPES, KEY_PASSPHRASE};
pub use self::generate::GenerateOptions;
pub use self::hand::{NewCollaboration, NewLock, NewUser};
pub use self::signature::SignedDelivery;
use self::state::State;
pub use self::state::collaboration::{CollaborationRole, CollaborationStatus};
pub use self::state::directory::{Role, Status};
pub use self::switches::{EndMarker, LockEndField, Switches};
pub use self::world::Bases;
use self::world::World;
use crate::frame::Frame;

/// What the enterprise is like at the start.
#[derive(Debug, Clone, Default)]
pub struct BoxOptions {
    /// What the reference leaves open.
    pub switches: Switches,
}

/// The emulated enterprise.
#[derive(Debug)]
pub struct BoxService {
    frame: Frame,
    state: Mutex<State>,
    switches: Mutex<Switches>,
    bases: Mutex<Bases>,
}

impl BoxService {
    /// A fresh enterprise: `900100`, with an administrator, the service account of one app that may do everything, and
    /// one user, `mina@alder.example`.
    #[must_use]
    pub fn new(options: BoxOptions, frame: Frame) -> Arc<Self> {
        let now = frame.clock.now().timestamp_millis();
        Arc::new(Self {
            frame,
            state: Mutex::new(fresh::state(now)),
            switches: Mutex::new(options.switches),
            bases: Mutex::new(fresh::bases()),
        })
    }

    /// The base URLs.
    #[must_use]
    pub fn bases(&self) -> Bases {
        lock(&self.bases).clone()
    }

    /// The switches.
    #[must_use]
    pub fn switches(&self) -> Switches {
        lock(&self.switches).clone()
    }

    /// Sets the switches.
    pub fn set_switches(&self, switches: Switches) {
        *lock(&self.switches) = switches;
    }

    fn set_bases(&self, bases: &HashMap<&'static str, Url>) {
        let mut known = lock(&self.bases);
        let of = |host: &str, fallback: &Url| bases.get(host).unwrap_or(fallback).clone();
        *known = Bases {
            api: of("api", &known.api),
            upload: of("upload", &known.upload),
            download: of("download", &known.download),
        };
    }

    /// Does something with the state, which nobody else does meanwhile.
    fn with<T>(&self, act: impl FnOnce(&mut World<'_>) -> T) -> T {
        let switches = self.switches();
        let bases = self.bases();
        let mut state = lock(&self.state);
        act(&mut World {
            state: &mut state,
            switches: &switches,
            bases: &bases,
            journal: &self.frame.journal,
            now: self.frame.clock.now(),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
