//! The state with all that a change of it needs.

mod access;
mod edit;
mod logs;
mod people;
mod place;
mod sharing;

use chrono::{DateTime, Utc};
use url::Url;

pub(crate) use self::edit::{Actor, NewFile, Touch};
pub(crate) use self::people::NewPerson;
use super::state::State;
use super::state::file::{File, FileNumber};
use super::switches::Switches;
use crate::frame::{Content, Journal, StoredVersion};

/// The state, locked, at a time.
pub(crate) struct World<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) switches: &'a Switches,
    pub(crate) base: &'a Url,
    pub(crate) journal: &'a Journal,
    pub(crate) now: DateTime<Utc>,
}

/// Why a change was not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EditError {
    /// There is no such file, folder, person or drive.
    #[error("{0:?} is not there")]
    NotFound(String),
    /// It is no folder, or has no content.
    #[error("{0:?} is of another kind")]
    WrongKind(String),
    /// A folder cannot be put into itself.
    #[error("a folder cannot be put into itself")]
    IntoItself,
    /// Something with this name is there already.
    #[error("{0:?} is there already")]
    Taken(String),
}

impl World<'_> {
    /// A file by number.
    pub(crate) fn file(&self, number: FileNumber) -> Result<&File, EditError> {
        self.state
            .file(number)
            .ok_or_else(|| EditError::NotFound(number.to_string()))
    }

    /// As [`file`](Self::file), to change it.
    pub(crate) fn file_mut(&mut self, number: FileNumber) -> Result<&mut File, EditError> {
        self.state
            .files
            .get_mut(&number)
            .ok_or_else(|| EditError::NotFound(number.to_string()))
    }

    /// The present content of a file.
    pub(crate) fn content(&self, file: &File) -> Option<&Content> {
        self.state.blobs.get(file.head()?.blob)
    }

    /// Notes in the journal that the present content of a file was stored.
    pub(super) fn record_version(&self, number: FileNumber, actor: &Actor) {
        let Some(file) = self.state.file(number) else {
            return;
        };
        let Some(content) = self.content(file) else {
            return;
        };
        let drive = match &file.drive {
            Some(drive) => drive.clone(),
            None => self
                .state
                .owner(file)
                .map(|owner| owner.email.clone())
                .unwrap_or_default(),
        };
        self.journal.record_version(StoredVersion {
            seq: 0,
            time: self.now,
            drive,
            item: file.id.clone(),
            path: self.path(number),
            sha256: content.sha256().to_owned(),
            size: content.size(),
            who: actor.email.clone(),
            application: actor.application.clone(),
        });
    }

    /// Where a file is, below its top folder.
    pub(crate) fn path(&self, number: FileNumber) -> String {
        let mut names: Vec<&str> = self
            .state
            .lineage(number)
            .filter(|file| file.parent.is_some())
            .map(|file| file.name.as_str())
            .collect();
        names.reverse();
        names.join("/")
    }
}
