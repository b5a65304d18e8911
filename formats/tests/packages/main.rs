//! Packages: made by an independent writer and read back, damaged, hostile, and disguised.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure report"
)]

mod detection;
mod hostile;
mod open_document;
mod parts;
#[path = "../ranged/mod.rs"]
mod ranged;
mod read_back;
mod support;
