//! Who can reach a file, and what stands against writing to it.

use serde::{Deserialize, Serialize};

/// Who can reach a file, as far as the app tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exposure {
    /// The owner alone.
    Private,
    /// Named people or groups of the organisation.
    Internal,
    /// Named people outside the organisation.
    External,
    /// Anyone with the link.
    Public,
    /// The app cannot tell. Never a guess.
    Unknown,
}

/// Who can reach a file, and who of them by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// How far it reaches.
    pub exposure: Exposure,
    /// Mail addresses of the people and groups that the file is shared with by name, as
    /// [`Collaborators`](crate::Collaborators) gives them: also those that a folder above it is shared with, where the
    /// app tells, and never the owner. `None` where the app does not tell all of them.
    pub collaborators: Option<Vec<String>>,
}

/// What an app answers to a question of yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It is so.
    Yes,
    /// It is not so.
    No,
    /// The app cannot tell, or may not tell this identity. Never a guess.
    #[default]
    Unknown,
}

impl From<bool> for Answer {
    fn from(is_so: bool) -> Self {
        if is_so { Self::Yes } else { Self::No }
    }
}

/// What stands against writing to a file just now (rules §3, gates 8 to 11).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Obstacles {
    /// Retention, a legal hold that forbids new versions, a record, a content restriction (gate 8).
    pub retained: Answer,
    /// The library wants files checked out before they are edited (gate 9).
    pub checkout_required: Answer,
    /// A person has checked the file out (gate 10).
    pub checked_out: Answer,
    /// Who, where the app says.
    pub checked_out_by: Option<String>,
    /// The file is locked or being edited (gate 11).
    pub locked: Answer,
    /// What the answers could not be had for, for people: one sentence each.
    pub remarks: Vec<String>,
}

/// What an app's directory knows about an owner of files. What it cannot tell is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnerDetails {
    /// As [`FileMeta::owner`](crate::FileMeta::owner) names them.
    pub owner: String,
    /// Name as shown to people.
    pub display_name: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// Organisational unit: a path, or the distinguished name's unit part.
    pub unit: Option<String>,
    /// Names of the groups they are a member of, directly or through others; `None` where the app was
    /// not asked or does not tell.
    pub groups: Option<Vec<String>>,
}
