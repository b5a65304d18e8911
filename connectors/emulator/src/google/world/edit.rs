//! Making, changing and removing files.

use chrono::{DateTime, Utc};

use super::{EditError, World};
use crate::frame::Content;
use crate::google::ids::IdKind;
use crate::google::state::file::{File, FileNumber, Rare, Revision};
use crate::google::state::log::{Aside, LogOf};
use crate::google::state::to_milliseconds;

/// In whose name something is done, and by which application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Actor {
    /// Address.
    pub(crate) email: String,
    /// `None` for a person in the browser, that is for the control API.
    pub(crate) application: Option<String>,
}

impl Actor {
    /// A person.
    pub(crate) fn person(email: &str) -> Self {
        Self {
            email: email.to_owned(),
            application: None,
        }
    }
}

/// What a change was of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Touch {
    Content,
    Metadata,
    /// Permissions and labels.
    Sharing,
}

/// A file to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewFile {
    pub(crate) name: String,
    pub(crate) mime_type: String,
    pub(crate) parent: FileNumber,
    /// `None` for what has no bytes.
    pub(crate) content: Option<Content>,
    pub(crate) created: Option<DateTime<Utc>>,
    pub(crate) modified: Option<DateTime<Utc>>,
    pub(crate) rare: Rare,
}

impl NewFile {
    pub(crate) fn new(
        name: &str,
        mime_type: &str,
        parent: FileNumber,
        content: Option<Content>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            mime_type: mime_type.to_owned(),
            parent,
            content,
            created: None,
            modified: None,
            rare: Rare::default(),
        }
    }
}

