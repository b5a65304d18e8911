//! What the emulated cloud knows.

pub(crate) mod actor;
pub(crate) mod blob;
pub(crate) mod directory;
pub(crate) mod drive;
pub(crate) mod item;
pub(crate) mod label;
pub(crate) mod permission;
pub(crate) mod site;
pub(crate) mod transient;
pub(crate) mod tree;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use self::actor::{Actor, ActorRef, Actors};
use self::blob::Blobs;
use self::directory::{Application, Group, User};
use self::drive::{Drive, DriveIndex};
use self::label::Label;
use self::site::{SharePointHost, Site, SiteIndex};
use self::transient::{LabelJob, PendingEdit, Scheduled, Subscription, UploadSession};
use super::throttle::Usage;

/// The tenant with everything in it. Not to be printed: secrets and keys are among it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) tenant_id: Uuid,
    /// The first part of its host names: `alder`.
    pub(crate) tenant_name: String,
    /// Verified domains, the first being the usual one.
    pub(crate) domains: Vec<String>,
    pub(crate) applications: Vec<Application>,
    pub(crate) labels: Vec<Label>,
    pub(crate) users: Vec<User>,
    pub(crate) groups: Vec<Group>,
    pub(crate) sites: Vec<Site>,
    pub(crate) drives: Vec<Drive>,
    pub(crate) actors: Actors,
    pub(crate) blobs: Blobs,
    /// The last number given in the log of sites.
    pub(crate) site_sequence: u64,
    /// Tokens of sites delta from before this number are refused with 410.
    pub(crate) site_epoch: u32,
    pub(crate) subscriptions: Vec<Subscription>,
    pub(crate) jobs: BTreeMap<String, LabelJob>,
    pub(crate) uploads: BTreeMap<String, UploadSession>,
    pub(crate) scheduled: Vec<Scheduled>,
    pub(crate) pending_edits: Vec<PendingEdit>,
    /// Drives that changed since their subscribers were told.
    pub(crate) changed_drives: BTreeSet<DriveIndex>,
    /// Access tokens from before this number were revoked.
    pub(crate) token_epoch: u32,
    /// Assertions that were used, with their ends in seconds since 1970.
    pub(crate) used_assertions: BTreeMap<String, i64>,
    /// Download URLs that were used, by their nonces.
    pub(crate) used_downloads: BTreeSet<u64>,
    pub(crate) usage: Usage,
    /// Signs tokens and URLs.
    pub(crate) signing_key: String,
    /// Seeds new ids.
    pub(crate) seed: u64,
    /// Counts new ids.
    pub(crate) minted: u64,
}

impl State {
    /// A tenant without anything in it.
    pub(crate) fn empty(tenant_id: Uuid, tenant_name: &str, seed: u64) -> Self {
        let key = Sha256::digest(format!("emulator signing key {tenant_id} {seed}"));
        Self {
            tenant_id,
            tenant_name: tenant_name.to_owned(),
            domains: vec![
                format!("{tenant_name}.example"),
                format!("{tenant_name}.onmicrosoft.com"),
            ],
            applications: Vec::new(),
            labels: Vec::new(),
            users: Vec::new(),
            groups: Vec::new(),
            sites: Vec::new(),
            drives: Vec::new(),
            actors: Actors::default(),
            blobs: Blobs::default(),
            site_sequence: 0,
            site_epoch: 0,
            subscriptions: Vec::new(),
            jobs: BTreeMap::new(),
            uploads: BTreeMap::new(),
            scheduled: Vec::new(),
            pending_edits: Vec::new(),
            changed_drives: BTreeSet::new(),
            token_epoch: 0,
            used_assertions: BTreeMap::new(),
            used_downloads: BTreeSet::new(),
            usage: Usage::default(),
            signing_key: data_encoding::HEXLOWER.encode(&key),
            seed,
            minted: 0,
        }
    }

    /// A new id: random in looks, the same for the same seed and history.
    pub(crate) fn new_uuid(&mut self) -> Uuid {
        self.minted += 1;
        let mut random =
            fastrand::Rng::with_seed(self.seed ^ self.minted.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        uuid::Builder::from_random_bytes(random.u128(..).to_be_bytes()).into_uuid()
    }

    /// A host's name in the real service.
    pub(crate) fn host_name(&self, host: SharePointHost) -> String {
        match host {
            SharePointHost::Root => format!("{}.sharepoint.com", self.tenant_name),
            SharePointHost::My => format!("{}-my.sharepoint.com", self.tenant_name),
        }
    }

    /// A drive.
    pub(crate) fn drive(&self, index: DriveIndex) -> Option<&Drive> {
        self.drives.get(index.0)
    }

    /// A drive, to change it.
    pub(crate) fn drive_mut(&mut self, index: DriveIndex) -> Option<&mut Drive> {
        self.drives.get_mut(index.0)
    }

    /// The drive of an id.
    pub(crate) fn find_drive(&self, id: &str) -> Option<DriveIndex> {
        self.drives
            .iter()
            .position(|drive| drive.id == id)
            .map(DriveIndex)
    }

    /// A site.
    pub(crate) fn site(&self, index: SiteIndex) -> Option<&Site> {
        self.sites.get(index.0)
    }

    /// The site at a path of a host. Paths are compared without regard to case.
    pub(crate) fn find_site(&self, host: SharePointHost, path: &str) -> Option<SiteIndex> {
        self.sites
            .iter()
            .position(|site| site.host == host && site.path.eq_ignore_ascii_case(path))
            .map(SiteIndex)
    }

    /// The id of a site: host name, collection and site (reference/microsoft-graph.md §3.1).
    pub(crate) fn site_id(&self, site: &Site) -> String {
        format!(
            "{},{},{}",
            self.host_name(site.host),
            site.collection,
            site.web
        )
    }

    /// The person of an id or user principal name.
    pub(crate) fn find_user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| {
            user.user_principal_name.eq_ignore_ascii_case(id)
                || id.parse::<Uuid>().is_ok_and(|id| user.id == id)
        })
    }

    /// The application of a client id.
    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications
            .iter()
            .find(|application| application.client_id.eq_ignore_ascii_case(client_id))
    }

    /// The actor of a name as tests give it: a user principal name or mail address of the directory, the client
    /// id or the name of an application, empty or `system` for the service; anything else is somebody outside
    /// the directory.
    pub(crate) fn actor(&mut self, who: &str) -> ActorRef {
        let user = self.users.iter().find(|user| {
            user.user_principal_name.eq_ignore_ascii_case(who)
                || user
                    .mail
                    .as_deref()
                    .is_some_and(|mail| mail.eq_ignore_ascii_case(who))
        });
        let application = self.applications.iter().find(|application| {
            application.client_id.eq_ignore_ascii_case(who)
                || application.name.eq_ignore_ascii_case(who)
        });
        let actor = match (user, application) {
            (Some(user), _) => Actor::User {
                id: Some(user.id),
                name: user.name.clone(),
                email: user
                    .mail
                    .clone()
                    .unwrap_or_else(|| user.user_principal_name.clone()),
            },
            (None, Some(application)) => Actor::Application {
                id: application.client_id.clone(),
                name: application.name.clone(),
            },
            (None, None) if who.is_empty() || who.eq_ignore_ascii_case("system") => Actor::System,
            (None, None) => Actor::User {
                id: None,
                name: who.split('@').next().unwrap_or(who).to_owned(),
                email: who.to_owned(),
            },
        };
        self.actors.intern(actor)
    }

    /// The label of an id.
    pub(crate) fn label(&self, id: Uuid) -> Option<&Label> {
        self.labels.iter().find(|label| label.id == id)
    }
}
