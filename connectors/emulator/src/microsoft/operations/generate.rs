//! Many files at little cost.

use serde::{Deserialize, Serialize};

use super::{Microsoft, sure};
use crate::frame::{ContentPool, ControlError, DocumentKind, LabelMark, PoolOptions};
use crate::microsoft::state::blob::BlobRef;
use crate::microsoft::state::item::{Item, ItemIndex, Kind};
use crate::microsoft::world::World;

/// The files to be made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenerateOptions {
    /// How many files.
    pub files: u64,
    /// How many folders they are spread over evenly, nested ten to a folder; none for 0.
    pub folders: u32,
    /// The folder that all of it is below; the root when empty.
    pub below: String,
    /// How many different contents there are.
    pub documents: usize,
    /// The mean size of a content in bytes.
    pub mean_size: u64,
    /// The kinds of documents, in equal shares.
    pub kinds: Vec<DocumentKind>,
    /// The share of the contents that has one of the tenant's labels, from 0 to 1.
    pub labelled: f64,
    /// For everything else.
    pub seed: u64,
    /// In whose name.
    pub who: String,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        let pool = PoolOptions::default();
        Self {
            files: 1000,
            folders: 100,
            below: String::new(),
            documents: pool.documents,
            mean_size: pool.mean_size,
            kinds: pool.kinds,
            labelled: 0.2,
            seed: 0,
            who: "system".to_owned(),
        }
    }
}

impl World<'_> {
    /// Makes the files. The journal does not note them: there may be a million.
    pub(in crate::microsoft) fn generate(
        &mut self,
        drive: &str,
        options: &GenerateOptions,
    ) -> Result<(), ControlError> {
        let drive = self.drive_named(drive)?;
        let documents = self.pool(options)?;
        let below = self.folder_at(drive, &options.below, &options.who)?;
        let mut folders: Vec<ItemIndex> = Vec::new();
        for number in 0..options.folders {
            // The tenth part of the folders are at the top, and each holds ten others.
            let parent = (number / 10)
                .checked_sub(1)
                .and_then(|parent| folders.get(parent as usize))
                .copied()
                .unwrap_or(below);
            let folder =
                self.generated(drive, parent, &format!("folder {number:05}"), None, options)?;
            folders.push(folder);
        }
        let count = folders.len().max(1) as u64;
        for number in 0..options.files {
            let at = usize::try_from(number % count).unwrap_or(0);
            let folder = folders.get(at).copied().unwrap_or(below);
            let slot = usize::try_from(number % documents.len().max(1) as u64).unwrap_or(0);
            let Some((extension, blob, size)) = documents.get(slot) else {
                break;
            };
            let name = format!("document {number:07}.{extension}");
            self.generated(drive, folder, &name, Some((*blob, *size)), options)?;
        }
        self.state.changed_drives.insert(drive);
        Ok(())
    }

    fn pool(
        &mut self,
        options: &GenerateOptions,
    ) -> Result<Vec<(&'static str, BlobRef, u64)>, ControlError> {
        let usable = |label: &&crate::microsoft::state::label::Label| {
            let has_children = self
                .state
                .labels
                .iter()
                .any(|other| other.parent == Some(label.id));
            label.enabled && label.is_for_files() && !label.protects && !has_children
        };
        let labels = self
            .state
            .labels
            .iter()
            .filter(usable)
            .map(|label| LabelMark {
                label_id: label.id,
                tenant_id: self.state.tenant_id,
                name: label.name.clone(),
                by_hand: false,
            })
            .collect();
        let documents = options.documents.max(1);
        let pool = ContentPool::new(&PoolOptions {
            documents,
            mean_size: options.mean_size,
            kinds: options.kinds.clone(),
            labels,
            labelled: options.labelled,
            seed: options.seed,
        });
        (0..documents as u64)
            .map(|number| {
                let (kind, content) = pool.get(number);
                let size = content.size();
                Ok((kind.extension(), self.keep(content)?, size))
            })
            .collect()
    }

    fn generated(
        &mut self,
        drive: crate::microsoft::state::drive::DriveIndex,
        folder: ItemIndex,
        name: &str,
        content: Option<(BlobRef, u64)>,
        options: &GenerateOptions,
    ) -> Result<ItemIndex, ControlError> {
        let actor = self.state.actor(&options.who);
        let (now, unique_id) = (self.millis(), self.state.new_uuid());
        let tree = &mut self
            .state
            .drive_mut(drive)
            .ok_or_else(|| ControlError::NotFound("the drive".to_owned()))?
            .tree;
        if tree.child(folder, name).is_some() {
            return Err(ControlError::Conflict(format!("{name:?} is there already")));
        }
        let item = Item {
            unique_id,
            name: name.into(),
            parent: folder,
            kind: if content.is_some() {
                Kind::File
            } else {
                Kind::Folder
            },
            deleted: false,
            created_by: actor,
            modified_by: actor,
            blob: content.map(|(blob, _)| blob),
            size: content.map_or(0, |(_, size)| size),
            e_tag: 1,
            c_tag: u32::from(content.is_some()),
            created: now,
            modified: now,
            sequence: 0,
            rare: None,
        };
        tree.insert(item, now)
            .ok_or_else(|| ControlError::Conflict("the drive is full".to_owned()))
    }
}

impl Microsoft {
    /// Makes many files whose contents are shared and made when they are read.
    ///
    /// # Panics
    ///
    /// When there is no such drive, or a name is taken.
    #[track_caller]
    pub fn generate(&self, drive: &str, options: &GenerateOptions) {
        sure(self.with(|world| world.generate(drive, options)));
    }
}
