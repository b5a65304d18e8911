//! From what Box says of an item to what labeld knows of a file (reference/box.md §6).

use labeld_connector::{
    Barrier, Error, ErrorKind, Exposure, FileKind, FileMeta, FileRef, FolderMeta, Result,
};

use crate::app::BoxApp;
use crate::call::{Acting, Purpose};
use crate::directory::{Coverage, People, not_covered};
use crate::model::{Id, Item};
use crate::reference::{FileName, folder_ref, version_of};

/// Fields of an entry of a listing.
pub(crate) const ENTRY_FIELDS: &str = "id,type,name,etag,sha1,size,file_version,owned_by,created_at,modified_at,\
    content_modified_at,item_status,shared_link,is_externally_owned,permissions";

/// Fields of a file that is looked at by itself.
pub(crate) const FILE_FIELDS: &str = "id,type,name,etag,sha1,size,file_version,owned_by,created_at,modified_at,\
    content_modified_at,item_status,shared_link,is_externally_owned,permissions,lock,watermark_info,path_collection,\
    disposition_at,has_collaborations,is_accessible_via_shared_link";

/// Fields of a folder that is looked at.
pub(crate) const FOLDER_FIELDS: &str = "id,type,name,owned_by,item_status,path_collection,shared_link,\
    has_collaborations,is_externally_owned";

/// Endings of documents that exist only inside Box, and have no bytes that another program reads (§6).
const NATIVE: &[&str] = &["boxnote", "boxcanvas", "gdoc", "gsheet", "gslides"];

/// Web address of a folder; people see it when they may.
const FOLDER_LINK: &str = "https://app.box.com/folder/";

const STAT: &str = "look at file";

/// A file of somebody who can be acted as, with all its fields.
#[derive(Debug, Clone)]
pub(crate) struct OwnFile {
    pub(crate) name: FileName,
    pub(crate) item: Item,
    /// The folder it lies in, as people read it.
    pub(crate) folder: String,
    pub(crate) parent: Id,
}

impl BoxApp {
    /// The present state of one file.
    pub(crate) async fn look_at(&self, file: &FileRef) -> Result<FileMeta> {
        let purpose = Purpose {
            operation: STAT,
            context: &file.0,
        };
        let own = self.own_file(file, &purpose).await?;
        self.meta_of(&own).ok_or_else(|| {
            purpose.malformed("the service says neither size nor version of the file")
        })
    }

    /// Looks at a file in the name of its owner.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] also when it belongs to somebody else by now: it is told under another name then.
    pub(crate) async fn own_file(&self, file: &FileRef, purpose: &Purpose<'_>) -> Result<OwnFile> {
        let name = FileName::of(file, purpose.operation)?;
        let people = self.people().await?;
        let login = acting_login(&people, name.owner, purpose)?.to_owned();
        let item = self.file_as(name.file, name.owner, purpose).await?;
        if item.owner() != Some(name.owner) || item.is_gone() {
            return Err(purpose
                .error(ErrorKind::NotFound)
                .with_source("the file has another owner by now"));
        }
        let (folder, parent) = place_of(&item, &login);
        Ok(OwnFile {
            name,
            item,
            folder,
            parent,
        })
    }

    /// Looks at a file in the name of a user.
    pub(crate) async fn file_as(&self, file: Id, user: Id, purpose: &Purpose<'_>) -> Result<Item> {
        let url = self.api(&["files", &file.to_string()], &[("fields", FILE_FIELDS)])?;
        self.get(url, Acting::As(user), purpose).await
    }

    /// Looks at a folder in the name of a user.
    pub(crate) async fn folder_as(
        &self,
        folder: Id,
        user: Id,
        purpose: &Purpose<'_>,
    ) -> Result<Item> {
        let url = self.api(
            &["folders", &folder.to_string()],
            &[("fields", FOLDER_FIELDS)],
        )?;
        self.get(url, Acting::As(user), purpose).await
    }

    /// What labeld knows of a file that was looked at.
    pub(crate) fn meta_of(&self, own: &OwnFile) -> Option<FileMeta> {
        let place = Place {
            folder: &own.folder,
            parent: own.parent,
        };
        self.meta(&own.item, own.name.owner, place, None)
    }

    /// What labeld knows of a file. `None` where the item lacks what every file has.
    pub(crate) fn meta(
        &self,
        item: &Item,
        owner: Id,
        place: Place<'_>,
        barrier: Option<Barrier>,
    ) -> Option<FileMeta> {
        let name = item.name.clone()?;
        let version = version_of(item)?;
        let can_download = item.permissions.and_then(|may| may.can_download);
        let denied = (can_download == Some(false)).then_some(Barrier::Denied);
        Some(FileMeta {
            file: FileName::new(owner, item.id).file_ref(),
            folder: place.folder.to_owned(),
            parent: Some(folder_ref(place.parent, owner)),
            kind: kind_of(&name),
            size: item.size?,
            version,
            created: item.created_at,
            modified: item.content_modified_at.or(item.modified_at),
            owner: item.owned_by.as_ref().and_then(|by| by.login.clone()),
            exposure: self.listed_exposure(item),
            // Only the list of its invitations tells, and those of the folders above.
            collaborators: None,
            // Under As-User every write bears the user's name (§3.5).
            own_write: None,
            barrier: barrier.or(denied),
            name,
        })
    }

