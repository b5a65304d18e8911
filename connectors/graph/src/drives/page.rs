//! From a page of delta to changes (reference/microsoft-graph.md §3.4).

use std::collections::{HashMap, HashSet};

use labeld_connector::{Change, Error, ErrorKind, FileKind, FolderMeta, Result, UnreadableFolder};

use super::Core;
use super::changes::{OPERATION, purpose};
use super::info::DriveInfo;
use super::item::{ITEM_FIELDS, is_incomplete, path_below_root};
use super::links::Link;
use super::reference::ItemRef;
use crate::batch::Part;
use crate::call::{Purpose, UNITS_ONE};
use crate::model::DriveItem;

/// Fields of a folder that is only looked at to learn where it is.
const FOLDER_FIELDS: &str = "id,name,parentReference,root,folder,package";

/// Stands for a folder whose place the service does not tell.
const SOMEWHERE: &str = "…";

/// Deepest nesting that is climbed, folder by folder.
const MOST_DEPTH: usize = 400;

/// What a page came to.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) changes: Vec<Change>,
    pub(super) unreadable: Vec<UnreadableFolder>,
    /// Ids of folders that are gone so far, of this page and those before it.
    pub(super) removed_folders: Vec<String>,
}

impl Core {
    /// Takes in a page. `removed_folders` are those of the pages before it.
    pub(super) async fn walk_page(
        &self,
        drive: &DriveInfo,
        items: Vec<DriveItem>,
        removed_folders: Vec<String>,
    ) -> Result<Walked> {
        let mut walked = Walked {
            removed_folders,
            ..Walked::default()
        };
        let mut items = last_of_each(items);
        self.complete(drive, &mut items, &mut walked).await?;
        let alive: HashSet<&str> = items
            .iter()
            .filter(|(_, item)| item.deleted.is_none())
            .map(|(id, _)| id.as_str())
            .collect();
        walked
            .removed_folders
            .retain(|id| !alive.contains(id.as_str()));
        for (id, item) in &items {
            self.plant(drive, id, item);
        }
        self.find_parents(drive, &items).await?;
        for (id, item) in &items {
            if item.deleted.is_some() {
                self.tell_removed(drive, id, item, &mut walked);
            } else {
                self.tell_alive(drive, id, item, &mut walked);
            }
        }
        Ok(walked)
    }

    /// Looks at items of which the listing left out what a file must have.
    async fn complete(
        &self,
        drive: &DriveInfo,
        items: &mut Vec<(String, DriveItem)>,
        walked: &mut Walked,
    ) -> Result<()> {
        let wanting: Vec<String> = items
            .iter()
            .filter(|(_, item)| item.deleted.is_none() && is_incomplete(item))
            .map(|(id, _)| id.clone())
            .collect();
        let mut found = self.look_at(drive, &wanting, ITEM_FIELDS).await?;
        let mut lost = HashSet::new();
        for (id, item) in items.iter_mut() {
            match found.remove(id) {
                None => {}
                Some(Ok(looked_at)) => *item = looked_at,
                // Gone since, which the feed will say by itself; or hidden for a moment (§9 "404 that is not").
                Some(Err(error)) if error.kind() == ErrorKind::NotFound => {
                    lost.insert(id.clone());
                }
                Some(Err(error)) if error.kind().is_retryable() => return Err(error),
                Some(Err(error)) => {
                    let name = item.name.as_deref().unwrap_or(SOMEWHERE);
                    walked.unreadable.push(UnreadableFolder {
                        path: drive.path_of(name),
                        error,
                    });
                    lost.insert(id.clone());
                }
            }
        }
        items.retain(|(id, _)| !lost.contains(id));
        Ok(())
    }

    async fn look_at(
        &self,
        drive: &DriveInfo,
        ids: &[String],
        fields: &str,
    ) -> Result<HashMap<String, Result<DriveItem>>> {
        let mut parts = Vec::with_capacity(ids.len());
        for id in ids {
            parts.push(Part {
                url: self.item_url(ItemRef::new(&drive.id, id), &[], Some(fields))?,
                context: format!("item {id} of {}", drive.path),
                units: UNITS_ONE,
            });
        }
        let answers = self.tenant.batch(OPERATION, &parts).await?;
        Ok(ids.iter().cloned().zip(answers).collect())
    }

    /// Notes where a folder is, or that it is gone.
    fn plant(&self, drive: &DriveInfo, id: &str, item: &DriveItem) {
        if item.deleted.is_some() || !is_folder(item) {
            return;
        }
        let name = item.name.as_deref().unwrap_or_default();
        let parent = item.parent().filter(|_| item.root.is_none());
        self.forest()
            .put(&drive.id, id, name, parent, item.package.is_some());
    }

    /// Learns where the folders are that items of the page lie in.
    async fn find_parents(&self, drive: &DriveInfo, items: &[(String, DriveItem)]) -> Result<()> {
        let mut wanting = Vec::new();
        {
            let mut forest = self.forest();
            let mut asked = HashSet::new();
            for (_, item) in items {
                let Some(parent) = item.parent() else {
                    continue;
                };
                let is_alive = item.deleted.is_none() && item.root.is_none();
                if !is_alive || forest.path(&drive.id, parent).is_some() {
                    continue;
                }
                match item.parent_path().and_then(path_below_root) {
                    Some(path) => forest.put_at(&drive.id, parent, &path, false),
                    None if asked.insert(parent) => wanting.push(parent.to_owned()),
                    None => {}
                }
            }
        }
        // One of them may lie in another that is looked up with it; that costs one look too many.
        for (id, found) in self.look_at(drive, &wanting, FOLDER_FIELDS).await? {
            match found {
                Ok(folder) => {
                    let path = self.place_of(drive, &folder).await?;
                    let is_package = folder.package.is_some();
                    self.forest().put_at(&drive.id, &id, &path, is_package);
                }
                Err(error) if error.kind().is_retryable() => return Err(error),
                // A folder that the app may not see, with something in it that it may.
                Err(_) => self.forest().put_at(&drive.id, &id, SOMEWHERE, false),
            }
        }
        Ok(())
    }

