//! Labels written into real and generated files, read back by the reader and by others, taken out
//! again, and compared with what was there before.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure report"
)]

mod corpus;
mod independent;
mod support;
