//! People, groups, organisational units and domains (reference/google-drive.md §2.1).

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::file::FileNumber;

/// Id of a user.
pub(crate) type UserId = String;

/// The directory of one customer.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Directory {
    pub(crate) customer: String,
    pub(crate) domains: Vec<Domain>,
    pub(crate) units: Vec<OrgUnit>,
    pub(crate) users: BTreeMap<UserId, User>,
    /// By address.
    pub(crate) groups: BTreeMap<String, Group>,
}

/// A domain of the customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Domain {
    pub(crate) name: String,
    pub(crate) is_primary: bool,
    pub(crate) aliases: Vec<String>,
}

/// An organisational unit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct OrgUnit {
    /// Without `id:`.
    pub(crate) id: String,
    pub(crate) path: String,
}

/// Whether Drive is switched on for a user, and how it says that it is not (§2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriveService {
    /// It is on.
    #[default]
    On,
    /// 401 `authError`, "Active session is invalid. Error code: 4".
    InvalidSession,
    /// 403 `domainPolicy`.
    DomainPolicy,
}

/// A person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: UserId,
    /// Names the person in permissions.
    pub(crate) permission_id: String,
    /// Primary address.
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) aliases: Vec<String>,
    pub(crate) is_admin: bool,
    pub(crate) suspended: bool,
    pub(crate) archived: bool,
    pub(crate) is_guest: bool,
    pub(crate) unit: String,
    pub(crate) department: Option<String>,
    pub(crate) drive: DriveService,
    /// The top folder of My Drive.
    pub(crate) root: FileNumber,
    pub(crate) created: DateTime<Utc>,
}

/// A group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    /// Addresses of people and groups.
    pub(crate) members: BTreeSet<String>,
}

impl Directory {
    /// A person by primary address, alias or id.
    pub(crate) fn user(&self, key: &str) -> Option<&User> {
        if let Some(user) = self.users.get(key) {
            return Some(user);
        }
        self.users.values().find(|user| {
            user.email.eq_ignore_ascii_case(key)
                || user
                    .aliases
                    .iter()
                    .any(|alias| alias.eq_ignore_ascii_case(key))
        })
    }

    /// As [`user`](Self::user), to change it.
    pub(crate) fn user_mut(&mut self, key: &str) -> Option<&mut User> {
        let id = self.user(key)?.id.clone();
        self.users.get_mut(&id)
    }

    /// A group by address or id.
    pub(crate) fn group(&self, key: &str) -> Option<&Group> {
        let key = key.to_lowercase();
        self.groups
            .get(&key)
            .or_else(|| self.groups.values().find(|group| group.id == key))
    }

    /// Whether `email` is a member of the group, directly or through another.
    pub(crate) fn is_member(&self, group: &str, email: &str) -> bool {
        self.all_members(group).contains(&email.to_lowercase())
    }

    /// The addresses in a group and in the groups in it.
    pub(crate) fn all_members(&self, group: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut to_visit = vec![group.to_lowercase()];
        while let Some(next) = to_visit.pop() {
            let Some(group) = self.groups.get(&next) else {
                continue;
            };
            for member in &group.members {
                if seen.insert(member.to_lowercase()) {
                    to_visit.push(member.to_lowercase());
                }
            }
        }
        seen
    }
}
