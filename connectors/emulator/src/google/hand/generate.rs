//! Many files at once.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Done;
use crate::frame::{ContentPool, PoolOptions};
use crate::google::Google;
use crate::google::mime;
use crate::google::world::{Actor, NewFile};

/// What files to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenerateOptions {
    /// Where: Mina's My Drive when empty.
    pub place: String,
    /// How many files.
    pub files: u64,
    /// How many folders they are spread over.
    pub folders: u64,
    /// How many different documents there are.
    pub documents: usize,
    /// Their mean size in bytes.
    pub mean_size: u64,
    /// For everything else about them.
    pub seed: u64,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        let pool = PoolOptions::default();
        Self {
            place: String::new(),
            files: 0,
            folders: 20,
            documents: pool.documents,
            mean_size: pool.mean_size,
            seed: 0,
        }
    }
}

impl Google {
    /// Makes files that share a few contents, which are made when they are first read.
    ///
    /// # Errors
    ///
    /// When there is no such place.
    pub fn generate(&self, options: &GenerateOptions) -> Done<()> {
        let pool = ContentPool::new(&PoolOptions {
            documents: options.documents,
            mean_size: options.mean_size,
            seed: options.seed,
            ..PoolOptions::default()
        });
        let place = if options.place.is_empty() {
            self.mina()
        } else {
            options.place.clone()
        };
        let actor = Actor::person(&self.mina());
        self.edit(|world| {
            let root = world.root(&place)?;
            let mut folders = Vec::new();
            for folder in 0..options.folders.max(1) {
                folders.push(world.folder_at(
                    root,
                    &format!("generated/folder {folder:04}"),
                    &actor,
                )?);
            }
            for (index, folder) in (0..options.files).zip(folders.iter().cycle()) {
                let (kind, content) = pool.get(index);
                let name = format!("document {index:06}.{}", kind.extension());
                let mut new = NewFile::new(&name, mime::of_name(&name), *folder, Some(content));
                // They have been there for a while.
                let age =
                    TimeDelta::days(30) - TimeDelta::seconds(i64::try_from(index).unwrap_or(0));
                new.created = Some(world.now - age.max(TimeDelta::days(1)));
                new.modified = new.created;
                world.create(new, &actor)?;
            }
            Ok(())
        })
    }
}
