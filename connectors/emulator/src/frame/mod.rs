//! What every emulated service stands on.
//!
//! A request goes through these hands: the listener of its host ([`Server`]), the scripted faults
//! ([`Faults`]), the handler of its [`Provider`], and, whatever became of it, the [`Journal`].

mod clock;
mod content;
mod control;
pub(crate) mod delivery;
mod faults;
mod glob;
mod journal;
mod private_file;
mod provider;
mod reply;
mod seed;
mod serve;
pub(crate) mod snapshot;

pub use clock::{ClockOptions, EmulatorClock};
pub use content::{
    Content, ContentPool, ContentTable, DocumentKind, LabelMark, PoolOptions, Recipe,
};
pub use faults::{ActiveFaults, Effect, FaultRule, Faults, InvalidRule, ListedRule, RuleId};
pub use journal::{
    Detail, Entry, Journal, JournalOptions, Outcome, RecordedBody, ResourceUnits, StoredVersion,
};
pub use private_file::write_private;
pub use provider::{ControlError, Operation, Provider, arguments};
pub(crate) use reply::{Body, Reply};
pub use seed::{Seed, each_seed};
pub use serve::{Arrival, Server, ServerOptions};

/// The name of the file with the emulator's certificate authority, in the folder of the credential files.
/// It is there when the emulator serves TLS.
pub const CA_FILE: &str = "emulator-ca.pem";

/// What the frame gives to providers. Clones share everything.
#[derive(Debug, Clone, Default)]
pub struct Frame {
    /// The time of the emulated world.
    pub clock: EmulatorClock,
    /// What was asked and what was stored.
    pub journal: Journal,
    /// The scripted faults.
    pub faults: Faults,
}

impl Frame {
    /// A frame with an empty journal and no faults.
    #[must_use]
    pub fn new(clock: &ClockOptions, journal: JournalOptions) -> Self {
        Self {
            clock: EmulatorClock::new(clock),
            journal: Journal::new(journal),
            faults: Faults::default(),
        }
    }
}
