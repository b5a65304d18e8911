//! What an app's listing tells about a file.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::access::Exposure;

/// The name an app gives a file: opaque outside the connector, unique within the app.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileRef(pub String);

impl fmt::Display for FileRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name an app gives a folder: opaque outside the connector, unique within the app, and kept when the
/// folder is renamed or moved.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FolderRef(pub String);

impl fmt::Display for FolderRef {
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

/// What a listing already says against reading a file. The first that applies, in the order of the gates of
/// rules §3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Barrier {
    /// The app refuses labeld this file.
    Denied,
    /// The file belongs to another organisation.
    ExternalOwner,
    /// No identity that labeld has can reach the file (a Box administrator's content, a shared drive
    /// without a member).
    NotCovered,
    /// The file is in the trash.
    Trashed,
    /// The service found malware in it.
    Malware,
    /// The content is encrypted by its owner's own software, outside the service.
    ClientEncrypted,
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
    /// The folder's own name in the app, where folders have one.
    pub parent: Option<FolderRef>,
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
    /// Who can reach it, as far as the listing alone tells; [`Exposure::Unknown`] where only
    /// [`exposure`](crate::Connector::exposure) can.
    pub exposure: Exposure,
    /// Whom it is shared with by name, as in [`Access::collaborators`](crate::Access::collaborators), as far as the
    /// listing alone tells; `None` where only [`access`](crate::Connector::access) can.
    pub collaborators: Option<Vec<String>>,
    /// Whether the present content was written by the identity that labeld works as.
    pub own_write: Option<bool>,
    /// Set where the listing already says that the file cannot be read by labeld.
    pub barrier: Option<Barrier>,
}

/// A folder as a change feed shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderMeta {
    /// Names the folder, also after it was renamed or moved.
    pub folder: FolderRef,
    /// The folder it lies in; `None` at the top.
    pub parent: Option<FolderRef>,
    /// Where it is now, as in [`FileMeta::folder`].
    pub path: String,
    /// Web address of a file in it: `{name}` stands for the file's name and `{file}` for its
    /// [`FileRef`], both percent-encoded.
    pub link: Option<String>,
}
