//! A file or folder.

use serde::{Deserialize, Serialize};

use super::{Id, Millis};

/// Where an item lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Place {
    /// In the root of a user.
    Root(Id),
    /// In a folder.
    Folder(Id),
}

/// An item, active or in the trash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) name: Box<str>,
    pub(crate) parent: Place,
    /// Whose it is: that of the folder it lies in.
    pub(crate) owner: Id,
    /// Moves with changes of the item; `etag` and `sequence_id` both.
    pub(crate) etag: u32,
    pub(crate) created: Millis,
    pub(crate) modified: Millis,
    pub(crate) content_created: Millis,
    pub(crate) content_modified: Millis,
    pub(crate) created_by: Id,
    pub(crate) modified_by: Id,
    pub(crate) trashed: Option<Millis>,
    pub(crate) body: Body,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rare: Option<Box<Rare>>,
}

/// What an item is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Body {
    Folder,
    File(Version),
    /// A bookmark.
    WebLink(String),
}

/// A version of a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) id: Id,
    /// Its number in the table of contents.
    pub(crate) content: usize,
    pub(crate) size: u64,
    pub(crate) uploaded: Millis,
    pub(crate) by: Id,
}

/// What few items have.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rare {
    pub(crate) description: String,
    pub(crate) tags: Vec<String>,
    pub(crate) shared_link: Option<SharedLink>,
    pub(crate) lock: Option<Lock>,
    pub(crate) watermark: Option<Millis>,
    pub(crate) classification: Option<Classification>,
    /// The older versions, oldest first.
    pub(crate) versions: Vec<Version>,
    /// When retention ends.
    pub(crate) retained_until: Option<Millis>,
    /// Whether a legal hold keeps all versions.
    pub(crate) legal_hold: bool,
    pub(crate) expires: Option<Millis>,
}

/// A link to an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SharedLink {
    pub(crate) id: Id,
    /// `open`, `company` or `collaborators`, as it was asked for.
    pub(crate) access: String,
    /// What a policy makes of it.
    pub(crate) effective_access: String,
    /// `can_download`, `can_preview`, `can_edit` or `no_access`.
    pub(crate) effective_permission: String,
    pub(crate) password: bool,
    pub(crate) until: Option<Millis>,
}

/// A lock on a file (reference/box.md §5.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lock {
    pub(crate) id: Id,
    pub(crate) by: Id,
    pub(crate) created: Millis,
    pub(crate) expires: Option<Millis>,
    pub(crate) download_prevented: bool,
    /// `gsuite`, `office_wopi`, `office_wopiplus`, `other`.
    pub(crate) app_type: Option<String>,
}

/// A classification on a file (reference/box.md §7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Classification {
    pub(crate) instance: String,
    pub(crate) name: Option<String>,
    pub(crate) version: u32,
}

impl Item {
    pub(crate) fn is_folder(&self) -> bool {
        matches!(self.body, Body::Folder)
    }

    /// The present version of a file.
    pub(crate) fn version(&self) -> Option<&Version> {
        match &self.body {
            Body::File(version) => Some(version),
            Body::Folder | Body::WebLink(_) => None,
        }
    }

    /// The word in `type`.
    pub(crate) fn word(&self) -> &'static str {
        match self.body {
            Body::Folder => "folder",
            Body::File(_) => "file",
            Body::WebLink(_) => "web_link",
        }
    }

    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    pub(crate) fn shared_link(&self) -> Option<&SharedLink> {
        self.rare.as_ref()?.shared_link.as_ref()
    }

    /// The lock that is in force.
    pub(crate) fn lock_at(&self, now: Millis) -> Option<&Lock> {
        let lock = self.rare.as_ref()?.lock.as_ref()?;
        lock.expires
            .is_none_or(|expires| expires > now)
            .then_some(lock)
    }
}
