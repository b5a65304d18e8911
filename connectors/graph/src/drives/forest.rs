//! Where folders are: what delta does not say of a file (reference/microsoft-graph.md §3.4 rule 6).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use labeld_connector::Cursor;

/// Most folders that are kept in memory, over all drives: some 20 MB.
const MOST_FOLDERS: usize = 200_000;

/// Deepest nesting. SharePoint's paths have at most 400 characters.
const MOST_DEPTH: usize = 400;

/// A folder as delta or a look at it shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The root of the drive.
    Root,
    /// In another folder, by the hash of its id.
    In { parent: u64, name: Box<str> },
    /// At a path below the drive's root that was looked up; good until a folder moves.
    At(Box<str>),
}

/// What is known of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) place: Place,
    /// Whether it is a notebook, or lies in one.
    pub(super) in_package: bool,
}

/// The folders of the drives that are being walked.
///
/// A tree is only as good as the chain of pages that it was made of: it is dropped as soon as the caller goes
/// on from anywhere else than the last page, because somebody else may have seen the pages between.
#[derive(Debug, Default)]
pub(super) struct Forest {
    trees: HashMap<String, Tree>,
    hasher: RandomState,
    folders: usize,
    uses: u64,
}

#[derive(Debug, Default)]
struct Tree {
    nodes: HashMap<u64, Node>,
    /// Those at a path that was looked up, or were when they came.
    looked_up: Vec<u64>,
    /// The cursors of the last page: where it began, and where it led to.
    last_page: Option<[Option<u64>; 2]>,
    last_use: u64,
}

impl Forest {
    /// Begins a page of `drive` that continues from `since`.
    pub(super) fn begin_page(&mut self, drive: &str, since: Option<&Cursor>) {
        let since = since.map(|cursor| self.hasher.hash_one(&cursor.0));
        let continues = self.trees.get(drive).is_some_and(|tree| {
            since.is_some() && tree.last_page.is_some_and(|ends| ends.contains(&since))
        });
        if !continues {
            self.drop_tree(drive);
        }
    }

    /// Ends it: the next page begins at `next`, or this one is asked for again.
    pub(super) fn end_page(&mut self, drive: &str, since: Option<&Cursor>, next: &Cursor) {
        let ends = [since, Some(next)].map(|end| end.map(|end| self.hasher.hash_one(&end.0)));
        self.uses += 1;
        let tree = self.trees.entry(drive.to_owned()).or_default();
        tree.last_page = Some(ends);
        tree.last_use = self.uses;
    }

    /// Takes in a folder that delta shows. `parent` is `None` for the root.
    pub(super) fn put(
        &mut self,
        drive: &str,
        id: &str,
        name: &str,
        parent: Option<&str>,
        is_package: bool,
    ) {
        let place = match parent {
            None => Place::Root,
            Some(parent) => Place::In {
                parent: self.key(parent),
                name: name.into(),
            },
        };
        let key = self.key(id);
        let tree = self.trees.entry(drive.to_owned()).or_default();
        let is_news = tree.nodes.get(&key).is_none_or(|node| node.place != place);
        if is_news && place != Place::Root {
            // It may be above a folder whose path was looked up.
            for looked_up in std::mem::take(&mut tree.looked_up) {
                let is_it = tree
                    .nodes
                    .get(&looked_up)
                    .is_some_and(|node| matches!(node.place, Place::At(_)));
                if is_it {
                    tree.nodes.remove(&looked_up);
                    self.folders -= 1;
                }
            }
        }
        self.insert(drive, key, place, is_package);
    }

    /// Takes in a folder that was looked up, at a path below the drive's root.
    pub(super) fn put_at(&mut self, drive: &str, id: &str, path: &str, is_package: bool) {
        let key = self.key(id);
        self.insert(drive, key, Place::At(path.into()), is_package);
    }

    fn insert(&mut self, drive: &str, key: u64, place: Place, is_package: bool) {
        self.make_room(drive);
        let tree = self.trees.entry(drive.to_owned()).or_default();
        let parent_in_package = match &place {
            Place::In { parent, .. } => tree.nodes.get(parent).is_some_and(|node| node.in_package),
            Place::Root | Place::At(_) => false,
        };
        if matches!(place, Place::At(_)) {
            tree.looked_up.push(key);
        }
        let node = Node {
            place,
            in_package: is_package || parent_in_package,
        };
        if tree.nodes.insert(key, node).is_none() {
            self.folders += 1;
        }
    }

    /// Forgets a folder; whether it was known.
    pub(super) fn remove(&mut self, drive: &str, id: &str) -> bool {
        let key = self.key(id);
        let removed = self
            .trees
            .get_mut(drive)
            .and_then(|tree| tree.nodes.remove(&key));
        self.folders -= usize::from(removed.is_some());
        removed.is_some()
    }

