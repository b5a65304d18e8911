//! Names of files, folders and their versions.

use labeld_connector::{Error, ErrorKind, FileRef, FolderRef, Result, Version};

use crate::model::DriveItem;

/// The longest part of a name that is sent to the service. Real ids have 34 and 66 characters.
const MOST_ID: usize = 256;

/// An item in a drive: `{drive id}/{item id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ItemRef<'a> {
    pub(super) drive: &'a str,
    pub(super) item: &'a str,
}

impl<'a> ItemRef<'a> {
    pub(super) fn new(drive: &'a str, item: &'a str) -> Self {
        Self { drive, item }
    }

    /// Reads the name of a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] for what is no name of this connector.
    pub(super) fn of(file: &'a FileRef, operation: &'static str) -> Result<Self> {
        let is_id = |id: &str| {
            !id.is_empty()
                && id.len() <= MOST_ID
                && !id.contains(|c: char| c == '/' || c.is_control() || c.is_whitespace())
                && !matches!(id, "." | "..")
        };
        match file.0.split_once('/') {
            Some((drive, item)) if is_id(drive) && is_id(item) => Ok(Self { drive, item }),
            _ => Err(Error::new(ErrorKind::NotFound, operation, file.0.clone())),
        }
    }

    pub(super) fn file(&self) -> FileRef {
        FileRef(format!("{}/{}", self.drive, self.item))
    }

    pub(super) fn folder(&self) -> FolderRef {
        FolderRef(format!("{}/{}", self.drive, self.item))
    }
}

/// The version of an item's content (§3.5 "Change key"): its hash and size; else its cTag, which on SharePoint also
/// moves when only metadata changes; else its eTag, which always does.
pub(super) fn version_of(item: &DriveItem) -> Option<Version> {
    let text = match (item.hash(), item.size, &item.c_tag, &item.e_tag) {
        (Some(hash), Some(size), ..) => format!("h:{hash}:{size}"),
        (_, _, Some(c_tag), _) => format!("c:{c_tag}"),
        (_, _, None, Some(e_tag)) => format!("e:{e_tag}"),
        (_, _, None, None) => return None,
    };
    Some(Version(text))
}

/// Whether the item's present content is of `version`, by the key that the version was made of.
pub(super) fn has_version(item: &DriveItem, version: &Version) -> bool {
    match version.0.split_once(':') {
        Some(("c", c_tag)) => item.c_tag.as_deref() == Some(c_tag),
        Some(("e", e_tag)) => item.e_tag.as_deref() == Some(e_tag),
        _ => version_of(item).as_ref() == Some(version),
    }
}

/// The hash in a version that has one.
pub(super) fn hash_in(version: &Version) -> Option<&str> {
    let (hash, _) = version.0.strip_prefix("h:")?.rsplit_once(':')?;
    Some(hash)
}

/// The size in a version that has one.
pub(super) fn size_in(version: &Version) -> Option<u64> {
    let (_, size) = version.0.strip_prefix("h:")?.rsplit_once(':')?;
    size.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(text: &str) -> DriveItem {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_best_key_there_is_makes_the_version() {
        let hashed = r#"{"size":3,"eTag":"E","cTag":"C","file":{"hashes":{"quickXorHash":"H="}}}"#;
        for (text, version) in [
            (hashed, Some("h:H=:3")),
            (
                r#"{"eTag":"E","cTag":"C","file":{"hashes":{"quickXorHash":"H="}}}"#,
                Some("c:C"),
            ),
            (
                r#"{"size":3,"eTag":"E","cTag":"C","file":{"hashes":{}}}"#,
                Some("c:C"),
            ),
            (r#"{"size":3,"eTag":"E","file":{}}"#, Some("e:E")),
            (r#"{"size":3,"file":{}}"#, None),
        ] {
            let found = version_of(&item(text)).map(|version| version.0);
            assert_eq!(found.as_deref(), version, "{text}");
        }
        for (version, has) in [
            ("h:H=:3", true),
            ("h:H=:4", false),
            ("c:C", true),
            ("c:D", false),
            ("e:E", true),
            ("e:", false),
            ("no version", false),
            ("", false),
        ] {
            let found = has_version(&item(hashed), &Version(version.to_owned()));
            assert_eq!(found, has, "{version}");
        }
    }

    #[test]
    fn strange_names_are_of_no_file() {
        for (name, good) in [
            ("b!x/01A", true),
            ("b!x", false),
            ("b!x/", false),
            ("/01A", false),
            ("b!x/01A/children", false),
            ("b!x/..", false),
            ("b!x/01A\n", false),
            ("", false),
        ] {
            let file = FileRef(name.to_owned());
            assert_eq!(ItemRef::of(&file, "look at").is_ok(), good, "{name:?}");
        }
    }
}
