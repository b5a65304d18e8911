//! What can be done to the tenant from outside: by tests in the same process, and through the control API.

mod documents;
mod generate;
mod places;
mod sharing;
mod status;
mod tenant;
mod time;

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::generate::GenerateOptions;
use super::Microsoft;
use super::state::directory::{GroupKind, NoOneDrive, OneDriveState};
use super::world::EditError;
use crate::frame::ControlError;

/// A person to be added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewUser {
    /// The user principal name, which is also the mail address.
    pub name: String,
    /// The name that is shown; made from the principal name when empty.
    pub display_name: String,
    /// The department.
    pub department: Option<String>,
    /// The distinguished name in the directory on the premises.
    pub distinguished_name: Option<String>,
    /// Whether it is a guest.
    pub guest: bool,
    /// Whether the account can be used.
    pub enabled: bool,
    /// How the service says that there is no OneDrive; there is one when `None`.
    pub no_one_drive: Option<NoOneDrive>,
}

impl Default for NewUser {
    fn default() -> Self {
        Self {
            name: String::new(),
            display_name: String::new(),
            department: None,
            distinguished_name: None,
            guest: false,
            enabled: true,
            no_one_drive: None,
        }
    }
}

impl NewUser {
    /// A member of this user principal name, with a OneDrive.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// A group to be added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NewGroup {
    /// The name that is shown.
    pub name: String,
    /// What kind of group.
    pub kind: GroupKind,
    /// Members: user principal names, or ids of groups.
    pub members: Vec<String>,
}

/// Access to be given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Share {
    /// With whom.
    pub with: ShareWith,
    /// `read`, `write`, `owner`, or a role of the site's own.
    pub role: String,
    /// Seconds until it ends.
    pub expires_in: Option<i64>,
    /// Whether a link asks for a password.
    pub password: bool,
}

impl Default for Share {
    fn default() -> Self {
        Self {
            with: ShareWith::Organization,
            role: "read".to_owned(),
            expires_in: None,
            password: false,
        }
    }
}

impl Share {
    /// To read, without end.
    #[must_use]
    pub fn with(with: ShareWith) -> Self {
        Self {
            with,
            ..Self::default()
        }
    }
}

/// With whom something is shared (reference/microsoft-graph.md §7.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShareWith {
    /// A link for everybody who has it.
    Anonymous,
    /// A link for everybody of the organisation.
    Organization,
    /// A link for these people only.
    People(Vec<String>),
    /// A person of the directory, member or guest, by the user principal name.
    Person(String),
    /// Somebody outside who proves an address by a one-time code.
    OneTimeGuest(String),
    /// Somebody outside who was invited and has not come yet.
    Invited(String),
    /// A group of the directory, by its id.
    Group(Uuid),
    /// A group of the site.
    SiteGroup(String),
    /// Everyone, externals too.
    Everyone,
    /// Everyone but externals.
    EveryoneExceptExternal,
    /// An application.
    Application(String),
}

/// What is known of a file, for tests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileView {
    /// The item's id.
    pub id: String,
    /// The path below the drive's root.
    pub path: String,
    /// The true size.
    pub size: u64,
    /// The entity tag.
    pub e_tag: String,
    /// The content tag.
    pub c_tag: String,
    /// How many contents there were, the present one counted.
    pub versions: u32,
    /// Who changed it last.
    pub modified_by: String,
    /// The application that changed it last.
    pub application: Option<String>,
    /// The labels in the stored bytes.
    pub labels: Vec<Uuid>,
}

impl From<EditError> for ControlError {
    fn from(error: EditError) -> Self {
        match error {
            EditError::NotFound => Self::NotFound(error.to_string()),
            EditError::BadName => Self::BadArguments(error.to_string()),
            EditError::NameTaken
            | EditError::IntoItself
            | EditError::WrongKind
            | EditError::Full => Self::Conflict(error.to_string()),
        }
    }
}

/// The value, or a panic with the error.
///
/// A test that names a file which is not there is wrong, and is best told so at its own line.
#[track_caller]
#[expect(clippy::panic, reason = "operations in the same process are for tests")]
fn sure<T>(result: Result<T, ControlError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

impl Microsoft {
    /// Every file of a drive with its content, by path.
    ///
    /// # Panics
    ///
    /// When there is no such drive.
    #[must_use]
    #[track_caller]
    pub fn files(&self, drive: &str) -> BTreeMap<String, Bytes> {
        sure(self.with(|world| {
            let drive = world.drive_named(drive)?;
            let tree = &world.drive(drive)?.tree;
            let files = tree.items().filter(|(_, item)| !item.deleted);
            Ok(files
                .filter_map(|(index, item)| {
                    let content = world.state.blobs.get(item.blob?)?;
                    Some((tree.path(index).join("/"), content.bytes()))
                })
                .collect())
        }))
    }

    /// What is known of a file.
    #[must_use]
    pub fn file(&self, drive: &str, path: &str) -> Option<FileView> {
        self.with(|world| {
            world
                .place_named(drive, path)
                .and_then(|place| world.view(place))
                .ok()
        })
    }

    /// The id of an item.
    #[must_use]
    pub fn item_id(&self, drive: &str, path: &str) -> Option<String> {
        self.file_or_folder_id(drive, path).ok()
    }

    /// The id of the drive whose URL ends so, like `sites/finance/Shared Documents` or
    /// `personal/mina_alder_example/Documents`.
    #[must_use]
    pub fn drive_at(&self, path: &str) -> Option<String> {
        self.with(|world| {
            let drives = world.state.drives.iter();
            drives
                .filter(|drive| {
                    world
                        .site_of(drive)
                        .is_some_and(|site| format!("{}/{}", site.path, drive.url_name) == path)
                })
                .map(|drive| drive.id.clone())
                .next()
        })
    }

    /// The id of the library of the site `finance`, which is there from the start.
    #[must_use]
    pub fn library(&self) -> String {
        self.drive_at("sites/finance/Shared Documents")
            .unwrap_or_default()
    }

    /// The id of a person's OneDrive.
    #[must_use]
    pub fn one_drive(&self, user: &str) -> Option<String> {
        self.with(|world| match world.state.find_user(user)?.one_drive {
            OneDriveState::Drive(drive) => Some(world.state.drive(drive)?.id.clone()),
            OneDriveState::None(_) => None,
        })
    }

    /// The host-relative ids of a site: `alder.sharepoint.com,{collection},{site}`.
    #[must_use]
    pub fn site_id(&self, path: &str) -> Option<String> {
        self.with(|world| {
            let site = world.site_named(path).ok()?;
            Some(world.state.site_id(world.state.site(site)?))
        })
    }
}
