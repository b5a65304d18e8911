//! The items of a drive, and the log of their changes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::item::{Item, ItemIndex, Kind, Millis};

/// All items of a drive, live and deleted, with their places in the change log.
///
/// Items are never dropped: a client may ask for the changes since any time, and deletions are among them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(crate) struct Tree {
    items: Vec<Item>,
    /// The last number given in the change log.
    sequence: u64,
    /// When the numbers were given: each entry is a time and the last number up to then.
    times: Vec<(Millis, u64)>,
    // What follows is made from the above.
    folders: HashMap<ItemIndex, FolderState>,
    names: HashMap<(ItemIndex, Box<str>), ItemIndex>,
    unique_ids: HashMap<Uuid, ItemIndex>,
    changes: BTreeMap<u64, ItemIndex>,
    sharing_changes: BTreeMap<u64, ItemIndex>,
}

#[derive(Debug, Clone, Default)]
struct FolderState {
    children: BTreeSet<ItemIndex>,
    /// Bytes of all files below.
    size: u64,
}

/// Which sizes an item brings to the folders above it.
#[derive(Clone, Copy)]
enum CountedSize {
    /// Its own, or that of what lies in it.
    WithContents,
    /// Its own: what lies in it is counted by itself.
    OfFiles,
}

/// What is kept of a tree in a saved state.
#[derive(Serialize, Deserialize)]
struct Saved {
    items: Vec<Item>,
    sequence: u64,
    times: Vec<(Millis, u64)>,
}

impl Tree {
    /// The items, live and deleted, in the order of their creation.
    pub(crate) fn items(&self) -> impl Iterator<Item = (ItemIndex, &Item)> {
        self.items_after(None)
    }

    /// The items after one, live and deleted, in the order of their creation.
    pub(crate) fn items_after(
        &self,
        after: Option<ItemIndex>,
    ) -> impl Iterator<Item = (ItemIndex, &Item)> {
        let first = after.map_or(0, |after| after.0 as usize + 1);
        self.items
            .iter()
            .enumerate()
            .skip(first)
            .filter_map(|(at, item)| Some((ItemIndex(u32::try_from(at).ok()?), item)))
    }

    /// The number of items, deleted ones included.
    pub(crate) fn len(&self) -> usize {
        self.items.len()
    }

    /// An item.
    pub(crate) fn get(&self, index: ItemIndex) -> Option<&Item> {
        self.items.get(index.0 as usize)
    }

    /// An item, when it was not deleted.
    pub(crate) fn live(&self, index: ItemIndex) -> Option<&Item> {
        self.get(index).filter(|item| !item.deleted)
    }

    /// The item with a unique id, live or deleted.
    pub(crate) fn find(&self, unique_id: Uuid) -> Option<ItemIndex> {
        self.unique_ids.get(&unique_id).copied()
    }

    /// The live item of this name in a folder. Names are compared without regard to case.
    pub(crate) fn child(&self, folder: ItemIndex, name: &str) -> Option<ItemIndex> {
        self.names.get(&(folder, folded(name))).copied()
    }

