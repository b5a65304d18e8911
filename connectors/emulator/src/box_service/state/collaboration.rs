//! Who was given access to what.

use serde::{Deserialize, Serialize};

use super::{Id, Millis};

/// An invitation to an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Collaboration {
    pub(crate) item: Id,
    pub(crate) grantee: Grantee,
    pub(crate) role: CollaborationRole,
    pub(crate) status: CollaborationStatus,
    pub(crate) access_only: bool,
    pub(crate) created_by: Id,
    pub(crate) created: Millis,
    pub(crate) expires: Option<Millis>,
}

/// Who is invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Grantee {
    User(Id),
    Group(Id),
    /// Somebody whom Box does not know.
    Email(String),
}

/// What a collaborator may do (reference/box.md §5.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum CollaborationRole {
    /// All but ownership.
    #[serde(rename = "co-owner")]
    CoOwner,
    /// Read, write and invite.
    #[default]
    #[serde(rename = "editor")]
    Editor,
    /// Read and upload.
    #[serde(rename = "viewer uploader")]
    ViewerUploader,
    /// Read.
    #[serde(rename = "viewer")]
    Viewer,
    /// See previews and upload.
    #[serde(rename = "previewer uploader")]
    PreviewerUploader,
    /// See previews.
    #[serde(rename = "previewer")]
    Previewer,
    /// Upload.
    #[serde(rename = "uploader")]
    Uploader,
}

impl CollaborationRole {
    /// The word in `role`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::CoOwner => "co-owner",
            Self::Editor => "editor",
            Self::ViewerUploader => "viewer uploader",
            Self::Viewer => "viewer",
            Self::PreviewerUploader => "previewer uploader",
            Self::Previewer => "previewer",
            Self::Uploader => "uploader",
        }
    }

    pub(crate) fn may_download(self) -> bool {
        matches!(
            self,
            Self::CoOwner | Self::Editor | Self::ViewerUploader | Self::Viewer
        )
    }

    /// Whether new versions may be uploaded.
    pub(crate) fn may_upload(self) -> bool {
        matches!(self, Self::CoOwner | Self::Editor | Self::ViewerUploader)
    }

    /// Whether items may be renamed, moved and deleted.
    pub(crate) fn may_edit(self) -> bool {
        matches!(self, Self::CoOwner | Self::Editor)
    }
}

/// How far an invitation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollaborationStatus {
    /// In force.
    #[default]
    Accepted,
    /// Not answered.
    Pending,
    /// Refused.
    Rejected,
}

impl CollaborationStatus {
    /// The word in `status`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Pending => "pending",
            Self::Rejected => "rejected",
        }
    }
}
