//! Who may call what (reference/microsoft-graph.md §1.5).

use http::StatusCode;

use crate::microsoft::state::site::{SiteIndex, SiteRole, SiteState};
use crate::microsoft::wire::{Caller, Failure};
use crate::microsoft::world::World;

/// Reading, or changing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Read,
    Write,
}

const FILES_READ: &[&str] = &[
    "Files.Read.All",
    "Files.ReadWrite.All",
    "Sites.Read.All",
    "Sites.ReadWrite.All",
    "Sites.Manage.All",
    "Sites.FullControl.All",
];
const FILES_WRITE: &[&str] = &[
    "Files.ReadWrite.All",
    "Sites.ReadWrite.All",
    "Sites.Manage.All",
    "Sites.FullControl.All",
];
const SITES_READ: &[&str] = &[
    "Sites.Read.All",
    "Sites.ReadWrite.All",
    "Sites.Manage.All",
    "Sites.FullControl.All",
];

/// The role that gives nothing but what each site grants.
const SELECTED: &str = "Sites.Selected";

/// The role without which permission lists are incomplete.
pub(super) const FULL_CONTROL: &[&str] = &["Sites.FullControl.All"];
pub(super) const LABELS: &[&str] = &["SensitivityLabel.Read", "SensitivityLabels.Read.All"];
pub(super) const LABELS_BETA: &[&str] = &["InformationProtectionPolicy.Read.All"];
pub(super) const USERS: &[&str] = &["User.Read.All", "User.ReadWrite.All", "Directory.Read.All"];
pub(super) const GROUPS: &[&str] = &[
    "GroupMember.Read.All",
    "Group.Read.All",
    "Directory.Read.All",
];

/// Refuses a caller that has none of the roles, in the words of SharePoint.
pub(super) fn require(caller: &Caller, roles: &[&str]) -> Result<(), Failure> {
    if caller.has_any(roles) {
        Ok(())
    } else {
        Err(Failure::access_denied())
    }
}

/// Refuses a caller that has none of the roles, in the words of the directory.
pub(super) fn require_directory(caller: &Caller, roles: &[&str]) -> Result<(), Failure> {
    if caller.has_any(roles) {
        Ok(())
    } else {
        Err(Failure::request_denied())
    }
}

/// Refuses a caller who may not see all sites: grants on single sites do not count.
pub(super) fn require_all_sites(caller: &Caller) -> Result<(), Failure> {
    require(caller, SITES_READ)
}

/// Refuses a caller who can have no access to any file at all.
pub(super) fn require_some_files(caller: &Caller, access: Access) -> Result<(), Failure> {
    if caller.has_any(&[SELECTED]) {
        return Ok(());
    }
    require(caller, file_roles(access))
}

/// Refuses a caller who can see no site at all.
pub(super) fn require_some_sites(caller: &Caller) -> Result<(), Failure> {
    if caller.has_any(&[SELECTED]) {
        return Ok(());
    }
    require(caller, SITES_READ)
}

/// Refuses access to the files of a site: for want of a role or grant, or for the site's state.
pub(super) fn check_files(
    world: &World<'_>,
    caller: &Caller,
    site: SiteIndex,
    access: Access,
) -> Result<(), Failure> {
    check(world, caller, site, access, file_roles(access))
}

/// Refuses to show a site.
pub(super) fn check_site(
    world: &World<'_>,
    caller: &Caller,
    site: SiteIndex,
) -> Result<(), Failure> {
    check(world, caller, site, Access::Read, SITES_READ)
}

fn check(
    world: &World<'_>,
    caller: &Caller,
    site: SiteIndex,
    access: Access,
    roles: &[&str],
) -> Result<(), Failure> {
    let found = world.state.site(site).ok_or_else(Failure::item_not_found)?;
    let wanted = match access {
        Access::Read => SiteRole::Read,
        Access::Write => SiteRole::Write,
    };
    let granted = caller.has_any(&[SELECTED])
        && found
            .grants
            .iter()
            .any(|grant| grant.client_id == caller.client_id && grant.role >= wanted);
    if !granted && !caller.has_any(roles) {
        return Err(Failure::access_denied());
    }
    match found.state {
        SiteState::Open => Ok(()),
        SiteState::ReadOnly if access == Access::Read => Ok(()),
        SiteState::ReadOnly | SiteState::Unreadable => Err(Failure::access_denied()),
        SiteState::Missing | SiteState::Deleted => Err(Failure::item_not_found()),
        SiteState::Gone => Err(Failure::new(
            StatusCode::GONE,
            "itemNotFound",
            "The site is no longer there.",
        )),
        SiteState::RecentlyArchived | SiteState::FullyArchived | SiteState::Locked => {
            Err(Failure::locked())
        }
    }
}

fn file_roles(access: Access) -> &'static [&'static str] {
    match access {
        Access::Read => FILES_READ,
        Access::Write => FILES_WRITE,
    }
}