    /// Path of a folder that was looked at, below the drive's root.
    async fn place_of(&self, drive: &DriveInfo, folder: &DriveItem) -> Result<String> {
        if folder.root.is_some() {
            return Ok(String::new());
        }
        let above = self.folder_below_root(drive, folder, OPERATION).await?;
        Ok(joined(&above, folder.name.as_deref().unwrap_or(SOMEWHERE)))
    }

    /// Path of the folder that an item lies in, below the drive's root.
    pub(super) async fn folder_below_root(
        &self,
        drive: &DriveInfo,
        item: &DriveItem,
        operation: &'static str,
    ) -> Result<String> {
        let purpose = Purpose {
            operation,
            context: &drive.path,
        };
        let mut names: Vec<String> = Vec::new();
        let mut item = item.clone();
        let mut above = SOMEWHERE.to_owned();
        for _ in 0..MOST_DEPTH {
            if item.root.is_some() {
                above = String::new();
                break;
            }
            if let Some(path) = item.parent_path().and_then(path_below_root) {
                above = path;
                break;
            }
            let Some(parent) = item.parent().map(str::to_owned) else {
                break;
            };
            let at = ItemRef::new(&drive.id, &parent);
            match self.item(at, FOLDER_FIELDS, &purpose).await {
                Ok(found) => item = found,
                Err(error) if error.kind().is_retryable() => return Err(error),
                Err(_) => break,
            }
            if item.root.is_none() {
                names.push(item.name.clone().unwrap_or_else(|| SOMEWHERE.to_owned()));
            }
        }
        let below = names.iter().rev();
        Ok(below.fold(above, |path, name| joined(&path, name)))
    }

    fn tell_removed(&self, drive: &DriveInfo, id: &str, item: &DriveItem, walked: &mut Walked) {
        let was_folder = self.forest().remove(&drive.id, id);
        let says_folder = item.folder.is_some() || item.root.is_some();
        if !was_folder && !says_folder {
            let file = ItemRef::new(&drive.id, id).file();
            walked.changes.push(Change::Removed(file));
        }
        // Most tombstones do not say what they were.
        if item.file.is_none() && !walked.removed_folders.iter().any(|known| known == id) {
            walked.removed_folders.push(id.to_owned());
        }
    }

    fn tell_alive(&self, drive: &DriveInfo, id: &str, item: &DriveItem, walked: &mut Walked) {
        let place = match (&item.root, item.parent()) {
            (Some(_), _) => Some((String::new(), false)),
            (None, Some(parent)) => self.forest().path(&drive.id, parent),
            (None, None) => None,
        };
        let (folder, in_package) = place.unwrap_or((SOMEWHERE.to_owned(), false));
        if in_package {
            return;
        }
        if is_folder(item) && item.package.is_none() {
            let folder = folder_meta(drive, id, item, &folder);
            walked.changes.push(Change::FolderAt(folder));
            return;
        }
        match self.meta(drive, item, drive.path_of(&folder)) {
            Some(meta) => {
                if meta.kind == FileKind::File
                    && let Some(link) = Link::of(item)
                {
                    self.tenant.links.put_listed(&meta.file, link);
                }
                walked.changes.push(Change::Upserted(meta));
            }
            None => walked.unreadable.push(UnreadableFolder {
                path: drive.path_of(&joined(&folder, item.name.as_deref().unwrap_or(SOMEWHERE))),
                error: incomplete(drive),
            }),
        }
    }
}

fn incomplete(drive: &DriveInfo) -> Error {
    purpose(drive).malformed("the service says neither size nor version of a file")
}

fn folder_meta(drive: &DriveInfo, id: &str, item: &DriveItem, above: &str) -> FolderMeta {
    let (below_root, parent) = if item.root.is_some() {
        (String::new(), None)
    } else {
        let name = item.name.as_deref().unwrap_or(SOMEWHERE);
        (joined(above, name), item.parent())
    };
    FolderMeta {
        folder: ItemRef::new(&drive.id, id).folder(),
        parent: parent.map(|parent| ItemRef::new(&drive.id, parent).folder()),
        path: drive.path_of(&below_root),
        link: drive.link_of(&below_root),
    }
}

/// Whether other items can lie in it.
pub(super) fn is_folder(item: &DriveItem) -> bool {
    item.remote_item.is_none()
        && (item.folder.is_some() || item.root.is_some() || item.package.is_some())
}

fn joined(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// The last state of each item of a page, in the order in which those stand (rule 2).
fn last_of_each(items: Vec<DriveItem>) -> Vec<(String, DriveItem)> {
    let mut seen = HashSet::new();
    let mut last: Vec<_> = items
        .into_iter()
        .rev()
        .filter_map(|item| Some((item.id.clone()?, item)))
        .filter(|(id, _)| seen.insert(id.clone()))
        .collect();
    last.reverse();
    last
}
