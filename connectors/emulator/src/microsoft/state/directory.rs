//! People, groups and applications of the tenant.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::drive::DriveIndex;

/// A person of the directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) user_principal_name: String,
    pub(crate) mail: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) company: Option<String>,
    pub(crate) office: Option<String>,
    pub(crate) guest: bool,
    pub(crate) enabled: bool,
    pub(crate) distinguished_name: Option<String>,
    pub(crate) one_drive: OneDriveState,
    /// Whether the account was deleted: the OneDrive's site outlives it.
    pub(crate) deleted: bool,
}

/// Whether a person has a OneDrive, and how the service says that there is none (reference §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OneDriveState {
    /// There is one.
    Drive(DriveIndex),
    /// There is none.
    None(NoOneDrive),
}

/// How the service says that a person has no OneDrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoOneDrive {
    /// 404 `ResourceNotFound`, "User's mysite not found."
    #[default]
    MysiteNotFound,
    /// 404 `UnknownError`, "Unable to retrieve user's mysite URL."
    MysiteUrl,
    /// 400 `BadRequest`, "Unable to retrieve user's mysite URL."
    MysiteUrlBadRequest,
    /// 404 `itemNotFound` with an empty message.
    ItemNotFound,
    /// 400 `BadRequest`, "Tenant does not have a SPO license."
    NoLicence,
    /// 403 `accessDenied`.
    Forbidden,
    /// 423 `resourceLocked`.
    Locked,
}

/// A group, an administrative unit or a directory role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) kind: GroupKind,
    /// Members by id: users and groups.
    pub(crate) members: Vec<Uuid>,
    /// Drives of a Microsoft 365 group.
    pub(crate) drives: Vec<DriveIndex>,
}

/// What a [`Group`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GroupKind {
    /// A Microsoft 365 group.
    #[default]
    Unified,
    /// A security group.
    Security,
    /// An administrative unit.
    AdministrativeUnit,
    /// A directory role.
    Role,
}

impl GroupKind {
    /// Its `@odata.type`.
    pub(crate) fn odata_type(self) -> &'static str {
        match self {
            Self::Unified | Self::Security => "#microsoft.graph.group",
            Self::AdministrativeUnit => "#microsoft.graph.administrativeUnit",
            Self::Role => "#microsoft.graph.directoryRole",
        }
    }
}

/// An application registered in the tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Application {
    pub(crate) client_id: String,
    pub(crate) name: String,
    /// The secret, with whether it has expired.
    pub(crate) secrets: Vec<ClientSecret>,
    /// Registered certificates, each in DER as base64.
    pub(crate) certificates: Vec<Certificate>,
    /// Consented roles of Graph.
    pub(crate) graph_roles: Vec<String>,
    /// Consented roles of SharePoint.
    pub(crate) sharepoint_roles: Vec<String>,
}

/// A secret of an application.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct ClientSecret {
    pub(crate) value: String,
    pub(crate) expired: bool,
}

/// A certificate of an application.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Certificate {
    pub(crate) pem: String,
}

impl std::fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientSecret")
            .field("expired", &self.expired)
            .finish_non_exhaustive()
    }
}

/// The application roles of Graph that the emulator's application has at the start (reference §1.5).
pub(crate) const GRAPH_ROLES: [&str; 10] = [
    "Files.Read.All",
    "Files.ReadWrite.All",
    "Sites.Read.All",
    "Sites.ReadWrite.All",
    "Sites.FullControl.All",
    "SensitivityLabel.Read",
    "InformationProtectionPolicy.Read.All",
    "User.Read.All",
    "GroupMember.Read.All",
    "Directory.Read.All",
];

/// The application roles of SharePoint that the emulator's application has at the start.
pub(crate) const SHAREPOINT_ROLES: [&str; 2] = ["Sites.Read.All", "Sites.FullControl.All"];
