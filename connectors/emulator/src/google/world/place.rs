//! Files by path, for tests and the control API. The service itself knows no paths.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::{Actor, EditError, NewFile, World};
use crate::frame::Content;
use crate::google::mime;
use crate::google::state::file::{FOLDER, FileNumber};

impl World<'_> {
    /// The top folder of a My Drive (by address) or of a shared drive (by id).
    pub(crate) fn root(&self, place: &str) -> Result<FileNumber, EditError> {
        if let Some(drive) = self.state.drives.get(place) {
            return Ok(drive.root);
        }
        let user = self.state.directory.user(place);
        user.map(|user| user.root)
            .ok_or_else(|| EditError::NotFound(place.to_owned()))
    }

    /// What is at a path and not in the bin.
    pub(crate) fn at(&self, root: FileNumber, path: &str) -> Option<FileNumber> {
        let mut here = root;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let mut children = self.state.children(here);
            here = children
                .find(|file| file.name == name && !file.trashed)?
                .number;
        }
        Some(here)
    }

    /// As [`at`](Self::at), or an error that names the path.
    pub(crate) fn must_be_at(&self, root: FileNumber, path: &str) -> Result<FileNumber, EditError> {
        self.at(root, path)
            .ok_or_else(|| EditError::NotFound(path.to_owned()))
    }

    /// The folder at a path, made where it is not there.
    pub(crate) fn folder_at(
        &mut self,
        root: FileNumber,
        path: &str,
        actor: &Actor,
    ) -> Result<FileNumber, EditError> {
        let mut here = root;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let mut children = self.state.children(here);
            let known =
                children.find(|file| file.name == name && !file.trashed && file.is_folder());
            let known = known.map(|folder| folder.number);
            drop(children);
            here = match known {
                Some(folder) => folder,
                None => self.create(NewFile::new(name, FOLDER, here, None), actor)?,
            };
        }
        Ok(here)
    }

    /// Stores a content at a path: a new file, or a new revision of the one that is there.
    pub(crate) fn put(
        &mut self,
        root: FileNumber,
        path: &str,
        content: Content,
        actor: &Actor,
    ) -> Result<FileNumber, EditError> {
        if let Some(file) = self.at(root, path) {
            self.set_content(file, content, self.now, actor)?;
            return Ok(file);
        }
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self.folder_at(root, folder, actor)?;
        self.create(
            NewFile::new(name, mime::of_name(name), folder, Some(content)),
            actor,
        )
    }

    /// Gives a file or folder another path.
    pub(crate) fn relocate(
        &mut self,
        root: FileNumber,
        from: &str,
        to: &str,
        actor: &Actor,
    ) -> Result<(), EditError> {
        let number = self.must_be_at(root, from)?;
        let (folder, name) = to.rsplit_once('/').unwrap_or(("", to));
        let folder = self.folder_at(root, folder, actor)?;
        if self.file(number)?.parent != Some(folder) {
            self.move_to(number, folder)?;
        }
        if self.file(number)?.name != name {
            self.rename(number, name)?;
        }
        Ok(())
    }

    /// Path and content of every file below a top folder that has bytes and is not in the bin.
    pub(crate) fn files_below(&self, root: FileNumber) -> BTreeMap<String, Bytes> {
        let numbers = self.state.descendants(root);
        let files = numbers.into_iter().filter_map(|number| {
            let file = self.state.file(number)?;
            let content = self.content(file)?;
            (!self.state.is_trashed(number)).then(|| (self.path(number), content.bytes()))
        });
        files.collect()
    }
}
