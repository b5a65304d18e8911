//! Google Drive as a connector: everybody's My Drive and the shared drives of a Workspace tenant.
//!
//! Nothing in Drive can be read as an administrator: labeld impersonates each person by domain-wide delegation, and for a
//! shared drive one of its members ([`GoogleDrive`]). What is said of the services here is told by
//! `reference/google-drive.md`, whose sections the comments name.

mod batch;
mod client;
mod connector;
mod corpus;
mod cursor;
mod dialect;
mod directory;
mod domains;
mod drive;
mod examine;
mod exposure;
mod eyes;
mod feeds;
mod fields;
mod forest;
mod hints;
mod item;
mod look;
mod members;
mod mirror;
mod model;
mod obstacles;
mod options;
mod owners;
mod read;
mod service_account;
mod token;
mod version;
mod walk;
mod write;

pub use drive::GoogleDrive;
pub use options::{
    DEFAULT_PAGE_SIZE, GoogleEndpoints, GoogleOptions, HintOptions, MirrorLabel, QuotaUnits,
    USER_UNITS_PER_MINUTE, Users, WriteApi, default_pace,
};
