//! The tenant over the emulator: tokens and the label list.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is the failure report"
)]

#[path = "../support/mod.rs"]
mod support;

mod label_list;
mod tokens;
