//! Where folders are: a file names its folder, and nothing above it.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use labeld_connector::Cursor;

use crate::corpus::Corpus;
use crate::feeds::one_segment;

/// Most folders that are kept in memory, over all corpora: some 30 MB.
const MOST_FOLDERS: usize = 200_000;

/// Deepest nesting that is followed. Drive has 100 levels.
const MOST_DEPTH: usize = 200;

/// Where a folder is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is the top folder.
    Top,
    /// In another folder.
    In { parent: String, name: String },
    /// In none that can be seen: somebody else's folder, or one that has lost its own.
    Loose { name: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Top,
    In { parent: Box<str>, name: Box<str> },
    Loose { name: Box<str> },
}

/// What is known of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// Below the top folder.
    pub(crate) path: String,
    /// Whether it belongs to the corpus, so that its feed tells what becomes of it.
    pub(crate) is_own: bool,
}

/// The folders of the corpora that are being walked.
///
/// A tree is only as good as the chain of pages that it was made of: it is dropped as soon as the caller goes
/// on from anywhere else than the last page, because somebody else may have seen the pages between.
#[derive(Debug, Default)]
pub(crate) struct Forest {
    trees: HashMap<Corpus, Tree>,
    hasher: RandomState,
    folders: usize,
    uses: u64,
}

#[derive(Debug, Default)]
struct Tree {
    nodes: HashMap<u64, (Node, bool)>,
    /// The cursors of the last page: where it began, and where it led to.
    last_page: Option<[Option<u64>; 2]>,
    last_use: u64,
}

impl Forest {
    /// Begins a page of `corpus` that continues from `since`.
    pub(crate) fn begin_page(&mut self, corpus: &Corpus, since: Option<&Cursor>) {
        let since = since.map(|cursor| self.hasher.hash_one(&cursor.0));
        let continues = self.trees.get(corpus).is_some_and(|tree| {
            since.is_some() && tree.last_page.is_some_and(|ends| ends.contains(&since))
        });
        if !continues {
            self.drop_tree(corpus);
        }
    }

    /// Ends it: the next page begins at `next`, or this one is asked for again.
    pub(crate) fn end_page(&mut self, corpus: &Corpus, since: Option<&Cursor>, next: &Cursor) {
        let ends = [since, Some(next)].map(|end| end.map(|end| self.hasher.hash_one(&end.0)));
        self.uses += 1;
        let tree = self.trees.entry(corpus.clone()).or_default();
        tree.last_page = Some(ends);
        tree.last_use = self.uses;
    }

    /// Takes in a folder.
    pub(crate) fn put(&mut self, corpus: &Corpus, id: &str, place: &Place, is_own: bool) {
        self.make_room(corpus);
        let node = match place {
            Place::Top => Node::Top,
            Place::In { parent, name } => Node::In {
                parent: parent.as_str().into(),
                name: one_segment(name).into(),
            },
            Place::Loose { name } => Node::Loose {
                name: one_segment(name).into(),
            },
        };
        let key = self.hasher.hash_one(id);
        let tree = self.trees.entry(corpus.clone()).or_default();
        if tree.nodes.insert(key, (node, is_own)).is_none() {
            self.folders += 1;
        }
    }

    /// Forgets a folder.
    pub(crate) fn remove(&mut self, corpus: &Corpus, id: &str) {
        let key = self.hasher.hash_one(id);
        let removed = self
            .trees
            .get_mut(corpus)
            .and_then(|tree| tree.nodes.remove(&key));
        self.folders -= usize::from(removed.is_some());
    }

    /// Where a folder is; `None` where that is not known.
    pub(crate) fn find(&self, corpus: &Corpus, id: &str) -> Option<Known> {
        let tree = self.trees.get(corpus)?;
        let (mut node, is_own) = tree
            .nodes
            .get(&self.hasher.hash_one(id))
            .map(|(node, own)| (node, *own))?;
        let mut names: Vec<&str> = Vec::new();
        for _ in 0..MOST_DEPTH {
            match node {
                Node::Top => break,
                Node::Loose { name } => {
                    names.push(name);
                    break;
                }
                Node::In { parent, name } => {
                    names.push(name);
                    node = &tree.nodes.get(&self.hasher.hash_one(&**parent))?.0;
                }
            }
        }
        // A loop ends nowhere.
        if matches!(node, Node::In { .. }) {
            return None;
        }
        names.reverse();
        Some(Known {
            path: names.join("/"),
            is_own,
        })
    }

