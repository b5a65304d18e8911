//! Where folders are: a file names its folder, and nothing above it.

use labeld_connector::{Cursor, FolderTrees};

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
#[derive(Debug)]
pub(crate) struct Forest {
    /// A folder, and whether it belongs to the corpus.
    trees: FolderTrees<Corpus, (Node, bool)>,
}

impl Default for Forest {
    fn default() -> Self {
        Self {
            trees: FolderTrees::new(MOST_FOLDERS),
        }
    }
}

impl Forest {
    /// Begins a page of `corpus` that continues from `since`.
    pub(crate) fn begin_page(&mut self, corpus: &Corpus, since: Option<&Cursor>) {
        self.trees.begin_page(corpus, since);
    }

    /// Ends it: the next page begins at `next`, or this one is asked for again.
    pub(crate) fn end_page(&mut self, corpus: &Corpus, since: Option<&Cursor>, next: &Cursor) {
        self.trees.end_page(corpus, since, next);
    }

    /// Takes in a folder.
    pub(crate) fn put(&mut self, corpus: &Corpus, id: &str, place: &Place, is_own: bool) {
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
        self.trees.put(corpus, self.trees.key(id), (node, is_own));
    }

    /// Forgets a folder.
    pub(crate) fn remove(&mut self, corpus: &Corpus, id: &str) {
        self.trees.remove(corpus, self.trees.key(id));
    }

    /// Where a folder is; `None` where that is not known.
    pub(crate) fn find(&self, corpus: &Corpus, id: &str) -> Option<Known> {
        let (mut node, is_own) = self.node(corpus, id).map(|(node, own)| (node, *own))?;
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
                    node = &self.node(corpus, parent)?.0;
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
        let mut next = id.to_owned();
        for _ in 0..MOST_DEPTH {
            match self.node(corpus, &next) {
                None => return Some(next),
                Some((Node::In { parent, .. }, _)) => next = parent.to_string(),
                Some(_) => return None,
            }
        }
        None
    }

    fn node(&self, corpus: &Corpus, id: &str) -> Option<&(Node, bool)> {
        self.trees.get(corpus, self.trees.key(id))
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
}
