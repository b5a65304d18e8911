//! Where folders are: what delta does not say of a file (reference/microsoft-graph.md §3.4 rule 6).

use labeld_connector::{Cursor, FolderTrees};

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
#[derive(Debug)]
pub(super) struct Forest {
    /// With each tree go the folders at a path that was looked up, or were when they came.
    trees: FolderTrees<String, Node, Vec<u64>>,
}

impl Default for Forest {
    fn default() -> Self {
        Self {
            trees: FolderTrees::new(MOST_FOLDERS),
        }
    }
}

impl Forest {
    /// Begins a page of `drive` that continues from `since`.
    pub(super) fn begin_page(&mut self, drive: &str, since: Option<&Cursor>) {
        self.trees.begin_page(drive, since);
    }

    /// Ends it: the next page begins at `next`, or this one is asked for again.
    pub(super) fn end_page(&mut self, drive: &str, since: Option<&Cursor>, next: &Cursor) {
        self.trees.end_page(drive, since, next);
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
        let known = self.trees.get(drive, key);
        let is_news = known.is_none_or(|node| node.place != place);
        if is_news && place != Place::Root {
            self.forget_looked_up(drive);
        }
        self.insert(drive, key, place, is_package);
    }

    /// Takes in a folder that was looked up, at a path below the drive's root.
    pub(super) fn put_at(&mut self, drive: &str, id: &str, path: &str, is_package: bool) {
        let key = self.key(id);
        self.insert(drive, key, Place::At(path.into()), is_package);
    }

    /// A folder that has come, or has moved, may be above those whose path was looked up.
    fn forget_looked_up(&mut self, drive: &str) {
        for looked_up in std::mem::take(self.trees.kept(drive)) {
            let node = self.trees.get(drive, looked_up);
            if node.is_some_and(|node| matches!(node.place, Place::At(_))) {
                self.trees.remove(drive, looked_up);
            }
        }
    }

    fn insert(&mut self, drive: &str, key: u64, place: Place, is_package: bool) {
        let parent_in_package = match &place {
            Place::In { parent, .. } => {
                let parent = self.trees.get(drive, *parent);
                parent.is_some_and(|node| node.in_package)
            }
            Place::Root | Place::At(_) => false,
        };
        let is_looked_up = matches!(place, Place::At(_));
        let node = Node {
            place,
            in_package: is_package || parent_in_package,
        };
        self.trees.put(drive, key, node);
        if is_looked_up {
            self.trees.kept(drive).push(key);
        }
    }

    /// Forgets a folder; whether it was known.
    pub(super) fn remove(&mut self, drive: &str, id: &str) -> bool {
        self.trees.remove(drive, self.key(id))
    }

    /// Path of a folder below the drive's root, and whether it is in a notebook; `None` where that is not known.
    pub(super) fn path(&self, drive: &str, id: &str) -> Option<(String, bool)> {
        let mut node = self.trees.get(drive, self.key(id))?;
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
                    node = self.trees.get(drive, *parent)?;
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
        self.trees.key(id)
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
}
