//! The app.

use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use labeld_connector::http::{
    Network, PaceOptions, Pacer, Secret, ServerClock, Service, TokenCache,
};
use labeld_connector::{
    Access, Capabilities, ChangeHints, ChangePage, Connector, Cursor, Examined, Exposure, FeedList,
    FeedRef, FileMeta, FileRef, LabelMirror, Obstacles, OwnerDetails, ReadOptions, Result,
    WriteOptions,
};

use crate::access::AccessCache;
use crate::dialect::{BoxDialect, TokenDialect};
use crate::directory::{Directory, LoginScope};
use crate::events::Seen;
use crate::links::Links;
use crate::model::Id;
use crate::options::{BoxEndpoints, BoxOptions, HintOptions, TrackingCodes};
use crate::token::{BoxTokens, Proof};
use crate::walk::{Foreign, Held};
use labeld_connector::Remembered;

/// Entries of a page that the service takes (reference/box.md §2.2).
const PAGE_SIZES: Range<u32> = 1..1001;

/// Calls a minute and side by side to the token endpoint: no call to the API waits behind its refusals, and an assertion is
/// too old when it waits behind theirs.
const TOKEN_PACE: PaceOptions = PaceOptions {
    units_per_minute: 60,
    units_per_day: None,
    side_by_side: 1,
};

/// How long it is believed that a user can be acted as.
const USABLE_FOR: Duration = Duration::from_secs(600);

/// How long it is known what the directory says of an owner.
const OWNER_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// Most users and owners that are remembered.
const MOST_REMEMBERED: usize = 20_000;

/// A Box enterprise.
#[derive(Debug)]
pub struct BoxApp {
    pub(crate) name: String,
    pub(crate) enterprise: String,
    pub(crate) sign_in: &'static str,
    pub(crate) endpoints: BoxEndpoints,
    pub(crate) read_only: bool,
    pub(crate) page_size: usize,
    pub(crate) mirror_classification: bool,
    pub(crate) hints: Option<HintOptions>,
    /// In lower case.
    pub(crate) internal_domains: Vec<String>,
    pub(crate) owner_groups: bool,
    pub(crate) tracking_codes: TrackingCodes,
    pub(crate) retention_forbids_writing: bool,
    pub(crate) service: Service,
    pub(crate) tokens: Arc<TokenCache>,
    pub(crate) directory: Directory,
    /// Users that could be acted as lately.
    pub(crate) usable: Remembered<Id, ()>,
    /// The folders that a walk has open.
    pub(crate) held: Mutex<Held>,
    /// Folders of others that the present walk has been in.
    pub(crate) foreign: Mutex<Foreign>,
    /// Events and what they told of.
    pub(crate) seen: Seen,
    pub(crate) links: Links,
    pub(crate) access: AccessCache,
    pub(crate) owners: Remembered<String, Arc<OwnerDetails>>,
}

impl BoxApp {
    /// The app. Calls nothing yet.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unexpected`](labeld_connector::ErrorKind::Unexpected) when an address may not be called, the configuration file or its key
    /// cannot be read, or the network cannot be set up.
    pub fn new(options: BoxOptions) -> Result<Self> {
        options.endpoints.check()?;
        let proof = Proof::of(&options.credential)?;
        let (enterprise, sign_in) = (proof.enterprise_id.clone(), proof.shown());
        let network = Network::new(&options.network)?;
        let clock = Arc::new(ServerClock::new());
        let dialect = BoxDialect {
            download_hosts: options.endpoints.download_hosts.clone(),
        };
        let service = Service::new(
            network.clone(),
            Arc::new(dialect),
            Arc::new(Pacer::new(&options.pace, Arc::clone(&clock))),
            options.retry.clone(),
        );
        let tokens = BoxTokens {
            first_delay: options.retry.first_delay,
            service: Service::new(
                network,
                Arc::new(TokenDialect),
                Arc::new(Pacer::new(&TOKEN_PACE, clock)),
                options.retry,
            ),
            endpoint: options.endpoints.token.clone(),
            proof,
        };
        let page_size = options
            .page_size
            .clamp(PAGE_SIZES.start, PAGE_SIZES.end - 1);
        let domains = options.internal_domains.iter();
        Ok(Self {
            name: options.name,
            enterprise,
            sign_in,
            endpoints: options.endpoints,
            read_only: options.read_only,
            page_size: usize::try_from(page_size).unwrap_or(1),
            mirror_classification: options.mirror_classification,
            hints: options.hints,
            internal_domains: domains.map(|domain| domain.to_lowercase()).collect(),
            owner_groups: options.owner_groups,
            tracking_codes: options.tracking_codes,
            retention_forbids_writing: options.retention_forbids_writing,
            service,
            tokens: Arc::new(TokenCache::new(Arc::new(tokens))),
            directory: Directory::new(LoginScope::new(&options.users, &options.exclude)),
            usable: Remembered::new(MOST_REMEMBERED, USABLE_FOR),
            held: Mutex::default(),
            foreign: Mutex::default(),
            seen: Seen::default(),
            links: Links::default(),
            access: AccessCache::default(),
            owners: Remembered::new(MOST_REMEMBERED, OWNER_LIFETIME),
        })
    }

    /// The access token, for `labeld doctor`.
    pub(crate) async fn token(&self) -> Result<Secret> {
        self.tokens.token().await
    }
}

impl fmt::Display for BoxApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Box app {:?} of enterprise {}",
            self.name, self.enterprise
        )
    }
}

#[async_trait]
impl Connector for BoxApp {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            change_feed: true,
            stable_refs: true,
            write: !self.read_only,
            conditional_write: true,
            keeps_modified: true,
            // Where each range is preceded by a look at the file, it is another call.
            free_ranges: true,
        }
    }

    fn service_time(&self) -> Option<DateTime<Utc>> {
        self.service.clock().told()
    }

    async fn feeds(&self) -> Result<FeedList> {
        self.feed_list().await
    }

    async fn changes(&self, feed: &FeedRef, since: Option<&Cursor>) -> Result<ChangePage> {
        self.change_page(feed, since).await
    }

    async fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        self.look_at(file).await
    }

    async fn read(&self, file: &FileRef, options: ReadOptions) -> Result<Bytes> {
        self.read_file(file, options).await
    }

    async fn write(&self, file: &FileRef, body: Bytes, options: WriteOptions) -> Result<FileMeta> {
        self.write_file(file, body, &options).await
    }

    async fn exposure(&self, file: &FileRef) -> Result<Exposure> {
        self.exposure_of(file).await
    }

    async fn access(&self, file: &FileRef) -> Result<Access> {
        self.access_of(file).await
    }

    async fn obstacles(&self, file: &FileRef) -> Result<Obstacles> {
        self.obstacles_of(file).await
    }

    async fn owner_details(&self, owners: &[String]) -> Result<Vec<OwnerDetails>> {
        self.details_of(owners).await
    }

    async fn examine(&self) -> Vec<Examined> {
        self.look_at_everything().await
    }

    fn label_mirror(&self) -> Option<&dyn LabelMirror> {
        self.mirror_classification
            .then_some(self as &dyn LabelMirror)
    }

    fn change_hints(&self) -> Option<&dyn ChangeHints> {
        self.hints.as_ref().map(|_| self as &dyn ChangeHints)
    }
}
