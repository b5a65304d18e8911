//! People, groups and apps.

use serde::Deserialize;

/// Who did something or has access, by each of the names that Graph may give.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct IdentitySet {
    pub(crate) user: Option<Identity>,
    pub(crate) application: Option<Identity>,
    pub(crate) group: Option<Identity>,
    pub(crate) site_user: Option<Identity>,
    pub(crate) site_group: Option<Identity>,
    pub(crate) share_point_group: Option<Identity>,
}

/// One of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Identity {
    pub(crate) id: Option<String>,
    pub(crate) display_name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) user_principal_name: Option<String>,
    pub(crate) login_name: Option<String>,
}

impl Identity {
    /// The name that says most to people and is one person's alone: e-mail address, principal name, id.
    pub(crate) fn name(&self) -> Option<&str> {
        [&self.email, &self.user_principal_name, &self.id]
            .into_iter()
            .filter_map(|name| name.as_deref())
            .find(|name| !name.is_empty())
    }
}
