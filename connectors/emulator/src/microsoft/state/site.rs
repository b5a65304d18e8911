//! Sites.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::item::Millis;

/// The place of a site in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SiteIndex(pub(crate) usize);

/// The two SharePoint hosts of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SharePointHost {
    /// `alder.sharepoint.com`
    Root,
    /// `alder-my.sharepoint.com`, with people's OneDrives.
    My,
}

/// A site, or a site within a site.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Site {
    pub(crate) host: SharePointHost,
    /// The path of its URL without slashes around it: `sites/finance`; empty for the root site.
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) title: String,
    /// The site collection, which subsites share with the site they are in.
    pub(crate) collection: Uuid,
    pub(crate) web: Uuid,
    /// The site it is within.
    pub(crate) parent: Option<SiteIndex>,
    pub(crate) created: Millis,
    pub(crate) modified: Millis,
    pub(crate) state: SiteState,
    /// What the applications with `Sites.Selected` may do: client id and role.
    pub(crate) grants: Vec<SiteGrant>,
    /// The place of its last change in the tenant's log of sites.
    pub(crate) sequence: u64,
}

/// What can be wrong with a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SiteState {
    /// Nothing.
    #[default]
    Open,
    /// The app may not look into it: 403.
    Unreadable,
    /// It is listed, but gone: 404.
    Missing,
    /// It is listed, but gone: 410.
    Gone,
    /// It was archived lately: 423.
    RecentlyArchived,
    /// It is archived: 423.
    FullyArchived,
    /// It is locked: 423 for everything.
    Locked,
    /// It can be read only: writes are 403.
    ReadOnly,
    /// It was deleted.
    Deleted,
}

/// What an application was given on a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SiteGrant {
    pub(crate) id: String,
    pub(crate) client_id: String,
    pub(crate) display_name: String,
    pub(crate) role: SiteRole,
}

/// The roles of a site grant, the weakest first (reference/microsoft-graph.md §1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SiteRole {
    /// To read.
    Read,
    /// To change.
    Write,
    /// As the owner.
    Owner,
    /// Everything.
    FullControl,
}

impl Site {
    /// Whether it is a person's.
    pub(crate) fn is_personal(&self) -> bool {
        self.host == SharePointHost::My
    }

    /// The word for how far it is archived.
    pub(crate) fn archive_status(&self) -> Option<&'static str> {
        match self.state {
            SiteState::RecentlyArchived => Some("recentlyArchived"),
            SiteState::FullyArchived => Some("fullyArchived"),
            _ => None,
        }
    }
}
