//! A local folder, synchronously.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use labeld_connector::{
    Error, ErrorKind, Exposure, FileKind, FileMeta, FileRef, Result, UnreadableFolder,
};
use rustix::fd::OwnedFd;
use rustix::fs::{CWD, FileType, Mode, OFlags, openat};

use crate::beneath;
use crate::error::failed;
use crate::file::LocalFile;
use crate::owners::Owners;
use crate::path::{display_of, file_ref_of, raw_path_of, split};
use crate::status::{FileTime, Identity, Status};
use crate::walk::{Step, Walk};

/// Says which paths an enumeration leaves out.
pub trait PathFilter: Debug + Send + Sync {
    /// Whether the file or folder at `path` (relative to the root) is left out, and all below it.
    fn excludes(&self, path: &Path, is_folder: bool) -> bool;
}

/// An open root folder. Cheap and synchronous: what `labeld inspect` and the scan of a local app use.
#[derive(Debug)]
pub struct LocalFolder {
    pub(crate) root: OwnedFd,
    pub(crate) path: PathBuf,
    pub(crate) exclude: Option<Arc<dyn PathFilter>>,
    /// A folder of our own that may lie below the root and is never listed.
    pub(crate) own_state: Option<Identity>,
    owners: Owners,
}

impl LocalFolder {
    /// Opens the folder at `root`, following links in that path itself.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when it is missing or no folder, [`ErrorKind::Denied`] when it may not
    /// be listed, [`ErrorKind::Unsupported`] on a kernel without `openat2`.
    pub fn open(root: &Path, exclude: Option<Arc<dyn PathFilter>>) -> Result<Self> {
        let cannot = |cause| failed("open root folder", root.display().to_string(), cause);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let descriptor = openat(CWD, root, flags, Mode::empty()).map_err(cannot)?;
        // Says at once that the kernel is too old, instead of with the first file.
        beneath::open(&descriptor, b"", beneath::LOOK).map_err(cannot)?;
        Ok(Self {
            root: descriptor,
            path: root.to_owned(),
            exclude,
            own_state: None,
            owners: Owners::of_this_machine(),
        })
    }

    /// Opens a file for reading.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Unsupported`] for anything but an ordinary file, above all for a link that was put
    /// in its place after it was listed; [`ErrorKind::NotFound`], [`ErrorKind::Denied`].
    pub fn open_file(&self, file: &FileRef) -> Result<LocalFile> {
        const OPERATION: &str = "open file";
        let path = self.path_of_ref(OPERATION, file)?;
        let descriptor = beneath::open(&self.root, &path, beneath::READ)
            .map_err(|cause| failed(OPERATION, self.show(&path), cause))?;
        let status = Status::of_open(&descriptor)
            .map_err(|cause| failed(OPERATION, self.show(&path), cause))?;
        if status.file_type != FileType::RegularFile {
            return Err(
                Error::new(ErrorKind::Unsupported, OPERATION, self.show(&path))
                    .with_source("not an ordinary file"),
            );
        }
        let meta = self.meta(&path, FileKind::File, &status);
        Ok(LocalFile::new(descriptor, meta, self.show(&path)))
    }

    /// The present state of one file; nothing is opened for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] when it is gone or a folder.
    pub fn stat(&self, file: &FileRef) -> Result<FileMeta> {
        const OPERATION: &str = "look at file";
        let path = self.path_of_ref(OPERATION, file)?;
        let status = beneath::open(&self.root, &path, beneath::LOOK)
            .and_then(Status::of_open)
            .map_err(|cause| failed(OPERATION, self.show(&path), cause))?;
        if status.file_type == FileType::Directory {
            return Err(Error::new(ErrorKind::NotFound, OPERATION, self.show(&path))
                .with_source("this is a folder"));
        }
        let kind = self.kind_of(&path, status.file_type);
        Ok(self.meta(&path, kind, &status))
    }

    /// All files in the order of their paths, in bounded memory.
    #[must_use]
    pub fn files(self: &Arc<Self>) -> Files {
        Files {
            walk: Some(Walk::new(Arc::clone(self))),
        }
    }

    pub(crate) fn meta(&self, path: &[u8], kind: FileKind, status: &Status) -> FileMeta {
        let (folder, name) = split(path);
        FileMeta {
            file: file_ref_of(path),
            name: display_of(name).into_owned(),
            folder: display_of(folder).into_owned(),
            parent: None,
            kind,
            size: status.stamp.size,
            version: status.stamp.version(),
            created: status.created.and_then(FileTime::to_utc),
            modified: status.stamp.modified.to_utc(),
            owner: Some(self.owners.name_of(status.user)),
            exposure: Exposure::Unknown,
            collaborators: None,
            own_write: None,
            barrier: None,
        }
    }

    pub(crate) fn kind_of(&self, path: &[u8], file_type: FileType) -> FileKind {
        match file_type {
            FileType::RegularFile => FileKind::File,
            FileType::Symlink if beneath::leads_inside(&self.root, path) => FileKind::Shortcut,
            _ => FileKind::Special,
        }
    }

    pub(crate) fn path_of_ref(&self, operation: &'static str, file: &FileRef) -> Result<Vec<u8>> {
        raw_path_of(file).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, operation, format!("{:?}", file.0))
                .with_source("no file below a root folder has such a name")
        })
    }

    /// A path below the root, whole, for an error message.
    pub(crate) fn show(&self, path: &[u8]) -> String {
        format!("{}/{}", self.path.display(), display_of(path))
    }
}

/// One answer of [`Files`].
#[derive(Debug)]
pub enum Listed {
    /// A file, or something else that is no folder.
    File(FileMeta),
    /// A folder that could not be listed.
    Unreadable(UnreadableFolder),
}

/// The files of a folder; see [`LocalFolder::files`]. Ends after an error, which concerns the root.
#[derive(Debug)]
pub struct Files {
    walk: Option<Walk>,
}

impl Iterator for Files {
    type Item = Result<Listed>;

    fn next(&mut self) -> Option<Self::Item> {
        let walk = self.walk.as_mut()?;
        match walk.advance() {
            Ok(Step::Entry { kind, status }) => {
                let meta = walk.folder().meta(walk.path(), kind, &status);
                Some(Ok(Listed::File(meta)))
            }
            Ok(Step::UnreadableFolder(error) | Step::UnreadableEntry(error)) => {
                Some(Ok(Listed::Unreadable(UnreadableFolder {
                    path: display_of(walk.path()).into_owned(),
                    error,
                })))
            }
            Ok(Step::End) => {
                self.walk = None;
                None
            }
            Err(error) => {
                self.walk = None;
                Some(Err(error))
            }
        }
    }
}
