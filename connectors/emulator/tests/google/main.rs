//! Google Workspace, over real HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure report"
)]

mod access;
mod changes;
mod channels;
mod content;
mod control;
mod limits;
mod lists;
mod support;
mod tokens;
