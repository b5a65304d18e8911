//! Who may do what (reference/google-drive.md §8).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a permission allows, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Looking.
    Reader,
    /// Commenting.
    Commenter,
    /// Editing.
    Writer,
    /// In shared drives: moving and trashing too.
    FileOrganizer,
    /// In shared drives: managing members.
    Organizer,
    /// In My Drive: everything.
    Owner,
}

impl Role {
    /// The name in the API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Reader => "reader",
            Self::Commenter => "commenter",
            Self::Writer => "writer",
            Self::FileOrganizer => "fileOrganizer",
            Self::Organizer => "organizer",
            Self::Owner => "owner",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [
            Self::Reader,
            Self::Commenter,
            Self::Writer,
            Self::FileOrganizer,
            Self::Organizer,
            Self::Owner,
        ]
        .into_iter()
        .find(|role| role.name() == name)
    }
}

/// Whom a permission is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grantee {
    /// A person, by address.
    User(String),
    /// A group, by address.
    Group(String),
    /// Everybody in a domain.
    Domain {
        /// Which.
        domain: String,
        /// Whether they find it by searching, and not only with the link.
        discoverable: bool,
    },
    /// Everybody.
    Anyone {
        /// Whether they find it by searching, and not only with the link.
        discoverable: bool,
    },
}

/// A permission of a file, a folder or a shared drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Permission {
    pub(crate) id: String,
    pub(crate) grantee: Grantee,
    pub(crate) role: Role,
    pub(crate) expires: Option<DateTime<Utc>>,
    /// The account is gone.
    pub(crate) deleted: bool,
    /// `metadata` where it only shows that the file is there.
    pub(crate) view: Option<String>,
}

impl Permission {
    /// The type in the API.
    pub(crate) fn kind(&self) -> &'static str {
        match self.grantee {
            Grantee::User(_) => "user",
            Grantee::Group(_) => "group",
            Grantee::Domain { .. } => "domain",
            Grantee::Anyone { .. } => "anyone",
        }
    }

    /// Whether it still gives access.
    pub(crate) fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        !self.deleted && self.view.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}
