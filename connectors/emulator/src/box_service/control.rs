//! The operations of the control API.

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

use super::hand::{NewCollaboration, NewLock, NewUser, number};
use super::state::collaboration::Grantee;
use super::state::item::{Lock, Place};
use super::world::{Actor, EditError};
use super::{BoxService, GenerateOptions, fresh};
use crate::frame::{Content, ContentPool, ControlError, Operation, PoolOptions, arguments};

pub(crate) const OPERATIONS: &[Operation] = &[
    Operation {
        name: "add_user",
        about: "makes a user: login, name, external, role, status, tracking_codes, space",
    },
    Operation {
        name: "put",
        about: "makes a file or a new version: user (login), path, text or base64",
    },
    Operation {
        name: "rename",
        about: "gives an item another path: user (login), from, to",
    },
    Operation {
        name: "remove",
        about: "puts an item into the trash: user (login), path",
    },
    Operation {
        name: "restore",
        about: "takes an item out of the trash: id",
    },
    Operation {
        name: "share",
        about: "makes a link: user (login), path, access (none removes it)",
    },
    Operation {
        name: "invite",
        about: "invites somebody: on {user (login), path}, who {user, group, email, role, status}",
    },
    Operation {
        name: "lock",
        about: "locks a file: on {user (login), path}, lock (none unlocks it)",
    },
    Operation {
        name: "files",
        about: "paths, ids and sizes of a user's files: user (login)",
    },
    Operation {
        name: "generate",
        about: "makes many files: user (login), files, folders, depth, prefix, mean_size",
    },
    Operation {
        name: "edit_before_upload",
        about: "a person changes a file just before the next upload: user (login), path, text",
    },
    Operation {
        name: "unavailable_after_upload",
        about: "the next uploads are stored and answered with 503: times",
    },
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct At {
    user: String,
    path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Put {
    user: String,
    path: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    base64: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rename {
    user: String,
    from: String,
    to: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Share {
    user: String,
    path: String,
    #[serde(default)]
    access: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Invite {
    on: At,
    who: NewCollaboration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Locked {
    on: At,
    #[serde(default)]
    lock: Option<NewLock>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfUser {
    user: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfItem {
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Times {
    times: u32,
}

#[derive(Deserialize)]
struct Generate {
    /// The first user where none is named.
    user: Option<String>,
    #[serde(default)]
    mean_size: Option<u64>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

impl BoxService {
    /// Does an operation of the control API.
    pub(crate) fn operate(&self, operation: &str, wanted: &Value) -> Result<Value, ControlError> {
        match operation {
            "add_user" => {
                let new: NewUser = arguments(wanted)?;
                Ok(json!({"id": self.add_user(&new)}))
            }
            "put" => self.operate_put(arguments(wanted)?),
            "rename" => {
                let Rename { user, from, to } = arguments(wanted)?;
                let (user, item) = self.item_at(&At { user, path: from })?;
                self.done(|world| world.move_to(item, user, &to, user))
            }
            "remove" => {
                let (user, item) = self.item_at(&arguments(wanted)?)?;
                self.done(|world| world.trash(item, Actor::person(user)))
            }
            "restore" => {
                let OfItem { id } = arguments(wanted)?;
                let actor = Actor::person(fresh::MINA);
                self.done(|world| world.restore(number(&id), actor))
            }
            "share" => {
                let Share { user, path, access } = arguments(wanted)?;
                let (user, item) = self.item_at(&At { user, path })?;
                self.done(|world| {
                    let link = access.map(|access| world.new_link(&access));
                    world.set_link(item, link, Actor::person(user))
                })
            }
            "invite" => self.operate_invite(arguments(wanted)?),
            "lock" => self.operate_lock(arguments(wanted)?),
            "files" => {
                let OfUser { user } = arguments(wanted)?;
                self.list_files(self.user_of(&user)?)
            }
            "generate" => self.operate_generate(arguments(wanted)?),
            "edit_before_upload" => {
                let Put {
                    user, path, text, ..
                } = arguments(wanted)?;
                let (user, item) = self.item_at(&At { user, path })?;
                let edit = (item, text.unwrap_or_default().into_bytes(), user);
                self.with(|world| world.state.script.edits_before_upload.push(edit));
                Ok(json!({}))
            }
            "unavailable_after_upload" => {
                let Times { times } = arguments(wanted)?;
                self.unavailable_after_upload(times);
                Ok(json!({}))
            }
            other => Err(ControlError::UnknownOperation(other.to_owned())),
        }
    }

    fn operate_put(&self, put: Put) -> Result<Value, ControlError> {
        let user = self.user_of(&put.user)?;
        let body = match (put.text, put.base64) {
            (Some(text), None) => text.into_bytes(),
            (None, Some(text)) => BASE64
                .decode(text.as_bytes())
                .map_err(|error| ControlError::BadArguments(error.to_string()))?,
            _ => {
                return Err(ControlError::BadArguments(
                    "either text or base64".to_owned(),
                ));
            }
        };
        let file = self.with(|world| world.put(user, &put.path, Content::new(body), user));
        Ok(json!({"id": file.map_err(refused)?.to_string()}))
    }

    fn operate_invite(&self, invite: Invite) -> Result<Value, ControlError> {
        let (owner, item) = self.item_at(&invite.on)?;
        let who = invite.who;
        let grantee = match (who.user, who.group, who.email) {
            (Some(user), ..) => Grantee::User(self.user_of(&user)?),
            (_, Some(group), _) => Grantee::Group(number(&group)),
            (.., Some(email)) => Grantee::Email(email),
            _ => return Err(ControlError::BadArguments("who is invited?".to_owned())),
        };
        let made = self
            .with(|world| world.invite(item, grantee, who.role, who.status, Actor::person(owner)));
        Ok(json!({"id": made.map_err(refused)?.to_string()}))
    }

    fn operate_lock(&self, locked: Locked) -> Result<Value, ControlError> {
        let (owner, item) = self.item_at(&locked.on)?;
        let by = match &locked.lock {
            Some(lock) => self.user_of(&lock.by)?,
            None => owner,
        };
        self.done(|world| {
            let now = world.millis();
            let lock = locked.lock.map(|new| Lock {
                id: world.state.new_id(),
                by,
                created: now,
                expires: new.seconds.map(|seconds| now + seconds * 1000),
                download_prevented: new.download_prevented,
                app_type: new.app_type,
            });
            world.set_lock(item, lock, Actor::person(owner))
        })
    }

    fn operate_generate(&self, wanted: Generate) -> Result<Value, ControlError> {
        let user = match &wanted.user {
            Some(user) => self.user_of(user)?,
            None => fresh::MINA,
        };
        let options: GenerateOptions = arguments(&Value::Object(wanted.rest))?;
        let pool = ContentPool::new(&PoolOptions {
            mean_size: wanted.mean_size.unwrap_or(PoolOptions::default().mean_size),
            ..PoolOptions::default()
        });
        self.generate(&user.to_string(), &options, &pool);
        Ok(json!({}))
    }

    fn list_files(&self, user: u64) -> Result<Value, ControlError> {
        self.with(|world| {
            let own = world.state.tree.iter().filter(|(id, item)| {
                item.owner == user && !item.is_folder() && !world.state.tree.is_trashed(*id)
            });
            let shown = own.filter_map(|(id, item)| {
                let version = item.version()?;
                Some(json!({
                    "id": id.to_string(),
                    "path": world.path(id),
                    "size": version.size,
                    "sha1": world.sha1(version),
                    "sha256": world.content(version).sha256(),
                }))
            });
            Ok(shown.collect())
        })
    }

    fn user_of(&self, login: &str) -> Result<u64, ControlError> {
        self.with(|world| {
            let mut users = world.state.users.iter();
            let found = users.find(|(_, user)| user.login.eq_ignore_ascii_case(login));
            found
                .map(|(id, _)| *id)
                .ok_or_else(|| ControlError::NotFound(format!("the user {login:?}")))
        })
    }

    fn item_at(&self, at: &At) -> Result<(u64, u64), ControlError> {
        let user = self.user_of(&at.user)?;
        let item = self.with(|world| world.state.tree.at_path(Place::Root(user), &at.path));
        item.map(|item| (user, item))
            .ok_or_else(|| ControlError::NotFound(format!("{:?} of {:?}", at.path, at.user)))
    }

    fn done(
        &self,
        act: impl FnOnce(&mut super::world::World<'_>) -> Result<(), EditError>,
    ) -> Result<Value, ControlError> {
        self.with(act).map_err(refused)?;
        Ok(json!({}))
    }
}

fn refused(error: EditError) -> ControlError {
    match error {
        EditError::NotFound => ControlError::NotFound(error.to_string()),
        other => ControlError::Conflict(other.to_string()),
    }
}
