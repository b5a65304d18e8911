//! Drives, the sites that hold them, and the people who own them.

use serde::Deserialize;

use super::identity::IdentitySet;
use super::tolerant::{Present, flag};

/// A document library, or a person's OneDrive (§3.2).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Drive {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) drive_type: Option<String>,
    pub(crate) web_url: Option<String>,
    pub(crate) owner: Option<IdentitySet>,
    #[serde(alias = "sharepointIds")]
    pub(crate) share_point_ids: Option<SharePointIds>,
}

/// The names that SharePoint REST knows things by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SharePointIds {
    pub(crate) list_id: Option<String>,
    pub(crate) list_item_unique_id: Option<String>,
    pub(crate) site_url: Option<String>,
}

/// A site (§3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Site {
    pub(crate) id: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) web_url: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_personal_site: Option<bool>,
    pub(crate) site_collection: Option<SiteCollection>,
    pub(crate) deleted: Option<Present>,
}

impl Site {
    /// Whether the site is archived, or on its way out of the archive: its drives answer 423 (§3.1).
    pub(crate) fn is_archived(&self) -> bool {
        let details = self
            .site_collection
            .as_ref()
            .and_then(|collection| collection.archival_details.as_ref());
        details.is_some_and(|details| details.archive_status.is_some())
    }
}

/// The collection that a site belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SiteCollection {
    pub(crate) archival_details: Option<ArchivalDetails>,
}

/// Whether a site collection is archived.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ArchivalDetails {
    pub(crate) archive_status: Option<String>,
}

/// A person in the directory (§7.5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct User {
    pub(crate) id: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) department: Option<String>,
    pub(crate) user_type: Option<String>,
    pub(crate) mail: Option<String>,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) on_premises_distinguished_name: Option<String>,
}

/// Something that a person is a member of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DirectoryObject {
    #[serde(rename = "@odata.type")]
    pub(crate) kind: Option<String>,
    pub(crate) display_name: Option<String>,
}
