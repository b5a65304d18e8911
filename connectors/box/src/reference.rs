//! Names of files, folders and their versions.

use labeld_connector::{Error, ErrorKind, FileRef, FolderRef, Result, Version};

use crate::model::{Id, Item};

/// A file with the owner who is acted as: `{owner's id}/{file's id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct FileName {
    pub(crate) owner: Id,
    pub(crate) file: Id,
}

impl FileName {
    pub(crate) fn new(owner: Id, file: Id) -> Self {
        Self { owner, file }
    }

    /// Reads the name of a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] for what is no name of this connector.
    pub(crate) fn of(file: &FileRef, operation: &'static str) -> Result<Self> {
        let parts = file.0.split_once('/');
        parts
            .and_then(|(owner, file)| Some(Self::new(Id::parse(owner)?, Id::parse(file)?)))
            .ok_or_else(|| Error::new(ErrorKind::NotFound, operation, file.0.clone()))
    }

    pub(crate) fn file_ref(self) -> FileRef {
        FileRef(format!("{}/{}", self.owner, self.file))
    }
}

/// The name of a folder: its id. Every user's root has the id 0, so that it is named after the user.
pub(crate) fn folder_ref(folder: Id, user: Id) -> FolderRef {
    if folder == Id::ROOT {
        FolderRef(format!("root/{user}"))
    } else {
        FolderRef(folder.to_string())
    }
}

/// The version of a file's content: its SHA-1 and size, by which bytes are proved, and the number of the version, by which a part
/// of it can be asked for. The number moves also when the same bytes are uploaded again; the `etag` says nothing of the content
/// (reference/box.md §4, §6).
pub(crate) fn version_of(item: &Item) -> Option<Version> {
    let sha1 = item.sha1.as_deref().filter(|sha1| is_sha1(sha1));
    let text = match (sha1, item.size, item.file_version) {
        (Some(sha1), Some(size), Some(version)) => {
            format!("s:{}:{size}:{}", sha1.to_ascii_lowercase(), version.id)
        }
        (Some(sha1), Some(size), None) => format!("s:{}:{size}", sha1.to_ascii_lowercase()),
        (_, _, Some(version)) => format!("v:{}", version.id),
        _ => return None,
    };
    Some(Version(text))
}

/// Whether the item's present content is that of `version`: the same bytes, or where those are not known the same number.
pub(crate) fn has_version(item: &Item, version: &Version) -> bool {
    match version.0.strip_prefix("v:") {
        Some(id) => item
            .file_version
            .is_some_and(|version| version.id.to_string() == id),
        None => {
            let now = version_of(item);
            let now = now.as_ref().and_then(content_of);
            now.is_some_and(|now| content_of(version).is_some_and(|it| it.has_bytes_of(&now)))
        }
    }
}

/// What a version tells of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content<'a> {
    /// In lower-case hex.
    pub(crate) sha1: &'a str,
    pub(crate) size: u64,
    /// The number of the version.
    pub(crate) number: Option<Id>,
}

impl Content<'_> {
    fn has_bytes_of(&self, other: &Content<'_>) -> bool {
        self.sha1 == other.sha1 && self.size == other.size
    }
}

/// What a version tells of its content, where it has a SHA-1.
pub(crate) fn content_of(version: &Version) -> Option<Content<'_>> {
    let mut parts = version.0.strip_prefix("s:")?.split(':');
    let sha1 = parts.next().filter(|sha1| is_sha1(sha1))?;
    let size = parts.next()?.parse().ok()?;
    let number = parts.next().map(Id::parse);
    match (number, parts.next()) {
        (Some(None), _) | (_, Some(_)) => None,
        (number, None) => Some(Content {
            sha1,
            size,
            number: number.flatten(),
        }),
    }
}

fn is_sha1(text: &str) -> bool {
    text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHA1: &str = "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12";

    #[test]
    fn the_content_makes_the_version() {
        let upper = SHA1.to_uppercase();
        for (text, version) in [
            (
                format!(r#"{{"id":"1","sha1":"{SHA1}","size":3,"file_version":{{"id":"9"}}}}"#),
                Some(format!("s:{SHA1}:3:9")),
            ),
            (
                format!(r#"{{"id":"1","sha1":"{upper}","size":3}}"#),
                Some(format!("s:{SHA1}:3")),
            ),
            (
                r#"{"id":"1","sha1":"short","size":3,"file_version":{"id":"9"}}"#.to_owned(),
                Some("v:9".to_owned()),
            ),
            (
                format!(r#"{{"id":"1","sha1":"{SHA1}","file_version":{{"id":"9"}}}}"#),
                Some("v:9".to_owned()),
            ),
            (r#"{"id":"1","etag":"4","size":3}"#.to_owned(), None),
        ] {
            let item: Item = serde_json::from_str(&text).unwrap();
            let found = version_of(&item);
            assert_eq!(
                found.as_ref().map(|version| version.0.clone()),
                version,
                "{text}"
            );
            if let Some(found) = found {
                assert!(has_version(&item, &found));
                let has_sha1 = found.0.starts_with("s:");
                let told = content_of(&found).map(|it| (it.sha1, it.size));
                assert_eq!(told, has_sha1.then_some((SHA1, 3)));
            }
            assert!(!has_version(&item, &Version("no version".to_owned())));
            assert!(!has_version(&item, &Version("v:10".to_owned())));
        }
        for text in [
            "",
            "s:",
            "s:x:3",
            "v:9",
            "s:2fd4e1c67a2d28fced849ee1bb76e7391b93eb12:x",
        ] {
            assert_eq!(content_of(&Version(text.to_owned())), None, "{text}");
        }
    }

    #[test]
    fn strange_names_are_of_no_file() {
        for (name, good) in [
            ("7001/8001", true),
            ("8001", false),
            ("7001/", false),
            ("/8001", false),
            ("7001/8001/9", false),
            ("7001/../1", false),
            ("a/8001", false),
            ("-1/8001", false),
            ("7001/99999999999999999999999", false),
            ("", false),
        ] {
            let file = FileRef(name.to_owned());
            let read = FileName::of(&file, "look at");
            assert_eq!(read.is_ok(), good, "{name:?}");
            if let Ok(read) = read {
                assert_eq!(read.file_ref(), file);
            }
        }
        assert_eq!(folder_ref(Id(0), Id(7001)).0, "root/7001");
        assert_eq!(folder_ref(Id(5001), Id(7001)).0, "5001");
    }
}
