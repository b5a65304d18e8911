//! Links, invitations, locks, classifications.

use uuid::Uuid;

use super::edit::{EditError, touch};
use super::{Actor, World};
use crate::box_service::state::Id;
use crate::box_service::state::collaboration::{
    Collaboration, CollaborationRole, CollaborationStatus, Grantee,
};
use crate::box_service::state::item::{Classification, Lock, SharedLink};

impl World<'_> {
    /// Makes, changes or removes the link to an item.
    pub(crate) fn set_link(
        &mut self,
        id: Id,
        link: Option<SharedLink>,
        actor: Actor,
    ) -> Result<(), EditError> {
        let had_link = self.item(id)?.shared_link().is_some();
        let has_link = link.is_some();
        let now = self.millis();
        if let Some(item) = self.state.tree.get_mut(id) {
            item.rare().shared_link = link;
            touch(item, now, actor);
        }
        let (enterprise, user) = match (had_link, has_link) {
            (_, false) => ("UNSHARE", "ITEM_SHARED_UNSHARE"),
            (false, true) => ("SHARE", "ITEM_SHARED_CREATE"),
            (true, true) => ("ITEM_SHARED_UPDATE", "ITEM_SHARED"),
        };
        self.happened(enterprise, user, id, actor);
        Ok(())
    }

    /// A link with an access level: what is effective is as asked for.
    pub(crate) fn new_link(&mut self, access: &str) -> SharedLink {
        SharedLink {
            id: self.state.new_id(),
            access: access.to_owned(),
            effective_access: access.to_owned(),
            effective_permission: "can_download".to_owned(),
            password: false,
            until: None,
        }
    }

    /// Invites somebody to an item.
    pub(crate) fn invite(
        &mut self,
        item: Id,
        grantee: Grantee,
        role: CollaborationRole,
        status: CollaborationStatus,
        actor: Actor,
    ) -> Result<Id, EditError> {
        self.item(item)?;
        let (id, now) = (self.state.new_id(), self.millis());
        self.state.collaborations.insert(
            id,
            Collaboration {
                item,
                grantee,
                role,
                status,
                access_only: false,
                created_by: actor.user,
                created: now,
                expires: None,
            },
        );
        self.happened(
            "COLLABORATION_INVITE",
            "COLLAB_INVITE_COLLABORATOR",
            item,
            actor,
        );
        if status == CollaborationStatus::Accepted {
            self.happened(
                "COLLABORATION_ACCEPT",
                "COLLAB_ADD_COLLABORATOR",
                item,
                actor,
            );
        }
        Ok(id)
    }

    /// Ends an invitation.
    pub(crate) fn uninvite(&mut self, id: Id, actor: Actor) -> Result<(), EditError> {
        let ended = self.state.collaborations.remove(&id);
        let item = ended.ok_or(EditError::NotFound)?.item;
        self.happened(
            "COLLABORATION_REMOVE",
            "COLLAB_REMOVE_COLLABORATOR",
            item,
            actor,
        );
        Ok(())
    }

    /// Locks a file, or unlocks it.
    pub(crate) fn set_lock(
        &mut self,
        id: Id,
        lock: Option<Lock>,
        actor: Actor,
    ) -> Result<(), EditError> {
        if self.item(id)?.version().is_none() {
            return Err(EditError::WrongKind);
        }
        let is_locked = lock.is_some();
        let now = self.millis();
        let moves_etag = self.switches.lock_moves_etag;
        if let Some(item) = self.state.tree.get_mut(id) {
            item.rare().lock = lock;
            if moves_etag {
                touch(item, now, actor);
            }
        }
        let (enterprise, user) = match is_locked {
            true => ("LOCK", "LOCK_CREATE"),
            false => ("UNLOCK", "LOCK_DESTROY"),
        };
        self.happened(enterprise, user, id, actor);
        Ok(())
    }

    /// Puts a classification on a file, or takes it off. Does not move the `etag` (reference/box.md §6).
    pub(crate) fn classify(
        &mut self,
        id: Id,
        name: Option<Option<String>>,
        actor: Actor,
    ) -> Result<(), EditError> {
        let before = self.item(id)?.rare.as_ref();
        let before = before.and_then(|rare| rare.classification.clone());
        let told = match (&before, &name) {
            (None, Some(_)) => "METADATA_INSTANCE_CREATE",
            (Some(_), Some(_)) => "METADATA_INSTANCE_UPDATE",
            (_, None) => "METADATA_INSTANCE_DELETE",
        };
        let after = name.map(|name| Classification {
            instance: before.as_ref().map_or_else(
                || Uuid::new_v4().to_string(),
                |before| before.instance.clone(),
            ),
            name,
            version: before.as_ref().map_or(0, |before| before.version + 1),
        });
        if let Some(item) = self.state.tree.get_mut(id) {
            item.rare().classification = after;
            item.etag += u32::from(self.switches.classification_moves_etag);
        }
        self.happened(told, "", id, actor);
        Ok(())
    }
}
