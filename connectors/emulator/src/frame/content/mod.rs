//! Contents of files that are cheap in great numbers.

mod office;
mod padding;
mod pdf;
mod pool;
mod table;

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use data_encoding::{BASE64, HEXLOWER};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

pub use pool::{ContentPool, PoolOptions};
pub use table::ContentTable;

/// The bytes of a file with what is computed of them. Clones share all of it; a document made from a
/// [`Recipe`] is made when its bytes are first wanted.
#[derive(Clone)]
pub struct Content(Arc<Shared>);

struct Shared {
    recipe: Option<Recipe>,
    bytes: OnceLock<Bytes>,
    sha256: OnceLock<String>,
    digests: Mutex<Vec<(&'static str, Arc<str>)>>,
}

/// How a document is made: the same recipe always gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What kind of document.
    pub kind: DocumentKind,
    /// Its size in bytes. A document that cannot be so small is as small as it can be.
    pub size: u64,
    /// For everything else about it.
    pub seed: u64,
    /// The sensitivity label in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<LabelMark>,
}

/// A kind of document that programs can open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DocumentKind {
    /// A Word document; a label is in `docMetadata/LabelInfo.xml`.
    Docx,
    /// An Excel workbook; a label is in `docMetadata/LabelInfo.xml`.
    Xlsx,
    /// A PowerPoint presentation; a label is in `docMetadata/LabelInfo.xml`.
    Pptx,
    /// A PDF; a label is in the document information dictionary.
    Pdf,
}

impl DocumentKind {
    /// The file name extension, without the dot.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Docx => "docx",
            Self::Xlsx => "xlsx",
            Self::Pptx => "pptx",
            Self::Pdf => "pdf",
        }
    }
}

/// A sensitivity label as a document carries it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LabelMark {
    /// The label.
    pub label_id: Uuid,
    /// The tenant whose label it is.
    pub tenant_id: Uuid,
    /// Its name, for formats that record it.
    pub name: String,
    /// Whether a person chose it, and not a rule.
    #[serde(default)]
    pub by_hand: bool,
}

impl LabelMark {
    /// `AssignmentMethod` in the terms of label metadata (reference/label-formats.md §2.2).
    fn method(&self) -> &'static str {
        if self.by_hand {
            "Privileged"
        } else {
            "Standard"
        }
    }
}

impl Recipe {
    fn make(&self) -> Bytes {
        let made = match self.kind {
            DocumentKind::Pdf => Ok(pdf::document(self)),
            DocumentKind::Docx | DocumentKind::Xlsx | DocumentKind::Pptx => office::document(self),
        };
        match made {
            Ok(bytes) => Bytes::from(bytes),
            // Writing an archive into memory fails only when memory does.
            Err(error) => Bytes::from(format!("this document cannot be made: {error}")),
        }
    }
}

impl Content {
    /// A content of these bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        let shared = Shared::of(None);
        let bytes = bytes.into();
        Self(Arc::new(Shared {
            bytes: OnceLock::from(bytes),
            ..shared
        }))
    }

    /// A document that is made when it is wanted.
    #[must_use]
    pub fn made(recipe: Recipe) -> Self {
        Self(Arc::new(Shared::of(Some(recipe))))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> Bytes {
        let recipe = self.0.recipe.as_ref();
        self.0
            .bytes
            .get_or_init(|| recipe.map(Recipe::make).unwrap_or_default())
            .clone()
    }

    /// The size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.bytes().len() as u64
    }

    /// SHA-256 in lower-case hex.
    #[must_use]
    pub fn sha256(&self) -> &str {
        self.0
            .sha256
            .get_or_init(|| HEXLOWER.encode(&Sha256::digest(self.bytes())))
    }

    /// Another digest of the bytes, computed once for all clones: `name` says which, and `compute` how.
    #[must_use]
    pub fn digest(&self, name: &'static str, compute: impl FnOnce(&[u8]) -> String) -> Arc<str> {
        let digests = &self.0.digests;
        let known = |digests: &[(&'static str, Arc<str>)]| {
            digests
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, digest)| Arc::clone(digest))
        };
        if let Some(digest) = known(&digests.lock().unwrap_or_else(PoisonError::into_inner)) {
            return digest;
        }
        let digest: Arc<str> = compute(&self.bytes()).into();
        let mut digests = digests.lock().unwrap_or_else(PoisonError::into_inner);
        if known(&digests).is_none() {
            digests.push((name, Arc::clone(&digest)));
        }
        digest
    }

    /// Whether both are clones of one content, which is cheaper to tell than whether their bytes are equal.
    #[must_use]
    pub fn is_clone_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Tells the clones of one content from all others while one of them lives.
    fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl Shared {
    fn of(recipe: Option<Recipe>) -> Self {
        Self {
            recipe,
            bytes: OnceLock::new(),
            sha256: OnceLock::new(),
            digests: Mutex::default(),
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::new(Bytes::new())
    }
}

impl<T: Into<Bytes>> From<T> for Content {
    fn from(bytes: T) -> Self {
        Self::new(bytes)
    }
}

impl PartialEq for Content {
    fn eq(&self, other: &Self) -> bool {
        self.is_clone_of(other) || self.bytes() == other.bytes()
    }
}

impl Eq for Content {}

impl std::fmt::Debug for Content {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Content")
            .field("size", &self.0.bytes.get().map(Bytes::len))
            .field("recipe", &self.0.recipe)
            .finish()
    }
}

/// The JSON form: the recipe where there is one, else the bytes.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Saved {
    Recipe(Recipe),
    Base64(String),
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let saved = match &self.0.recipe {
            Some(recipe) => Saved::Recipe(recipe.clone()),
            None => Saved::Base64(BASE64.encode(&self.bytes())),
        };
        saved.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Saved::deserialize(deserializer)? {
            Saved::Recipe(recipe) => Ok(Self::made(recipe)),
            Saved::Base64(text) => BASE64
                .decode(text.as_bytes())
                .map(Self::new)
                .map_err(|error| D::Error::custom(format!("a content is not base64: {error}"))),
        }
    }
}