    /// The folder, or the first one above it, that has not been seen; `None` when its place is known.
    pub(crate) fn first_unknown(&self, corpus: &Corpus, id: &str) -> Option<String> {
        let tree = self.trees.get(corpus);
        let mut next = id.to_owned();
        for _ in 0..MOST_DEPTH {
            let node = tree.and_then(|tree| tree.nodes.get(&self.hasher.hash_one(next.as_str())));
            match node {
                None => return Some(next),
                Some((Node::In { parent, .. }, _)) => next = parent.to_string(),
                Some(_) => return None,
            }
        }
        None
    }

    fn drop_tree(&mut self, corpus: &Corpus) {
        if let Some(tree) = self.trees.remove(corpus) {
            self.folders -= tree.nodes.len();
        }
    }

    /// Drops whole trees, those unused for longest first, and this corpus's own when no other is left.
    fn make_room(&mut self, corpus: &Corpus) {
        while self.folders >= MOST_FOLDERS {
            let oldest = self
                .trees
                .iter()
                .filter(|(known, tree)| *known != corpus && !tree.nodes.is_empty())
                .min_by_key(|(_, tree)| tree.last_use)
                .map(|(known, _)| known.clone());
            match oldest {
                Some(oldest) => self.drop_tree(&oldest),
                None => {
                    let Some(tree) = self.trees.get_mut(corpus) else {
                        return;
                    };
                    self.folders -= tree.nodes.len();
                    tree.nodes.clear();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn corpus() -> Corpus {
        Corpus::User("101".to_owned())
    }

    fn place(parent: &str, name: &str) -> Place {
        Place::In {
            parent: parent.to_owned(),
            name: name.to_owned(),
        }
    }

    fn path(forest: &Forest, id: &str) -> Option<String> {
        forest.find(&corpus(), id).map(|known| known.path)
    }

    fn grown() -> Forest {
        let mut forest = Forest::default();
        forest.put(&corpus(), "root", &Place::Top, true);
        forest.put(&corpus(), "a", &place("root", "plans"), true);
        forest.put(&corpus(), "b", &place("a", "old/new"), true);
        forest
    }

    #[test]
    fn paths_follow_renames_and_moves() {
        let mut forest = grown();
        assert_eq!(path(&forest, "root").as_deref(), Some(""));
        assert_eq!(path(&forest, "b").as_deref(), Some("plans/old\u{2215}new"));
        forest.put(&corpus(), "a", &place("root", "Plans"), true);
        assert_eq!(path(&forest, "b").as_deref(), Some("Plans/old\u{2215}new"));
        forest.put(&corpus(), "b", &place("root", "old"), true);
        assert_eq!(path(&forest, "b").as_deref(), Some("old"));
        forest.remove(&corpus(), "a");
        assert_eq!(path(&forest, "a"), None);
        let loose = Place::Loose {
            name: "Shared".to_owned(),
        };
        forest.put(&corpus(), "f", &loose, false);
        forest.put(&corpus(), "s", &place("f", "mine"), true);
        assert_eq!(path(&forest, "s").as_deref(), Some("Shared/mine"));
        assert!(
            forest
                .find(&corpus(), "f")
                .is_some_and(|known| !known.is_own)
        );
        assert_eq!(forest.find(&Corpus::Drive("0A".to_owned()), "s"), None);
    }

    #[test]
    fn a_loop_of_folders_ends_nowhere() {
        let mut forest = Forest::default();
        forest.put(&corpus(), "a", &place("b", "a"), true);
        forest.put(&corpus(), "b", &place("a", "b"), true);
        assert_eq!(path(&forest, "a"), None);
        assert_eq!(forest.first_unknown(&corpus(), "a"), None);
    }

    #[test]
    fn the_first_unknown_folder_is_named() {
        let mut forest = grown();
        forest.put(&corpus(), "x", &place("y", "below"), true);
        for (id, unknown) in [
            ("b", None),
            ("root", None),
            ("x", Some("y")),
            ("z", Some("z")),
        ] {
            assert_eq!(
                forest.first_unknown(&corpus(), id).as_deref(),
                unknown,
                "{id}"
            );
        }
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
            forest.end_page(&corpus(), Some(&cursor("1")), &cursor("2"));
            forest.begin_page(&corpus(), since.as_ref());
            assert_eq!(path(&forest, "b").is_some(), kept, "{since:?}");
            assert_eq!(forest.folders, if kept { 3 } else { 0 });
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut forest = grown();
        let other = Corpus::Drive("0A".to_owned());
        for number in 0..MOST_FOLDERS + 10 {
            forest.put(&other, &number.to_string(), &Place::Top, true);
            assert!(forest.folders <= MOST_FOLDERS);
        }
        assert_eq!(path(&forest, "b"), None, "the other corpus went first");
        let counted: usize = forest.trees.values().map(|tree| tree.nodes.len()).sum();
        assert_eq!(counted, forest.folders);
    }
}
