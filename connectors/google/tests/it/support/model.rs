//! What the feeds of an app told.

use std::collections::BTreeMap;

use labeld_connector::{
    Change, Connector, Cursor, Error, Feed, FeedRef, FileMeta, FileRef, FolderMeta, FolderRef,
};

/// What one walk through all feeds told.
#[derive(Debug, Default)]
pub(crate) struct Walked {
    pub(crate) feeds: Vec<Feed>,
    pub(crate) unreadable: Vec<(String, String)>,
    pub(crate) files: Vec<FileMeta>,
    pub(crate) removed: Vec<FileRef>,
    pub(crate) folders: Vec<FolderMeta>,
    pub(crate) removed_folders: Vec<FolderRef>,
    pub(crate) cursors: BTreeMap<FeedRef, Cursor>,
    /// Feeds that could not be walked to their end.
    pub(crate) failed: Vec<(FeedRef, Error)>,
}

impl Walked {
    /// The file at a path.
    pub(crate) fn at(&self, path: &str) -> &FileMeta {
        let found = self.files.iter().find(|meta| path_of(meta) == path);
        found.unwrap_or_else(|| panic!("{path} is not among {:?}", self.paths()))
    }

    /// The paths that were told, in order.
    pub(crate) fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.files.iter().map(path_of).collect();
        paths.sort();
        paths
    }

    /// The paths of the folders that were told, in order.
    pub(crate) fn folder_paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self
            .folders
            .iter()
            .map(|folder| folder.path.clone())
            .collect();
        paths.sort();
        paths
    }
}

pub(crate) fn path_of(meta: &FileMeta) -> String {
    format!("{}/{}", meta.folder, meta.name)
}

/// Everything that is there.
pub(crate) async fn walk(connector: &dyn Connector) -> Walked {
    walk_from(connector, &BTreeMap::new()).await
}

/// What happened since the cursors; of a feed without one everything.
pub(crate) async fn walk_from(
    connector: &dyn Connector,
    since: &BTreeMap<FeedRef, Cursor>,
) -> Walked {
    let list = connector.feeds().await.unwrap();
    let mut walked = Walked {
        unreadable: list
            .unreadable
            .iter()
            .map(|place| (place.path.clone(), super::sentence(&place.error)))
            .collect(),
        ..Walked::default()
    };
    for feed in &list.feeds {
        let mut cursor = since.get(&feed.feed).cloned();
        loop {
            let page = match connector.changes(&feed.feed, cursor.as_ref()).await {
                Ok(page) => page,
                Err(error) => {
                    walked.failed.push((feed.feed.clone(), error));
                    break;
                }
            };
            for change in page.changes {
                match change {
                    Change::Upserted(meta) => walked.files.push(meta),
                    Change::Removed(file) => walked.removed.push(file),
                    Change::FolderAt(folder) => walked.folders.push(folder),
                    Change::FolderRemoved(folder) => walked.removed_folders.push(folder),
                }
            }
            let unreadable = page.unreadable.iter();
            let unreadable =
                unreadable.map(|place| (place.path.clone(), super::sentence(&place.error)));
            walked.unreadable.extend(unreadable);
            cursor = Some(page.next);
            if !page.more {
                break;
            }
        }
        if let Some(cursor) = cursor {
            walked.cursors.insert(feed.feed.clone(), cursor);
        }
    }
    walked.feeds = list.feeds;
    walked
}
