//! The integration tests of the daemon: one binary, so that it is linked once.

mod postgres;
mod store;
