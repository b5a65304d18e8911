//! Where the content of files that are being read was found.

use std::time::Duration;

use labeld_connector::http::{Secret, Url};

use crate::model::Id;
use labeld_connector::Remembered;

/// How long a pre-signed address is used: it is good for some fifteen minutes (reference/box.md §4).
const LINK_LIFETIME: Duration = Duration::from_secs(300);

/// Most addresses that are remembered.
const MOST_LINKS: usize = 1_000;

/// Addresses by file and version.
#[derive(Debug)]
pub(crate) struct Links {
    addresses: Remembered<(Id, Id), Secret>,
}

impl Default for Links {
    fn default() -> Self {
        Self {
            addresses: Remembered::new(MOST_LINKS, LINK_LIFETIME),
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
}
