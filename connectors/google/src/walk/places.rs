//! Learning where files lie.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use labeld_connector::{ErrorKind, Result, UnreadableFolder};

use super::{OPERATION, Page, Parent, SOMEWHERE};
use crate::batch::Api;
use crate::client::Purpose;
use crate::corpus::Corpus;
use crate::drive::GoogleDrive;
use crate::feeds::Sight;
use crate::fields;
use crate::forest::{Forest, Place};
use crate::item;
use crate::model::File;

/// Deepest nesting that is climbed. Drive has 100 levels.
const MOST_DEPTH: usize = 200;

impl GoogleDrive {
    /// The id of the top folder.
    pub(super) async fn top_folder(&self, sight: &Sight) -> Result<String> {
        if let Corpus::Drive(id) = &sight.corpus {
            return Ok(id.clone());
        }
        if let Some(known) = self.tops.get(&sight.corpus) {
            return Ok(known);
        }
        let purpose = Purpose::new(OPERATION, &sight.title);
        let segments = ["drive", "v3", "files", "root"];
        let url = self
            .client
            .drive_url(&segments, &[("fields", "id")], true)?;
        let root: File = self
            .client
            .get(url, &purpose, self.client.units.get, &sight.eyes)
            .await?;
        let id = root
            .id
            .ok_or_else(|| purpose.malformed("the top folder has no id"))?;
        self.tops.put(sight.corpus.clone(), id.clone());
        Ok(id)
    }

    /// The folder that a file lies in, looked up anew with all above it.
    pub(crate) async fn climb(
        &self,
        sight: &Sight,
        file: &File,
        operation: &'static str,
    ) -> Result<Option<Parent>> {
        let forest = Mutex::new(Forest::default());
        self.find_places(&forest, sight, std::slice::from_ref(file), operation)
            .await?;
        Ok(folder_of(&forest, sight, file))
    }

    /// Learns where the folders are that files lie in, level by level.
    pub(super) async fn find_places(
        &self,
        forest: &Mutex<Forest>,
        sight: &Sight,
        files: &[File],
        operation: &'static str,
    ) -> Result<()> {
        let mut wanting = unknown(forest, sight, files.iter().filter_map(File::parent));
        if wanting.is_empty() {
            return Ok(());
        }
        let top = self.top_folder(sight).await?;
        locked(forest).put(&sight.corpus, &top, &Place::Top, true);
        wanting.remove(&top);
        for _ in 0..MOST_DEPTH {
            if wanting.is_empty() {
                return Ok(());
            }
            let ids: Vec<String> = std::mem::take(&mut wanting).into_iter().collect();
            let query = (Api::V3, fields::FOLDER);
            let found = self
                .batches
                .look_at::<File>(&self.client, &sight.eyes, query, &ids, operation)
                .await?;
            let mut above = Vec::new();
            for (id, folder) in ids.iter().zip(found) {
                match folder {
                    Ok(mut folder) => {
                        folder.id = Some(id.clone());
                        plant(forest, sight, &folder);
                        above.extend(folder.parents);
                    }
                    Err(error) if error.kind().is_retryable() => return Err(error),
                    // A folder that cannot be seen, with something in it that can.
                    Err(_) => {
                        let name = SOMEWHERE.to_owned();
                        locked(forest).put(&sight.corpus, id, &Place::Loose { name }, false);
                    }
                }
            }
            wanting = unknown(forest, sight, above.iter().map(String::as_str));
        }
        Ok(())
    }

    /// Looks at files of which the listing left out what an entry must have.
    pub(super) async fn complete(
        &self,
        page: &mut Page<'_>,
        files: Vec<File>,
    ) -> Result<Vec<File>> {
        let mut files = last_of_each(files);
        let wanting: Vec<String> = files
            .iter()
            .filter(|file| item::is_incomplete(file))
            .filter_map(|file| file.id.clone())
            .collect();
        if wanting.is_empty() {
            return Ok(files);
        }
        let fields = self.list_fields(page.sight);
        let query = (Api::V3, fields.as_str());
        let looked = self
            .batches
            .look_at::<File>(&self.client, &page.sight.eyes, query, &wanting, OPERATION)
            .await?;
        let mut found: HashMap<String, Result<File>> = wanting.into_iter().zip(looked).collect();
        let mut lost = HashSet::new();
        for file in &mut files {
            let Some(id) = file.id.clone() else { continue };
            match found.remove(&id) {
                None => {}
                Some(Ok(whole))
                    if !whole.is_trashed() && item::belongs_to(&whole, &page.sight.corpus) =>
                {
                    *file = whole;
                }
                Some(Ok(_)) => {
                    self.tell_gone(page, &id)?;
                    lost.insert(id);
                }
                Some(Err(error)) if error.kind() == ErrorKind::NotFound => {
                    self.tell_gone(page, &id)?;
                    lost.insert(id);
                }
                Some(Err(error)) if error.kind().is_retryable() => return Err(error),
                Some(Err(error)) => {
                    let name = file.name.as_deref().unwrap_or(SOMEWHERE);
                    page.unreadable.push(UnreadableFolder {
                        path: page.sight.path_of(name),
                        error,
                    });
                    lost.insert(id);
                }
            }
        }
        files.retain(|file| file.id.as_ref().is_some_and(|id| !lost.contains(id)));
        Ok(files)
    }
}

/// Notes where a folder is.
pub(super) fn plant(forest: &Mutex<Forest>, sight: &Sight, folder: &File) {
    let Some(id) = folder.id.as_deref() else {
        return;
    };
    let is_top = matches!(&sight.corpus, Corpus::Drive(drive) if drive == id);
    let name = folder.name.clone().unwrap_or_else(|| SOMEWHERE.to_owned());
    let place = match folder.parent() {
        _ if is_top => Place::Top,
        Some(parent) => Place::In {
            parent: parent.to_owned(),
            name,
        },
        None => Place::Loose { name },
    };
    let is_own = is_top || item::belongs_to(folder, &sight.corpus);
    locked(forest).put(&sight.corpus, id, &place, is_own);
}

/// The folder that a file lies in, where that is known.
pub(super) fn folder_of(forest: &Mutex<Forest>, sight: &Sight, file: &File) -> Option<Parent> {
    let id = file.parent()?;
    let known = locked(forest).find(&sight.corpus, id)?;
    Some(Parent {
        id: id.to_owned(),
        known,
    })
}

/// Those of the folders, and of the folders above them, that have not been seen.
fn unknown<'f>(
    forest: &Mutex<Forest>,
    sight: &Sight,
    folders: impl Iterator<Item = &'f str>,
) -> BTreeSet<String> {
    let forest = locked(forest);
    folders
        .filter_map(|folder| forest.first_unknown(&sight.corpus, folder))
        .collect()
}

pub(super) fn locked(forest: &Mutex<Forest>) -> MutexGuard<'_, Forest> {
    forest.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The last state of each file, in the order in which those stand.
fn last_of_each(files: Vec<File>) -> Vec<File> {
    let mut seen = HashSet::new();
    let mut last: Vec<File> = files
        .into_iter()
        .rev()
        .filter(|file| file.id.as_ref().is_some_and(|id| seen.insert(id.clone())))
        .collect();
    last.reverse();
    last
}
