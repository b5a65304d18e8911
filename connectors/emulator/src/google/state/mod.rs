//! What there is: people, shared drives, files, and the logs of their changes.

pub(crate) mod directory;
pub(crate) mod file;
pub(crate) mod label;
pub(crate) mod log;
pub(crate) mod permission;
pub(crate) mod shared_drive;
pub(crate) mod transient;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use self::directory::{Directory, User};
use self::file::{File, FileNumber};
use self::label::DriveLabel;
use self::log::Logs;
use self::shared_drive::SharedDrive;
use self::transient::Transient;
use super::ids::{IdKind, id};
use crate::frame::Content;

/// Which content; contents are never removed, so that revisions and copies share them.
pub(crate) type BlobNumber = usize;

/// Everything. What is [`Transient`] is not saved.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// Counts everything that gets an id.
    made: u64,
    pub(crate) directory: Directory,
    /// By id.
    pub(crate) drives: BTreeMap<String, SharedDrive>,
    /// In the order in which they were made.
    pub(crate) files: BTreeMap<FileNumber, File>,
    #[serde(skip)]
    by_id: HashMap<String, FileNumber>,
    #[serde(skip)]
    children: HashMap<FileNumber, BTreeSet<FileNumber>>,
    pub(crate) blobs: Vec<Content>,
    pub(crate) logs: Logs,
    pub(crate) labels: Vec<DriveLabel>,
    /// The scopes that the administrator has granted to the service account.
    pub(crate) delegated: BTreeSet<String>,
    /// APIs that are switched off in the Cloud project: `drive`, `admin`, `drivelabels`.
    pub(crate) disabled_apis: BTreeSet<String>,
    #[serde(skip)]
    pub(crate) transient: Transient,
}

impl State {
    /// A new id.
    pub(crate) fn new_id(&mut self, kind: IdKind) -> String {
        self.made += 1;
        id(kind, self.made)
    }

    /// A file by id; `None` when there is none.
    pub(crate) fn find(&self, id: &str) -> Option<&File> {
        self.files.get(self.by_id.get(id)?)
    }

    /// The number of a file by its id.
    pub(crate) fn number(&self, id: &str) -> Option<FileNumber> {
        self.by_id.get(id).copied()
    }

    /// A file by number.
    pub(crate) fn file(&self, number: FileNumber) -> Option<&File> {
        self.files.get(&number)
    }

    /// What lies in a folder.
    pub(crate) fn children(&self, folder: FileNumber) -> impl Iterator<Item = &File> {
        let numbers = self.children.get(&folder).into_iter().flatten();
        numbers.filter_map(|number| self.files.get(number))
    }

    /// All that lies in a folder, at any depth, without the folder.
    pub(crate) fn descendants(&self, folder: FileNumber) -> Vec<FileNumber> {
        let mut found = Vec::new();
        let mut to_visit = vec![folder];
        while let Some(folder) = to_visit.pop() {
            for child in self.children(folder) {
                found.push(child.number);
                to_visit.push(child.number);
            }
        }
        found
    }

    /// The file and the folders above it, innermost first.
    pub(crate) fn lineage(&self, number: FileNumber) -> impl Iterator<Item = &File> {
        // No folder is put into itself, so that this ends.
        std::iter::successors(self.files.get(&number), |file| {
            self.files.get(&file.parent?)
        })
    }

    /// Whether the file is in the bin, by itself or with a folder above it.
    pub(crate) fn is_trashed(&self, number: FileNumber) -> bool {
        self.lineage(number).any(|file| file.trashed)
    }

    /// Puts a new file in its place.
    pub(crate) fn insert(&mut self, file: File) {
        self.by_id.insert(file.id.clone(), file.number);
        if let Some(parent) = file.parent {
            self.children.entry(parent).or_default().insert(file.number);
        }
        self.files.insert(file.number, file);
    }

    /// Takes a file away; what lies in it must be gone.
    pub(crate) fn remove(&mut self, number: FileNumber) -> Option<File> {
        let file = self.files.remove(&number)?;
        self.by_id.remove(&file.id);
        if let Some(siblings) = file
            .parent
            .and_then(|parent| self.children.get_mut(&parent))
        {
            siblings.remove(&number);
        }
        self.children.remove(&number);
        Some(file)
    }

    /// Puts a file into another folder.
    pub(crate) fn reparent(&mut self, number: FileNumber, parent: Option<FileNumber>) {
        let Some(file) = self.files.get_mut(&number) else {
            return;
        };
        let old = std::mem::replace(&mut file.parent, parent);
        if let Some(siblings) = old.and_then(|old| self.children.get_mut(&old)) {
            siblings.remove(&number);
        }
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().insert(number);
        }
    }

    /// The next number for a file.
    pub(crate) fn next_number(&self) -> FileNumber {
        self.files
            .last_key_value()
            .map_or(1, |(number, _)| number + 1)
    }

    /// Keeps a content.
    pub(crate) fn keep(&mut self, content: Content) -> BlobNumber {
        self.blobs.push(content);
        self.blobs.len() - 1
    }

    /// The owner of a file in My Drive.
    pub(crate) fn owner(&self, file: &File) -> Option<&User> {
        self.directory.users.get(file.owner.as_ref()?)
    }

    /// Makes what is not saved anew.
    pub(crate) fn reindex(&mut self) {
        self.by_id.clear();
        self.children.clear();
        for file in self.files.values() {
            self.by_id.insert(file.id.clone(), file.number);
            if let Some(parent) = file.parent {
                self.children.entry(parent).or_default().insert(file.number);
            }
        }
    }
}

/// A time as the service keeps it: whole milliseconds.
pub(crate) fn to_milliseconds(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}

/// A time as the service writes it.
pub(crate) fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}
