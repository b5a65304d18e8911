//! What tests do to the enterprise, and what they see of it. A method that cannot do its work panics: it is a part of a
//! test. The control API goes another way.

mod access;
mod script;
mod sight;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::state::Id;
use super::state::collaboration::{CollaborationRole, CollaborationStatus};
use super::state::directory::{Group, Membership, Role, Status, User};
use super::state::item::Place;
use super::world::{Actor, EditError, NewVersion, World};
use super::{BoxService, fresh};
use crate::frame::Content;

/// A user to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewUser {
    /// The e-mail address.
    pub login: String,
    /// The name; the login when empty.
    pub name: String,
    /// Whether they belong to another enterprise.
    pub external: bool,
    /// The role.
    pub role: Role,
    /// The status.
    pub status: Status,
    /// Names and values of tracking codes.
    pub tracking_codes: Vec<(String, String)>,
    /// How many bytes they may store; unlimited when `None`.
    pub space: Option<u64>,
}

/// An invitation to be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewCollaboration {
    /// The user, by id.
    pub user: Option<String>,
    /// The group, by id.
    pub group: Option<String>,
    /// The address of somebody whom Box does not know.
    pub email: Option<String>,
    /// What they may do.
    pub role: CollaborationRole,
    /// How far it has come.
    pub status: CollaborationStatus,
}

/// A lock to be put on a file.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewLock {
    /// By whom, by id.
    pub by: String,
    /// `gsuite`, `office_wopi`, `office_wopiplus`, `other`; none when a person locked it.
    pub app_type: Option<String>,
    /// Seconds from now until it ends.
    pub seconds: Option<i64>,
    /// Whether nobody else may download.
    pub download_prevented: bool,
}

/// The number in an id; 0 for what is none.
pub(crate) fn number(id: &str) -> Id {
    id.parse().unwrap_or(0)
}

/// Why a hand could not do its work.
pub(crate) type Done<T> = Result<T, EditError>;

impl World<'_> {
    /// The folder at a path below a user's root, made as needed.
    pub(crate) fn folder_at(&mut self, user: Id, path: &str) -> Done<Place> {
        let mut place = Place::Root(user);
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let folder = match self.state.tree.named(place, name) {
                Some(folder) => folder,
                None => self.create_folder(place, name, Actor::person(user))?,
            };
            place = Place::Folder(folder);
        }
        Ok(place)
    }

    /// Makes a file at a path below a user's root, or a new version of it.
    pub(crate) fn put(&mut self, user: Id, path: &str, content: Content, who: Id) -> Done<Id> {
        let size = content.size();
        let new = NewVersion {
            content: self.keep(content),
            size,
            content_modified: None,
        };
        if let Some(file) = self.state.tree.at_path(Place::Root(user), path) {
            self.replace(file, new, Actor::person(who))?;
            return Ok(file);
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let place = self.folder_at(user, folder)?;
        self.create_file(place, name, new, Actor::person(who))
    }

    /// Gives what is at a path another one, in the root of the same or another user.
    pub(crate) fn move_to(&mut self, item: Id, user: Id, to: &str, who: Id) -> Done<()> {
        let (folder, name) = to.rsplit_once('/').unwrap_or(("", to));
        let place = self.folder_at(user, folder)?;
        self.relocate(item, place, name, Actor::person(who))
    }

    /// Makes a user.
    pub(crate) fn add_user(&mut self, new: &NewUser) -> Id {
        let (id, now) = (self.state.new_id(), self.millis());
        let name = match &*new.name {
            "" => &new.login,
            name => name,
        };
        let user = User {
            managed: !new.external,
            role: new.role,
            status: new.status,
            tracking_codes: new.tracking_codes.clone(),
            space: new.space.unwrap_or(u64::MAX),
            ..fresh::user(&new.login, name, now)
        };
        self.state.users.insert(id, user);
        if !new.external {
            self.happened_to_user("NEW_USER", id, Actor::person(fresh::ADMIN));
        }
        id
    }
}

#[allow(clippy::expect_used, clippy::panic, reason = "hands of tests")]
impl BoxService {
    /// The enterprise's id.
    #[must_use]
    pub fn enterprise_id(&self) -> String {
        fresh::ENTERPRISE.to_string()
    }