    /// Path of a folder below the drive's root, and whether it is in a notebook; `None` where that is not known.
    pub(super) fn path(&self, drive: &str, id: &str) -> Option<(String, bool)> {
        let tree = self.trees.get(drive)?;
        let mut node = tree.nodes.get(&self.key(id))?;
        let in_package = node.in_package;
        let mut names = Vec::new();
        for _ in 0..MOST_DEPTH {
            match &node.place {
                Place::Root => break,
                Place::At(path) => {
                    if !path.is_empty() {
                        names.push(&**path);
                    }
                    break;
                }
                Place::In { parent, name } => {
                    names.push(name);
                    node = tree.nodes.get(parent)?;
                }
            }
        }
        // A loop ends nowhere.
        if matches!(node.place, Place::In { .. }) {
            return None;
        }
        names.reverse();
        Some((names.join("/"), in_package))
    }

    fn key(&self, id: &str) -> u64 {
        self.hasher.hash_one(id)
    }

    fn drop_tree(&mut self, drive: &str) {
        if let Some(tree) = self.trees.remove(drive) {
            self.folders -= tree.nodes.len();
        }
    }

    /// Drops whole trees, those unused for longest first, and this drive's own when no other is left.
    fn make_room(&mut self, drive: &str) {
        while self.folders >= MOST_FOLDERS {
            let oldest = self
                .trees
                .iter()
                .filter(|(name, tree)| *name != drive && !tree.nodes.is_empty())
                .min_by_key(|(_, tree)| tree.last_use)
                .map(|(name, _)| name.clone());
            match oldest {
                Some(oldest) => self.drop_tree(&oldest),
                None => {
                    let Some(tree) = self.trees.get_mut(drive) else {
                        return;
                    };
                    self.folders -= tree.nodes.len();
                    tree.nodes = HashMap::new();
                    tree.looked_up = Vec::new();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(forest: &Forest, id: &str) -> Option<String> {
        forest.path("d", id).map(|(path, _)| path)
    }

    fn grown() -> Forest {
        let mut forest = Forest::default();
        forest.put("d", "root", "root", None, false);
        forest.put("d", "a", "plans", Some("root"), false);
        forest.put("d", "b", "old", Some("a"), false);
        forest
    }

    #[test]
    fn paths_follow_renames_and_moves() {
        let mut forest = grown();
        assert_eq!(path(&forest, "root").as_deref(), Some(""));
        assert_eq!(path(&forest, "b").as_deref(), Some("plans/old"));
        forest.put("d", "a", "Plans", Some("root"), false);
        assert_eq!(path(&forest, "b").as_deref(), Some("Plans/old"));
        forest.put("d", "b", "old", Some("root"), false);
        assert_eq!(path(&forest, "b").as_deref(), Some("old"));
        assert!(forest.remove("d", "a"));
        assert!(!forest.remove("d", "a"));
        assert_eq!(path(&forest, "a"), None);
        assert_eq!(forest.path("other", "b"), None);
    }

    #[test]
    fn what_was_looked_up_is_good_until_a_folder_moves() {
        let mut forest = Forest::default();
        forest.put_at("d", "x", "far/away", false);
        forest.put("d", "y", "below", Some("x"), false);
        assert_eq!(path(&forest, "y"), None, "the new folder may be above x");
        forest.put_at("d", "x", "far/away", false);
        assert_eq!(path(&forest, "y").as_deref(), Some("far/away/below"));
        forest.put("d", "y", "below", Some("x"), false);
        assert_eq!(path(&forest, "y").as_deref(), Some("far/away/below"));
    }

    #[test]
    fn what_lies_in_a_notebook_is_known_to() {
        let mut forest = grown();
        forest.put("d", "n", "Notes", Some("a"), true);
        forest.put("d", "s", "Section group", Some("n"), false);
        assert_eq!(forest.path("d", "s").map(|(_, inside)| inside), Some(true));
        assert_eq!(forest.path("d", "b").map(|(_, inside)| inside), Some(false));
    }

    #[test]
    fn a_loop_of_folders_ends_nowhere() {
        let mut forest = Forest::default();
        forest.put("d", "a", "a", Some("b"), false);
        forest.put("d", "b", "b", Some("a"), false);
        assert_eq!(path(&forest, "a"), None);
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
            let mut forest = grown();
            forest.end_page("d", Some(&cursor("1")), &cursor("2"));
            forest.begin_page("d", since.as_ref());
            assert_eq!(path(&forest, "b").is_some(), kept, "{since:?}");
            assert_eq!(forest.folders, if kept { 3 } else { 0 });
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut forest = grown();
        for number in 0..MOST_FOLDERS + 10 {
            forest.put("e", &number.to_string(), "x", Some("root"), false);
            assert!(forest.folders <= MOST_FOLDERS);
        }
        assert_eq!(path(&forest, "b"), None, "the other drive went first");
        let counted: usize = forest.trees.values().map(|tree| tree.nodes.len()).sum();
        assert_eq!(counted, forest.folders);
    }
}
