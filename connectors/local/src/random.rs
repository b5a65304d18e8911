//! Names that nobody else has.

use std::hash::{BuildHasher, Hasher, RandomState};

/// A number that does not repeat. Not for secrets.
pub(crate) fn random_number() -> u64 {
    // The keys of a new hasher are the standard library's one source of randomness.
    RandomState::new().build_hasher().finish()
}
