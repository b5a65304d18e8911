//! The app.

use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use labeld_connector::{FileRef, Result, Version};

use crate::batch::Batches;
use crate::client::Client;
use crate::corpus::Corpus;
use crate::directory::People;
use crate::domains::Domains;
use crate::forest::Forest;
use crate::members::Members;
use crate::options::GoogleOptions;
use crate::owners::Owners;
use labeld_connector::Remembered;

/// How long what changes rarely is remembered.
pub(crate) const A_DAY: Duration = Duration::from_secs(24 * 3600);

/// How long the etag of a version is remembered.
const AN_HOUR: Duration = Duration::from_secs(3600);

/// Everybody's My Drive and the shared drives of a Workspace tenant, or a part of them, as an app.
pub struct GoogleDrive {
    pub(crate) options: GoogleOptions,
    pub(crate) client: Client,
    pub(crate) people: People,
    pub(crate) domains: Domains,
    pub(crate) members: Members,
    pub(crate) owners: Owners,
    pub(crate) forest: Mutex<Forest>,
    /// Ids of the top folders of My Drives.
    pub(crate) tops: Remembered<Corpus, String>,
    pub(crate) batches: Batches,
    /// The v2 etag under which a version was seen: a range that comes with it is of that version.
    pub(crate) etags: Remembered<FileRef, (Version, String)>,
    /// Whether the service has no v2, as far as was seen; until restart.
    pub(crate) v2_is_gone: AtomicBool,
}

impl GoogleDrive {
    /// The app. Calls nothing yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unexpected`](labeld_connector::ErrorKind::Unexpected) when an address may not be called, the key file
    /// cannot be used, or the network cannot be set up.
    pub fn new(options: GoogleOptions) -> Result<Self> {
        Ok(Self {
            client: Client::new(&options)?,
            people: People::default(),
            domains: Domains::new(&options.domains),
            members: Members::default(),
            owners: Owners::default(),
            forest: Mutex::default(),
            tops: Remembered::new(20_000, A_DAY),
            batches: Batches::default(),
            etags: Remembered::new(2_000, AN_HOUR),
            v2_is_gone: AtomicBool::new(false),
            options,
        })
    }
}

impl fmt::Debug for GoogleDrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GoogleDrive")
            .field("name", &self.options.name)
            .field("admin", &self.options.admin)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for GoogleDrive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let domain = self
            .options
            .admin
            .rsplit_once('@')
            .map_or("", |(_, domain)| domain);
        write!(f, "Google Drive app {:?} of {domain}", self.options.name)
    }
}
