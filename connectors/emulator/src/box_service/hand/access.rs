//! Links, invitations, locks, retention and watermarks.

use super::{NewCollaboration, NewLock, number};
use crate::box_service::state::Millis;
use crate::box_service::state::collaboration::Grantee;
use crate::box_service::state::item::{Lock, SharedLink};
use crate::box_service::world::Actor;
use crate::box_service::{BoxService, fresh};

#[allow(clippy::expect_used, reason = "hands of tests")]
impl BoxService {
    /// Makes a link with an access level: `open`, `company` or `collaborators`; `None` removes it.
    pub fn share(&self, item: &str, access: Option<&str>) {
        self.edit(item, |world, id, actor| {
            let link = access.map(|access| world.new_link(access));
            world.set_link(id, link, actor)
        });
    }

    /// Makes a link whose effect a policy or its end limits.
    pub fn share_limited(
        &self,
        item: &str,
        access: &str,
        effective_access: &str,
        effective_permission: &str,
        until: Option<Millis>,
    ) {
        self.edit(item, |world, id, actor| {
            let link = SharedLink {
                effective_access: effective_access.to_owned(),
                effective_permission: effective_permission.to_owned(),
                until,
                ..world.new_link(access)
            };
            world.set_link(id, Some(link), actor)
        });
    }

    /// Invites somebody to a file or folder. The invitation's id.
    pub fn invite(&self, item: &str, new: &NewCollaboration) -> String {
        let grantee = match (&new.user, &new.group, &new.email) {
            (Some(user), ..) => Grantee::User(number(user)),
            (_, Some(group), _) => Grantee::Group(number(group)),
            (.., email) => Grantee::Email(email.clone().unwrap_or_default()),
        };
        let mut made = 0;
        self.edit(item, |world, id, actor| {
            made = world.invite(id, grantee, new.role, new.status, actor)?;
            Ok(())
        });
        made.to_string()
    }

    /// Has somebody invited to an item who accepts, as they do: the event bears their name.
    pub fn accept_invitation(&self, item: &str, user: &str) {
        let user = number(user);
        self.with(|world| {
            let (role, status) = Default::default();
            world.invite(
                number(item),
                Grantee::User(user),
                role,
                status,
                Actor::person(user),
            )
        })
        .expect("an item to be invited to");
    }

    /// Ends an invitation.
    pub fn uninvite(&self, invitation: &str) {
        self.with(|world| world.uninvite(number(invitation), Actor::person(fresh::ADMIN)))
            .expect("an invitation");
    }

    /// Locks a file, or unlocks it.
    pub fn set_lock(&self, file: &str, lock: Option<&NewLock>) {
        self.edit(file, |world, id, actor| {
            let now = world.millis();
            let lock = lock.map(|new| Lock {
                id: world.state.new_id(),
                by: number(&new.by),
                created: now,
                expires: new.seconds.map(|seconds| now + seconds * 1000),
                download_prevented: new.download_prevented,
                app_type: new.app_type.clone(),
            });
            world.set_lock(id, lock, actor)
        });
    }

    /// Puts a file under retention until a time from now, or ends it.
    pub fn retain(&self, file: &str, seconds: Option<i64>) {
        self.edit(file, |world, id, _| {
            let until = seconds.map(|seconds| world.millis() + seconds * 1000);
            world.item(id)?;
            if let Some(item) = world.state.tree.get_mut(id) {
                item.rare().retained_until = until;
            }
            Ok(())
        });
    }

    /// Puts a watermark on a file.
    pub fn watermark(&self, file: &str) {
        self.edit(file, |world, id, _| {
            let now = world.millis();
            world.item(id)?;
            if let Some(item) = world.state.tree.get_mut(id) {
                item.rare().watermark = Some(now);
            }
            Ok(())
        });
    }
}
