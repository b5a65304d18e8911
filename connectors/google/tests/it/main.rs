//! The connector against the emulator.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is the failure report"
)]

mod conformance;
mod examine;
mod faults;
mod feeds;
mod hints;
mod moves;
mod reading;
mod sharing;
mod support;
mod tokens;
mod unchanged;
mod writing;
