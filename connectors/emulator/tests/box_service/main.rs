//! Box, over real HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure report"
)]

mod callers;
mod content;
mod control;
mod events;
mod items;
mod sharing;
mod support;
mod tokens;
