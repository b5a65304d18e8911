//! Many files at once.

use serde::{Deserialize, Serialize};

use super::BoxService;
use super::hand::number;
use super::state::item::{Body, Item, Place, Version};
use super::state::{Id, Millis};
use super::world::World;
use crate::frame::ContentPool;

/// What a generated tree is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GenerateOptions {
    /// How many files.
    pub files: u64,
    /// Over how many folders they are spread evenly; none puts them into the root.
    pub folders: u64,
    /// How many folders lie in each other at most.
    pub depth: u64,
    /// The beginning of all names.
    pub prefix: String,
}

impl Default for GenerateOptions {
    fn default() -> Self {
        Self {
            files: 1_000,
            folders: 20,
            depth: 3,
            prefix: "generated".to_owned(),
        }
    }
}

impl BoxService {
    /// Puts generated files into a user's root, without events: they have been there since long ago.
    pub fn generate(&self, user: &str, options: &GenerateOptions, pool: &ContentPool) {
        self.with(|world| {
            let user = number(user);
            // A month ago.
            let time = world.millis() - 30 * 24 * 3600 * 1000;
            let mut maker = Maker { world, user, time };
            let folders = maker.folders(options);
            for index in 0..options.files {
                let spread = usize::try_from(index % folders.len().max(1) as u64).unwrap_or(0);
                let place = folders.get(spread).copied().unwrap_or(Place::Root(user));
                maker.file(place, index, options, pool);
            }
        });
    }
}

struct Maker<'a, 'w> {
    world: &'a mut World<'w>,
    user: Id,
    time: Millis,
}

impl Maker<'_, '_> {
    /// Folders, each in one made before it until the depth is reached.
    fn folders(&mut self, options: &GenerateOptions) -> Vec<Place> {
        let mut made: Vec<Place> = Vec::new();
        let depth = options.depth.max(1);
        for index in 0..options.folders {
            let parent = match index % depth {
                0 => Place::Root(self.user),
                _ => made.last().copied().unwrap_or(Place::Root(self.user)),
            };
            let name = format!("{} {index:05}", options.prefix);
            made.push(Place::Folder(self.item(parent, &name, Body::Folder)));
        }
        made
    }

    fn file(&mut self, place: Place, index: u64, options: &GenerateOptions, pool: &ContentPool) {
        let (kind, content) = pool.get(index);
        let name = format!("{} {index:07}.{}", options.prefix, kind.extension());
        let version = Version {
            id: self.world.state.new_id(),
            content: self.world.state.contents.add(&content),
            size: content.size(),
            uploaded: self.time,
            by: self.user,
        };
        self.item(place, &name, Body::File(version));
    }

    fn item(&mut self, parent: Place, name: &str, body: Body) -> Id {
        let id = self.world.state.new_id();
        let item = Item {
            name: name.into(),
            parent,
            owner: self.user,
            etag: 0,
            created: self.time,
            modified: self.time,
            content_created: self.time,
            content_modified: self.time,
            created_by: self.user,
            modified_by: self.user,
            trashed: None,
            body,
            rare: None,
        };
        self.world.state.tree.insert(id, item);
        id
    }
}
