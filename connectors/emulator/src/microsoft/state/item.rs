//! An item of a drive.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::actor::ActorRef;
use super::blob::BlobRef;
use super::permission::Permission;
use crate::microsoft::ids;

/// Milliseconds since 1970, UTC.
pub(crate) type Millis = i64;

/// The place of an item in its drive: items are numbered in the order of their creation, and never renumbered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ItemIndex(pub(crate) u32);

impl ItemIndex {
    /// The root folder of every drive.
    pub(crate) const ROOT: Self = Self(0);
}

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A folder; the first item of a drive is its root.
    Folder,
    /// A file.
    File,
    /// A OneNote notebook: neither file nor folder to the API, though it has children.
    Package,
    /// A shortcut to a folder elsewhere.
    Remote,
}

/// An item, live or deleted. Kept small: there may be a million.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) unique_id: Uuid,
    pub(crate) name: Box<str>,
    /// Itself for the root.
    pub(crate) parent: ItemIndex,
    pub(crate) kind: Kind,
    pub(crate) deleted: bool,
    pub(crate) created_by: ActorRef,
    pub(crate) modified_by: ActorRef,
    pub(crate) blob: Option<BlobRef>,
    pub(crate) size: u64,
    /// Moves with every change.
    pub(crate) e_tag: u32,
    /// Moves with the content, and with metadata by switch.
    pub(crate) c_tag: u32,
    pub(crate) created: Millis,
    pub(crate) modified: Millis,
    /// The place of its last change in the drive's change log.
    pub(crate) sequence: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rare: Option<Box<Rare>>,
}

/// What few items have.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rare {
    /// Earlier contents, oldest first.
    pub(crate) versions: Vec<OldVersion>,
    /// Entries given to this item itself.
    pub(crate) permissions: Vec<Permission>,
    /// Whether nothing is inherited.
    pub(crate) unique_permissions: bool,
    /// The place of its last sharing change in the drive's change log; 0 for none.
    pub(crate) sharing_sequence: u64,
    pub(crate) lock: Option<Lock>,
    pub(crate) checked_out_by: Option<ActorRef>,
    pub(crate) retention: Option<Retention>,
    pub(crate) malware: Option<String>,
    /// When content was queued that is still being written.
    pub(crate) pending_content: Option<Millis>,
    pub(crate) remote: Option<Value>,
    pub(crate) mime_type: Option<String>,
    pub(crate) irm: bool,
    /// The size that listings show in place of the true one, for good (reference §3.5: `size` is not reliable).
    pub(crate) shown_size: Option<u64>,
    /// Whether the hash is never shown.
    pub(crate) hashless: bool,
    /// The size before the last upload, for listings that lag.
    pub(crate) old_size: Option<u64>,
    /// When the last upload was.
    pub(crate) uploaded: Option<Millis>,
    /// The label as the service has it stored.
    pub(crate) stored_label: Option<StoredLabel>,
    /// The reason why the service cannot open the file, as the code of its 423.
    pub(crate) undecryptable: Option<String>,
    /// Column values, for `listItem/fields`.
    pub(crate) fields: serde_json::Map<String, Value>,
    /// How many times the item was stored, beyond what `versions` shows.
    pub(crate) dropped_versions: u32,
}

/// A content that was replaced.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OldVersion {
    pub(crate) blob: BlobRef,
    pub(crate) size: u64,
    pub(crate) modified: Millis,
    pub(crate) modified_by: ActorRef,
}

/// A lock on a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Lock {
    /// How the refusal looks.
    pub(crate) form: LockForm,
    /// Who holds it.
    pub(crate) holder: ActorRef,
    /// When it ends by itself.
    pub(crate) until: Option<Millis>,
}

/// The body of the 423 for a locked file: three codes occur (reference §5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockForm {
    /// `notAllowed` with inner `resourceLocked`.
    #[default]
    NotAllowed,
    /// `resourceLocked`.
    ResourceLocked,
    /// `accessDenied`: checked out or locked for editing.
    AccessDenied,
    /// `notAllowed` with inner `lockMismatch`: the lock token does not match.
    LockMismatch,
}

/// A retention label on an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Retention {
    /// The label's name.
    pub name: String,
    /// `retain`, `retainAsRecord`, `retainAsRegulatoryRecord` or `doNotRetain`.
    pub behavior: String,
    /// Whether the content may be changed.
    pub content_update_allowed: bool,
    /// Whether the record is locked.
    pub record_locked: bool,
    /// Whether properties may be changed.
    pub metadata_update_allowed: bool,
    /// Whether the item may be deleted.
    pub delete_allowed: bool,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            name: "Record".to_owned(),
            behavior: "retainAsRecord".to_owned(),
            content_update_allowed: false,
            record_locked: true,
            metadata_update_allowed: true,
            delete_allowed: false,
        }
    }
}

/// What the service has noted about a file's sensitivity label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredLabel {
    /// The label, none when the file had none.
    pub(crate) label: Option<Uuid>,
    /// `standard`, `privileged` or `auto`.
    pub(crate) method: String,
    pub(crate) tenant: Option<Uuid>,
    /// The content that was looked at.
    pub(crate) blob: Option<BlobRef>,
}

impl Item {
    pub(crate) fn e_tag(&self) -> String {
        ids::e_tag(self.unique_id, self.e_tag)
    }

    pub(crate) fn c_tag(&self) -> String {
        ids::c_tag(self.unique_id, self.c_tag)
    }

    pub(crate) fn is_folder(&self) -> bool {
        self.kind == Kind::Folder
    }

    /// What few items have, made when it is not there yet.
    pub(crate) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// One of the rare properties, when the item has it.
    pub(crate) fn rarely<'a, T>(&'a self, get: impl FnOnce(&'a Rare) -> Option<T>) -> Option<T> {
        self.rare.as_deref().and_then(get)
    }

    /// The lock that holds at `now`.
    pub(crate) fn lock_at(&self, now: Millis) -> Option<&Lock> {
        self.rarely(|rare| rare.lock.as_ref())
            .filter(|lock| lock.until.is_none_or(|until| now < until))
    }

    /// The number of the present version: every stored content counts.
    pub(crate) fn version_number(&self) -> u32 {
        let old = self
            .rare
            .as_deref()
            .map_or(0, |rare| rare.versions.len().try_into().unwrap_or(u32::MAX));
        old.saturating_add(1)
    }

    /// The part of the name after the last dot, in lower case; empty without one.
    pub(crate) fn extension(&self) -> String {
        extension(&self.name)
    }
}

/// The part of a name after its last dot, in lower case; empty without one.
pub(crate) fn extension(name: &str) -> String {
    name.rsplit_once('.')
        .map_or_else(String::new, |(_, extension)| extension.to_ascii_lowercase())
}

/// The MIME type that the service gives to a name; no evidence of the content.
pub(crate) fn mime_type(name: &str) -> &'static str {
    match extension(name).as_str() {
        "docx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docm" => "application/vnd.ms-word.document.macroEnabled.12",
        "dotx" => "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
        "xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsm" => "application/vnd.ms-excel.sheet.macroEnabled.12",
        "xlsb" => "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
        "pptx" => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "ppsx" => "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
        "pptm" => "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
        "doc" => "application/msword",
        "xls" => "application/vnd.ms-excel",
        "ppt" => "application/vnd.ms-powerpoint",
        "pdf" => "application/pdf",
        "txt" | "log" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        "xml" => "text/xml",
        "json" => "application/json",
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "zip" => "application/x-zip-compressed",
        "odt" => "application/vnd.oasis.opendocument.text",
        "one" => "application/msonenote",
        _ => "application/octet-stream",
    }
}
