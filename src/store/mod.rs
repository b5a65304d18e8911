//! The store: what labeld remembers, in SQLite or PostgreSQL. The only module with SQL in it.
//!
//! [`Db`] is an open store and [`Tx`] a transaction; the functions of the table families take one of them. Whatever
//! belongs together is written through one [`Tx`].

pub mod apps;
pub mod cursors;
mod db;
mod error;
pub mod files;
pub mod labels;
mod migrations;
mod postgres;
pub mod runs;
mod sqlite;
#[cfg(test)]
mod tests;
mod value;

pub use db::{Access, Db, Location, Tx};
pub use error::{Cause, Result, StoreError};
pub(crate) use value::Value;
