//! Who may do what with an item.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::item::Millis;

/// An entry of an item's permissions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    pub(crate) id: String,
    /// `read`, `write`, `owner`, or the name of a custom site role.
    pub(crate) roles: Vec<String>,
    pub(crate) grant: Grant,
    pub(crate) expires: Option<Millis>,
}

/// What an entry gives access by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grant {
    /// A sharing link.
    Link {
        /// `anonymous`, `organization`, `users` or `existingAccess`.
        scope: String,
        /// `view`, `edit`, `embed` or `review`.
        kind: String,
        web_url: String,
        has_password: bool,
        prevents_download: bool,
        /// The recipients of a `users` link.
        recipients: Vec<Principal>,
    },
    /// A direct grant.
    To(Principal),
    /// An invitation that was not taken yet.
    Invitation {
        email: String,
        sign_in_required: bool,
    },
}

/// Somebody, or some group, that has access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Principal {
    /// A person: member, guest, or one-time-passcode guest.
    Person {
        id: Option<Uuid>,
        name: String,
        email: Option<String>,
        login: String,
    },
    /// A group of the directory.
    Group {
        id: Uuid,
        name: String,
        login: String,
    },
    /// A group of the site, or a claim that stands for many, such as everyone.
    SiteGroup { name: String, login: String },
    /// An application.
    Application { id: String, name: String },
}

impl Permission {
    /// Whether the entry gives access at `now`.
    pub(crate) fn is_live(&self, now: Millis) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// The scope of a live link, `users` for anything else.
    pub(crate) fn scope(&self) -> &str {
        match &self.grant {
            Grant::Link { scope, .. } => scope,
            Grant::To(_) | Grant::Invitation { .. } => "users",
        }
    }
}
