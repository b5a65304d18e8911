//! Drive labels (reference/google-drive.md §7).

use serde::{Deserialize, Serialize};

/// A published label with selection fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DriveLabel {
    pub(crate) id: String,
    pub(crate) revision: u64,
    pub(crate) title: String,
    pub(crate) fields: Vec<LabelField>,
    pub(crate) disabled: bool,
}

/// A field of which one choice can be selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LabelField {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) choices: Vec<LabelChoice>,
}

/// A choice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LabelChoice {
    pub(crate) id: String,
    pub(crate) name: String,
}
