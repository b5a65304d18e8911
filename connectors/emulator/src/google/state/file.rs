//! Files, folders, shortcuts and Google's own documents (reference/google-drive.md §4).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::BlobNumber;
use super::directory::UserId;
use super::permission::Permission;

/// Which file, in the order in which they were made.
pub(crate) type FileNumber = u64;

/// The type of folders.
pub(crate) const FOLDER: &str = "application/vnd.google-apps.folder";

/// The type of shortcuts.
pub(crate) const SHORTCUT: &str = "application/vnd.google-apps.shortcut";

/// What the types of everything without bytes begin with.
pub(crate) const NATIVE_PREFIX: &str = "application/vnd.google-apps.";

/// Something in a My Drive or a shared drive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) number: FileNumber,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) mime_type: String,
    /// `None` for a top folder, and for what has lost its folder.
    pub(crate) parent: Option<FileNumber>,
    /// The shared drive it is in.
    pub(crate) drive: Option<String>,
    /// Whose it is; nobody's in a shared drive.
    pub(crate) owner: Option<UserId>,
    pub(crate) created: DateTime<Utc>,
    pub(crate) modified: DateTime<Utc>,
    /// Who changed it last, by address; `None` for somebody unknown.
    pub(crate) modified_by: Option<String>,
    /// Put into the bin by itself.
    pub(crate) trashed: bool,
    /// Contents, the oldest first; empty for what has no bytes.
    pub(crate) revisions: Vec<Revision>,
    /// Rises with every change.
    pub(crate) version: u64,
    /// What the v2 etag is made of.
    pub(crate) tag: u64,
    /// When it was last changed in a way that a listing has to learn of.
    pub(crate) indexed: DateTime<Utc>,
    pub(crate) permissions: Vec<Permission>,
    #[serde(default, skip_serializing_if = "Rare::is_default")]
    pub(crate) rare: Box<Rare>,
}

/// What few files have.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rare {
    pub(crate) restrictions: Vec<Restriction>,
    /// Capabilities that are not what the role gives.
    pub(crate) capabilities: BTreeMap<String, bool>,
    /// Encrypted by its owner's own software.
    pub(crate) client_encrypted: bool,
    /// Flagged as malware or spam.
    pub(crate) abusive: bool,
    /// The id of what a shortcut leads to.
    pub(crate) target: Option<String>,
    /// The type of what a shortcut leads to.
    pub(crate) target_type: Option<String>,
    /// For link-shared files of before 2021.
    pub(crate) resource_key: Option<String>,
    pub(crate) starred: bool,
    pub(crate) description: Option<String>,
    /// Visible to all.
    pub(crate) properties: BTreeMap<String, String>,
    /// Visible to the app that wrote them.
    pub(crate) app_properties: BTreeMap<String, String>,
    /// Drive labels: choices by field, by label.
    pub(crate) labels: BTreeMap<String, BTreeMap<String, Vec<String>>>,
    /// How often its bytes may still be read.
    pub(crate) downloads_left: Option<u32>,
}

impl Rare {
    fn is_default(rare: &Self) -> bool {
        *rare == Self::default()
    }
}

/// A content restriction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Restriction {
    pub(crate) read_only: bool,
    pub(crate) reason: Option<String>,
    /// By address.
    pub(crate) by: String,
    pub(crate) since: DateTime<Utc>,
    /// Nobody may lift it.
    pub(crate) by_system: bool,
}

/// A content that a file has or had.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Revision {
    pub(crate) id: String,
    pub(crate) blob: BlobNumber,
    pub(crate) modified: DateTime<Utc>,
    pub(crate) modified_by: Option<String>,
    pub(crate) mime_type: String,
    pub(crate) keep_forever: bool,
}

impl File {
    /// Whether other files can lie in it.
    pub(crate) fn is_folder(&self) -> bool {
        self.mime_type == FOLDER
    }

    /// Whether it has bytes.
    pub(crate) fn is_blob(&self) -> bool {
        !self.mime_type.starts_with(NATIVE_PREFIX)
    }

    /// The present content.
    pub(crate) fn head(&self) -> Option<&Revision> {
        self.revisions.last()
    }

    /// The v2 etag, quotes included.
    pub(crate) fn etag(&self) -> String {
        use base64::Engine;
        use base64::engine::general_purpose::STANDARD_NO_PAD;

        format!(
            "\"{}\"",
            STANDARD_NO_PAD.encode(format!("{}.{}", self.number, self.tag))
        )
    }
}
