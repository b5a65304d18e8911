//! The integration tests of the daemon: one binary, so that it is linked once.

// Whatever fails in here is the failure report of a test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod apply;
mod borders;
mod cli_actions;
mod cli_audit;
mod cli_cap;
mod cli_cloud;
mod cli_doctor;
mod cli_errors;
mod cli_explain;
mod cli_inspect;
mod cli_label;
mod cli_policy;
mod cli_rescan;
mod cli_simulate;
mod cli_store;
mod cli_undo;
mod crash;
mod exactly_once;
mod five_apps;
mod fortnight;
mod govern;
mod http;
mod label_sync;
mod pipeline;
mod postgres;
mod reasons;
mod service;
mod service_process;
mod store;
mod tally;
mod workspace;