    /// The live item at a path below `folder`.
    pub(crate) fn resolve<'a>(
        &self,
        folder: ItemIndex,
        path: impl IntoIterator<Item = &'a str>,
    ) -> Option<ItemIndex> {
        path.into_iter()
            .filter(|name| !name.is_empty())
            .try_fold(folder, |folder, name| self.child(folder, name))
    }

    /// The live items in a folder after one of them, in the order of their creation.
    pub(crate) fn children(
        &self,
        folder: ItemIndex,
        after: Option<ItemIndex>,
    ) -> impl Iterator<Item = ItemIndex> + '_ {
        use std::ops::Bound;

        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.folders
            .get(&folder)
            .into_iter()
            .flat_map(move |state| state.children.range((begin, Bound::Unbounded)).copied())
    }

    /// The number of live items in a folder.
    pub(crate) fn child_count(&self, folder: ItemIndex) -> usize {
        self.folders
            .get(&folder)
            .map_or(0, |state| state.children.len())
    }

    /// Bytes of all files below a folder, or of a file.
    pub(crate) fn size(&self, index: ItemIndex) -> u64 {
        match self.folders.get(&index) {
            Some(state) => state.size,
            None => self.get(index).map_or(0, |item| item.size),
        }
    }

    /// The folders above an item, the nearest first, the root last. Bounded by the number of items.
    pub(crate) fn ancestors(&self, index: ItemIndex) -> impl Iterator<Item = ItemIndex> + '_ {
        let parent = |index: ItemIndex| {
            (index != ItemIndex::ROOT)
                .then(|| self.get(index).map(|item| item.parent))
                .flatten()
        };
        std::iter::successors(parent(index), move |index| parent(*index)).take(self.items.len())
    }

    /// Names from the root down to an item, the root left out.
    pub(crate) fn path(&self, index: ItemIndex) -> Vec<&str> {
        let mut names: Vec<&str> = std::iter::once(index)
            .chain(self.ancestors(index))
            .filter(|index| *index != ItemIndex::ROOT)
            .filter_map(|index| Some(&*self.get(index)?.name))
            .collect();
        names.reverse();
        names
    }

    /// Everything live below a folder, parents first.
    pub(crate) fn below(&self, folder: ItemIndex) -> Vec<ItemIndex> {
        let mut found: Vec<ItemIndex> = self.children(folder, None).collect();
        let mut next = 0;
        while let Some(index) = found.get(next).copied() {
            found.extend(self.children(index, None));
            next += 1;
        }
        found
    }

    /// Whether `index` is `folder` or lies below it.
    pub(crate) fn is_within(&self, index: ItemIndex, folder: ItemIndex) -> bool {
        index == folder || self.ancestors(index).any(|ancestor| ancestor == folder)
    }

    /// The number of the last change.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The number of the last change up to a time.
    pub(crate) fn sequence_at(&self, time: Millis) -> u64 {
        let after = self.times.partition_point(|(at, _)| *at <= time);
        after
            .checked_sub(1)
            .and_then(|last| self.times.get(last))
            .map_or(0, |(_, sequence)| *sequence)
    }

    /// Items whose last change of content or properties has a number in the range, by number.
    pub(crate) fn changes(
        &self,
        after: u64,
        until: u64,
    ) -> impl Iterator<Item = (u64, ItemIndex)> + '_ {
        within(&self.changes, after, until)
    }

    /// Items whose last change of sharing has a number in the range, by number.
    pub(crate) fn sharing_changes(
        &self,
        after: u64,
        until: u64,
    ) -> impl Iterator<Item = (u64, ItemIndex)> + '_ {
        within(&self.sharing_changes, after, until)
    }

    /// Adds an item, whose parent must be a folder of this tree, or the root as the first item. `None` when the
    /// tree is full.
    pub(crate) fn insert(&mut self, item: Item, now: Millis) -> Option<ItemIndex> {
        let index = ItemIndex(u32::try_from(self.items.len()).ok()?);
        self.unique_ids.insert(item.unique_id, index);
        self.items.push(item);
        self.attach(index, CountedSize::WithContents);
        self.log(index, now);
        Some(index)
    }

    /// Changes an item and notes that it changed.
    pub(crate) fn change(&mut self, index: ItemIndex, now: Millis, change: impl FnOnce(&mut Item)) {
        self.detach(index);
        if let Some(item) = self.items.get_mut(index.0 as usize) {
            change(item);
        }
        self.attach(index, CountedSize::WithContents);
        self.log(index, now);
    }

    /// Changes an item and tells nobody.
    pub(crate) fn change_unlisted(&mut self, index: ItemIndex, change: impl FnOnce(&mut Item)) {
        self.detach(index);
        self.change_quietly(index, change);
        self.attach(index, CountedSize::WithContents);
    }

    /// Changes what nobody is told of: neither place, name, size nor whether it is deleted.
    pub(crate) fn change_quietly(&mut self, index: ItemIndex, change: impl FnOnce(&mut Item)) {
        if let Some(item) = self.items.get_mut(index.0 as usize) {
            change(item);
        }
    }

    /// Changes an item's sharing and notes it.
    pub(crate) fn change_sharing(
        &mut self,
        index: ItemIndex,
        now: Millis,
        change: impl FnOnce(&mut super::item::Rare),
    ) {
        let sequence = self.next_sequence(now);
        let Some(item) = self.items.get_mut(index.0 as usize) else {
            return;
        };
        let rare = item.rare();
        self.sharing_changes.remove(&rare.sharing_sequence);
        rare.sharing_sequence = sequence;
        change(rare);
        self.sharing_changes.insert(sequence, index);
    }

    fn log(&mut self, index: ItemIndex, now: Millis) {
        let sequence = self.next_sequence(now);
        if let Some(item) = self.items.get_mut(index.0 as usize) {
            self.changes.remove(&item.sequence);
            item.sequence = sequence;
            self.changes.insert(sequence, index);
        }
    }

    fn next_sequence(&mut self, now: Millis) -> u64 {
        self.sequence += 1;
        match self.times.last_mut() {
            // A clock that was set back does not take the log back.
            Some((time, sequence)) if *time >= now => *sequence = self.sequence,
            _ => self.times.push((now, self.sequence)),
        }
        self.sequence
    }

    /// Puts a live item into the indexes.
    fn attach(&mut self, index: ItemIndex, counted: CountedSize) {
        let Some(item) = self.items.get(index.0 as usize) else {
            return;
        };
        let has_children = matches!(item.kind, Kind::Folder | Kind::Package);
        if has_children {
            self.folders.entry(index).or_default();
        }
        let Some(item) = self.items.get(index.0 as usize) else {
            return;
        };
        if item.deleted || index == ItemIndex::ROOT {
            return;
        }
        let (parent, name) = (item.parent, folded(&item.name));
        self.names.insert((parent, name), index);
        self.folders
            .entry(parent)
            .or_default()
            .children
            .insert(index);
        let size = match counted {
            CountedSize::OfFiles if has_children => 0,
            CountedSize::OfFiles | CountedSize::WithContents => self.size(index),
        };
        for ancestor in self.ancestors(index).collect::<Vec<_>>() {
            let state = self.folders.entry(ancestor).or_default();
            state.size = state.size.saturating_add(size);
        }
    }

    /// Takes a live item out of the indexes.
    fn detach(&mut self, index: ItemIndex) {
        let Some(item) = self.live(index).filter(|_| index != ItemIndex::ROOT) else {
            return;
        };
        let (parent, name) = (item.parent, folded(&item.name));
        self.names.remove(&(parent, name));
        let size = self.size(index);
        for ancestor in self.ancestors(index).collect::<Vec<_>>() {
            if let Some(state) = self.folders.get_mut(&ancestor) {
                state.size = state.size.saturating_sub(size);
            }
        }
        if let Some(state) = self.folders.get_mut(&parent) {
            state.children.remove(&index);
        }
    }
}

