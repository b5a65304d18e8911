//! What people and administrators do, for tests: the hand behind the service's back. Each is an operation of the
//! control API too.
//!
//! A `place` is a My Drive, by its owner's address, or a shared drive, by its id. A `path` is below its top folder; a
//! `file` is an id.

mod generate;
mod items;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use self::generate::GenerateOptions;
pub use self::items::{ChannelView, FileView};
use super::Google;
use super::state::directory::DriveService;
use super::state::permission::{Grantee, Role};
use super::world::{Actor, EditError, NewPerson, World};
use crate::frame::{Content, ControlError};

/// A person to be added.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewUser {
    /// Primary address.
    pub email: String,
    /// First and last name; made from the address when empty.
    pub name: String,
    /// Path of the organisational unit; the root when empty.
    pub unit: String,
    /// Department.
    pub department: Option<String>,
    /// Whether it is an administrator.
    pub admin: bool,
    /// Whether it is a visitor.
    pub guest: bool,
}

/// What is to be changed about a person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct UserChange {
    pub(super) suspended: Option<bool>,
    pub(super) archived: Option<bool>,
    pub(super) admin: Option<bool>,
    pub(super) unit: Option<String>,
    pub(super) drive_service: Option<DriveService>,
}

type Done<T> = Result<T, ControlError>;

impl From<EditError> for ControlError {
    fn from(error: EditError) -> Self {
        match error {
            EditError::NotFound(_) => Self::NotFound(error.to_string()),
            EditError::WrongKind(_) | EditError::IntoItself | EditError::Taken(_) => {
                Self::Conflict(error.to_string())
            }
        }
    }
}

impl Google {
    fn edit<T>(&self, work: impl FnOnce(&mut World<'_>) -> Result<T, EditError>) -> Done<T> {
        Ok(self.with(work)?)
    }

    /// Adds a person with an empty My Drive; gives back the user's id.
    ///
    /// # Errors
    ///
    /// When the address is taken.
    pub fn add_user(&self, user: NewUser) -> Done<String> {
        let local = user.email.split('@').next().unwrap_or_default().to_owned();
        self.edit(|world| {
            world.add_person(NewPerson {
                name: if user.name.is_empty() {
                    local
                } else {
                    user.name
                },
                unit: if user.unit.is_empty() {
                    "/".to_owned()
                } else {
                    user.unit
                },
                email: user.email,
                department: user.department,
                is_admin: user.admin,
                is_guest: user.guest,
            })
        })
    }

    /// The id of a person.
    ///
    /// # Errors
    ///
    /// When there is no such person.
    pub fn user_id(&self, email: &str) -> Done<String> {
        self.with(|world| {
            let user = world.state.directory.user(email);
            user.map(|user| user.id.clone())
                .ok_or_else(|| ControlError::NotFound(email.to_owned()))
        })
    }

    pub(super) fn change_user(&self, email: &str, change: UserChange) -> Done<()> {
        self.edit(|world| {
            let user = world.state.directory.user_mut(email);
            let user = user.ok_or_else(|| EditError::NotFound(email.to_owned()))?;
            user.suspended = change.suspended.unwrap_or(user.suspended);
            user.archived = change.archived.unwrap_or(user.archived);
            user.is_admin = change.admin.unwrap_or(user.is_admin);
            user.drive = change.drive_service.unwrap_or(user.drive);
            if let Some(unit) = change.unit {
                user.unit = unit;
            }
            Ok(())
        })
    }

    /// Suspends a person, or lets them in again.
    ///
    /// # Errors
    ///
    /// When there is no such person.
    pub fn set_suspended(&self, email: &str, suspended: bool) -> Done<()> {
        let change = UserChange {
            suspended: Some(suspended),
            ..UserChange::default()
        };
        self.change_user(email, change)
    }

    /// Switches Drive on or off for a person.
    ///
    /// # Errors
    ///
    /// When there is no such person.
    pub fn set_drive_service(&self, email: &str, service: DriveService) -> Done<()> {
        let change = UserChange {
            drive_service: Some(service),
            ..UserChange::default()
        };
        self.change_user(email, change)
    }

    /// Adds a group of people.
    pub fn add_group(&self, email: &str, members: &[&str]) {
        self.with(|world| world.add_group(email, email, members));
    }

    /// Grants the service account a scope, which is named without its prefix, or takes it away.
    pub fn set_delegated(&self, scope: &str, is_granted: bool) {
        let scope = format!("{}{scope}", super::tokens::SCOPE_PREFIX);
        self.with(|world| match is_granted {
            true => world.state.delegated.insert(scope),
            false => world.state.delegated.remove(&scope),
        });
    }

    /// Switches an API of the project on or off: `drive`, `admin` or `drivelabels`.
    pub fn set_api_enabled(&self, api: &str, is_enabled: bool) {
        self.with(|world| match is_enabled {
            true => world.state.disabled_apis.remove(api),
            false => world.state.disabled_apis.insert(api.to_owned()),
        });
    }

    /// Makes every token that was given out invalid.
    pub fn revoke_tokens(&self) {
        self.with(|world| world.state.transient.grants.clear());
    }

    /// Adds a shared drive without members; gives back its id.
    pub fn add_shared_drive(&self, name: &str) -> String {
        self.with(|world| world.add_drive(name))
    }

    /// The id of the first shared drive of this name.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn shared_drive(&self, name: &str) -> Done<String> {
        self.with(|world| {
            let mut drives = world.state.drives.values();
            let found = drives.find(|drive| drive.name == name);
            found
                .map(|drive| drive.id.clone())
                .ok_or_else(|| ControlError::NotFound(name.to_owned()))
        })
    }

