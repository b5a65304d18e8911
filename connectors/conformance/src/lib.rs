//! What every labeld connector must do, as code.
//!
//! A provider implements [`Harness`] over its emulator (or a folder) and runs [`check_all`], plain and
//! with its connector wrapped in [`Chaos`]. A case that fails says its name and what was expected.
//! [`Contract`] checks what was sent to a service against the vendor's description of it.

mod caller;
mod cases;
mod chaos;
mod contract;
mod harness;
mod model;
mod random;
mod suite;

pub use chaos::{Chaos, ChaosOptions, Injected};
pub use contract::{Breach, Contract, DescriptionError, SentRequest};
pub use harness::{Harness, MAX_PAGE};
pub use suite::{Case, Failure, Failures, Violation, check, check_all};
