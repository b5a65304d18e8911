//! Who may see and do what.

use std::collections::BTreeSet;

use super::World;
use crate::box_service::state::collaboration::{
    Collaboration, CollaborationRole, CollaborationStatus, Grantee,
};
use crate::box_service::state::item::{Item, Place};
use crate::box_service::state::{Id, Millis};

/// How somebody reaches an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Owner,
    Collaborator(CollaborationRole),
    /// By the scope of the Global Content Manager: reading only.
    Everything,
}

impl Access {
    pub(crate) fn may_download(self) -> bool {
        match self {
            Self::Owner | Self::Everything => true,
            Self::Collaborator(role) => role.may_download(),
        }
    }

    pub(crate) fn may_upload(self) -> bool {
        match self {
            Self::Owner => true,
            Self::Everything => false,
            Self::Collaborator(role) => role.may_upload(),
        }
    }

    pub(crate) fn may_edit(self) -> bool {
        match self {
            Self::Owner => true,
            Self::Everything => false,
            Self::Collaborator(role) => role.may_edit(),
        }
    }
}

impl World<'_> {
    /// How a user reaches an item, in the trash or not; `None` when they do not.
    pub(crate) fn access(&self, user: Id, id: Id) -> Option<Access> {
        let item = self.state.tree.get(id)?;
        if item.owner == user {
            return Some(Access::Owner);
        }
        if self.state.collaborations.is_empty() {
            return None;
        }
        let mut within: BTreeSet<Id> = self.state.tree.ancestors(id).into_iter().collect();
        within.insert(id);
        let groups = self.state.groups_of(user);
        let roles = self
            .state
            .collaborations
            .values()
            .filter(|one| within.contains(&one.item) && one.is_in_force(self.millis()))
            .filter(|one| is_for(one, user, &groups))
            .map(|one| one.role);
        roles
            .min_by_key(|role| rank(*role))
            .map(Access::Collaborator)
    }

    /// The items in a user's root after one of them, in the order of their ids: their own, and those that others share with them.
    pub(crate) fn root_items(&self, user: Id, after: Option<Id>) -> Vec<Id> {
        let own = self.state.tree.children(Place::Root(user), after);
        let mut items: BTreeSet<Id> = own.map(|(id, _)| id).collect();
        items.extend(
            self.shared_with(user)
                .into_iter()
                .filter(|id| after.is_none_or(|after| *id > after)),
        );
        items.into_iter().collect()
    }

    /// Items of others that a user was invited to, each only where nothing above it is.
    fn shared_with(&self, user: Id) -> BTreeSet<Id> {
        if self.state.collaborations.is_empty() {
            return BTreeSet::new();
        }
        let groups = self.state.groups_of(user);
        let invited: BTreeSet<Id> = self
            .state
            .collaborations
            .values()
            .filter(|one| one.is_in_force(self.millis()) && !one.access_only)
            .filter(|one| is_for(one, user, &groups))
            .map(|one| one.item)
            .filter(|id| {
                let item = self.state.tree.active(*id);
                item.is_some_and(|item| item.owner != user)
            })
            .collect();
        let is_top = |id: &Id| {
            let above = self.state.tree.ancestors(*id);
            !above.iter().any(|above| invited.contains(above))
        };
        invited.iter().copied().filter(is_top).collect()
    }

    /// The folders above an item that a user sees, the outermost first; the root is not among them.
    pub(crate) fn visible_ancestors(&self, user: Id, id: Id) -> Vec<Id> {
        let mut above = self.state.tree.ancestors(id);
        above.reverse();
        let is_own = self
            .state
            .tree
            .get(id)
            .is_some_and(|item| item.owner == user);
        if !is_own {
            above.retain(|folder| self.access(user, *folder).is_some());
        }
        above
    }

    /// Whether anybody but the owner was invited to the item itself, or, by switch, to something above it.
    pub(crate) fn has_collaborations(&self, id: Id) -> bool {
        let mut asked = vec![id];
        if self.switches.inherited_has_collaborations {
            asked.extend(self.state.tree.ancestors(id));
        }
        self.state
            .collaborations
            .values()
            .any(|one| asked.contains(&one.item) && one.status != CollaborationStatus::Rejected)
    }

    /// Whether a link leads to the item or to something above it.
    pub(crate) fn is_linked(&self, id: Id) -> bool {
        let is_linked = |id: Id| {
            let item = self.state.tree.get(id);
            item.and_then(Item::shared_link).is_some()
        };
        is_linked(id) || self.state.tree.ancestors(id).into_iter().any(is_linked)
    }
}

impl Collaboration {
    fn is_in_force(&self, now: Millis) -> bool {
        self.status == CollaborationStatus::Accepted
            && self.expires.is_none_or(|expires| expires > now)
    }
}

fn is_for(collaboration: &Collaboration, user: Id, groups: &BTreeSet<Id>) -> bool {
    match &collaboration.grantee {
        Grantee::User(invited) => *invited == user,
        Grantee::Group(group) => groups.contains(group),
        Grantee::Email(_) => false,
    }
}

/// The strongest role first.
fn rank(role: CollaborationRole) -> u8 {
    match role {
        CollaborationRole::CoOwner => 0,
        CollaborationRole::Editor => 1,
        CollaborationRole::ViewerUploader => 2,
        CollaborationRole::Viewer => 3,
        CollaborationRole::PreviewerUploader => 4,
        CollaborationRole::Previewer => 5,
        CollaborationRole::Uploader => 6,
    }
}