    /// Gives a shared drive another name.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn rename_shared_drive(&self, drive: &str, name: &str) -> Done<()> {
        self.edit(|world| world.rename_drive(drive, name))
    }

    /// Makes somebody a member of a shared drive; gives back the id of the permission.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn add_member(&self, drive: &str, grantee: Grantee, role: Role) -> Done<String> {
        self.edit(|world| world.add_member(drive, grantee, role))
    }

    /// Ends a membership, by the id of its permission.
    ///
    /// # Errors
    ///
    /// When there is no such member.
    pub fn remove_member(&self, drive: &str, permission: &str) -> Done<()> {
        self.edit(|world| world.remove_member(drive, permission))
    }

    /// Stores a file: a new one, or a new revision of the one that is there. Gives back its id.
    ///
    /// # Errors
    ///
    /// When there is no such place.
    pub fn put(&self, place: &str, path: &str, body: impl Into<Bytes>, who: &str) -> Done<String> {
        self.put_content(place, path, Content::new(body), who)
    }

    pub(super) fn put_content(
        &self,
        place: &str,
        path: &str,
        content: Content,
        who: &str,
    ) -> Done<String> {
        self.edit(|world| {
            let root = world.root(place)?;
            let number = world.put(root, path, content, &Actor::person(who))?;
            Ok(world.file(number)?.id.clone())
        })
    }

    /// Path and content of every file of a place that has bytes and is not in the bin.
    ///
    /// # Errors
    ///
    /// When there is no such place.
    pub fn files(&self, place: &str) -> Done<BTreeMap<String, Bytes>> {
        self.edit(|world| {
            let root = world.root(place)?;
            Ok(world.files_below(root))
        })
    }

    /// Saves a file in a person's name just before the next upload to it is looked at.
    ///
    /// # Errors
    ///
    /// When there is no such file.
    pub fn edit_before_upload(&self, file: &str, body: impl Into<Bytes>, who: &str) -> Done<()> {
        let content = Content::new(body);
        self.edit(|world| {
            let number = world.number(file)?;
            world
                .state
                .transient
                .edits
                .insert(number, (content, who.to_owned()));
            Ok(())
        })
    }
}