    /// Who can reach it, as far as the file alone tells: a link of its own. Links of folders above it and invitations are
    /// looked for when it matters.
    fn listed_exposure(&self, item: &Item) -> Exposure {
        let link = item.shared_link.as_ref();
        match link.and_then(|link| link.reach(self.service.clock().now())) {
            Some(Exposure::Public) => Exposure::Public,
            _ => Exposure::Unknown,
        }
    }
}

/// Where a file lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// As people read it.
    pub(crate) folder: &'a str,
    pub(crate) parent: Id,
}

/// The login of a user who is acted as.
///
/// # Errors
///
/// [`ErrorKind::NotCovered`] for a user who cannot be acted as, [`ErrorKind::Denied`] for one whom the enterprise does not
/// have or the configuration leaves out.
pub(crate) fn acting_login<'a>(
    people: &'a People,
    user: Id,
    purpose: &Purpose<'_>,
) -> Result<&'a str> {
    let denied = |why: &'static str| Err(purpose.error(ErrorKind::Denied).with_source(why));
    let Some(member) = people.member(user) else {
        return denied("its owner is no user of the enterprise");
    };
    match (member.coverage, member.coverage.obstacle()) {
        (Coverage::Covered, _) => Ok(&member.login),
        (_, Some(obstacle)) => Err(purpose
            .error(ErrorKind::NotCovered)
            .with_source(not_covered(member, obstacle))),
        _ => denied("its owner is left out by the configuration"),
    }
}

/// The folder an item lies in, as its owner sees it: path and id.
pub(crate) fn place_of(item: &Item, login: &str) -> (String, Id) {
    let above = item.path_collection.iter().flat_map(|path| &path.entries);
    let mut path = login.to_owned();
    let mut parent = Id::ROOT;
    for folder in above.filter(|folder| folder.id != Id::ROOT) {
        path = joined(&path, folder.name.as_deref().unwrap_or(SOMEWHERE));
        parent = folder.id;
    }
    (path, parent)
}

/// The folders that an item lies in, the outermost first, each as the feed tells it.
pub(crate) fn folders_above(item: &Item, owner: Id, login: &str) -> Vec<(Id, FolderMeta)> {
    let mut told = Vec::new();
    let (mut path, mut parent) = (login.to_owned(), Id::ROOT);
    let above = item.path_collection.iter().flat_map(|path| &path.entries);
    for folder in above.filter(|folder| folder.id != Id::ROOT) {
        path = joined(&path, folder.name.as_deref().unwrap_or(SOMEWHERE));
        told.push((
            folder.id,
            folder_meta(folder.id, Some(parent), path.clone(), owner),
        ));
        parent = folder.id;
    }
    told
}

/// A folder as the feed tells it. `parent` is `None` for the root of a user, and for a folder at which a foreign tree begins.
pub(crate) fn folder_meta(folder: Id, parent: Option<Id>, path: String, owner: Id) -> FolderMeta {
    FolderMeta {
        folder: folder_ref(folder, owner),
        parent: parent.map(|parent| folder_ref(parent, owner)),
        path,
        // Of the folder: a file's name in labeld has its owner before the id that Box's address takes.
        link: Some(format!("{FOLDER_LINK}{folder}")),
    }
}

/// Stands for the name of a folder that the service does not tell.
pub(crate) const SOMEWHERE: &str = "…";

pub(crate) fn joined(folder: &str, name: &str) -> String {
    format!("{folder}/{name}")
}

fn kind_of(name: &str) -> FileKind {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_native = extension.is_some_and(|extension| {
        NATIVE
            .iter()
            .any(|native| native.eq_ignore_ascii_case(extension))
    });
    if is_native {
        FileKind::Native
    } else {
        FileKind::File
    }
}

/// A folder or file that the service described incompletely.
pub(crate) fn incomplete(path: &str) -> Error {
    Error::new(ErrorKind::Malformed, "list", path)
        .with_source("the service says neither size nor version of a file")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_an_item_is_its_owners_view() {
        let item = |path: &str| -> Item {
            serde_json::from_str(&format!(
                r#"{{"type":"file","id":"8001","path_collection":{path}}}"#
            ))
            .unwrap()
        };
        let root = r#"{"id":"0","name":"All Files","etag":null}"#;
        for (path, place, parent) in [
            ("null".to_owned(), "m", 0),
            (format!(r#"{{"entries":[{root}]}}"#), "m", 0),
            (
                format!(
                    r#"{{"entries":[{root},{{"id":"5","name":"Legal"}},{{"id":6,"name":"Old"}}]}}"#
                ),
                "m/Legal/Old",
                6,
            ),
            (r#"{"entries":[{"id":"5"}]}"#.to_owned(), "m/…", 5),
        ] {
            let item = item(&path);
            assert_eq!(
                place_of(&item, "m"),
                (place.to_owned(), Id(parent)),
                "{path}"
            );
            let above = folders_above(&item, Id(7), "m");
            let last = above.last().map(|(_, folder)| folder.path.clone());
            assert_eq!(last.unwrap_or("m".to_owned()), place, "{path}");
            let first = above.first().and_then(|(_, folder)| folder.parent.clone());
            assert!(first.is_none_or(|parent| parent.0 == "root/7"));
        }
    }

    #[test]
    fn documents_that_only_box_has_are_native() {
        for (name, kind) in [
            ("Plan.docx", FileKind::File),
            ("Ideas.boxnote", FileKind::Native),
            ("Table.GSheet", FileKind::Native),
            ("gdoc", FileKind::File),
            ("", FileKind::File),
        ] {
            assert_eq!(kind_of(name), kind, "{name}");
        }
    }
}
