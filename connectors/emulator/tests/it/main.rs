//! The frame of the emulator over real sockets, and the program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is the failure report"
)]

mod content;
mod control;
mod faults;
mod journal;
mod program;
mod server;
mod tiny;
