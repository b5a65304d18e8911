//! What tells one configuration from another without showing it.

use std::fmt;

use ring::digest::{Context, SHA256};

use super::source::Source;

/// SHA-256 over the texts of a configuration's files, each with its length before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConfigDigest([u8; 32]);

impl ConfigDigest {
    pub(super) fn of<'a>(files: impl IntoIterator<Item = &'a Source>) -> Self {
        let mut digest = Context::new(&SHA256);
        for file in files {
            digest.update(&(file.text.len() as u64).to_be_bytes());
            digest.update(file.text.as_bytes());
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest.finish().as_ref());
        Self(bytes)
    }
}

impl fmt::Display for ConfigDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
