//! What the emulated enterprise holds.

pub(crate) mod collaboration;
pub(crate) mod directory;
pub(crate) mod event;
pub(crate) mod item;
pub(crate) mod session;
pub(crate) mod tree;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use self::collaboration::Collaboration;
use self::directory::{Group, Membership, User};
use self::event::EventLog;
use self::session::{Download, Session};
use self::tree::Tree;
use crate::frame::ContentTable;

/// Milliseconds since 1970, UTC.
pub(crate) type Millis = i64;

/// The number of a user, group, item, version, … Box numbers everything.
pub(crate) type Id = u64;

/// The enterprise, its app and all that is stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) enterprise: Id,
    pub(crate) enterprise_name: String,
    pub(crate) app: App,
    pub(crate) users: BTreeMap<Id, User>,
    pub(crate) groups: BTreeMap<Id, Group>,
    pub(crate) memberships: BTreeMap<Id, Membership>,
    pub(crate) collaborations: BTreeMap<Id, Collaboration>,
    pub(crate) tree: Tree,
    pub(crate) contents: ContentTable,
    pub(crate) events: EventLog,
    /// Options of the classification template; `None` until there is one.
    pub(crate) classifications: Option<Vec<String>>,
    pub(crate) allowed_domains: BTreeMap<Id, AllowedDomain>,
    pub(crate) webhooks: BTreeMap<Id, Webhook>,
    /// By access token.
    pub(crate) sessions: HashMap<String, Session>,
    /// Assertion ids that were used, with the end of the assertion.
    pub(crate) used_assertions: HashMap<String, Millis>,
    /// By the token in a download address.
    pub(crate) downloads: HashMap<String, Download>,
    pub(crate) last_id: Id,
    pub(crate) script: Script,
    /// Calls of the present minute, by user: the minute and how many.
    #[serde(skip)]
    pub(crate) calls: HashMap<Id, (i64, u32)>,
}

/// The app registration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) public_key_id: String,
    /// The user that the app is.
    pub(crate) service_account: Id,
    /// What events name as the service.
    pub(crate) service_id: String,
    pub(crate) name: String,
    pub(crate) scopes: BTreeSet<String>,
    /// "Make API calls using the as-user header".
    pub(crate) as_user: bool,
    /// "Generate user access tokens".
    pub(crate) user_tokens: bool,
    /// Whether an admin has authorised the app.
    pub(crate) authorized: bool,
    /// App + Enterprise access; without it only app users.
    pub(crate) enterprise_access: bool,
    /// Keys that webhooks are signed with.
    pub(crate) webhook_keys: [String; 2],
}

/// A domain with which people may collaborate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AllowedDomain {
    pub(crate) domain: String,
    pub(crate) direction: String,
}

/// A webhook of version 2.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Webhook {
    pub(crate) target: Id,
    pub(crate) is_folder: bool,
    pub(crate) address: String,
    pub(crate) triggers: Vec<String>,
    pub(crate) created_by: Id,
    pub(crate) created: Millis,
}

/// What tests have arranged to happen.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Script {
    /// Edits that a person makes just before the next upload to a file arrives: file, new content, who.
    pub(crate) edits_before_upload: Vec<(Id, Vec<u8>, Id)>,
    /// So many of the next uploads are stored and answered with 503.
    pub(crate) unavailable_after_upload: u32,
    /// So many of the next downloads of a file are answered with 202.
    pub(crate) not_ready: HashMap<Id, u32>,
    /// Files for which a policy forbids downloads and uploads.
    pub(crate) forbidden: BTreeSet<Id>,
    /// Users for whom every call is refused: inactive, terms not accepted, …, with status and code.
    pub(crate) refused_users: HashMap<Id, (u16, String)>,
}

impl State {
    /// A number that nothing has yet.
    pub(crate) fn new_id(&mut self) -> Id {
        self.last_id += 1;
        self.last_id
    }

    /// A user of the enterprise.
    pub(crate) fn is_managed(&self, user: Id) -> bool {
        self.users.get(&user).is_some_and(|user| user.managed)
    }

    /// The groups that a user is in.
    pub(crate) fn groups_of(&self, user: Id) -> BTreeSet<Id> {
        let mut groups: BTreeSet<Id> = self
            .memberships
            .values()
            .filter(|membership| membership.user == user)
            .map(|membership| membership.group)
            .collect();
        if self.is_managed(user) {
            let all = self.groups.iter().filter(|(_, group)| group.all_users);
            groups.extend(all.map(|(id, _)| *id));
        }
        groups
    }
}
