//! What the inventory knows about a file.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use labeld_connector::{Barrier, Exposure, FileKind, FileMeta, FileRef, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A file's row number in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FileId(pub i64);

/// A file as a listing told of it, with the facts read from its bytes where there are any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileRecord {
    /// Row number.
    pub id: FileId,
    /// Configured tenant.
    pub tenant: super::TenantName,
    /// Configured app.
    pub app: super::AppName,
    /// The app's name for the file.
    pub file: FileRef,
    /// File name.
    pub name: String,
    /// Folder, `/`-separated, empty for the root.
    pub folder: String,
    /// Owner as the app names people.
    pub owner: Option<String>,
    /// Kind of entry.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// Version of the content as last listed.
    pub version: Version,
    /// When the file was made, to the millisecond.
    pub created: Option<DateTime<Utc>>,
    /// When its content last changed, to the millisecond.
    pub modified: Option<DateTime<Utc>>,
    /// What the listing said against reading the file.
    pub barrier: Option<Barrier>,
    /// Who can reach it, as far as the app told.
    pub exposure: Exposure,
    /// Addresses that it is shared with by name, without the owner's, in the order of the alphabet; `None` where the app does
    /// not tell all of them, or was not asked.
    pub collaborators: Option<Arc<[String]>>,
    /// Its web address, where its app has one.
    pub link: Option<String>,
    /// First listed.
    pub first_seen: DateTime<Utc>,
    /// Last listed as new or changed.
    pub last_seen: DateTime<Utc>,
    /// The file is gone since then; kept for history until it is purged.
    pub removed: Option<DateTime<Utc>>,
    /// What the bytes said, for the version named inside.
    pub facts: Option<FileFacts>,
}

impl FileRecord {
    /// The listing entry that the record was made from.
    #[must_use]
    pub fn listed(&self) -> FileMeta {
        FileMeta {
            file: self.file.clone(),
            name: self.name.clone(),
            folder: self.folder.clone(),
            // Not known here, and not needed: a file that has changed is looked at anew.
            parent: None,
            kind: self.kind,
            size: self.size,
            version: self.version.clone(),
            created: self.created,
            modified: self.modified,
            owner: self.owner.clone(),
            exposure: self.exposure,
            collaborators: self.collaborators.as_deref().map(<[String]>::to_vec),
            own_write: None,
            barrier: self.barrier,
        }
    }
}

/// What a scan needs to know of a file: how its app finds it, and what the gates on metadata look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScanTarget {
    /// Row number.
    pub id: FileId,
    /// The app's name for the file.
    pub file: FileRef,
    /// File name.
    pub name: String,
    /// Kind of entry.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// Version of the content that is to be read.
    pub version: Version,
    /// What the listing said against reading the file.
    pub barrier: Option<Barrier>,
}

impl ScanTarget {
    /// A file as its app describes it.
    #[must_use]
    pub fn listed(id: FileId, meta: &FileMeta) -> Self {
        Self {
            id,
            file: meta.file.clone(),
            name: meta.name.clone(),
            kind: meta.kind,
            size: meta.size,
            version: meta.version.clone(),
            barrier: meta.barrier,
        }
    }
}

/// What one reading of a file's bytes, or a gate before it, found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFacts {
    /// The version that was read.
    pub version: Version,
    /// The reader that read it; facts of an older reader are read anew. 0 for an outcome that the next scan is to try again
    /// whatever happens.
    pub reader: u32,
    /// When.
    pub read_at: DateTime<Utc>,
    /// True type found from the bytes (`docx`), where bytes were read.
    pub format: Option<String>,
    /// State as `labeld inspect` prints it (product §1): `ok`, `password`, …
    pub state: String,
    /// Reason code (rules §5); `None` for `ok`.
    pub reason: Option<String>,
    /// One sentence more than the reason code says, for people.
    pub detail: Option<String>,
    /// Kind of protection as `labeld inspect` prints it.
    pub protection: String,
    /// The protection's details as JSON (`{}` when there are none).
    pub protection_detail: serde_json::Value,
    /// Whether the file is digitally signed.
    pub signed: bool,
    /// Bytes fetched for the reading.
    pub bytes_read: u64,
    /// Reads (requests) made for it.
    pub reads: u32,
    /// The labels found. The store gives them back sorted by GUID, then tenant.
    pub labels: Vec<FileLabel>,
}

/// A label found on a file: one for each pair of tenant and label (product §1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileLabel {
    /// Entra tenant id of the label.
    pub site_id: Option<Uuid>,
    /// Label GUID.
    pub id: Uuid,
    /// Whether it is that tenant's label after all precedence rules.
    pub effective: bool,
    /// The whole label object as `labeld inspect` prints it.
    pub document: serde_json::Value,
}
