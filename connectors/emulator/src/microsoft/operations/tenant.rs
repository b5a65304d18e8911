//! Operations on sites, libraries, people, labels and the application.

use uuid::Uuid;

use super::{Microsoft, NewGroup, NewUser, sure};
use crate::frame::ControlError;
use crate::microsoft::state::directory::{Group, OneDriveState, User};
use crate::microsoft::state::drive::Library;
use crate::microsoft::state::label::Label;
use crate::microsoft::state::site::{SharePointHost, SiteGrant, SiteRole, SiteState};
use crate::microsoft::world::World;

impl World<'_> {
    pub(in crate::microsoft) fn new_site(
        &mut self,
        path: &str,
        title: &str,
    ) -> Result<String, ControlError> {
        let path = path.trim_matches('/');
        let path = if path.is_empty() || path.contains('/') {
            path.to_owned()
        } else {
            format!("sites/{path}")
        };
        if self.state.find_site(SharePointHost::Root, &path).is_some() {
            return Err(ControlError::Conflict(format!(
                "there is a site at {path:?} already"
            )));
        }
        let now = self.millis();
        let index = self
            .state
            .add_site(SharePointHost::Root, &path, title, None, now);
        // A path below that of another site is a site within it.
        let parent = self.state.sites.iter().position(|site| {
            site.host == SharePointHost::Root
                && !site.path.is_empty()
                && path
                    .strip_prefix(&*site.path)
                    .is_some_and(|rest| rest.starts_with('/'))
        });
        if let Some(parent) = parent {
            let collection = self.state.sites[parent].collection;
            if let Some(site) = self.state.sites.get_mut(index.0) {
                site.parent = Some(crate::microsoft::state::site::SiteIndex(parent));
                site.collection = collection;
            }
        }
        let site = self
            .state
            .site(index)
            .ok_or_else(|| ControlError::NotFound(path.clone()))?;
        Ok(self.state.site_id(site))
    }

    pub(in crate::microsoft) fn new_library(
        &mut self,
        site: &str,
        name: &str,
    ) -> Result<String, ControlError> {
        let site = self.site_named(site)?;
        let now = self.millis();
        let drive = self.state.add_drive(site, name, name, None, now);
        Ok(self.drive(drive)?.id.clone())
    }

    pub(in crate::microsoft) fn set_site_state(
        &mut self,
        site: &str,
        state: SiteState,
    ) -> Result<(), ControlError> {
        let site = self.site_named(site)?;
        self.state.site_sequence += 1;
        let (sequence, now) = (self.state.site_sequence, self.millis());
        if let Some(site) = self.state.sites.get_mut(site.0) {
            site.state = state;
            site.sequence = sequence;
            site.modified = now;
        }
        Ok(())
    }

    /// Adds a person and gives the id of the OneDrive, empty when there is none.
    pub(in crate::microsoft) fn new_user(&mut self, new: NewUser) -> Result<String, ControlError> {
        if new.name.is_empty() || self.state.find_user(&new.name).is_some() {
            return Err(ControlError::Conflict(format!(
                "the user {:?} is there already, or has no name",
                new.name
            )));
        }
        let id = self.state.new_uuid();
        let display_name = if new.display_name.is_empty() {
            new.name.split('@').next().unwrap_or_default().to_owned()
        } else {
            new.display_name
        };
        self.state.users.push(User {
            id,
            name: display_name,
            mail: Some(new.name.clone()),
            user_principal_name: new.name,
            department: new.department,
            company: None,
            office: None,
            guest: new.guest,
            enabled: new.enabled,
            distinguished_name: new.distinguished_name,
            one_drive: OneDriveState::None(new.no_one_drive.unwrap_or_default()),
            deleted: false,
        });
        if new.no_one_drive.is_some() {
            return Ok(String::new());
        }
        let now = self.millis();
        let drive = self
            .state
            .add_one_drive(id, None, now)
            .ok_or_else(|| ControlError::NotFound("the new user".to_owned()))?;
        Ok(self.drive(drive)?.id.clone())
    }

    /// Deletes an account. The OneDrive's site outlives it.
    pub(in crate::microsoft) fn delete_user(&mut self, name: &str) -> Result<(), ControlError> {
        let id = self.state.find_user(name).map(|user| user.id);
        let user = self.state.users.iter_mut().find(|user| Some(user.id) == id);
        let user = user.ok_or_else(|| ControlError::NotFound(format!("user {name:?}")))?;
        user.deleted = true;
        Ok(())
    }

    pub(in crate::microsoft) fn new_group(&mut self, new: &NewGroup) -> Result<Uuid, ControlError> {
        let members = new
            .members
            .iter()
            .map(|name| {
                self.state
                    .find_user(name)
                    .map(|user| user.id)
                    .or_else(|| name.parse().ok())
                    .ok_or_else(|| ControlError::NotFound(format!("member {name:?}")))
            })
            .collect::<Result<_, _>>()?;
        let id = self.state.new_uuid();
        self.state.groups.push(Group {
            id,
            name: new.name.clone(),
            kind: new.kind,
            members,
            drives: Vec::new(),
        });
        Ok(id)
    }

    pub(in crate::microsoft) fn set_library(
        &mut self,
        drive: &str,
        library: Library,
    ) -> Result<(), ControlError> {
        let drive = self.drive_named(drive)?;
        if let Some(drive) = self.state.drive_mut(drive) {
            drive.library = library;
        }
        Ok(())
    }

    pub(in crate::microsoft) fn set_quota(
        &mut self,
        drive: &str,
        bytes: u64,
    ) -> Result<(), ControlError> {
        let drive = self.drive_named(drive)?;
        if let Some(drive) = self.state.drive_mut(drive) {
            drive.quota = bytes;
        }
        Ok(())
    }

    pub(in crate::microsoft) fn set_roles(
        &mut self,
        graph: Option<Vec<String>>,
        sharepoint: Option<Vec<String>>,
    ) -> Result<(), ControlError> {
        let application = self
            .state
            .applications
            .first_mut()
            .ok_or_else(|| ControlError::NotFound("an application".to_owned()))?;
        if let Some(graph) = graph {
            application.graph_roles = graph;
        }
        if let Some(sharepoint) = sharepoint {
            application.sharepoint_roles = sharepoint;
        }
        Ok(())
    }

    pub(in crate::microsoft) fn grant_site(
        &mut self,
        site: &str,
        role: Option<SiteRole>,
    ) -> Result<(), ControlError> {
        let site = self.site_named(site)?;
        let application = self.state.applications.first().cloned();
        let application =
            application.ok_or_else(|| ControlError::NotFound("an application".to_owned()))?;
        if let Some(site) = self.state.sites.get_mut(site.0) {
            site.grants
                .retain(|grant| grant.client_id != application.client_id);
            site.grants.extend(role.map(|role| SiteGrant {
                id: data_encoding::BASE64URL_NOPAD.encode(application.client_id.as_bytes()),
                client_id: application.client_id,
                display_name: application.name,
                role,
            }));
        }
        Ok(())
    }
}

