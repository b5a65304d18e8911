//! Bytes that no compression makes smaller.

/// `count` bytes that follow from the seed.
pub(super) fn incompressible(count: u64, seed: u64) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(count).unwrap_or(usize::MAX)];
    fastrand::Rng::with_seed(seed).fill(&mut bytes);
    bytes
}

/// A few words that follow from the seed, as the text of a document.
pub(super) fn words(seed: u64) -> String {
    const WORDS: &[&str] = &[
        "budget", "plan", "review", "quarter", "supplier", "contract", "meeting", "forecast",
        "harbour", "staff", "invoice", "survey", "repair", "schedule", "draft", "notes",
    ];
    let mut dice = fastrand::Rng::with_seed(seed);
    let words: Vec<&str> = (0..24)
        .filter_map(|_| dice.choice(WORDS).copied())
        .collect();
    words.join(" ")
}
