//! What it takes to give a file the label metadata back that it had before a write.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::change::Fields;
use crate::xml::{ByteEdit, Edited};

/// What [`restore`](super::restore) needs to undo one write. Of the file it holds nothing but the label
/// metadata that the write took out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Undo(pub(crate) Steps);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Steps {
    /// Parts of a package, by their names in the archive.
    Package(Vec<PartUndo>),
    /// A revision was put behind a PDF of this length.
    CutPdf {
        length: u64,
        /// Of the revision.
        sha256: Digest256,
    },
    /// The last revision, which set a label, was cut off a PDF.
    ExtendPdf {
        /// Of the PDF as it is without the revision.
        length: u64,
        label: Fields,
        /// Of the revision.
        sha256: Digest256,
    },
}

/// SHA-256 of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest256(pub(crate) [u8; 32]);

impl Digest256 {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartUndo {
    pub(crate) name: String,
    pub(crate) undo: PartStep,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PartStep {
    /// The part was changed.
    Revert {
        /// In the order of the changed part.
        edits: Vec<StoredEdit>,
        /// Of the part as it was left.
        left: Digest256,
        /// Of the part as it was before.
        before: Digest256,
    },
    /// The part was added.
    Remove { left: Digest256 },
    /// The part, which this writer had made, was taken out.
    Add { content: Base64 },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredEdit {
    pub(crate) at: u64,
    pub(crate) inserted: u64,
    pub(crate) removed: Base64,
}

/// Bytes that are stored as Base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Base64(pub(crate) Vec<u8>);

impl PartStep {
    /// The way back from a change of a part.
    pub(crate) fn revert(before: &[u8], edited: &Edited) -> Self {
        let stored = |edit: &ByteEdit| StoredEdit {
            at: edit.at as u64,
            inserted: edit.inserted as u64,
            removed: Base64(edit.removed.clone()),
        };
        Self::Revert {
            edits: edited.edits.iter().map(stored).collect(),
            left: Digest256::of(&edited.bytes),
            before: Digest256::of(before),
        }
    }
}

/// `bytes` with the edits undone; `None` where they do not fit.
pub(crate) fn reverted(bytes: &[u8], edits: &[StoredEdit]) -> Option<Vec<u8>> {
    let mut reverted = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for edit in edits {
        let start = usize::try_from(edit.at).ok()?;
        let end = start.checked_add(usize::try_from(edit.inserted).ok()?)?;
        reverted.extend_from_slice(bytes.get(at..start)?);
        reverted.extend_from_slice(&edit.removed.0);
        at = end;
    }
    reverted.extend_from_slice(bytes.get(at..)?);
    Some(reverted)
}

impl Serialize for Digest256 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Digest256 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Base64(bytes) = Base64::deserialize(deserializer)?;
        let digest = bytes.try_into();
        digest
            .map(Self)
            .map_err(|_| serde::de::Error::custom("a digest does not have 32 bytes"))
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = STANDARD.decode(text);
        bytes.map(Self).map_err(serde::de::Error::custom)
    }
}
