//! The decision table of rules §4.
//!
//! Each table is a list of rows, and the first row whose facts all hold decides. `testdata/rules.csv` has the same tables, written
//! by hand; a test compares the two over every combination of facts.

mod apply;
mod pattern;
mod remove;
#[cfg(test)]
mod tests;
mod undo;

pub use apply::{ApplyCase, apply};
pub use pattern::{Decided, Miss, Passed};
pub use remove::{RemoveCase, remove};
pub use undo::undo;
