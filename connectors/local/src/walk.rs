//! The walk over a folder: sorted, resumable after any entry, bounded in memory and descriptors.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use labeld_connector::{Error, ErrorKind, FileKind, Result};
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::FileType;
use rustix::io::Errno;

use crate::beneath;
use crate::error::{failed, is_gone};
use crate::folder::LocalFolder;
use crate::names::SortedNames;
use crate::path::{MAX_NAME_BYTES, MAX_PATH_BYTES};
use crate::status::{Identity, Status};
use crate::write::is_unfinished_write;

const OPERATION: &str = "list folder";

/// Folders held open, from the innermost outwards; the others are opened again on the way back.
const MAX_OPEN_FOLDERS: usize = 32;

/// Memory for names of all folders on the way together; beyond it the outermost folders are read
/// again on the way back.
const MAX_NAMES_COST: usize = 10 << 20;

/// Room for one answer of the kernel with names.
const NAMES_BUFFER_BYTES: usize = 32 * 1024;

/// What the walk found. [`Walk::path`] says where.
#[derive(Debug)]
pub(crate) enum Step {
    /// Something that is no folder.
    Entry { kind: FileKind, status: Status },
    /// A folder of which no more can be listed.
    UnreadableFolder(Error),
    /// An entry that does not even say whether it is a folder (a network mount that does not answer).
    UnreadableEntry(Error),
    /// Nothing is left.
    End,
}

/// A depth-first walk in the order of [`compare`](crate::path::compare).
#[derive(Debug)]
pub(crate) struct Walk {
    folder: Arc<LocalFolder>,
    /// The folders from the root to the present one.
    levels: Vec<Level>,
    path: Vec<u8>,
    buffer: Vec<u8>,
}

#[derive(Debug)]
struct Level {
    /// How much of [`Walk::path`] names this folder.
    path_length: usize,
    descriptor: Option<OwnedFd>,
    identity: Option<Identity>,
    names: Option<SortedNames>,
    /// The last name that was handed out.
    last_name: Vec<u8>,
}

impl Level {
    fn new(path_length: usize) -> Self {
        Self {
            path_length,
            descriptor: None,
            identity: None,
            names: None,
            last_name: Vec::new(),
        }
    }
}

impl Walk {
    /// From the beginning.
    pub(crate) fn new(folder: Arc<LocalFolder>) -> Self {
        Self {
            folder,
            levels: vec![Level::new(0)],
            path: Vec::new(),
            buffer: Vec::with_capacity(NAMES_BUFFER_BYTES),
        }
    }

    /// From the first entry after `after`, which need not exist any longer.
    pub(crate) fn after(folder: Arc<LocalFolder>, after: &[u8]) -> Self {
        let mut walk = Self::new(folder);
        after.clone_into(&mut walk.path);
        let mut end = 0;
        for name in after.split(|&byte| byte == b'/') {
            if end > 0 {
                walk.levels.push(Level::new(end));
                end += 1;
            }
            end += name.len();
            if let Some(level) = walk.levels.last_mut() {
                name.clone_into(&mut level.last_name);
            }
        }
        walk
    }

    /// The folder that is walked.
    pub(crate) fn folder(&self) -> &LocalFolder {
        &self.folder
    }

    /// Path of what the last step found.
    pub(crate) fn path(&self) -> &[u8] {
        &self.path
    }

    /// The next thing.
    ///
    /// # Errors
    ///
    /// When the root folder itself cannot be listed: nothing can be said about any file then.
    pub(crate) fn advance(&mut self) -> Result<Step> {
        while !self.levels.is_empty() {
            let found = match self.next_name() {
                Ok(true) => self.look_at_entry(),
                Ok(false) => {
                    self.levels.pop();
                    continue;
                }
                Err(cause) => Err(cause),
            };
            match found {
                Ok(Some(step)) => return Ok(step),
                Ok(None) => {}
                Err(cause) => {
                    if let Some(step) = self.give_up_folder(cause)? {
                        return Ok(step);
                    }
                }
            }
        }
        Ok(Step::End)
    }

    /// Makes [`path`](Self::path) the next entry of the present folder; `false` at its end.
    fn next_name(&mut self) -> std::result::Result<bool, Errno> {
        loop {
            let Some(level) = self.levels.last_mut() else {
                return Ok(false);
            };
            match &mut level.names {
                Some(names) => {
                    if let Some(name) = names.next() {
                        name.clone_into(&mut level.last_name);
                        self.path.truncate(level.path_length);
                        if level.path_length > 0 {
                            self.path.push(b'/');
                        }
                        self.path.extend_from_slice(name);
                        return Ok(true);
                    }
                    if !names.has_more() {
                        return Ok(false);
                    }
                    level.names = None;
                }
                None => self.read_names()?,
            }
        }
    }

