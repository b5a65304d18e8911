//! Changes of files and folders, whoever makes them.

use uuid::Uuid;

use super::World;
use crate::frame::StoredVersion;
use crate::microsoft::ids::ROOT_FOLDER;
use crate::microsoft::state::actor::{ActorRef, Actors};
use crate::microsoft::state::blob::BlobRef;
use crate::microsoft::state::drive::DriveIndex;
use crate::microsoft::state::item::{Item, ItemIndex, Kind, Millis, OldVersion};
use crate::microsoft::state::transient::Place;

/// The longest path below a site, decoded (reference/microsoft-graph.md §9).
const LONGEST_PATH: usize = 400;

/// Why a change cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    #[error("there is no such item")]
    NotFound,
    #[error("an item with this name already exists")]
    NameTaken,
    #[error("the name or path is not valid")]
    BadName,
    #[error("a folder cannot be moved into itself")]
    IntoItself,
    #[error("the item is of another kind")]
    WrongKind,
    #[error("there are too many items or contents")]
    Full,
}

/// An item to be made.
#[derive(Debug)]
pub(crate) struct NewItem<'a> {
    pub(crate) folder: ItemIndex,
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    pub(crate) blob: Option<BlobRef>,
    pub(crate) actor: ActorRef,
    /// A unique id, for items that tests know by heart.
    pub(crate) unique_id: Option<Uuid>,
}

impl World<'_> {
    /// Makes an item.
    pub(crate) fn create(
        &mut self,
        drive: DriveIndex,
        new: &NewItem<'_>,
    ) -> Result<ItemIndex, EditError> {
        check_name(new.name)?;
        let size = match new.blob {
            Some(blob) => self
                .state
                .blobs
                .get(blob)
                .ok_or(EditError::NotFound)?
                .size(),
            None => 0,
        };
        let (now, unique_id) = (self.millis(), self.state.new_uuid());
        let tree = &mut self.state.drive_mut(drive).ok_or(EditError::NotFound)?.tree;
        let folder = tree.live(new.folder).ok_or(EditError::NotFound)?;
        if !matches!(folder.kind, Kind::Folder | Kind::Package) {
            return Err(EditError::WrongKind);
        }
        let length: usize = tree
            .path(new.folder)
            .iter()
            .map(|name| name.chars().count() + 1)
            .sum();
        if length + new.name.chars().count() > LONGEST_PATH {
            return Err(EditError::BadName);
        }
        if tree.child(new.folder, new.name).is_some() {
            return Err(EditError::NameTaken);
        }
        let item = Item {
            unique_id: new
                .unique_id
                .filter(|id| *id != ROOT_FOLDER)
                .unwrap_or(unique_id),
            name: new.name.into(),
            parent: new.folder,
            kind: new.kind,
            deleted: false,
            created_by: new.actor,
            modified_by: new.actor,
            blob: new.blob,
            size,
            e_tag: 1,
            c_tag: u32::from(new.blob.is_some()),
            created: now,
            modified: now,
            sequence: 0,
            rare: None,
        };
        let item = tree.insert(item, now).ok_or(EditError::Full)?;
        self.state.changed_drives.insert(drive);
        if new.blob.is_some() {
            self.record_version(Place { drive, item }, new.actor);
        }
        Ok(item)
    }

    /// Puts a content in place of a file's, as a new version.
    pub(crate) fn replace(
        &mut self,
        place: Place,
        blob: BlobRef,
        actor: ActorRef,
    ) -> Result<(), EditError> {
        let size = self
            .state
            .blobs
            .get(blob)
            .ok_or(EditError::NotFound)?
            .size();
        let keeps_versions = self.drive(place.drive)?.library.enable_versioning;
        if self.item(place)?.kind != Kind::File {
            return Err(EditError::WrongKind);
        }
        self.change(place, |item, now| {
            let old = item.blob.map(|blob| OldVersion {
                blob,
                size: item.size,
                modified: item.modified,
                modified_by: item.modified_by,
            });
            let old_size = item.size;
            let rare = item.rare();
            if keeps_versions {
                rare.versions.extend(old);
            }
            rare.old_size = Some(old_size);
            rare.uploaded = Some(now);
            item.blob = Some(blob);
            item.size = size;
            item.modified = now;
            item.modified_by = actor;
            item.e_tag += 1;
            item.c_tag += 1;
        })?;
        self.record_version(place, actor);
        Ok(())
    }

    /// Rewrites a file's content without making a version, as the service does with library columns.
    pub(crate) fn rewrite(&mut self, place: Place, blob: BlobRef) -> Result<(), EditError> {
        let size = self
            .state
            .blobs
            .get(blob)
            .ok_or(EditError::NotFound)?
            .size();
        let moves_c_tag = self.switches.promotion_moves_ctag;
        self.change(place, |item, _| {
            if let Some(label) = item
                .rare
                .as_mut()
                .and_then(|rare| rare.stored_label.as_mut())
                && label.blob == item.blob
            {
                // The service knows what it wrote itself.
                label.blob = Some(blob);
            }
            item.blob = Some(blob);
            item.size = size;
            item.e_tag += 1;
            item.c_tag += u32::from(moves_c_tag);
        })?;
        self.record_version(place, Actors::SYSTEM);
        Ok(())
    }

    /// Gives an item another name, another folder, or both.
    pub(crate) fn relocate(
        &mut self,
        place: Place,
        folder: ItemIndex,
        name: &str,
        actor: ActorRef,
    ) -> Result<(), EditError> {
        check_name(name)?;
        let tree = &self.drive(place.drive)?.tree;
        if place.item == ItemIndex::ROOT {
            return Err(EditError::WrongKind);
        }
        tree.live(place.item).ok_or(EditError::NotFound)?;
        if !tree.live(folder).ok_or(EditError::NotFound)?.is_folder() {
            return Err(EditError::WrongKind);
        }
        if tree.is_within(folder, place.item) {
            return Err(EditError::IntoItself);
        }
        if tree
            .child(folder, name)
            .is_some_and(|taken| taken != place.item)
        {
            return Err(EditError::NameTaken);
        }
        let moves_c_tag = self.switches.ctag_moves_on_metadata;
        self.change(place, |item, now| {
            item.parent = folder;
            item.name = name.into();
            touch(item, now, actor, moves_c_tag);
        })
    }

    /// Changes a property that only the tags and times show.
    pub(crate) fn touch(&mut self, place: Place, actor: ActorRef) -> Result<(), EditError> {
        let moves_c_tag = self.switches.ctag_moves_on_metadata;
        self.change(place, |item, now| touch(item, now, actor, moves_c_tag))
    }

    /// Deletes an item and what lies in it.
    pub(crate) fn delete(&mut self, place: Place) -> Result<(), EditError> {
        let drive = self.drive(place.drive)?;
        drive.tree.live(place.item).ok_or(EditError::NotFound)?;
        if place.item == ItemIndex::ROOT {
            return Err(EditError::WrongKind);
        }
        let below = drive.tree.below(place.item);
        let listed = self.switches.deleted_folder_lists_children;
        let now = self.millis();
        let tree = &mut self
            .state
            .drive_mut(place.drive)
            .ok_or(EditError::NotFound)?
            .tree;
        // What lies deeper goes first: sizes of folders count what is still in them.
        for index in below.into_iter().rev() {
            if listed {
                tree.change(index, now, |item| item.deleted = true);
            } else {
                tree.change_unlisted(index, |item| item.deleted = true);
            }
        }
        tree.change(place.item, now, |item| item.deleted = true);
        self.state.changed_drives.insert(place.drive);
        Ok(())
    }

    /// Takes a deleted item, with what was deleted in it, out of the bin. It keeps its ids.
    pub(crate) fn undelete(&mut self, place: Place) -> Result<(), EditError> {
        let now = self.millis();
        let tree = &mut self
            .state
            .drive_mut(place.drive)
            .ok_or(EditError::NotFound)?
            .tree;
        let item = tree
            .get(place.item)
            .filter(|item| item.deleted)
            .ok_or(EditError::NotFound)?;
        tree.live(item.parent).ok_or(EditError::NotFound)?;
        if tree.child(item.parent, &item.name).is_some() {
            return Err(EditError::NameTaken);
        }
        let mut next = vec![place.item];
        while let Some(index) = next.pop() {
            // What was deleted before, and has a namesake now, stays in the bin.
            let taken = tree
                .get(index)
                .is_none_or(|item| tree.child(item.parent, &item.name).is_some());
            if taken {
                continue;
            }
            tree.change(index, now, |item| {
                item.deleted = false;
                item.e_tag += 1;
            });
            next.extend(
                tree.items_after(None)
                    .filter(|(at, item)| item.deleted && item.parent == index && *at != index)
                    .map(|(at, _)| at),
            );
        }
        self.state.changed_drives.insert(place.drive);
        Ok(())
    }

    /// Changes an item and notes it in the change log.
    pub(crate) fn change(
        &mut self,
        place: Place,
        change: impl FnOnce(&mut Item, Millis),
    ) -> Result<(), EditError> {
        self.item(place)?;
        let now = self.millis();
        let drive = self
            .state
            .drive_mut(place.drive)
            .ok_or(EditError::NotFound)?;
        drive.tree.change(place.item, now, |item| change(item, now));
        self.state.changed_drives.insert(place.drive);
        Ok(())
    }
}

