//! The HTTP layer against servers on loopback that answer by script, whole or broken.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is the failure report"
)]

mod bodies;
mod jwt;
mod network;
mod ranges;
mod redirects;
mod repeating;
mod server;
mod support;
mod tokens;
mod waiting;
mod watching;
