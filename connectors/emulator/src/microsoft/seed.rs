//! Files from a folder of this machine.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Context as _;

use super::Microsoft;
use crate::frame::Content;

/// The depth to which folders are looked into.
const DEEPEST: usize = 64;

/// Contents by device and inode.
type Known = HashMap<(u64, u64), Content>;

/// Stores what lies below `folder` in the library of the site `finance`. Symbolic links are left aside; the content of hard
/// links is kept once, so that a large library can be made of a few documents.
pub(super) fn store(microsoft: &Microsoft, folder: &Path) -> anyhow::Result<()> {
    let drive = microsoft.library();
    let mut known = Known::new();
    let mut next = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((folder, path, depth)) = next.pop() {
        let entries =
            fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry
                .file_type()
                .with_context(|| format!("cannot look at {}", entry.path().display()))?;
            let path = if path.is_empty() {
                name
            } else {
                format!("{path}/{name}")
            };
            if kind.is_dir() && depth < DEEPEST {
                microsoft.with(|world| world.put_folder(&drive, &path, "system"))?;
                next.push((entry.path(), path, depth + 1));
            } else if kind.is_file() {
                let content = content_of(&entry.path(), &mut known)?;
                microsoft.with(|world| world.put_file(&drive, &path, content, "system"))?;
            }
        }
    }
    Ok(())
}

fn content_of(file: &Path, known: &mut Known) -> anyhow::Result<Content> {
    let mut read = || -> std::io::Result<Content> {
        let metadata = fs::metadata(file)?;
        let inode = (metadata.dev(), metadata.ino());
        if let Some(content) = known.get(&inode) {
            return Ok(content.clone());
        }
        let content = Content::new(fs::read(file)?);
        if metadata.nlink() > 1 {
            known.insert(inode, content.clone());
        }
        Ok(content)
    };
    read().with_context(|| format!("cannot read {}", file.display()))
}
