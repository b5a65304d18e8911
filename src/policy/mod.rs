//! What may be done to a file, and why: the gates of rules §3, the table of rules §4, and the operator's policies.
//!
//! Pure functions over facts that others have gathered: no IO, no clock, no store. The same facts give the same answer, and
//! the trace that `labeld explain` prints is written by the very code that decides.

mod catalogue;
mod changes;
pub mod decide;
mod evaluate;
pub mod facts;
pub mod gates;
mod interest;
pub mod lint;
pub mod origin;
pub mod rules;

pub use catalogue::{TenantLabels, Unresolved, label_use};
pub use changes::{KeyChange, changes};
pub use evaluate::{
    AppTraits, COVERAGE, Check, DecidedBy, Decision, Lost, Planned, Policies, PolicyLook, Trace,
    Truth, Wanted, evaluate, evaluate_untraced,
};
pub use interest::AppInterest;
