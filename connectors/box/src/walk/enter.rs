//! What an entry of a listing comes to.

use labeld_connector::{Barrier, Change, FolderMeta, UnreadableFolder};

use super::held::OpenPlace;
use super::page::{Making, login_of};
use crate::app::BoxApp;
use crate::directory::Coverage;
use crate::item::{Place, SOMEWHERE, folder_meta, incomplete, joined};
use crate::model::{Id, Item};

/// What an entry comes to.
pub(super) enum Entered {
    Nothing,
    Change(Change),
    Unreadable(UnreadableFolder),
    /// To be walked into.
    Folder {
        meta: FolderMeta,
        owner: Id,
    },
}

/// Whose an entry is, as far as the walk is concerned.
enum Whose {
    /// The user's whose walk it is.
    Own,
    /// Of somebody whose own walk comes to it, or whom nobody wants to look at.
    Elsewhere,
    /// Of somebody whose walk there is none of.
    Foreign(Barrier),
}

impl BoxApp {
    /// An entry of the folder `folder`, which is at `place`.
    pub(super) fn enter(
        &self,
        making: &Making,
        item: &Item,
        folder: Id,
        place: &OpenPlace,
    ) -> Entered {
        let is_known_kind = item.is_file() || item.is_folder();
        if item.is_gone() || !is_known_kind {
            return Entered::Nothing;
        }
        let owner = item.owner().unwrap_or(place.owner);
        let barrier = match whose(making, owner) {
            Whose::Own => None,
            Whose::Elsewhere => return Entered::Nothing,
            Whose::Foreign(barrier) => Some(barrier),
        };
        // A tree of somebody else begins in the root of whoever was invited to it.
        let begins_foreign = barrier.is_some() && folder == Id::ROOT;
        let above = if begins_foreign {
            login_of(&making.people, item, owner)
        } else {
            place.path.clone()
        };
        if item.is_folder() {
            if begins_foreign && !self.foreign().is_first(item.id) {
                return Entered::Nothing;
            }
            let name = item.name.as_deref().unwrap_or(SOMEWHERE);
            let parent = (!begins_foreign).then_some(folder);
            let meta = folder_meta(item.id, parent, joined(&above, name), owner);
            self.seen
                .note_folder(item.id, owner, &meta.path, making.from);
            return Entered::Folder { meta, owner };
        }
        let at = Place {
            folder: &above,
            parent: folder,
        };
        match self.meta(item, owner, at, barrier) {
            Some(meta) => {
                self.seen.note_file(item.id, owner, making.from);
                Entered::Change(Change::Upserted(meta))
            }
            None => {
                let name = item.name.as_deref().unwrap_or(SOMEWHERE);
                let path = joined(&above, name);
                Entered::Unreadable(UnreadableFolder {
                    error: incomplete(&path),
                    path,
                })
            }
        }
    }
}

fn whose(making: &Making, owner: Id) -> Whose {
    if owner == making.walk.user {
        return Whose::Own;
    }
    match making.people.member(owner).map(|member| member.coverage) {
        Some(Coverage::Covered | Coverage::LeftOut) => Whose::Elsewhere,
        Some(_) => Whose::Foreign(Barrier::NotCovered),
        None => Whose::Foreign(Barrier::ExternalOwner),
    }
}