fn within(
    changes: &BTreeMap<u64, ItemIndex>,
    after: u64,
    until: u64,
) -> impl Iterator<Item = (u64, ItemIndex)> + '_ {
    // An empty range whose end is before its beginning would panic.
    changes
        .range(after.saturating_add(1)..=until.max(after.saturating_add(1)))
        .map(|(sequence, index)| (*sequence, *index))
        .take_while(move |(sequence, _)| *sequence <= until)
}

/// The form in which names are compared.
fn folded(name: &str) -> Box<str> {
    name.to_lowercase().into_boxed_str()
}

impl From<Saved> for Tree {
    fn from(saved: Saved) -> Self {
        let mut tree = Self {
            items: saved.items,
            sequence: saved.sequence,
            times: saved.times,
            ..Self::default()
        };
        let indexes: Vec<ItemIndex> = tree.items().map(|(index, _)| index).collect();
        for index in indexes {
            let Some(item) = tree.get(index) else {
                continue;
            };
            let (unique_id, sequence) = (item.unique_id, item.sequence);
            let sharing = item.rarely(|rare| Some(rare.sharing_sequence)).unwrap_or(0);
            tree.unique_ids.insert(unique_id, index);
            tree.changes.insert(sequence, index);
            if sharing != 0 {
                tree.sharing_changes.insert(sharing, index);
            }
            tree.attach(index, CountedSize::OfFiles);
        }
        tree
    }
}

impl From<Tree> for Saved {
    fn from(tree: Tree) -> Self {
        Self {
            items: tree.items,
            sequence: tree.sequence,
            times: tree.times,
        }
    }
}
