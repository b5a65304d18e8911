//! From the command line, or a list, to single files.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};

use super::job::Job;
use crate::apps::{Listed, LocalFolder, path_of};

/// Gives every file to `take`, which says whether to go on.
///
/// # Errors
///
/// When the list cannot be read. A file or folder that cannot be read is a job of its own.
pub(super) fn each_job(
    paths: &[PathBuf],
    list: Option<&Path>,
    take: &mut dyn FnMut(Job) -> bool,
) -> Result<()> {
    let mut folders = Folders::default();
    for path in paths {
        let more = if path.is_dir() {
            walk(path, take)
        } else {
            take(folders.job(path.clone()))
        };
        if !more {
            return Ok(());
        }
    }
    match list {
        None => Ok(()),
        Some(path) if path == Path::new("-") => {
            each_listed(io::stdin().lock(), &mut |path| take(folders.job(path)))
                .context("cannot read the list of files from standard input")
        }
        Some(path) => File::open(path)
            .and_then(|file| each_listed(BufReader::new(file), &mut |path| take(folders.job(path))))
            .with_context(|| format!("cannot read the list of files from {}", path.display())),
    }
}

/// Looked at to tell how a list is separated. A path is shorter, so a list with NUL characters shows
/// one here.
const LIST_HEAD: usize = 64 << 10;

fn each_listed<R: BufRead>(list: R, take: &mut dyn FnMut(PathBuf) -> bool) -> io::Result<()> {
    let mut list = BufReader::with_capacity(LIST_HEAD, list);
    let separator = if list.fill_buf()?.contains(&0) {
        0
    } else {
        b'\n'
    };
    let mut entry = Vec::new();
    while list.read_until(separator, &mut entry)? > 0 {
        entry.pop_if(|last| *last == separator);
        if separator == b'\n' {
            entry.pop_if(|last| *last == b'\r');
        }
        let path = std::mem::take(&mut entry);
        if !path.is_empty() && !take(PathBuf::from(OsString::from_vec(path))) {
            break;
        }
    }
    Ok(())
}

/// All files below a folder.
fn walk(root: &Path, take: &mut dyn FnMut(Job) -> bool) -> bool {
    let folder = match LocalFolder::open(root, None) {
        Ok(folder) => Arc::new(folder),
        Err(error) => return take(Job::failed(root.to_owned(), &error)),
    };
    for listed in folder.files() {
        let job = match listed {
            Ok(Listed::File(meta)) => {
                let path =
                    path_of(&meta.file).map_or_else(|| root.to_owned(), |below| root.join(below));
                Job::listed(path, Arc::clone(&folder), meta)
            }
            Ok(Listed::Unreadable(below)) => Job::failed(root.join(&below.path), &below.error),
            Err(error) => Job::failed(root.to_owned(), &error),
        };
        if !take(job) {
            return false;
        }
    }
    true
}

/// Opens the folders of named files, keeping the last one: lists are mostly sorted by folder.
#[derive(Default)]
struct Folders {
    last: Option<(PathBuf, Arc<LocalFolder>)>,
}

impl Folders {
    /// A job for a path that a person gave. Links in such a path are meant.
    fn job(&mut self, path: PathBuf) -> Job {
        let target = match fs::symlink_metadata(&path) {
            Ok(about) if about.is_symlink() => fs::canonicalize(&path),
            Ok(_) => Ok(path.clone()),
            Err(error) => Err(error),
        };
        let target = match target {
            Ok(target) => target,
            Err(error) => return Job::unavailable(path, &error),
        };
        let parent = match target.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let Some(name) = target.file_name() else {
            return Job::folder(path);
        };
        match self.open(parent) {
            Ok(folder) => Job::named(path, folder, name),
            Err(error) => Job::failed(path, &error),
        }
    }

    fn open(&mut self, parent: &Path) -> labeld_connector::Result<Arc<LocalFolder>> {
        if let Some((path, folder)) = &self.last
            && path == parent
        {
            return Ok(Arc::clone(folder));
        }
        let folder = Arc::new(LocalFolder::open(parent, None)?);
        self.last = Some((parent.to_owned(), Arc::clone(&folder)));
        Ok(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_separated_by_newlines_or_nul() {
        for (list, expected) in [
            (&b""[..], &[][..]),
            (b"a.docx\nb c.pdf\n", &["a.docx", "b c.pdf"]),
            (b"a.docx\r\nb.pdf", &["a.docx", "b.pdf"]),
            (b"a\nb.docx\0c.pdf\0", &["a\nb.docx", "c.pdf"]),
            (b"\n\na\n\n", &["a"]),
        ] {
            let mut found = Vec::new();
            each_listed(list, &mut |path| {
                found.push(path.to_str().unwrap().to_owned());
                true
            })
            .unwrap();
            assert_eq!(found, expected, "{list:?}");
        }
    }
}
