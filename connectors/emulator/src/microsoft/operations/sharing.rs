//! Operations on who has access.

use uuid::Uuid;

use super::{Microsoft, Share, ShareWith, sure};
use crate::frame::ControlError;
use crate::microsoft::state::permission::{Grant, Permission, Principal};
use crate::microsoft::world::World;

impl World<'_> {
    pub(in crate::microsoft) fn share_item(
        &mut self,
        drive: &str,
        path: &str,
        share: &Share,
    ) -> Result<String, ControlError> {
        let place = self.place_named(drive, path)?;
        let grant = self.grant(share)?;
        let now = self.millis();
        let id = data_encoding::BASE64URL_NOPAD.encode(self.state.new_uuid().as_bytes());
        let permission = Permission {
            id: id.clone(),
            roles: vec![share.role.clone()],
            grant,
            expires: share
                .expires_in
                .map(|seconds| now.saturating_add(seconds.saturating_mul(1000))),
        };
        if let Some(found) = self.state.drive_mut(place.drive) {
            found
                .tree
                .change_sharing(place.item, now, |rare| rare.permissions.push(permission));
        }
        self.tell_sharing_changed(place.drive);
        Ok(id)
    }

    pub(in crate::microsoft) fn unshare_item(
        &mut self,
        drive: &str,
        path: &str,
        id: Option<&str>,
    ) -> Result<(), ControlError> {
        let place = self.place_named(drive, path)?;
        let now = self.millis();
        if let Some(found) = self.state.drive_mut(place.drive) {
            found.tree.change_sharing(place.item, now, |rare| {
                rare.permissions
                    .retain(|permission| id.is_some_and(|id| permission.id != id));
            });
        }
        self.tell_sharing_changed(place.drive);
        Ok(())
    }

    pub(in crate::microsoft) fn set_inheritance(
        &mut self,
        drive: &str,
        path: &str,
        inherits: bool,
    ) -> Result<(), ControlError> {
        let place = self.place_named(drive, path)?;
        let now = self.millis();
        if let Some(found) = self.state.drive_mut(place.drive) {
            found
                .tree
                .change_sharing(place.item, now, |rare| rare.unique_permissions = !inherits);
        }
        self.tell_sharing_changed(place.drive);
        Ok(())
    }

    /// Only subscribers that asked for it are told of sharing alone.
    fn tell_sharing_changed(&mut self, drive: crate::microsoft::state::drive::DriveIndex) {
        let wanted = self
            .state
            .subscriptions
            .iter()
            .any(|subscription| subscription.drive == drive && subscription.security_webhooks);
        if wanted {
            self.state.changed_drives.insert(drive);
        }
    }

    fn grant(&mut self, share: &Share) -> Result<Grant, ControlError> {
        Ok(match &share.with {
            ShareWith::Anonymous => self.link("anonymous", share, Vec::new()),
            ShareWith::Organization => self.link("organization", share, Vec::new()),
            ShareWith::People(names) => {
                let people = names.iter().map(|name| self.person(name)).collect();
                self.link("users", share, people)
            }
            ShareWith::Person(name) => Grant::To(self.person(name)),
            ShareWith::OneTimeGuest(email) => Grant::To(Principal::Person {
                id: None,
                name: email.clone(),
                email: Some(email.clone()),
                login: format!("i:0#.f|membership|urn%3aspo%3aguest#{email}"),
            }),
            ShareWith::Invited(email) => Grant::Invitation {
                email: email.clone(),
                sign_in_required: true,
            },
            ShareWith::Group(id) => Grant::To(self.group_principal(*id)?),
            ShareWith::SiteGroup(name) => Grant::To(Principal::SiteGroup {
                name: name.clone(),
                login: name.clone(),
            }),
            ShareWith::Everyone => Grant::To(Principal::SiteGroup {
                name: "Everyone".to_owned(),
                login: "c:0(.s|true".to_owned(),
            }),
            ShareWith::EveryoneExceptExternal => Grant::To(Principal::SiteGroup {
                name: "Everyone except external users".to_owned(),
                login: format!(
                    "c:0-.f|rolemanager|spo-grid-all-users/{}",
                    self.state.tenant_id
                ),
            }),
            ShareWith::Application(id) => Grant::To(Principal::Application {
                id: id.clone(),
                name: id.clone(),
            }),
        })
    }

    fn link(&mut self, scope: &str, share: &Share, recipients: Vec<Principal>) -> Grant {
        let token = self.state.new_uuid().simple().to_string();
        let kind = if share.role == "write" {
            "edit"
        } else {
            "view"
        };
        Grant::Link {
            scope: scope.to_owned(),
            kind: kind.to_owned(),
            web_url: format!("{}:x:/s/shared/E{token}", self.bases.sharepoint),
            has_password: share.password,
            prevents_download: false,
            recipients,
        }
    }

    fn person(&self, name: &str) -> Principal {
        match self.state.find_user(name) {
            Some(user) => {
                // A guest's login carries the address outside and the mark of a guest.
                let login = if user.guest {
                    format!(
                        "i:0#.f|membership|{}#ext#@{}.onmicrosoft.com",
                        user.user_principal_name.replace('@', "_"),
                        self.state.tenant_name
                    )
                } else {
                    format!("i:0#.f|membership|{}", user.user_principal_name)
                };
                Principal::Person {
                    id: Some(user.id),
                    name: user.name.clone(),
                    email: user.mail.clone(),
                    login,
                }
            }
            None => Principal::Person {
                id: None,
                name: name.to_owned(),
                email: Some(name.to_owned()),
                login: format!("i:0#.f|membership|{name}"),
            },
        }
    }

    fn group_principal(&self, id: Uuid) -> Result<Principal, ControlError> {
        use crate::microsoft::state::directory::GroupKind;

        let group = self
            .state
            .groups
            .iter()
            .find(|group| group.id == id)
            .ok_or_else(|| ControlError::NotFound(format!("group {id}")))?;
        let login = match group.kind {
            GroupKind::Unified => format!("c:0o.c|federateddirectoryclaimprovider|{id}"),
            _ => format!("c:0t.c|tenant|{id}"),
        };
        Ok(Principal::Group {
            id,
            name: group.name.clone(),
            login,
        })
    }
}

impl Microsoft {
    /// Shares an item, and gives the permission's id.
    ///
    /// # Panics
    ///
    /// When the item or the group is not there.
    #[track_caller]
    pub fn share(&self, drive: &str, path: &str, share: &Share) -> String {
        sure(self.with(|world| world.share_item(drive, path, share)))
    }

    /// Takes back one permission of an item's own, or all of them.
    ///
    /// # Panics
    ///
    /// When the item is not there.
    #[track_caller]
    pub fn unshare(&self, drive: &str, path: &str, permission: Option<&str>) {
        sure(self.with(|world| world.unshare_item(drive, path, permission)));
    }

    /// Says whether an item inherits the access of the folders above it.
    ///
    /// # Panics
    ///
    /// When the item is not there.
    #[track_caller]
    pub fn inherit_permissions(&self, drive: &str, path: &str, inherits: bool) {
        sure(self.with(|world| world.set_inheritance(drive, path, inherits)));
    }
}
