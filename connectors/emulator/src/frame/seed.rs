//! Files from a folder of this machine.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use anyhow::Context as _;

use super::content::Content;

/// The depth to which folders are looked into.
const DEEPEST: usize = 64;

/// What lies below a seed folder; paths are `/`-separated and relative to it.
#[derive(Debug)]
pub enum Seed {
    /// A folder, told before what is in it.
    Folder(String),
    /// A file.
    File(String, Content),
}

/// Tells `store` of everything below `folder`. Symbolic links are left aside; hard links share their content, so that
/// a large library can be made of a few documents.
///
/// # Errors
///
/// When a folder or file cannot be read, and what `store` says.
pub fn each_seed(
    folder: &Path,
    mut store: impl FnMut(Seed) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut known = HashMap::new();
    let mut next = vec![(folder.to_owned(), String::new(), 0)];
    while let Some((folder, above, depth)) = next.pop() {
        let cannot_list = || format!("cannot list {}", folder.display());
        for entry in fs::read_dir(&folder).with_context(cannot_list)? {
            let entry = entry.with_context(cannot_list)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry
                .file_type()
                .with_context(|| format!("cannot look at {}", entry.path().display()))?;
            let path = match above.as_str() {
                "" => name,
                above => format!("{above}/{name}"),
            };
            if kind.is_dir() && depth < DEEPEST {
                store(Seed::Folder(path.clone()))?;
                next.push((entry.path(), path, depth + 1));
            } else if kind.is_file() {
                let content = content_of(&entry.path(), &mut known)
                    .with_context(|| format!("cannot read {}", entry.path().display()))?;
                store(Seed::File(path, content))?;
            }
        }
    }
    Ok(())
}

/// `known` has the contents of hard links by device and inode.
fn content_of(file: &Path, known: &mut HashMap<(u64, u64), Content>) -> std::io::Result<Content> {
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
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn hard_links_share_their_content_and_copies_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/one.docx"), "words").unwrap();
        fs::hard_link(at("a/one.docx"), at("a/b/two.docx")).unwrap();
        fs::write(at("copy.docx"), "words").unwrap();
        std::os::unix::fs::symlink(at("copy.docx"), at("link.docx")).unwrap();
        let mut folders = Vec::new();
        let mut files = BTreeMap::new();
        each_seed(folder.path(), |seed| {
            match seed {
                Seed::Folder(path) => folders.push(path),
                Seed::File(path, content) => drop(files.insert(path, content)),
            }
            Ok(())
        })
        .unwrap();
        assert_eq!(folders, ["a", "a/b"]);
        let paths: Vec<&String> = files.keys().collect();
        assert_eq!(paths, ["a/b/two.docx", "a/one.docx", "copy.docx"]);
        assert!(files["a/one.docx"].is_clone_of(&files["a/b/two.docx"]));
        assert!(!files["a/one.docx"].is_clone_of(&files["copy.docx"]));
    }
}
