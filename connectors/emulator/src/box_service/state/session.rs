//! What the service has handed out: tokens and download addresses.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Id, Millis};

/// An access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Session {
    /// Whose it is: the service account or a user.
    pub(crate) user: Id,
    pub(crate) expires: Millis,
    pub(crate) scopes: BTreeSet<String>,
}

/// A pre-signed address.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Download {
    pub(crate) name: String,
    /// The content's number in the table.
    pub(crate) content: usize,
    pub(crate) expires: Millis,
    /// Whether a rendition with a watermark is served in place of the original.
    pub(crate) watermarked: bool,
    pub(crate) used: u32,
}
