//! Stored contents.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::frame::Content;
use crate::microsoft::quickxor;

/// Names a content of a [`Blobs`] table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct BlobRef(u32);

/// Every content that was ever stored. Many items may share one.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Blobs(Vec<Content>);

impl Blobs {
    /// Keeps `content`. `None` when there are already four thousand million contents.
    pub(crate) fn add(&mut self, content: Content) -> Option<BlobRef> {
        let at = u32::try_from(self.0.len()).ok()?;
        self.0.push(content);
        Some(BlobRef(at))
    }

    /// The content of a name.
    pub(crate) fn get(&self, blob: BlobRef) -> Option<&Content> {
        self.0.get(blob.0 as usize)
    }
}

/// quickXorHash of a content, in base64.
pub(crate) fn quick_xor_hash(content: &Content) -> Arc<str> {
    content.digest("quickXorHash", |bytes| {
        quickxor::encoded(&quickxor::quick_xor_hash(bytes))
    })
}
