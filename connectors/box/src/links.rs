//! What is known of files that are being read.

use std::time::Duration;

use labeld_connector::http::{Secret, Url};

use crate::model::Id;
use labeld_connector::Remembered;

/// How long a pre-signed address is used: it is good for some fifteen minutes (reference/box.md §4).
const LINK_LIFETIME: Duration = Duration::from_secs(300);

/// Most addresses that are remembered.
const MOST_LINKS: usize = 1_000;

/// How long the version of a listed file is remembered at most.
const LISTED_LIFETIME: Duration = Duration::from_secs(3600);

/// Most listed files that are remembered.
const MOST_LISTED: usize = 20_000;

/// A version as it was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The number of the version.
    pub(crate) version: Id,
    /// A short digest of what labeld calls the version.
    pub(crate) digest: u64,
    /// When.
    pub(crate) at: tokio::time::Instant,
}

/// Addresses by file and version, and the versions of listed files.
#[derive(Debug)]
pub(crate) struct Links {
    addresses: Remembered<(Id, Id), Secret>,
    listed: Remembered<Id, Listed>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            addresses: Remembered::new(MOST_LINKS, LINK_LIFETIME),
            listed: Remembered::new(MOST_LISTED, LISTED_LIFETIME),
        }
    }
}

impl Links {
    pub(crate) fn get(&self, file: Id, version: Id) -> Option<Url> {
        let address = self.addresses.get(&(file, version))?;
        Url::parse(address.expose()).ok()
    }

    pub(crate) fn put(&self, file: Id, version: Id, url: &Url) {
        self.addresses
            .put((file, version), Secret::new(url.as_str()));
    }

    pub(crate) fn remove(&self, file: Id, version: Id) {
        self.addresses.remove(&(file, version));
    }

    pub(crate) fn note_listed(&self, file: Id, listed: Listed) {
        self.listed.put(file, listed);
    }

    pub(crate) fn listed(&self, file: Id) -> Option<Listed> {
        self.listed.get(&file)
    }

    /// The file was written to.
    pub(crate) fn forget(&self, file: Id) {
        self.listed.remove(&file);
    }
}
