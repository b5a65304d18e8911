//! The connector over the emulator.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is the failure report"
)]

mod access;
mod account;
mod around;
mod events;
mod examine;
mod feed;
mod journal;
mod reading;
mod streams;
mod suite;
mod support;
mod writing;
