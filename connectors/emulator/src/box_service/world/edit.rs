//! Changes of files and folders, whoever makes them.

use super::{Actor, World};
use crate::box_service::state::collaboration::Grantee;
use crate::box_service::state::item::{Body, Item, Place, Version};
use crate::box_service::state::{Id, Millis};

/// The longest name (reference/box.md §6).
const LONGEST_NAME: usize = 255;

/// Why a change cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    #[error("there is no such item")]
    NotFound,
    #[error("an item with this name already exists")]
    NameTaken,
    #[error("the name is not valid")]
    BadName,
    #[error("the name is too long")]
    LongName,
    #[error("a folder cannot be moved into itself")]
    IntoItself,
    #[error("the item is of another kind")]
    WrongKind,
    #[error("the owner's storage is full")]
    QuotaExceeded,
}

/// A content that becomes a version.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewVersion {
    /// The content's number.
    pub(crate) content: usize,
    pub(crate) size: u64,
    /// The document's time, where the uploader says it.
    pub(crate) content_modified: Option<Millis>,
}

impl World<'_> {
    /// Makes a folder.
    pub(crate) fn create_folder(
        &mut self,
        place: Place,
        name: &str,
        actor: Actor,
    ) -> Result<Id, EditError> {
        let id = self.create(place, name, Body::Folder, None, actor)?;
        let told = match self.switches.folder_create_event {
            true => "CREATE",
            false => "",
        };
        self.happened(told, "ITEM_CREATE", id, actor);
        Ok(id)
    }

    /// Makes a file.
    pub(crate) fn create_file(
        &mut self,
        place: Place,
        name: &str,
        new: NewVersion,
        actor: Actor,
    ) -> Result<Id, EditError> {
        let owner = self.owner_of(place).ok_or(EditError::NotFound)?;
        self.check_quota(owner, new.size)?;
        let version = self.version(new, actor);
        let id = self.create(
            place,
            name,
            Body::File(version),
            new.content_modified,
            actor,
        )?;
        self.record_version(id, actor);
        self.happened("UPLOAD", "ITEM_UPLOAD", id, actor);
        Ok(id)
    }

    /// Makes a bookmark.
    pub(crate) fn create_link(
        &mut self,
        place: Place,
        name: &str,
        url: &str,
        actor: Actor,
    ) -> Result<Id, EditError> {
        self.create(place, name, Body::WebLink(url.to_owned()), None, actor)
    }

    fn create(
        &mut self,
        place: Place,
        name: &str,
        body: Body,
        content_modified: Option<Millis>,
        actor: Actor,
    ) -> Result<Id, EditError> {
        check_name(name)?;
        let owner = self.owner_of(place).ok_or(EditError::NotFound)?;
        if let Place::Folder(folder) = place
            && !self.item(folder)?.is_folder()
        {
            return Err(EditError::WrongKind);
        }
        if self.state.tree.named(place, name).is_some() {
            return Err(EditError::NameTaken);
        }
        let now = self.millis();
        let id = self.state.new_id();
        let item = Item {
            name: name.into(),
            parent: place,
            owner,
            etag: 0,
            created: now,
            modified: now,
            content_created: content_modified.unwrap_or(now),
            content_modified: content_modified.unwrap_or(now),
            created_by: actor.user,
            modified_by: actor.user,
            trashed: None,
            body,
            rare: None,
        };
        self.state.tree.insert(id, item);
        Ok(id)
    }

    /// Puts a content in place of a file's, as a new version.
    pub(crate) fn replace(
        &mut self,
        id: Id,
        new: NewVersion,
        actor: Actor,
    ) -> Result<(), EditError> {
        let owner = self.item(id)?.owner;
        self.check_quota(owner, new.size)?;
        let (now, version) = (self.millis(), self.version(new, actor));
        let item = self.state.tree.get_mut(id).ok_or(EditError::NotFound)?;
        let Body::File(present) = &mut item.body else {
            return Err(EditError::WrongKind);
        };
        let old = std::mem::replace(present, version);
        item.rare().versions.push(old);
        item.content_modified = new.content_modified.unwrap_or(now);
        touch(item, now, actor);
        self.record_version(id, actor);
        let told = self.switches.new_version_event.clone();
        self.happened(&told, "ITEM_UPLOAD", id, actor);
        if self.switches.item_modify_event {
            self.happened("ITEM_MODIFY", "ITEM_MODIFY", id, actor);
        }
        Ok(())
    }

    fn version(&mut self, new: NewVersion, actor: Actor) -> Version {
        Version {
            id: self.state.new_id(),
            content: new.content,
            size: new.size,
            uploaded: self.millis(),
            by: actor.user,
        }
    }

    /// Gives an item another name, another place, or both.
    pub(crate) fn relocate(
        &mut self,
        id: Id,
        place: Place,
        name: &str,
        actor: Actor,
    ) -> Result<(), EditError> {
        check_name(name)?;
        let item = self.item(id)?;
        let (was_named, was_at, old_owner) = (item.name.clone(), item.parent, item.owner);
        let owner = self.owner_of(place).ok_or(EditError::NotFound)?;
        if let Place::Folder(folder) = place {
            if !self.item(folder)?.is_folder() {
                return Err(EditError::WrongKind);
            }
            if folder == id || self.state.tree.ancestors(folder).contains(&id) {
                return Err(EditError::IntoItself);
            }
        }
        let taken = self.state.tree.named(place, name);
        if taken.is_some_and(|taken| taken != id) {
            return Err(EditError::NameTaken);
        }
        let now = self.millis();
        self.state.tree.relocate(id, place, name);
        if owner != old_owner {
            self.give(id, owner);
        }
        if let Some(item) = self.state.tree.get_mut(id) {
            touch(item, now, actor);
        }
        if was_at != place {
            self.happened("MOVE", "ITEM_MOVE", id, actor);
        }
        if *was_named != *name {
            self.happened("RENAME", "ITEM_RENAME", id, actor);
        }
        Ok(())
    }

    /// Gives an item and all below it to another owner, who no longer needs an invitation to it.
    pub(crate) fn give(&mut self, id: Id, owner: Id) {
        let all = self.state.tree.subtree(id);
        for below in &all {
            if let Some(item) = self.state.tree.get_mut(*below) {
                item.owner = owner;
            }
        }
        self.state
            .collaborations
            .retain(|_, one| one.grantee != Grantee::User(owner) || !all.contains(&one.item));
    }

    /// Puts an item into the trash.
    pub(crate) fn trash(&mut self, id: Id, actor: Actor) -> Result<(), EditError> {
        self.item(id)?;
        self.happened("DELETE", "ITEM_TRASH", id, actor);
        let now = self.millis();
        self.state.tree.trash(id, now);
        Ok(())
    }

    /// Takes an item out of the trash, to where it was.
    pub(crate) fn restore(&mut self, id: Id, actor: Actor) -> Result<(), EditError> {
        let item = self.state.tree.get(id).ok_or(EditError::NotFound)?;
        if item.trashed.is_none() || self.owner_of(item.parent).is_none() {
            return Err(EditError::NotFound);
        }
        let (place, name) = (item.parent, item.name.clone());
        if self.state.tree.named(place, &name).is_some() {
            return Err(EditError::NameTaken);
        }
        self.state.tree.restore(id);
        self.happened("UNDELETE", "ITEM_UNDELETE_VIA_TRASH", id, actor);
        Ok(())
    }

    /// Copies an item, and for a folder all that lies in it, to a place.
    pub(crate) fn copy(
        &mut self,
        id: Id,
        place: Place,
        name: &str,
        actor: Actor,
    ) -> Result<Id, EditError> {
        let copied = self.copy_quietly(id, place, name, actor)?;
        self.happened("COPY", "ITEM_COPY", copied, actor);
        Ok(copied)
    }

    /// No events for what lies in a folder (reference/box.md §3.3).
    fn copy_quietly(
        &mut self,
        id: Id,
        place: Place,
        name: &str,
        actor: Actor,
    ) -> Result<Id, EditError> {
        let item = self.item(id)?.clone();
        let body = match &item.body {
            Body::File(version) => Body::File(Version {
                id: self.state.new_id(),
                uploaded: self.millis(),
                by: actor.user,
                ..version.clone()
            }),
            other => other.clone(),
        };
        let is_file = matches!(body, Body::File(_));
        let copied = self.create(place, name, body, Some(item.content_modified), actor)?;
        if is_file {
            self.record_version(copied, actor);
        }
        let children: Vec<(Id, Box<str>)> = self
            .state
            .tree
            .children(Place::Folder(id), None)
            .filter(|(child, _)| *child != copied)
            .map(|(child, item)| (child, item.name.clone()))
            .collect();
        for (child, name) in children {
            self.copy_quietly(child, Place::Folder(copied), &name, actor)?;
        }
        Ok(copied)
    }

    /// Makes an older version the present one, as a new version.
    pub(crate) fn promote(&mut self, id: Id, version: Id, actor: Actor) -> Result<(), EditError> {
        let item = self.item(id)?;
        let old = item
            .rare
            .as_ref()
            .and_then(|rare| rare.versions.iter().find(|old| old.id == version))
            .ok_or(EditError::NotFound)?
            .clone();
        let (now, new_id) = (self.millis(), self.state.new_id());
        let item = self.state.tree.get_mut(id).ok_or(EditError::NotFound)?;
        let Body::File(present) = &mut item.body else {
            return Err(EditError::WrongKind);
        };
        let replaced = std::mem::replace(
            present,
            Version {
                id: new_id,
                uploaded: now,
                by: actor.user,
                ..old
            },
        );
        item.rare().versions.push(replaced);
        touch(item, now, actor);
        self.record_version(id, actor);
        self.happened(
            "FILE_VERSION_RESTORE",
            "ITEM_MAKE_CURRENT_VERSION",
            id,
            actor,
        );
        Ok(())
    }

    /// Changes the description, which the streams tell as a rename (reference/box.md §10 item 11).
    pub(crate) fn describe_item(
        &mut self,
        id: Id,
        description: &str,
        actor: Actor,
    ) -> Result<(), EditError> {
        self.item(id)?;
        let now = self.millis();
        if let Some(item) = self.state.tree.get_mut(id) {
            description.clone_into(&mut item.rare().description);
            touch(item, now, actor);
        }
        self.happened("RENAME", "ITEM_RENAME", id, actor);
        Ok(())
    }

    fn check_quota(&self, owner: Id, more: u64) -> Result<(), EditError> {
        let space = self.state.users.get(&owner).map_or(0, |user| user.space);
        // Counting is worth it only where there is a bound.
        if space == u64::MAX {
            return Ok(());
        }
        let used: u64 = self
            .state
            .tree
            .iter()
            .filter(|(_, item)| item.owner == owner)
            .map(|(_, item)| {
                let old = item.rare.iter().flat_map(|rare| &rare.versions);
                let all = item.version().into_iter().chain(old);
                all.map(|version| version.size).sum::<u64>()
            })
            .sum();
        if used.saturating_add(more) > space {
            return Err(EditError::QuotaExceeded);
        }
        Ok(())
    }
}

/// Moves what every change moves.
pub(super) fn touch(item: &mut Item, now: Millis, actor: Actor) {
    item.etag += 1;
    item.modified = now;
    item.modified_by = actor.user;
}

/// Which names are refused (reference/box.md §10 item 4).
fn check_name(name: &str) -> Result<(), EditError> {
    let is_bad = name.is_empty()
        || matches!(name, "." | "..")
        || name.ends_with(' ')
        || name
            .chars()
            .any(|c| matches!(c, '/' | '\\') || c.is_control());
    if is_bad {
        return Err(EditError::BadName);
    }
    if name.chars().count() > LONGEST_NAME {
        return Err(EditError::LongName);
    }
    Ok(())
}
