//! From what events speak of to changes.

use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use labeld_connector::{Change, FolderMeta, Result, UnreadableFolder};

use super::meaning::{Touched, TouchedItem};
use super::resolve::Found;
use crate::app::BoxApp;
use crate::directory::{Member, People};
use crate::item::{OwnFile, SOMEWHERE, folder_meta, folders_above, incomplete, joined, place_of};
use crate::model::{Id, Item};
use crate::reference::{FileName, folder_ref};
use crate::walk::Task;

/// Looks at the same time.
const SIDE_BY_SIDE: usize = 4;

/// What a page of events comes to.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) changes: Vec<Change>,
    /// Told after everything else, so that what was moved out of a folder is no longer in it.
    removed_folders: Vec<Change>,
    pub(super) unreadable: Vec<UnreadableFolder>,
    pub(super) tasks: Vec<Task>,
}

impl BoxApp {
    /// Looks at everything that was touched, and tells what became of it.
    pub(super) async fn tell(&self, from: u64, touched: Touched) -> Result<Told> {
        let mut told = Told::default();
        if touched.groups {
            self.access.forget_groups();
        }
        let people = if touched.users.is_empty() {
            self.people().await?
        } else {
            self.people_now().await?
        };
        for (user, comes) in touched.users {
            self.tell_user(user, comes, &people, &mut told);
        }
        let found: Vec<(TouchedItem, Found)> = stream::iter(touched.items)
            .map(|item| self.found(item, from, Arc::clone(&people)))
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        for (item, found) in found {
            if item.shared || item.moved {
                self.access.forget(item.id);
            }
            if item.is_folder {
                self.tell_folder(from, &item, found, &people, &mut told);
            } else {
                self.tell_file(from, &item, found, &people, &mut told);
            }
        }
        let removed = std::mem::take(&mut told.removed_folders);
        told.changes.extend(removed);
        Ok(told)
    }

    async fn found(
        &self,
        item: TouchedItem,
        from: u64,
        people: Arc<People>,
    ) -> Result<(TouchedItem, Found)> {
        let known = match item.is_folder {
            true => self.seen.folder_owner(item.id, from),
            false => self.seen.file_owner(item.id, from),
        };
        let found = self.find(&item, known, &people).await?;
        Ok((item, found))
    }

    fn tell_user(&self, user: Id, comes: bool, people: &People, told: &mut Told) {
        self.usable.remove(&user);
        match (people.covered(user), people.member(user)) {
            (Some(member), _) => {
                let root = folder_meta(Id::ROOT, None, member.login.clone(), user);
                told.changes.push(Change::FolderAt(root));
                if comes {
                    told.task(Id::ROOT, user);
                }
            }
            // What is known of somebody who can no longer be acted as stays.
            (None, Some(_)) => {}
            (None, None) => {
                let root = folder_ref(Id::ROOT, user);
                told.removed_folders.push(Change::FolderRemoved(root));
            }
        }
    }

    fn tell_file(
        &self,
        from: u64,
        touched: &TouchedItem,
        found: Found,
        people: &People,
        told: &mut Told,
    ) {
        let known_owner = self.seen.file_owner(touched.id, from);
        // Under whom it may have been told before. Who moved it to somebody else most likely had it.
        let mut former: Vec<Id> = known_owner.into_iter().collect();
        if touched.moved || touched.removed {
            former.extend(
                touched
                    .doers
                    .iter()
                    .filter(|doer| people.covered(**doer).is_some()),
            );
        }
        let present = match found {
            Found::Here { item, owner } => {
                let id = owner.id;
                self.tell_present_file(from, *item, &owner, told);
                Some(id)
            }
            // A file of another enterprise that somebody here put into the trash.
            Found::Elsewhere { owner } if touched.removed && !touched.appeared => {
                former.push(owner);
                None
            }
            Found::Elsewhere { owner } => Some(owner),
            Found::Gone => {
                former.extend(touched.owner);
                None
            }
            Found::Unclear(error) => {
                told.unreadable.push(unclear(touched, error));
                return;
            }
        };
        former.sort_unstable();
        former.dedup();
        for owner in former.into_iter().filter(|owner| Some(*owner) != present) {
            let gone = FileName::new(owner, touched.id).file_ref();
            told.changes.push(Change::Removed(gone));
        }
    }

