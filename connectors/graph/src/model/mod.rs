//! What Graph sends, as far as labeld reads it (reference/microsoft-graph.md §3, §7).
//!
//! Everything is optional, because the documentation, the metadata and the wire disagree, and what has to
//! be there depends on the question.

mod drive;
mod identity;
mod item;
mod permission;
mod tolerant;

use serde::Deserialize;

pub(crate) use drive::{DirectoryObject, Drive, Site, User};
pub(crate) use identity::{Identity, IdentitySet};
pub(crate) use item::{DownloadUrl, DriveItem, FileVersion, Publication, RetentionLabel};
pub(crate) use permission::Permission;

/// A page of a collection.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<T>,
    #[serde(default, rename = "@odata.nextLink")]
    pub(crate) next_link: Option<String>,
    #[serde(default, rename = "@odata.deltaLink")]
    pub(crate) delta_link: Option<String>,
}
