//! labeld finds Microsoft sensitivity labels on an organisation's files and applies them by policy.
//!
//! `ARCHITECTURE.md` has the map of the modules and the rules between them.

pub mod apps;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crash_points;
pub mod daemon;
pub mod http;
pub mod model;
pub mod pipeline;
pub mod policy;
pub mod store;
pub mod telemetry;
