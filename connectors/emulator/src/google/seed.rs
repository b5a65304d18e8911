//! Files from a folder of this machine.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

use super::Google;
use crate::frame::Content;

/// The depth to which folders are looked into.
const DEEPEST: usize = 64;

/// Stores what lies below `folder` in Mina's My Drive. Links are left aside.
pub(super) fn store(google: &Google, folder: &Path) -> anyhow::Result<()> {
    let person = google.mina();
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
                next.push((entry.path(), path, depth + 1));
            } else if kind.is_file() {
                let body = fs::read(entry.path())
                    .with_context(|| format!("cannot read {}", entry.path().display()))?;
                google.put_content(&person, &path, Content::new(body), &person)?;
            }
        }
    }
    Ok(())
}