    /// The app's client id.
    #[must_use]
    pub fn client_id(&self) -> &'static str {
        fresh::CLIENT_ID
    }

    /// The app's client secret.
    #[must_use]
    pub fn client_secret(&self) -> &'static str {
        fresh::CLIENT_SECRET
    }

    /// The app's configuration file, as the developer console makes it.
    #[must_use]
    pub fn config_json(&self) -> String {
        serde_json::json!({
            "boxAppSettings": {
                "clientID": fresh::CLIENT_ID,
                "clientSecret": fresh::CLIENT_SECRET,
                "appAuth": {
                    "publicKeyID": fresh::PUBLIC_KEY_ID,
                    "privateKey": crate::APP_KEY_ENCRYPTED_PEM,
                    "passphrase": fresh::KEY_PASSPHRASE,
                },
            },
            "enterpriseID": self.enterprise_id(),
        })
        .to_string()
    }

    /// The first user, `mina@alder.example`.
    #[must_use]
    pub fn mina(&self) -> String {
        fresh::MINA.to_string()
    }

    /// The administrator, `admin@alder.example`.
    #[must_use]
    pub fn admin(&self) -> String {
        fresh::ADMIN.to_string()
    }

    /// Makes a user; their id.
    pub fn add_user(&self, new: &NewUser) -> String {
        self.with(|world| world.add_user(new)).to_string()
    }

    /// Changes a user.
    pub fn edit_user(
        &self,
        user: &str,
        role: Option<Role>,
        status: Option<Status>,
        login: Option<&str>,
    ) {
        self.with(|world| {
            let id = number(user);
            let user = world.state.users.get_mut(&id).expect("a user");
            if let Some(login) = login {
                login.clone_into(&mut user.login);
            }
            user.status = status.unwrap_or(user.status);
            let changes_role = role.is_some_and(|role| role != user.role);
            user.role = role.unwrap_or(user.role);
            let told = if changes_role {
                "CHANGE_ADMIN_ROLE"
            } else {
                "EDIT_USER"
            };
            world.happened_to_user(told, id, Actor::person(fresh::ADMIN));
        });
    }

    /// Makes a group; its id.
    pub fn add_group(&self, name: &str, all_users: bool) -> String {
        self.with(|world| {
            let id = world.state.new_id();
            let group = Group {
                name: name.to_owned(),
                all_users,
            };
            world.state.groups.insert(id, group);
            id.to_string()
        })
    }

    /// Puts a user into a group.
    pub fn join(&self, user: &str, group: &str) {
        self.with(|world| {
            let id = world.state.new_id();
            let membership = Membership {
                user: number(user),
                group: number(group),
                admin: false,
            };
            world.state.memberships.insert(id, membership);
            world.happened_to_group("GROUP_ADD_USER", number(group), Actor::person(fresh::ADMIN));
        });
    }

    /// Makes a file at a path below a user's root, or a new version of it, as the user. Its id.
    pub fn put(&self, user: &str, path: &str, body: impl Into<Bytes>) -> String {
        self.put_as(user, path, body, user)
    }

    /// Makes a file at a path below a user's root, or a new version of it, as somebody else. Its id.
    pub fn put_as(&self, user: &str, path: &str, body: impl Into<Bytes>, who: &str) -> String {
        let content = Content::new(body);
        self.with(|world| world.put(number(user), path, content, number(who)))
            .expect("a file to put")
            .to_string()
    }

    /// Makes a bookmark in a user's root. Its id.
    pub fn add_web_link(&self, user: &str, name: &str, url: &str) -> String {
        let user = number(user);
        self.with(|world| world.create_link(Place::Root(user), name, url, Actor::person(user)))
            .expect("a bookmark to make")
            .to_string()
    }

    /// Makes a folder and those above it. Its id.
    pub fn add_folder(&self, user: &str, path: &str) -> String {
        match self.with(|world| world.folder_at(number(user), path)) {
            Ok(Place::Folder(folder)) => folder.to_string(),
            other => panic!("no folder {path}: {other:?}"),
        }
    }

    /// The item at a path below a user's root.
    #[must_use]
    pub fn find(&self, user: &str, path: &str) -> Option<String> {
        self.with(|world| world.state.tree.at_path(Place::Root(number(user)), path))
            .map(|id| id.to_string())
    }

    /// Gives a file or folder another path below the root of a user.
    pub fn rename(&self, item: &str, user: &str, to: &str) {
        self.with(|world| world.move_to(number(item), number(user), to, number(user)))
            .expect("an item to move");
    }

    /// Gives a file or folder another path below the root of a user; `who` does it.
    pub fn move_as(&self, item: &str, user: &str, to: &str, who: &str) {
        self.with(|world| world.move_to(number(item), number(user), to, number(who)))
            .expect("an item to move");
    }

    /// Copies a file or folder to a path below the root of a user. The copy's id.
    pub fn copy(&self, item: &str, user: &str, to: &str) -> String {
        let copied = self.with(|world| {
            let (folder, name) = to.rsplit_once('/').unwrap_or(("", to));
            let place = world.folder_at(number(user), folder)?;
            world.copy(number(item), place, name, Actor::person(number(user)))
        });
        copied.expect("an item to copy").to_string()
    }

    /// Puts a file or folder into the trash.
    pub fn trash(&self, item: &str) {
        self.edit(item, |world, id, actor| {
            world.trash(id, actor)?;
            Ok(())
        });
    }

    /// Takes a file or folder out of the trash.
    pub fn restore_from_trash(&self, item: &str) {
        self.edit(item, |world, id, actor| {
            world.restore(id, actor)?;
            Ok(())
        });
    }

    /// Changes a description, which is no change of content.
    pub fn set_description(&self, item: &str, description: &str) {
        self.edit(item, |world, id, actor| {
            world.describe_item(id, description, actor)
        });
    }

    pub(super) fn edit(
        &self,
        item: &str,
        edit: impl FnOnce(&mut World<'_>, Id, Actor) -> Done<()>,
    ) {
        let done = self.with(|world| {
            let id = number(item);
            let owner = world.state.tree.get(id).ok_or(EditError::NotFound)?.owner;
            edit(world, id, Actor::person(owner))
        });
        done.unwrap_or_else(|error| panic!("item {item}: {error}"));
    }
}
