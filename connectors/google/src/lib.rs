//! Google Drive as a connector: everybody's My Drive and the shared drives of a Workspace tenant.
//!
//! What is said of the services here is told by `reference/google-drive.md`, whose sections the comments name.

mod options;

pub use options::{
    DEFAULT_PAGE_SIZE, GoogleEndpoints, GoogleOptions, HintOptions, MirrorLabel, QuotaUnits, Users,
    WriteApi, default_pace,
};
