//! People and groups.

use serde::{Deserialize, Serialize};

use super::{Id, Millis};

/// A user, of the enterprise or not.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) login: String,
    pub(crate) name: String,
    /// Whether they belong to the enterprise.
    pub(crate) managed: bool,
    pub(crate) role: Role,
    pub(crate) status: Status,
    /// Service accounts and app users.
    pub(crate) platform_only: bool,
    pub(crate) job_title: String,
    /// Name and value.
    pub(crate) tracking_codes: Vec<(String, String)>,
    /// Bytes that the user may store.
    pub(crate) space: u64,
    pub(crate) created: Millis,
}

/// A user's role in the enterprise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The one who administers it.
    Admin,
    /// One of those who help.
    Coadmin,
    /// Anybody else.
    #[default]
    User,
}

impl Role {
    /// The word in `role`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Coadmin => "coadmin",
            Self::User => "user",
        }
    }
}

/// A user's status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Signs in as ever.
    #[default]
    Active,
    /// Cannot sign in.
    Inactive,
    /// Cannot delete or edit.
    CannotDeleteEdit,
    /// Cannot delete, edit or upload.
    CannotDeleteEditUpload,
}

impl Status {
    /// The word in `status`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::CannotDeleteEdit => "cannot_delete_edit",
            Self::CannotDeleteEditUpload => "cannot_delete_edit_upload",
        }
    }
}

/// A group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// The group of everybody in the enterprise.
    pub(crate) all_users: bool,
}

/// That a user is in a group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Membership {
    pub(crate) user: Id,
    pub(crate) group: Id,
    pub(crate) admin: bool,
}
