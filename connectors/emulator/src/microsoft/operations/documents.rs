//! Operations on files and folders.

use bytes::Bytes;

use super::{Microsoft, sure};
use crate::frame::{Content, ControlError};
use crate::microsoft::state::item::{ItemIndex, Kind};
use crate::microsoft::state::transient::{PendingEdit, Place};
use crate::microsoft::world::{NewItem, World};

impl World<'_> {
    pub(in crate::microsoft) fn put_file(
        &mut self,
        drive: &str,
        path: &str,
        content: Content,
        who: &str,
    ) -> Result<String, ControlError> {
        let drive = self.drive_named(drive)?;
        let (folder, name) = self.folder_for(drive, path, who)?;
        let actor = self.state.actor(who);
        let blob = self.keep(content)?;
        let item = match self.drive(drive)?.tree.child(folder, &name) {
            Some(item) => {
                self.replace(Place { drive, item }, blob, actor)?;
                item
            }
            None => self.create(
                drive,
                &NewItem {
                    folder,
                    name: &name,
                    kind: Kind::File,
                    blob: Some(blob),
                    actor,
                    unique_id: None,
                },
            )?,
        };
        self.id_of(Place { drive, item })
    }

    pub(in crate::microsoft) fn put_folder(
        &mut self,
        drive: &str,
        path: &str,
        who: &str,
    ) -> Result<String, ControlError> {
        let drive = self.drive_named(drive)?;
        let item = self.folder_at(drive, path, who)?;
        self.id_of(Place { drive, item })
    }

    pub(in crate::microsoft) fn move_item(
        &mut self,
        drive: &str,
        from: &str,
        to: &str,
        who: &str,
    ) -> Result<(), ControlError> {
        let place = self.place_named(drive, from)?;
        let (folder, name) = self.folder_for(place.drive, to, who)?;
        let actor = self.state.actor(who);
        Ok(self.relocate(place, folder, &name, actor)?)
    }

    /// Moves a file to another drive: it goes here and comes there, with another id.
    pub(in crate::microsoft) fn move_across(
        &mut self,
        from: (&str, &str),
        to: (&str, &str),
        who: &str,
    ) -> Result<String, ControlError> {
        let place = self.place_named(from.0, from.1)?;
        let content = self.blob(place)?.clone();
        let id = self.put_file(to.0, to.1, content, who)?;
        self.delete(place)?;
        Ok(id)
    }

    pub(in crate::microsoft) fn remove_item(
        &mut self,
        drive: &str,
        path: &str,
    ) -> Result<(), ControlError> {
        let place = self.place_named(drive, path)?;
        Ok(self.delete(place)?)
    }

    /// Takes the item that was deleted last at a path out of the bin.
    pub(in crate::microsoft) fn restore_item(
        &mut self,
        drive: &str,
        path: &str,
    ) -> Result<String, ControlError> {
        let drive = self.drive_named(drive)?;
        let tree = &self.drive(drive)?.tree;
        let wanted = path.trim_matches('/').to_lowercase();
        let item = tree
            .items()
            .filter(|(_, item)| item.deleted)
            .filter(|(index, _)| tree.path(*index).join("/").to_lowercase() == wanted)
            .max_by_key(|(_, item)| item.sequence)
            .map(|(index, _)| index)
            .ok_or_else(|| ControlError::NotFound(format!("{path:?} in the bin")))?;
        self.undelete(Place { drive, item })?;
        self.id_of(Place { drive, item })
    }

    pub(in crate::microsoft) fn edit_properties(
        &mut self,
        drive: &str,
        path: &str,
        who: &str,
    ) -> Result<(), ControlError> {
        let place = self.place_named(drive, path)?;
        let actor = self.state.actor(who);
        Ok(self.touch(place, actor)?)
    }

    /// Makes an item that is neither file nor folder.
    pub(in crate::microsoft) fn put_special(
        &mut self,
        drive: &str,
        path: &str,
        kind: Kind,
        who: &str,
    ) -> Result<Place, ControlError> {
        let drive = self.drive_named(drive)?;
        let (folder, name) = self.folder_for(drive, path, who)?;
        let actor = self.state.actor(who);
        let item = self.create(
            drive,
            &NewItem {
                folder,
                name: &name,
                kind,
                blob: None,
                actor,
                unique_id: None,
            },
        )?;
        Ok(Place { drive, item })
    }

    pub(in crate::microsoft) fn put_package(
        &mut self,
        drive: &str,
        path: &str,
        who: &str,
    ) -> Result<String, ControlError> {
        let place = self.put_special(drive, path, Kind::Package, who)?;
        let actor = self.state.actor(who);
        for name in ["Open Notebook.onetoc2", "Notes.one"] {
            let blob = self.keep(Content::new(Bytes::from_static(b"onenote section")))?;
            self.create(
                place.drive,
                &NewItem {
                    folder: place.item,
                    name,
                    kind: Kind::File,
                    blob: Some(blob),
                    actor,
                    unique_id: None,
                },
            )?;
        }
        self.id_of(place)
    }

    pub(in crate::microsoft) fn put_shortcut(
        &mut self,
        drive: &str,
        path: &str,
        target: (&str, &str),
        who: &str,
    ) -> Result<String, ControlError> {
        let target = self.place_named(target.0, target.1)?;
        let remote = {
            let drive = self.drive(target.drive)?;
            let item = self.item(target)?;
            serde_json::json!({
                "id": drive.item_id(item),
                "name": item.name,
                "size": drive.tree.size(target.item),
                "folder": { "childCount": drive.tree.child_count(target.item) },
                "parentReference": { "driveId": drive.id, "driveType": drive.kind.word() },
                "webUrl": self.drive_url(drive),
            })
        };
        let place = self.put_special(drive, path, Kind::Remote, who)?;
        self.change(place, |item, _| item.rare().remote = Some(remote))?;
        self.id_of(place)
    }

    pub(in crate::microsoft) fn plan_edit(
        &mut self,
        drive: &str,
        path: &str,
        body: &Bytes,
        who: &str,
    ) -> Result<(), ControlError> {
        let place = self.place_named(drive, path)?;
        let who = self.state.actor(who);
        self.state.pending_edits.push(PendingEdit {
            place,
            body: body.to_vec(),
            who,
        });
        Ok(())
    }
}

