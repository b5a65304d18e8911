//! Where folders are, for feeds whose files name their folder and nothing above it.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

use crate::feed::Cursor;

/// The folders of the feeds that are being walked: a tree of nodes for each feed, bounded over all of them.
///
/// A tree is only as good as the chain of pages that it was made of: it is dropped as soon as the caller goes on from
/// anywhere else than the last page, because somebody else may have seen the pages between. Where there are too many
/// folders, whole trees are dropped, those unused for longest first.
///
/// `K` names a feed, `N` is what is kept of a folder, `T` what is kept with a whole tree.
#[derive(Debug)]
pub struct FolderTrees<K, N, T = ()> {
    trees: HashMap<K, Tree<N, T>>,
    hasher: RandomState,
    most: usize,
    folders: usize,
    uses: u64,
}

#[derive(Debug)]
struct Tree<N, T> {
    nodes: HashMap<u64, N>,
    kept: T,
    /// The cursors of the last page: where it began, and where it led to.
    last_page: Option<[Option<u64>; 2]>,
    last_use: u64,
}

impl<N, T: Default> Default for Tree<N, T> {
    fn default() -> Self {
        Self {
            nodes: HashMap::new(),
            kept: T::default(),
            last_page: None,
            last_use: 0,
        }
    }
}

impl<K: Hash + Eq + Clone, N, T: Default> FolderTrees<K, N, T> {
    /// Trees with at most so many folders in all.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            trees: HashMap::new(),
            hasher: RandomState::new(),
            most,
            folders: 0,
            uses: 0,
        }
    }

    /// The number that stands for a folder's id in these trees. Two ids with one number would take a run of bad luck that
    /// no one has.
    pub fn key(&self, id: &str) -> u64 {
        self.hasher.hash_one(id)
    }

    /// Folders in all trees.
    #[must_use]
    pub fn folders(&self) -> usize {
        self.folders
    }

    /// Begins a page of a feed that continues from `since`.
    pub fn begin_page<Q>(&mut self, feed: &Q, since: Option<&Cursor>)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let since = since.map(|cursor| self.key(&cursor.0));
        let continues = self.trees.get(feed).is_some_and(|tree| {
            since.is_some() && tree.last_page.is_some_and(|ends| ends.contains(&since))
        });
        if !continues {
            self.drop_tree(feed);
        }
    }

    /// Ends it: the next page begins at `next`, or this one is asked for again.
    pub fn end_page<Q>(&mut self, feed: &Q, since: Option<&Cursor>, next: &Cursor)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let ends = [since, Some(next)].map(|end| end.map(|end| self.key(&end.0)));
        self.uses += 1;
        let uses = self.uses;
        let tree = self.trees.entry(feed.to_owned()).or_default();
        tree.last_page = Some(ends);
        tree.last_use = uses;
    }

    /// Takes in a folder, after room was made for it.
    pub fn put<Q>(&mut self, feed: &Q, folder: u64, node: N)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        self.make_room(feed);
        let tree = self.trees.entry(feed.to_owned()).or_default();
        if tree.nodes.insert(folder, node).is_none() {
            self.folders += 1;
        }
    }

    /// Forgets a folder; whether it was known.
    pub fn remove<Q>(&mut self, feed: &Q, folder: u64) -> bool
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let tree = self.trees.get_mut(feed);
        let is_removed = tree.is_some_and(|tree| tree.nodes.remove(&folder).is_some());
        self.folders -= usize::from(is_removed);
        is_removed
    }

    /// What is known of a folder.
    pub fn get<Q>(&self, feed: &Q, folder: u64) -> Option<&N>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.trees.get(feed)?.nodes.get(&folder)
    }

    /// What is kept with the whole tree of a feed; it goes when the tree does.
    pub fn kept<Q>(&mut self, feed: &Q) -> &mut T
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        &mut self.trees.entry(feed.to_owned()).or_default().kept
    }

    fn drop_tree<Q>(&mut self, feed: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if let Some(tree) = self.trees.remove(feed) {
            self.folders -= tree.nodes.len();
        }
    }

    /// Drops whole trees, and this feed's own when no other is left.
    fn make_room<Q>(&mut self, feed: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        while self.folders >= self.most {
            let oldest = self
                .trees
                .iter()
                .filter(|(name, tree)| (*name).borrow() != feed && !tree.nodes.is_empty())
                .min_by_key(|(_, tree)| tree.last_use)
                .map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                self.drop_tree(oldest.borrow());
                continue;
            }
            let Some(tree) = self.trees.get_mut(feed) else {
                return;
            };
            self.folders -= tree.nodes.len();
            tree.nodes = HashMap::new();
            tree.kept = T::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grown() -> FolderTrees<String, &'static str> {
        let mut trees = FolderTrees::new(100);
        for folder in 0..3 {
            trees.put("d", folder, "folder");
        }
        trees
    }

    #[test]
    fn a_tree_lives_as_long_as_its_chain_of_pages() {
        let cursor = |text: &str| Cursor(text.to_owned());
        for (since, kept) in [
            (Some(cursor("1")), true),
            (Some(cursor("2")), true),
            (Some(cursor("3")), false),
            (None, false),
        ] {
            let mut trees = grown();
            trees.end_page("d", Some(&cursor("1")), &cursor("2"));
            trees.begin_page("d", since.as_ref());
            assert_eq!(trees.get("d", 1).is_some(), kept, "{since:?}");
            assert_eq!(trees.folders(), if kept { 3 } else { 0 });
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut trees = grown();
        for number in 0..250 {
            trees.put("e", number, "other");
            assert!(trees.folders() <= 100);
        }
        assert_eq!(trees.get("d", 1), None, "the other feed went first");
        let counted: usize = trees.trees.values().map(|tree| tree.nodes.len()).sum();
        assert_eq!(counted, trees.folders());
        assert!(trees.remove("e", 249));
        assert!(!trees.remove("e", 249));
        assert_eq!(trees.folders(), counted - 1);
    }
}
