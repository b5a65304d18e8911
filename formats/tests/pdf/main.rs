//! PDF files: of every structure, encrypted, signed, wrapped, damaged and hostile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure report"
)]

mod encryption;
mod facts;
mod hostile;
mod labels;
#[path = "../ranged/mod.rs"]
mod ranged;
mod structure;
mod support;
mod writer;
