//! Who may do what to a file (reference/google-drive.md §8).

use super::World;
use crate::google::state::directory::User;
use crate::google::state::file::{File, FileNumber};
use crate::google::state::permission::{Grantee, Permission, Role};

/// What a person may do to a file, and how they come to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) role: Role,
    /// By their own permission, a group's or a membership, and not only because they have the link.
    pub(crate) is_own: bool,
}

impl World<'_> {
    /// What `user` may do to a file; `None` when they may not even see it.
    pub(crate) fn access(&self, user: &User, number: FileNumber) -> Option<Access> {
        let mut best: Option<Access> = None;
        let mut take = |role: Role, is_own: bool| {
            let found = Access { role, is_own };
            best = Some(best.map_or(found, |best| Access {
                role: best.role.max(role),
                is_own: best.is_own || is_own,
            }));
        };
        for file in self.state.lineage(number) {
            if file.owner.as_ref() == Some(&user.id) && file.number == number {
                take(Role::Owner, true);
            }
            for permission in &file.permissions {
                if let Some(is_own) = self.covers(permission, user) {
                    take(permission.role, is_own);
                }
            }
            // A member of the drive reaches everything in it.
            let drive = file.drive.as_ref().filter(|_| file.parent.is_none());
            if let Some(drive) = drive.and_then(|drive| self.state.drives.get(drive)) {
                for member in &drive.members {
                    if let Some(is_own) = self.covers(member, user) {
                        take(member.role, is_own);
                    }
                }
            }
        }
        best
    }

    /// What `user` may do in a shared drive as a member.
    pub(crate) fn membership(&self, user: &User, drive: &str) -> Option<Role> {
        let drive = self.state.drives.get(drive)?;
        let roles = drive
            .members
            .iter()
            .filter(|member| self.covers(member, user).is_some());
        roles.map(|member| member.role).max()
    }

    /// Whether a permission is for this person, and if so whether by their own name.
    fn covers(&self, permission: &Permission, user: &User) -> Option<bool> {
        if !permission.is_in_force(self.now) {
            return None;
        }
        match &permission.grantee {
            Grantee::User(email) => {
                let is_them = user.email.eq_ignore_ascii_case(email)
                    || user
                        .aliases
                        .iter()
                        .any(|alias| alias.eq_ignore_ascii_case(email));
                is_them.then_some(true)
            }
            Grantee::Group(group) => self
                .state
                .directory
                .is_member(group, &user.email)
                .then_some(true),
            Grantee::Domain { domain, .. } => {
                let own = user.email.rsplit_once('@').map_or("", |(_, domain)| domain);
                own.eq_ignore_ascii_case(domain).then_some(false)
            }
            Grantee::Anyone { .. } => Some(false),
        }
    }

    /// Whether somebody besides the owner can reach a file.
    pub(crate) fn is_shared(&self, number: FileNumber) -> bool {
        self.effective_permissions(number).len() > 1
    }

    /// The permissions of a file with those of the folders above it; of one that is given twice the wider.
    pub(crate) fn effective_permissions(
        &self,
        number: FileNumber,
    ) -> Vec<(Permission, Option<String>)> {
        let mut found: Vec<(Permission, Option<String>)> = Vec::new();
        let mut take = |permission: &Permission, from: Option<String>| match found
            .iter_mut()
            .find(|(known, _)| known.id == permission.id)
        {
            Some((known, _)) => known.role = known.role.max(permission.role),
            None => found.push((permission.clone(), from)),
        };
        for file in self.state.lineage(number) {
            let inherited = (file.number != number).then(|| file.id.clone());
            // The owner of a folder can reach what lies in it as an editor.
            if let Some(owner) = self.state.owner(file) {
                take(
                    &owner_permission(owner, inherited.is_some()),
                    inherited.clone(),
                );
            }
            for permission in &file.permissions {
                take(permission, inherited.clone());
            }
            if let Some(drive) = top_drive(file).and_then(|drive| self.state.drives.get(drive)) {
                for member in &drive.members {
                    take(member, Some(drive.id.clone()));
                }
            }
        }
        found
    }
}

fn top_drive(file: &File) -> Option<&String> {
    file.drive.as_ref().filter(|_| file.parent.is_none())
}

fn owner_permission(owner: &User, is_inherited: bool) -> Permission {
    Permission {
        id: owner.permission_id.clone(),
        grantee: Grantee::User(owner.email.clone()),
        role: if is_inherited {
            Role::Writer
        } else {
            Role::Owner
        },
        expires: None,
        deleted: false,
        view: None,
    }
}