    fn read_names(&mut self) -> std::result::Result<(), Errno> {
        self.open_present()?;
        if let Some(level) = self.levels.last_mut()
            && let Some(descriptor) = &level.descriptor
        {
            let names = SortedNames::read(descriptor.as_fd(), &level.last_name, &mut self.buffer)?;
            level.names = Some(names);
        }
        self.release_outer_levels();
        Ok(())
    }

    /// Opens the present folder again after it was released, or for the first time on a resumed walk.
    fn open_present(&mut self) -> std::result::Result<(), Errno> {
        let Some(level) = self.levels.last_mut() else {
            return Ok(());
        };
        if level.descriptor.is_none() {
            let path = self.path.get(..level.path_length).unwrap_or_default();
            let descriptor = beneath::open(&self.folder.root, path, beneath::LIST)?;
            level.identity = Some(Status::of_open(&descriptor)?.identity);
            level.descriptor = Some(descriptor);
        }
        Ok(())
    }

    fn release_outer_levels(&mut self) {
        if let Some(outer) = self.levels.len().checked_sub(MAX_OPEN_FOLDERS + 1)
            && let Some(level) = self.levels.get_mut(outer)
        {
            level.descriptor = None;
        }
        let cost = |level: &Level| level.names.as_ref().map_or(0, SortedNames::cost);
        let mut total: usize = self.levels.iter().map(cost).sum();
        let present = self.levels.len().saturating_sub(1);
        for level in self.levels.iter_mut().take(present) {
            if total <= MAX_NAMES_COST {
                break;
            }
            total -= cost(level);
            level.names = None;
        }
    }

    /// What the present entry is; `None` when there is nothing to tell, or a folder was entered.
    fn look_at_entry(&mut self) -> std::result::Result<Option<Step>, Errno> {
        self.open_present()?;
        let Some(level) = self.levels.last() else {
            return Ok(None);
        };
        let Some(descriptor) = &level.descriptor else {
            return Ok(None);
        };
        let status = match Status::of_entry(descriptor, &level.last_name) {
            Ok(status) => status,
            Err(cause) if is_gone(cause) => return Ok(None),
            Err(cause) => {
                // Fails for the folder too when it is the folder that may not be searched.
                Status::of_entry(descriptor, b".")?;
                return Ok(Some(Step::UnreadableEntry(self.listing_failed(cause))));
            }
        };
        let is_folder = status.file_type == FileType::Directory;
        if let Some(exclude) = &self.folder.exclude
            && exclude.excludes(Path::new(OsStr::from_bytes(&self.path)), is_folder)
        {
            return Ok(None);
        }
        if is_folder {
            return Ok(self.enter(&status));
        }
        if is_unfinished_write(&level.last_name, &status, descriptor) {
            return Ok(None);
        }
        let kind = self.folder.kind_of(&self.path, status.file_type);
        Ok(Some(Step::Entry { kind, status }))
    }

    /// Goes into the folder at the present path, or says why not.
    fn enter(&mut self, status: &Status) -> Option<Step> {
        if self.folder.own_state == Some(status.identity) {
            return None;
        }
        if self.path.len() + 1 + MAX_NAME_BYTES > MAX_PATH_BYTES {
            let limit = format!("paths of more than {MAX_PATH_BYTES} bytes are not walked");
            return Some(self.unreadable(ErrorKind::TooLarge, limit));
        }
        let is_loop = self
            .levels
            .iter()
            .any(|level| level.identity == Some(status.identity));
        if is_loop {
            let why = "the folder contains itself (mounted below itself)".to_owned();
            return Some(self.unreadable(ErrorKind::Unsupported, why));
        }
        let parent = self.levels.last()?;
        // Open, because the entry was just looked at in it.
        let parent_descriptor = parent.descriptor.as_ref()?;
        match beneath::open(parent_descriptor, &parent.last_name, beneath::LIST) {
            Ok(descriptor) => {
                let mut level = Level::new(self.path.len());
                level.identity = Some(status.identity);
                level.descriptor = Some(descriptor);
                self.levels.push(level);
                None
            }
            Err(cause) if is_gone(cause) => None,
            Err(cause) => Some(Step::UnreadableFolder(self.listing_failed(cause))),
        }
    }

    /// Leaves the present folder because of `cause`; `None` when it is simply gone.
    fn give_up_folder(&mut self, cause: Errno) -> Result<Option<Step>> {
        if let Some(level) = self.levels.pop() {
            self.path.truncate(level.path_length);
        }
        if self.levels.is_empty() {
            let root = self.folder.path.display().to_string();
            return Err(failed("list root folder", root, cause));
        }
        if is_gone(cause) {
            return Ok(None);
        }
        Ok(Some(Step::UnreadableFolder(self.listing_failed(cause))))
    }

    fn listing_failed(&self, cause: Errno) -> Error {
        failed(OPERATION, self.folder.show(&self.path), cause)
    }

    fn unreadable(&self, kind: ErrorKind, why: String) -> Step {
        Step::UnreadableFolder(
            Error::new(kind, OPERATION, self.folder.show(&self.path)).with_source(why),
        )
    }
}
