//! People and their My Drives.

use super::{EditError, World};
use crate::google::ids::IdKind;
use crate::google::state::directory::{DriveService, Group, User};
use crate::google::state::file::{FOLDER, File, FileNumber};
use crate::google::state::to_milliseconds;

/// A person to be added.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewPerson {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) unit: String,
    pub(crate) department: Option<String>,
    pub(crate) is_admin: bool,
    pub(crate) is_guest: bool,
}

impl World<'_> {
    /// Adds a person with an empty My Drive; gives back their id.
    pub(crate) fn add_person(&mut self, person: NewPerson) -> Result<String, EditError> {
        if self.state.directory.user(&person.email).is_some() {
            return Err(EditError::Taken(person.email));
        }
        let id = self.state.new_id(IdKind::Directory);
        let root_id = self.state.new_id(IdKind::Root);
        let root = self.add_root(&root_id, "My Drive", None, Some(id.clone()));
        let user = User {
            id: id.clone(),
            permission_id: self.state.new_id(IdKind::Permission),
            email: person.email,
            name: person.name,
            aliases: Vec::new(),
            is_admin: person.is_admin,
            suspended: false,
            archived: false,
            is_guest: person.is_guest,
            unit: person.unit,
            department: person.department,
            drive: DriveService::On,
            root,
            created: to_milliseconds(self.now),
        };
        self.state.directory.users.insert(id.clone(), user);
        Ok(id)
    }

    /// Adds a group.
    pub(crate) fn add_group(&mut self, email: &str, name: &str, members: &[&str]) {
        let group = Group {
            id: self.state.new_id(IdKind::Directory),
            email: email.to_owned(),
            name: name.to_owned(),
            members: members.iter().map(|member| member.to_lowercase()).collect(),
        };
        self.state
            .directory
            .groups
            .insert(email.to_lowercase(), group);
    }

    /// Makes a top folder. It stands in no log.
    pub(super) fn add_root(
        &mut self,
        id: &str,
        name: &str,
        drive: Option<String>,
        owner: Option<String>,
    ) -> FileNumber {
        let now = to_milliseconds(self.now);
        let number = self.state.next_number();
        self.state.insert(File {
            number,
            id: id.to_owned(),
            name: name.to_owned(),
            mime_type: FOLDER.to_owned(),
            parent: None,
            drive,
            owner,
            created: now,
            modified: now,
            modified_by: None,
            trashed: false,
            revisions: Vec::new(),
            version: 1,
            tag: 1,
            indexed: now,
            permissions: Vec::new(),
            rare: Box::default(),
        });
        number
    }
}
