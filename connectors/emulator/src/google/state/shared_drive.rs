//! Shared drives (reference/google-drive.md §2.2).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::file::FileNumber;
use super::permission::Permission;

/// A shared drive. Its id is also that of its top folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SharedDrive {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: DateTime<Utc>,
    /// Organisational unit, without `id:`.
    pub(crate) unit: Option<String>,
    pub(crate) root: FileNumber,
    pub(crate) members: Vec<Permission>,
}
