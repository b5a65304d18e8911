//! The Microsoft cloud, over real HTTP.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure report"
)]

mod access;
mod control;
mod delta;
mod downloads;
mod file;
mod labels;
mod limits;
mod people;
mod sharepoint;
mod support;
mod tokens;
mod uploads;
