//! All items, and what lies where.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::Id;
use super::item::{Item, Place};

/// Deepest nesting that is followed.
const MOST_DEPTH: usize = 1_000;

/// The items by id. What is in the trash stays, but in no folder.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "BTreeMap<Id, Item>", into = "BTreeMap<Id, Item>")]
pub(crate) struct Tree {
    items: BTreeMap<Id, Item>,
    children: BTreeMap<Place, BTreeSet<Id>>,
    names: HashMap<(Place, Box<str>), Id>,
}

impl Clone for Tree {
    fn clone(&self) -> Self {
        self.items.clone().into()
    }
}

impl From<BTreeMap<Id, Item>> for Tree {
    fn from(items: BTreeMap<Id, Item>) -> Self {
        let mut tree = Self {
            items,
            ..Self::default()
        };
        let active: Vec<Id> = tree
            .items
            .iter()
            .filter(|(_, item)| item.trashed.is_none())
            .map(|(id, _)| *id)
            .collect();
        for id in active {
            tree.attach(id);
        }
        tree
    }
}

impl From<Tree> for BTreeMap<Id, Item> {
    fn from(tree: Tree) -> Self {
        tree.items
    }
}

impl Tree {
    /// An item, wherever it is.
    pub(crate) fn get(&self, id: Id) -> Option<&Item> {
        self.items.get(&id)
    }

    /// All items, trashed ones included.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id, &Item)> {
        self.items.iter().map(|(id, item)| (*id, item))
    }

    /// An item that is neither in the trash nor below something that is.
    pub(crate) fn active(&self, id: Id) -> Option<&Item> {
        let item = self.items.get(&id)?;
        (!self.is_trashed(id)).then_some(item)
    }

    /// Whether the item or something above it is in the trash.
    pub(crate) fn is_trashed(&self, id: Id) -> bool {
        let is_trashed = |item: &Item| item.trashed.is_some();
        self.items.get(&id).is_some_and(is_trashed)
            || self
                .ancestors(id)
                .into_iter()
                .any(|above| self.items.get(&above).is_some_and(is_trashed))
    }

    /// The folders above an item, the innermost first; the root is not among them.
    pub(crate) fn ancestors(&self, id: Id) -> Vec<Id> {
        let mut above = Vec::new();
        let mut at = self.items.get(&id).map(|item| item.parent);
        while let Some(Place::Folder(folder)) = at {
            if above.len() >= MOST_DEPTH {
                break;
            }
            above.push(folder);
            at = self.items.get(&folder).map(|item| item.parent);
        }
        above
    }

    /// The active items in a place after one of them, in the order of their ids.
    pub(crate) fn children(
        &self,
        place: Place,
        after: Option<Id>,
    ) -> impl Iterator<Item = (Id, &Item)> {
        use std::ops::Bound;

        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.children
            .get(&place)
            .into_iter()
            .flat_map(move |children| children.range((begin, Bound::Unbounded)))
            .filter_map(|id| Some((*id, self.items.get(id)?)))
    }

    /// The active item of this name in a place, without regard to case.
    pub(crate) fn named(&self, place: Place, name: &str) -> Option<Id> {
        self.names.get(&(place, folded(name))).copied()
    }

    /// The item at a path below a place.
    pub(crate) fn at_path(&self, place: Place, path: &str) -> Option<Id> {
        let mut place = place;
        let mut found = None;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let id = self.named(place, name)?;
            found = Some(id);
            place = Place::Folder(id);
        }
        found
    }

    /// The item and all that lies below it, trashed items included.
    pub(crate) fn subtree(&self, top: Id) -> Vec<Id> {
        let mut below = vec![top];
        let mut at = 0;
        while let Some(id) = below.get(at).copied() {
            let children = self.children.get(&Place::Folder(id));
            below.extend(children.into_iter().flatten());
            at += 1;
        }
        below
    }

    pub(crate) fn insert(&mut self, id: Id, item: Item) {
        self.items.insert(id, item);
        self.attach(id);
    }

    /// Changes an item where its place and name do not matter.
    pub(crate) fn get_mut(&mut self, id: Id) -> Option<&mut Item> {
        self.items.get_mut(&id)
    }

    /// Gives an item another place or name.
    pub(crate) fn relocate(&mut self, id: Id, place: Place, name: &str) {
        self.detach(id);
        if let Some(item) = self.items.get_mut(&id) {
            item.parent = place;
            item.name = name.into();
        }
        self.attach(id);
    }

    /// Puts an item into the trash.
    pub(crate) fn trash(&mut self, id: Id, now: super::Millis) {
        self.detach(id);
        if let Some(item) = self.items.get_mut(&id) {
            item.trashed = Some(now);
        }
    }

    /// Takes an item out of the trash.
    pub(crate) fn restore(&mut self, id: Id) {
        if let Some(item) = self.items.get_mut(&id) {
            item.trashed = None;
        }
        self.attach(id);
    }

    fn attach(&mut self, id: Id) {
        if let Some(item) = self.items.get(&id) {
            self.children.entry(item.parent).or_default().insert(id);
            self.names.insert((item.parent, folded(&item.name)), id);
        }
    }

    fn detach(&mut self, id: Id) {
        if let Some(item) = self.items.get(&id) {
            if let Some(children) = self.children.get_mut(&item.parent) {
                children.remove(&id);
            }
            self.names.remove(&(item.parent, folded(&item.name)));
        }
    }
}

fn folded(name: &str) -> Box<str> {
    name.to_lowercase().into()
}
