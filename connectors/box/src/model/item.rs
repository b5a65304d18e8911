//! Files and folders (reference/box.md §6).

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::people::Person;
use super::tolerant::{self, Id};

/// A file, folder or bookmark, whole or as it stands in other things.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Item {
    #[serde(rename = "type", default, deserialize_with = "tolerant::text")]
    pub(crate) kind: Option<String>,
    pub(crate) id: Id,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) etag: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) sha1: Option<String>,
    #[serde(default, deserialize_with = "tolerant::number")]
    pub(crate) size: Option<u64>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) file_version: Option<FileVersion>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) owned_by: Option<Person>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) created_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) modified_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) content_modified_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) item_status: Option<String>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) lock: Option<Lock>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) shared_link: Option<SharedLink>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) has_collaborations: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) is_externally_owned: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) is_accessible_via_shared_link: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) permissions: Option<Permissions>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) watermark_info: Option<WatermarkInfo>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) disposition_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) path_collection: Option<PathCollection>,
}

/// The present version of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct FileVersion {
    pub(crate) id: Id,
}

/// A lock. Its end has one name in the API document and another in recorded answers (§5.5).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Lock {
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) created_by: Option<Person>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) expires_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) expired_at: Option<DateTime<Utc>>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) app_type: Option<String>,
}

/// A link to an item (§8).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct SharedLink {
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) access: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) effective_access: Option<String>,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) effective_permission: Option<String>,
    #[serde(default, deserialize_with = "tolerant::time")]
    pub(crate) unshared_at: Option<DateTime<Utc>>,
}

/// What the acting user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Permissions {
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) can_download: Option<bool>,
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) can_upload: Option<bool>,
}

/// Whether a file has a watermark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct WatermarkInfo {
    #[serde(default, deserialize_with = "tolerant::part")]
    pub(crate) is_watermarked: Option<bool>,
}

/// The folders above an item, the root first.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PathCollection {
    #[serde(default, deserialize_with = "tolerant::list")]
    pub(crate) entries: Vec<Above>,
}

/// A folder above an item.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Above {
    pub(crate) id: Id,
    #[serde(default, deserialize_with = "tolerant::text")]
    pub(crate) name: Option<String>,
}

impl Item {
    pub(crate) fn is_file(&self) -> bool {
        self.kind.as_deref() == Some("file")
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.kind.as_deref() == Some("folder")
    }

    /// Whether it is in the trash or deleted. Listings can have such entries (§2.2).
    pub(crate) fn is_gone(&self) -> bool {
        self.item_status
            .as_deref()
            .is_some_and(|status| status != "active")
    }

    pub(crate) fn owner(&self) -> Option<Id> {
        self.owned_by.as_ref().map(|owner| owner.id)
    }

    pub(crate) fn is_watermarked(&self) -> bool {
        self.watermark_info.and_then(|info| info.is_watermarked) == Some(true)
    }
}
