//! Sharing, ownership and membership.

use chrono::{DateTime, Utc};

use super::{EditError, Touch, World};
use crate::google::ids::IdKind;
use crate::google::state::directory::UserId;
use crate::google::state::file::FileNumber;
use crate::google::state::log::{Aside, LogOf};
use crate::google::state::permission::{Grantee, Permission, Role};
use crate::google::state::shared_drive::SharedDrive;

impl World<'_> {
    /// The people whose logs a file is in.
    pub(super) fn viewers(&self, number: FileNumber) -> Vec<UserId> {
        let users = self.state.directory.users.values();
        users
            .filter(|user| {
                self.access(user, number)
                    .is_some_and(|access| access.is_own)
            })
            .map(|user| user.id.clone())
            .collect()
    }

    /// Notes in the logs of those who lost sight of a file that it is gone, and takes that back for those who see it
    /// again.
    pub(super) fn tell_viewers(&mut self, number: FileNumber, before: &[UserId]) {
        let after = self.viewers(number);
        let Some(id) = self.state.file(number).map(|file| file.id.clone()) else {
            return;
        };
        for lost in before.iter().filter(|user| !after.contains(user)) {
            let log = LogOf::User(lost.clone());
            self.state.logs.note(log, Aside::Gone(id.clone()), self.now);
        }
        for gained in after.iter().filter(|user| !before.contains(user)) {
            self.state.logs.withdraw(&LogOf::User(gained.clone()), &id);
        }
    }

    /// Shares a file; gives back the id of the permission.
    pub(crate) fn share(
        &mut self,
        number: FileNumber,
        grantee: Grantee,
        role: Role,
        expires: Option<DateTime<Utc>>,
    ) -> Result<String, EditError> {
        let before = self.viewers(number);
        let id = self.permission_id(&grantee);
        let permission = Permission {
            id: id.clone(),
            grantee,
            role,
            expires,
            deleted: false,
            view: None,
        };
        let file = self.file_mut(number)?;
        file.permissions.retain(|known| known.id != id);
        file.permissions.push(permission);
        self.touch(number, Touch::Sharing);
        self.tell_viewers(number, &before);
        Ok(id)
    }

    /// Takes a permission away.
    pub(crate) fn unshare(
        &mut self,
        number: FileNumber,
        permission: &str,
    ) -> Result<(), EditError> {
        let before = self.viewers(number);
        let file = self.file_mut(number)?;
        let count = file.permissions.len();
        file.permissions.retain(|known| known.id != permission);
        if file.permissions.len() == count {
            return Err(EditError::NotFound(permission.to_owned()));
        }
        self.touch(number, Touch::Sharing);
        self.tell_viewers(number, &before);
        Ok(())
    }

    /// Gives a file of My Drive to another person; the old owner stays an editor.
    pub(crate) fn give(&mut self, number: FileNumber, new_owner: &str) -> Result<(), EditError> {
        let before = self.viewers(number);
        let unknown = || EditError::NotFound(new_owner.to_owned());
        let user = self
            .state
            .directory
            .user(new_owner)
            .ok_or_else(unknown)?
            .id
            .clone();
        let file = self.file_mut(number)?;
        let old = file.owner.replace(user);
        let old = old.and_then(|old| self.state.directory.users.get(&old));
        if let Some((email, id)) = old.map(|old| (old.email.clone(), old.permission_id.clone())) {
            let permission = Permission {
                id,
                grantee: Grantee::User(email),
                role: Role::Writer,
                expires: None,
                deleted: false,
                view: None,
            };
            self.file_mut(number)?.permissions.push(permission);
        }
        self.touch(number, Touch::Sharing);
        self.tell_viewers(number, &before);
        Ok(())
    }

    /// The id of a permission: people and groups have theirs, links a fixed one.
    fn permission_id(&mut self, grantee: &Grantee) -> String {
        match grantee {
            Grantee::User(email) => match self.state.directory.user(email) {
                Some(user) => user.permission_id.clone(),
                None => stable_id(email),
            },
            Grantee::Group(email) => stable_id(email),
            Grantee::Domain { domain, .. } => format!("{}k", stable_id(domain)),
            Grantee::Anyone { discoverable: true } => "anyone".to_owned(),
            Grantee::Anyone {
                discoverable: false,
            } => "anyoneWithLink".to_owned(),
        }
    }

    /// Makes a shared drive without members.
    pub(crate) fn add_drive(&mut self, name: &str) -> String {
        let id = self.state.new_id(IdKind::Root);
        let root = self.add_root(&id, name, Some(id.clone()), None);
        let drive = SharedDrive {
            id: id.clone(),
            name: name.to_owned(),
            created: self.now,
            unit: None,
            root,
            members: Vec::new(),
        };
        self.state.drives.insert(id.clone(), drive);
        id
    }

    /// Makes somebody a member of a shared drive, or gives them another role.
    pub(crate) fn add_member(
        &mut self,
        drive: &str,
        grantee: Grantee,
        role: Role,
    ) -> Result<String, EditError> {
        let id = self.permission_id(&grantee);
        let before = self.members(drive);
        let members = &mut self.drive_mut(drive)?.members;
        members.retain(|known| known.id != id);
        members.push(Permission {
            id: id.clone(),
            grantee,
            role,
            expires: None,
            deleted: false,
            view: None,
        });
        self.tell_members(drive, &before);
        Ok(id)
    }

    /// Ends a membership.
    pub(crate) fn remove_member(&mut self, drive: &str, permission: &str) -> Result<(), EditError> {
        let before = self.members(drive);
        let members = &mut self.drive_mut(drive)?.members;
        let count = members.len();
        members.retain(|known| known.id != permission);
        if members.len() == count {
            return Err(EditError::NotFound(permission.to_owned()));
        }
        self.tell_members(drive, &before);
        Ok(())
    }

    /// Gives a shared drive another name.
    pub(crate) fn rename_drive(&mut self, drive: &str, name: &str) -> Result<(), EditError> {
        let root = {
            let drive = self.drive_mut(drive)?;
            name.clone_into(&mut drive.name);
            drive.root
        };
        name.clone_into(&mut self.file_mut(root)?.name);
        let now = self.now;
        let changed = Aside::Drive(drive.to_owned());
        for user in self.members(drive) {
            self.state
                .logs
                .note(LogOf::User(user), changed.clone(), now);
        }
        self.state
            .logs
            .note(LogOf::Drive(drive.to_owned()), changed, now);
        Ok(())
    }

    /// A shared drive, to change it.
    pub(crate) fn drive_mut(&mut self, drive: &str) -> Result<&mut SharedDrive, EditError> {
        self.state
            .drives
            .get_mut(drive)
            .ok_or_else(|| EditError::NotFound(drive.to_owned()))
    }

    fn members(&self, drive: &str) -> Vec<UserId> {
        let users = self.state.directory.users.values();
        users
            .filter(|user| self.membership(user, drive).is_some())
            .map(|user| user.id.clone())
            .collect()
    }

    /// One entry for each person whose membership changed, and none for the files (§3.2).
    fn tell_members(&mut self, drive: &str, before: &[UserId]) {
        let after = self.members(drive);
        let now = self.now;
        for gained in after.iter().filter(|user| !before.contains(user)) {
            let log = LogOf::User(gained.clone());
            self.state
                .logs
                .note(log, Aside::Drive(drive.to_owned()), now);
        }
        for lost in before.iter().filter(|user| !after.contains(user)) {
            let log = LogOf::User(lost.clone());
            self.state
                .logs
                .note(log, Aside::DriveGone(drive.to_owned()), now);
        }
        let log = LogOf::Drive(drive.to_owned());
        self.state
            .logs
            .note(log, Aside::Drive(drive.to_owned()), now);
    }
}

/// An id for somebody outside the directory, the same each time.
fn stable_id(address: &str) -> String {
    let number = address.to_lowercase().bytes().fold(0_u64, |hash, byte| {
        hash.wrapping_mul(1_099_511_628_211)
            .wrapping_add(u64::from(byte))
    });
    crate::google::ids::id(IdKind::Permission, number | 1 << 63)
}
