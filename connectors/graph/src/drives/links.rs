//! Download addresses that are good for now (reference/microsoft-graph.md §4).

use std::time::Duration;

use labeld_connector::{FileRef, Version};

use super::reference::version_of;
use crate::model::{DownloadUrl, DriveItem};
use labeld_connector::Remembered;

/// Most addresses that are kept: some 15 MB.
const MOST_LINKS: usize = 20_000;

/// How long an address is used. The documentation says that they live for minutes; one lived for an hour.
const LIFETIME: Duration = Duration::from_secs(20 * 60);

/// A download address with what it leads to.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) url: DownloadUrl,
    /// The version of the content when the address was given.
    pub(super) version: Version,
    pub(super) e_tag: Option<String>,
    /// The size that was told with it.
    pub(super) size: Option<u64>,
}

impl Link {
    /// The address in an item that was just looked at, where it has one.
    pub(super) fn of(item: &DriveItem) -> Option<Self> {
        Some(Self {
            url: item.download_url.clone()?,
            version: version_of(item)?,
            e_tag: item.e_tag.clone(),
            size: item.size,
        })
    }
}

/// Addresses by file.
pub(super) type Links = Remembered<FileRef, Link>;

pub(super) fn no_links() -> Links {
    Remembered::new(MOST_LINKS, LIFETIME)
}

/// Sizes of files that are served with another size than they are listed with (§3.5 `size`), with the eTag that it is
/// true of.
pub(super) type ServedSizes = Remembered<FileRef, (String, u64)>;

pub(super) fn no_sizes() -> ServedSizes {
    Remembered::new(10_000, Duration::from_secs(24 * 3600))
}
