//! Labels written into real and generated files, read back by the reader and by others, taken out
//! again, and compared with what was there before.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic in a test is its failure report"
)]

mod archives;
mod corpus;
mod damaged;
mod independent;
mod irregular;
#[path = "../packages/support.rs"]
#[allow(
    dead_code,
    reason = "another binary's support; not all of it is needed here"
)]
mod package_writer;
mod packages;
mod pdf;
mod pdf_files;
#[path = "../pdf/writer.rs"]
#[allow(
    dead_code,
    reason = "another binary's support; not all of it is needed here"
)]
mod pdf_writer;
mod places;
#[path = "../ranged/mod.rs"]
#[allow(dead_code, reason = "what the package writer's module asks for")]
mod ranged;
mod signed;
mod support;
