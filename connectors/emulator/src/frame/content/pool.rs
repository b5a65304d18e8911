//! A few documents that stand for many.

use super::{Content, DocumentKind, LabelMark, Recipe};

/// What the documents of a pool are like.
#[derive(Debug, Clone, PartialEq)]
pub struct PoolOptions {
    /// How many documents there are; at least one.
    pub documents: usize,
    /// The mean of their sizes in bytes; they are spread evenly from half of it to one and a half.
    pub mean_size: u64,
    /// The kinds, in equal shares; Word documents when empty.
    pub kinds: Vec<DocumentKind>,
    /// The labels that labelled documents have, in equal shares.
    pub labels: Vec<LabelMark>,
    /// The share of the documents that have a label, from 0 to 1; 0 without `labels`.
    pub labelled: f64,
    /// For everything else about them.
    pub seed: u64,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            documents: 64,
            mean_size: 500_000,
            kinds: vec![
                DocumentKind::Docx,
                DocumentKind::Xlsx,
                DocumentKind::Pptx,
                DocumentKind::Pdf,
            ],
            labels: Vec::new(),
            labelled: 0.0,
            seed: 0,
        }
    }
}

/// Documents that are made when they are first read. A million files can share a pool: its memory is
/// `documents` × `mean_size` at the most.
#[derive(Debug, Clone)]
pub struct ContentPool(Vec<(DocumentKind, Content)>);

impl ContentPool {
    /// A pool of documents, none of them made yet.
    #[must_use]
    pub fn new(options: &PoolOptions) -> Self {
        let documents = options.documents.max(1);
        let mut dice = fastrand::Rng::with_seed(options.seed);
        // Orders of their own, so that size, kind and label do not go together.
        let sizes = shuffled(documents, &mut dice);
        let labels = shuffled(documents, &mut dice);
        let made = sizes.into_iter().zip(labels).enumerate();
        Self(
            made.map(|(slot, (size, label))| {
                let kind = pick(&options.kinds, slot)
                    .copied()
                    .unwrap_or(DocumentKind::Docx);
                let recipe = Recipe {
                    kind,
                    size: spread(options.mean_size, size, documents),
                    seed: dice.u64(..),
                    label: options.label(label, documents).cloned(),
                };
                (kind, Content::made(recipe))
            })
            .collect(),
        )
    }

    /// The document that stands for number `index`, and its kind.
    #[must_use]
    pub fn get(&self, index: u64) -> (DocumentKind, Content) {
        let slot = index % self.0.len().max(1) as u64;
        let slot = usize::try_from(slot).unwrap_or(0);
        match self.0.get(slot) {
            Some((kind, content)) => (*kind, content.clone()),
            None => (DocumentKind::Docx, Content::default()),
        }
    }
}

impl PoolOptions {
    /// The label of the document at place `at` in the order of labels.
    fn label(&self, at: usize, documents: usize) -> Option<&LabelMark> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "a pool has fewer documents than a float has whole numbers"
        )]
        let is_labelled = (at as f64) < self.labelled * documents as f64;
        pick(&self.labels, at).filter(|_| is_labelled)
    }
}

/// Evenly from half the mean to one and a half of it.
fn spread(mean: u64, at: usize, documents: usize) -> u64 {
    let (at, documents) = (at as u64, documents as u64);
    mean / 2 + mean.saturating_mul(2 * at + 1) / (2 * documents)
}

fn pick<T>(choices: &[T], at: usize) -> Option<&T> {
    choices.get(at.checked_rem(choices.len())?)
}

fn shuffled(count: usize, dice: &mut fastrand::Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    dice.shuffle(&mut order);
    order
}
