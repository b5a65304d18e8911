//! Permissions of an item (§7.1).

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::identity::IdentitySet;
use super::tolerant::time;

/// One way in which somebody can reach an item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Permission {
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) link: Option<SharingLink>,
    pub(crate) invitation: Option<Invitation>,
    #[serde(deserialize_with = "time")]
    pub(crate) expiration_date_time: Option<DateTime<Utc>>,
    pub(crate) granted_to_v2: Option<IdentitySet>,
    pub(crate) granted_to_identities_v2: Option<Vec<IdentitySet>>,
    pub(crate) granted_to: Option<IdentitySet>,
    pub(crate) granted_to_identities: Option<Vec<IdentitySet>>,
}

impl Permission {
    /// Whom it is granted to; the older field only where the newer one is missing.
    pub(crate) fn grantee(&self) -> Option<&IdentitySet> {
        self.granted_to_v2.as_ref().or(self.granted_to.as_ref())
    }

    /// Whom a link was given to; `None` where that is not told.
    pub(crate) fn recipients(&self) -> Option<&[IdentitySet]> {
        let newer = self.granted_to_identities_v2.as_deref();
        newer.or(self.granted_to_identities.as_deref())
    }
}

/// A sharing link.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SharingLink {
    pub(crate) scope: Option<String>,
}

/// An invitation that nobody has answered yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Invitation {
    pub(crate) email: Option<String>,
}