    fn tell_present_file(&self, from: u64, item: Item, owner: &Member, told: &mut Told) {
        let folders = folders_above(&item, owner.id, &owner.login);
        self.tell_folders(from, owner.id, folders, false, &mut told.changes);
        let (folder, parent) = place_of(&item, &owner.login);
        let own = OwnFile {
            name: FileName::new(owner.id, item.id),
            item,
            folder,
            parent,
        };
        match self.meta_of(&own) {
            Some(meta) => {
                self.seen.note_file(own.name.file, owner.id, from);
                told.changes.push(Change::Upserted(meta));
            }
            None => {
                let name = own.item.name.as_deref().unwrap_or(SOMEWHERE);
                let path = joined(&own.folder, name);
                told.unreadable.push(UnreadableFolder {
                    error: incomplete(&path),
                    path,
                });
            }
        }
    }

    fn tell_folder(
        &self,
        from: u64,
        touched: &TouchedItem,
        found: Found,
        people: &People,
        told: &mut Told,
    ) {
        match found {
            Found::Here { item, owner } => {
                let known_owner = self.seen.folder_owner(touched.id, from);
                let may_be_from_another = touched.moved && known_owner != Some(owner.id);
                if may_be_from_another {
                    // Its files have other names if it has another owner: they go, and come back as what they are.
                    told.folder_removed(touched.id);
                }
                // Of what lies in it no events tell.
                if may_be_from_another || touched.appeared || touched.removed {
                    told.task(touched.id, owner.id);
                } else if touched.moved || touched.renamed {
                    self.tell_present_folder(from, &item, &owner, told);
                }
            }
            Found::Elsewhere { owner } => {
                self.tell_folder_elsewhere(from, touched, owner, people, told);
            }
            Found::Gone => told.folder_removed(touched.id),
            Found::Unclear(error) => told.unreadable.push(unclear(touched, error)),
        }
    }

    /// A folder of somebody whose files are not looked at. Those of other enterprises are listed through whoever here had to
    /// do with them.
    fn tell_folder_elsewhere(
        &self,
        from: u64,
        touched: &TouchedItem,
        owner: Id,
        people: &People,
        told: &mut Told,
    ) {
        let known_owner = self.seen.folder_owner(touched.id, from);
        let is_removed = touched.removed && !touched.appeared;
        if is_removed || (touched.moved && known_owner != Some(owner)) {
            told.folder_removed(touched.id);
        }
        let is_foreign = people.member(owner).is_none();
        let mut doers = touched.doers.iter();
        let through = doers.find(|doer| people.covered(**doer).is_some());
        if let (true, false, Some(user)) = (is_foreign, is_removed, through) {
            told.task(touched.id, *user);
        }
    }

    fn tell_present_folder(&self, from: u64, item: &Item, owner: &Member, told: &mut Told) {
        let mut folders = folders_above(item, owner.id, &owner.login);
        let (above, parent) = place_of(item, &owner.login);
        let name = item.name.as_deref().unwrap_or(SOMEWHERE);
        let meta = folder_meta(item.id, Some(parent), joined(&above, name), owner.id);
        folders.push((item.id, meta));
        self.tell_folders(from, owner.id, folders, false, &mut told.changes);
    }

    /// Tells where folders are, those of which it was told before left out unless `always`.
    pub(crate) fn tell_folders(
        &self,
        from: u64,
        owner: Id,
        folders: Vec<(Id, FolderMeta)>,
        always: bool,
        changes: &mut Vec<Change>,
    ) {
        for (folder, meta) in folders {
            if always || !self.seen.has_told_folder(folder, owner, &meta.path, from) {
                self.seen.note_folder(folder, owner, &meta.path, from);
                changes.push(Change::FolderAt(meta));
            }
        }
    }
}

impl Told {
    fn folder_removed(&mut self, folder: Id) {
        // No root: the owner does not matter for its name.
        let gone = folder_ref(folder, Id::ROOT);
        self.removed_folders.push(Change::FolderRemoved(gone));
    }

    fn task(&mut self, folder: Id, user: Id) {
        let task = Task { folder, user };
        if !self.tasks.contains(&task) {
            self.tasks.push(task);
        }
    }
}

fn unclear(touched: &TouchedItem, error: labeld_connector::Error) -> UnreadableFolder {
    let login = touched.owner_login.as_deref().unwrap_or(SOMEWHERE);
    let name = touched.name.as_deref().unwrap_or(SOMEWHERE);
    UnreadableFolder {
        path: joined(login, name),
        error,
    }
}
