//! What the benches share: documents of real shape and size made from a seed, and reading them the
//! way the product does.
//!
//! `docs/performance.md` has the figures and the commands.

pub mod documents;
pub mod reading;
