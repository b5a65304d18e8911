//! Making a root folder from samples.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, FileTimes};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use labeld_connector::{Error, ErrorKind, FileKind, Result};

use crate::beneath;
use crate::error::failed;
use crate::folder::LocalFolder;
use crate::walk::{Step, Walk};

const OPERATION: &str = "copy samples";

/// Makes `root` as a copy of the folder `from` where there is no `root` yet; `false` when there is.
///
/// The copy is made beside `root` and renamed, so that a crash never leaves half of it. Ordinary files
/// keep their time of modification; links, FIFOs, devices and empty folders are left out.
///
/// # Errors
///
/// When anything of `from` cannot be read, or the copy cannot be written.
pub fn copy_from(root: &Path, from: &Path) -> Result<bool> {
    let cannot = |cause: io::Error| failed(OPERATION, root.display().to_string(), cause);
    if root.try_exists().map_err(cannot)? {
        return Ok(false);
    }
    let source = Arc::new(LocalFolder::open(from, None)?);
    let copy = unfinished_copy(root)?;
    // Left behind by a crash.
    match fs::remove_dir_all(&copy) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cannot(cause)),
        _ => {}
    }
    fs::create_dir_all(&copy).map_err(cannot)?;
    copy_files(&source, &copy)?;
    fs::rename(&copy, root).map_err(cannot)?;
    Ok(true)
}

fn unfinished_copy(root: &Path) -> Result<PathBuf> {
    let Some(name) = root.file_name() else {
        return Err(Error::new(
            ErrorKind::Unsupported,
            OPERATION,
            format!("to {}: the path has no name", root.display()),
        ));
    };
    let mut unfinished = OsString::from(".");
    unfinished.push(name);
    unfinished.push(".labeld-copy");
    Ok(root.with_file_name(unfinished))
}

fn copy_files(source: &Arc<LocalFolder>, copy: &Path) -> Result<()> {
    let mut walk = Walk::new(Arc::clone(source));
    loop {
        match walk.advance()? {
            Step::Entry {
                kind: FileKind::File,
                ..
            } => copy_file(source, walk.path(), copy)?,
            Step::Entry { .. } => {}
            Step::UnreadableFolder(error) | Step::UnreadableEntry(error) => return Err(error),
            Step::End => return Ok(()),
        }
    }
}

fn copy_file(source: &LocalFolder, path: &[u8], copy: &Path) -> Result<()> {
    let cannot = |cause: io::Error| failed(OPERATION, source.show(path), cause);
    let original =
        beneath::open(&source.root, path, beneath::READ).map_err(|cause| cannot(cause.into()))?;
    let mut original = File::from(original);
    let target = copy.join(OsStr::from_bytes(path));
    if let Some(folder) = target.parent() {
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    let mut written = File::create_new(&target).map_err(cannot)?;
    io::copy(&mut original, &mut written).map_err(cannot)?;
    let modified = original.metadata().and_then(|meta| meta.modified());
    let times = FileTimes::new().set_modified(modified.map_err(cannot)?);
    written.set_times(times).map_err(cannot)?;
    written.sync_all().map_err(cannot)
}