fn touch(item: &mut Item, now: Millis, actor: ActorRef, moves_c_tag: bool) {
    item.modified = now;
    item.modified_by = actor;
    item.e_tag += 1;
    item.c_tag += u32::from(moves_c_tag);
}

/// Refuses the names that the service refuses (reference/microsoft-graph.md §9).
pub(crate) fn check_name(name: &str) -> Result<(), EditError> {
    const DEVICES: [&str; 5] = [".lock", "con", "prn", "aux", "nul"];
    let lower = name.to_lowercase();
    let numbered = |prefix: &str| {
        lower
            .strip_prefix(prefix)
            .is_some_and(|rest| rest.len() == 1 && rest.chars().all(|digit| digit.is_ascii_digit()))
    };
    let bad = name.is_empty()
        || name
            .chars()
            .any(|c| c.is_control() || "\"*:<>?/\\|".contains(c))
        || name.starts_with(' ')
        || name.ends_with([' ', '.'])
        || lower.contains("_vti_")
        || lower == "desktop.ini"
        || DEVICES.contains(&&*lower)
        || numbered("com")
        || numbered("lpt");
    if bad { Err(EditError::BadName) } else { Ok(()) }
}

pub(super) fn version_record(
    world: &World<'_>,
    place: Place,
    actor: ActorRef,
) -> Option<StoredVersion> {
    let drive = world.state.drive(place.drive)?;
    let item = drive.tree.get(place.item)?;
    let blob = world.state.blobs.get(item.blob?)?;
    let actor = world.state.actors.get(actor);
    Some(StoredVersion {
        seq: 0,
        time: world.now,
        drive: drive.id.clone(),
        item: drive.item_id(item),
        path: drive.tree.path(place.item).join("/"),
        sha256: blob.sha256().to_owned(),
        size: blob.size(),
        who: actor.who().to_owned(),
        application: actor.application().map(str::to_owned),
    })
}