impl Microsoft {
    /// Stores a file, new or in place of what is there, and gives the item's id. Folders are made. An empty
    /// `who` is the service itself.
    ///
    /// # Panics
    ///
    /// When there is no such drive, or the path cannot be.
    #[track_caller]
    pub fn put(&self, drive: &str, path: &str, body: impl Into<Bytes>, who: &str) -> String {
        self.put_content(drive, path, Content::new(body), who)
    }

    /// As [`put`](Self::put), with a content that is perhaps not made yet.
    ///
    /// # Panics
    ///
    /// When there is no such drive, or the path cannot be.
    #[track_caller]
    pub fn put_content(&self, drive: &str, path: &str, content: Content, who: &str) -> String {
        sure(self.with(|world| world.put_file(drive, path, content, who)))
    }

    /// Makes a folder, with those above it, and gives its id.
    ///
    /// # Panics
    ///
    /// When there is no such drive, or the path cannot be.
    #[track_caller]
    pub fn create_folder(&self, drive: &str, path: &str, who: &str) -> String {
        sure(self.with(|world| world.put_folder(drive, path, who)))
    }

    /// Gives an item another path.
    ///
    /// # Panics
    ///
    /// When it is not there, or cannot go there.
    #[track_caller]
    pub fn rename(&self, drive: &str, from: &str, to: &str, who: &str) {
        sure(self.with(|world| world.move_item(drive, from, to, who)));
    }

    /// Moves a file to another drive, where it has another id, which is given.
    ///
    /// # Panics
    ///
    /// When it is not there, or cannot go there.
    #[track_caller]
    pub fn move_to_drive(&self, from: (&str, &str), to: (&str, &str), who: &str) -> String {
        sure(self.with(|world| world.move_across(from, to, who)))
    }

    /// Deletes an item and what lies in it.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn remove(&self, drive: &str, path: &str) {
        sure(self.with(|world| world.remove_item(drive, path)));
    }

    /// Takes an item out of the bin, with what lay in it; it keeps its id.
    ///
    /// # Panics
    ///
    /// When it is not in the bin.
    #[track_caller]
    pub fn restore_from_bin(&self, drive: &str, path: &str) -> String {
        sure(self.with(|world| world.restore_item(drive, path)))
    }

    /// Changes a property of an item: only tags and times move.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn edit_metadata(&self, drive: &str, path: &str, who: &str) {
        sure(self.with(|world| world.edit_properties(drive, path, who)));
    }

    /// Makes a OneNote notebook with two sections.
    ///
    /// # Panics
    ///
    /// When the path cannot be.
    #[track_caller]
    pub fn package(&self, drive: &str, path: &str, who: &str) -> String {
        sure(self.with(|world| world.put_package(drive, path, who)))
    }

    /// Makes a shortcut to an item, perhaps of another drive.
    ///
    /// # Panics
    ///
    /// When the target is not there, or the path cannot be.
    #[track_caller]
    pub fn shortcut(&self, drive: &str, path: &str, target: (&str, &str), who: &str) -> String {
        sure(self.with(|world| world.put_shortcut(drive, path, target, who)))
    }

    /// Lets somebody save a file just before the next upload to it is handled.
    ///
    /// # Panics
    ///
    /// When it is not there.
    #[track_caller]
    pub fn edit_before_upload(&self, drive: &str, path: &str, body: impl Into<Bytes>, who: &str) {
        let body = body.into();
        sure(self.with(|world| world.plan_edit(drive, path, &body, who)));
    }

    /// The id of an item; that of the root folder for an empty path.
    pub(super) fn file_or_folder_id(
        &self,
        drive: &str,
        path: &str,
    ) -> Result<String, ControlError> {
        self.with(|world| {
            let place = if path.is_empty() {
                let drive = world.drive_named(drive)?;
                Place {
                    drive,
                    item: ItemIndex::ROOT,
                }
            } else {
                world.place_named(drive, path)?
            };
            world.id_of(place)
        })
    }
}