impl World<'_> {
    /// Makes a file. In My Drive it belongs to the one who makes it, whosever the folder is.
    pub(crate) fn create(&mut self, new: NewFile, actor: &Actor) -> Result<FileNumber, EditError> {
        let parent = self.file(new.parent)?;
        if !parent.is_folder() {
            return Err(EditError::WrongKind(parent.id.clone()));
        }
        let drive = parent.drive.clone();
        let owner = match &drive {
            Some(_) => None,
            None => {
                let unknown = || EditError::NotFound(actor.email.clone());
                Some(
                    self.state
                        .directory
                        .user(&actor.email)
                        .ok_or_else(unknown)?
                        .id
                        .clone(),
                )
            }
        };
        let now = to_milliseconds(self.now);
        let number = self.state.next_number();
        let id = self.state.new_id(IdKind::File);
        let mut file = File {
            number,
            id,
            name: new.name,
            mime_type: new.mime_type,
            parent: Some(new.parent),
            drive,
            owner,
            created: new.created.map_or(now, to_milliseconds),
            modified: new.modified.map_or(now, to_milliseconds),
            modified_by: Some(actor.email.clone()),
            trashed: false,
            revisions: Vec::new(),
            version: 1,
            tag: 1,
            indexed: now,
            permissions: Vec::new(),
            rare: Box::new(new.rare),
        };
        if let Some(content) = new.content {
            let blob = self.state.keep(content);
            let revision = self.revision(blob, &file, actor);
            file.revisions.push(revision);
        }
        self.state.insert(file);
        self.state.logs.file_changed(number, self.now);
        self.record_version(number, actor);
        Ok(number)
    }

    fn revision(&mut self, blob: usize, file: &File, actor: &Actor) -> Revision {
        Revision {
            id: self.state.new_id(IdKind::Revision),
            blob,
            modified: file.modified,
            modified_by: Some(actor.email.clone()),
            mime_type: file.mime_type.clone(),
            keep_forever: false,
        }
    }

    /// Gives a file new content; `modified` is what its time becomes.
    pub(crate) fn set_content(
        &mut self,
        number: FileNumber,
        content: Content,
        modified: DateTime<Utc>,
        actor: &Actor,
    ) -> Result<(), EditError> {
        let file = self.file(number)?;
        if !file.is_blob() {
            return Err(EditError::WrongKind(file.id.clone()));
        }
        let mut as_written = file.clone();
        as_written.modified = to_milliseconds(modified);
        let blob = self.state.keep(content);
        let revision = self.revision(blob, &as_written, actor);
        let file = self.file_mut(number)?;
        file.modified = as_written.modified;
        file.modified_by = Some(actor.email.clone());
        file.revisions.push(revision);
        self.touch(number, Touch::Content);
        self.record_version(number, actor);
        Ok(())
    }

    /// Counts a change and tells the logs.
    pub(crate) fn touch(&mut self, number: FileNumber, what: Touch) {
        let moves_tag = what != Touch::Sharing || self.switches.etag_moves_on_sharing;
        let now = self.now;
        if let Some(file) = self.state.files.get_mut(&number) {
            file.version += 1;
            file.tag += u64::from(moves_tag);
            file.indexed = now;
            self.state.logs.file_changed(number, now);
        }
    }

    /// Gives a file another name.
    pub(crate) fn rename(&mut self, number: FileNumber, name: &str) -> Result<(), EditError> {
        let now = to_milliseconds(self.now);
        let file = self.file_mut(number)?;
        name.clone_into(&mut file.name);
        file.modified = now;
        self.touch(number, Touch::Metadata);
        Ok(())
    }

    /// Puts a file, or a folder with all that lies in it, into another folder.
    pub(crate) fn move_to(
        &mut self,
        number: FileNumber,
        parent: FileNumber,
    ) -> Result<(), EditError> {
        if self.state.lineage(parent).any(|file| file.number == number) {
            return Err(EditError::IntoItself);
        }
        let target = self.file(parent)?;
        if !target.is_folder() {
            return Err(EditError::WrongKind(target.id.clone()));
        }
        let (new_drive, new_owner) = (target.drive.clone(), target.owner.clone());
        let old_drive = self.file(number)?.drive.clone();
        let before = self.viewers(number);
        self.state.reparent(number, Some(parent));
        if old_drive != new_drive {
            let mut moved = self.state.descendants(number);
            moved.push(number);
            for moved in moved {
                self.change_corpus(
                    moved,
                    old_drive.as_ref(),
                    new_drive.clone(),
                    new_owner.clone(),
                )?;
            }
        }
        self.touch(number, Touch::Metadata);
        self.tell_viewers(number, &before);
        Ok(())
    }

    fn change_corpus(
        &mut self,
        number: FileNumber,
        old_drive: Option<&String>,
        new_drive: Option<String>,
        new_owner: Option<String>,
    ) -> Result<(), EditError> {
        let file = self.file_mut(number)?;
        let id = file.id.clone();
        let old_owner = file.owner.take();
        file.owner = new_owner.filter(|_| new_drive.is_none());
        file.drive.clone_from(&new_drive);
        let (now, gone) = (self.now, Aside::Gone(id.clone()));
        if let Some(drive) = old_drive {
            self.state.logs.note(LogOf::Drive(drive.clone()), gone, now);
        } else if let Some(owner) = old_owner {
            self.state.logs.note(LogOf::User(owner), gone, now);
        }
        if let Some(drive) = new_drive {
            self.state.logs.withdraw(&LogOf::Drive(drive), &id);
        }
        self.touch(number, Touch::Metadata);
        Ok(())
    }

    /// Puts a file into the bin, or takes it out.
    pub(crate) fn set_trashed(
        &mut self,
        number: FileNumber,
        trashed: bool,
    ) -> Result<(), EditError> {
        self.file_mut(number)?.trashed = trashed;
        if self.switches.trash_lists_children {
            for child in self.state.descendants(number) {
                self.touch(child, Touch::Metadata);
            }
        }
        self.touch(number, Touch::Metadata);
        Ok(())
    }

    /// Removes a file for good, or a folder with all that lies in it.
    pub(crate) fn delete(&mut self, number: FileNumber) -> Result<(), EditError> {
        self.file(number)?;
        let mut below = self.state.descendants(number);
        below.reverse();
        for child in below {
            let is_told = self.switches.delete_lists_children;
            self.delete_one(child, is_told);
        }
        self.delete_one(number, true);
        Ok(())
    }

    fn delete_one(&mut self, number: FileNumber, is_told: bool) {
        let viewers = if is_told {
            self.viewers(number)
        } else {
            Vec::new()
        };
        let Some(file) = self.state.remove(number) else {
            return;
        };
        self.state.logs.forget(number);
        if !is_told {
            return;
        }
        let gone = Aside::Gone(file.id);
        for user in viewers {
            self.state
                .logs
                .note(LogOf::User(user), gone.clone(), self.now);
        }
        if let Some(drive) = file.drive {
            self.state.logs.note(LogOf::Drive(drive), gone, self.now);
        }
    }
}
