//! The store: what labeld remembers, in SQLite or PostgreSQL. The only module with SQL in it.
//!
//! [`Db`] is an open store and [`Tx`] a transaction; the functions of the table families take one of them. Whatever
//! belongs together is written through one [`Tx`].

pub mod actions;
pub mod alerts;
pub mod apps;
pub mod audit;
pub mod cap;
pub mod care;
mod db;
pub mod decisions;
mod error;
pub mod feeds;
pub mod files;
pub mod labels;
pub mod ledger;
mod migrations;
pub mod owners;
pub mod policies;
mod postgres;
pub mod queue;
pub mod runs;
mod sqlite;
mod statement;
pub mod subscriptions;
pub mod tasks;
#[cfg(test)]
mod tests;
pub mod usage;
mod value;
pub mod workers;

pub use db::{Access, Db, Location, Tx};
pub use error::{Cause, Result, StoreError};
pub(crate) use value::Value;
