//! What an app's listing tells about a file.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The name an app gives a file: opaque outside the connector, unique within the app.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileRef(pub String);

impl fmt::Display for FileRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The version of a file's content: equal versions mean equal bytes. Opaque outside the connector.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub String);

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What kind of thing a listing entry is. Only [`FileKind::File`] has bytes that labeld may read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// An ordinary file.
    File,
    /// A link to another entry of the same app.
    Shortcut,
    /// A document that exists only inside the app and has no bytes (a Google document).
    Native,
    /// A bundle that is listed as one entry (a OneNote notebook).
    Package,
    /// A FIFO, device, socket, or a link that leads out of the root.
    Special,
}

/// A file as a listing or [`stat`](crate::Connector::stat) shows it. What the app cannot tell is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileMeta {
    /// Names the file in every later call.
    pub file: FileRef,
    /// File name without folders.
    pub name: String,
    /// Folder as shown to people: `/`-separated, relative to the app's root, empty for the root.
    pub folder: String,
    /// What kind of entry it is.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// Version of the content.
    pub version: Version,
    /// When it was made.
    pub created: Option<DateTime<Utc>>,
    /// When its content last changed.
    pub modified: Option<DateTime<Utc>>,
    /// Who owns it, as the app names people.
    pub owner: Option<String>,
    /// Set where the listing already says that the file cannot be read by labeld.
    pub denied: bool,
}