impl Microsoft {
    /// Adds a site at `sites/{path}`, or at a path with a `/` as it is, and gives its id. A path below that of
    /// another site makes a site within it.
    ///
    /// # Panics
    ///
    /// When there is a site at the path.
    #[track_caller]
    pub fn add_site(&self, path: &str, title: &str) -> String {
        sure(self.with(|world| world.new_site(path, title)))
    }

    /// Adds a library to a site, which is named by its path or id, and gives the drive's id.
    ///
    /// # Panics
    ///
    /// When there is no such site.
    #[track_caller]
    pub fn add_library(&self, site: &str, name: &str) -> String {
        sure(self.with(|world| world.new_library(site, name)))
    }

    /// Puts a site into a state.
    ///
    /// # Panics
    ///
    /// When there is no such site.
    #[track_caller]
    pub fn set_site_state(&self, site: &str, state: SiteState) {
        sure(self.with(|world| world.set_site_state(site, state)));
    }

    /// Adds a person and gives the id of the OneDrive, empty when there is none.
    ///
    /// # Panics
    ///
    /// When the name is taken or empty.
    #[track_caller]
    pub fn add_user(&self, user: NewUser) -> String {
        sure(self.with(|world| world.new_user(user)))
    }

    /// Deletes an account. The OneDrive's site outlives it.
    ///
    /// # Panics
    ///
    /// When there is no such user.
    #[track_caller]
    pub fn remove_user(&self, name: &str) {
        sure(self.with(|world| world.delete_user(name)));
    }

    /// Adds a group and gives its id.
    ///
    /// # Panics
    ///
    /// When a member is unknown.
    #[track_caller]
    pub fn add_group(&self, group: &NewGroup) -> Uuid {
        sure(self.with(|world| world.new_group(group)))
    }

    /// Says whether files of a library must be checked out before they are changed.
    ///
    /// # Panics
    ///
    /// When there is no such drive.
    #[track_caller]
    pub fn require_checkout(&self, drive: &str, required: bool) {
        self.set_library(
            drive,
            Library {
                force_checkout: required,
                ..Library::default()
            },
        );
    }

    /// Changes the settings of a library.
    ///
    /// # Panics
    ///
    /// When there is no such drive.
    #[track_caller]
    pub fn set_library(&self, drive: &str, library: Library) {
        sure(self.with(|world| world.set_library(drive, library)));
    }

    /// Bounds the bytes of a drive.
    ///
    /// # Panics
    ///
    /// When there is no such drive.
    #[track_caller]
    pub fn set_quota(&self, drive: &str, bytes: u64) {
        sure(self.with(|world| world.set_quota(drive, bytes)));
    }

    /// Puts other labels in place of the tenant's.
    pub fn set_labels(&self, labels: Vec<Label>) {
        self.with(|world| world.state.labels = labels);
    }

    /// The tenant's labels.
    #[must_use]
    pub fn labels(&self) -> Vec<Label> {
        self.with(|world| world.state.labels.clone())
    }

    /// Puts other roles in place of the application's, for tokens that are issued from now on.
    pub fn set_roles(&self, graph: &[&str], sharepoint: &[&str]) {
        let owned = |roles: &[&str]| Some(roles.iter().map(|&role| role.to_owned()).collect());
        sure(self.with(|world| world.set_roles(owned(graph), owned(sharepoint))));
    }

    /// Grants the application a role on a site, for `Sites.Selected`, or takes the grant back.
    ///
    /// # Panics
    ///
    /// When there is no such site.
    #[track_caller]
    pub fn grant_site(&self, site: &str, role: Option<SiteRole>) {
        sure(self.with(|world| world.grant_site(site, role)));
    }
}
