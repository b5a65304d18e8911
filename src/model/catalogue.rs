//! The label catalogue of a tenant: what each label GUID means now and meant before (rules §8).

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// One label as the tenant's label list, or a file, tells of it.
///
/// Everything but the id is optional in the sources; see reference/microsoft-graph.md §2.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelDefinition {
    /// The GUID written to files.
    pub id: Uuid,
    /// What people see. Never identifies a label.
    pub display_name: String,
    /// The immutable internal name, where the source gives one (`Get-Label` does, Graph does not).
    pub internal_name: Option<String>,
    /// The parent label.
    pub parent: Option<Uuid>,
    /// Whether the source says that it is a group, which only holds other labels
    /// (reference/label-migration-and-rms.md §2.4). A label with children is one in any case.
    #[serde(default)]
    pub group: bool,
    /// Rank: larger is more sensitive.
    pub rank: Option<i64>,
    /// Whether the label is switched on in the tenant.
    pub enabled: bool,
    /// Whether its scope includes files; `None` where the source does not say.
    pub applies_to_files: Option<bool>,
    /// Whether it encrypts; `None` where the source does not say.
    pub needs_protection: Option<bool>,
    /// Whether it is published to the identity labeld runs as; `None` where the source does not say.
    pub published: Option<bool>,
    /// Whether the label's rights let that identity read protected files; `None` where unknown.
    pub rights_readable: Option<bool>,
    /// Description for people.
    pub description: Option<String>,
    /// Colour as `#rrggbb`.
    pub color: Option<String>,
}

/// State of a label in the catalogue (rules §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelState {
    /// Usable, as far as the marks beside it do not say otherwise.
    Active,
    /// A label with children, or one that its source calls a group: never applied itself.
    Parent,
    /// Switched off in the tenant.
    Disabled,
    /// Gone from the tenant; files may still carry it.
    Deleted,
    /// Learned from files: a label of another tenant.
    External,
}

impl LabelState {
    /// The word in JSON and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Parent => "parent",
            Self::Disabled => "disabled",
            Self::Deleted => "deleted",
            Self::External => "external",
        }
    }
}

/// A label as the catalogue keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueEntry {
    /// The Entra tenant id whose label it is; `None` only where the operator has not told it.
    pub site_id: Option<Uuid>,
    /// What the label is.
    pub definition: LabelDefinition,
    /// Its state.
    pub state: LabelState,
    /// First time it was listed or seen on a file.
    pub first_seen: DateTime<Utc>,
    /// Last time it was listed or, for an external label, seen on a file.
    pub last_seen: DateTime<Utc>,
    /// Since when it is deleted.
    pub deleted_at: Option<DateTime<Utc>>,
}

impl CatalogueEntry {
    /// What tells it from every other entry of its tenant.
    #[must_use]
    pub fn key(&self) -> (Uuid, Option<Uuid>) {
        (self.definition.id, self.site_id)
    }
}

/// What happened to a label. One row each, so that "what did this GUID mean on 3 March" has an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatalogueEventKind {
    /// Listed for the first time, or back after a deletion.
    Created,
    /// Another display name.
    Renamed,
    /// Another parent or rank.
    Moved,
    /// Switched off.
    Disabled,
    /// Switched on again.
    Enabled,
    /// No longer listed.
    Deleted,
    /// Another change of the definition.
    Changed,
}

impl CatalogueEventKind {
    /// The word in JSON and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Renamed => "renamed",
            Self::Moved => "moved",
            Self::Disabled => "disabled",
            Self::Enabled => "enabled",
            Self::Deleted => "deleted",
            Self::Changed => "changed",
        }
    }
}

/// A change of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CatalogueEvent {
    /// When the sync saw it.
    pub at: DateTime<Utc>,
    /// The label.
    pub label: Uuid,
    /// What happened.
    pub kind: CatalogueEventKind,
    /// The definition from then on (for a deletion: the last one known).
    pub definition: LabelDefinition,
}

/// A loss of labels that was seen once and is not applied before a second sync confirms it (rules §8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLoss {
    /// When it was seen.
    pub seen_at: DateTime<Utc>,
    /// The labels that were not listed any more.
    pub missing: BTreeSet<Uuid>,
}

/// How the last syncs of a tenant's label list went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncStatus {
    /// When the last attempt ended. No two are the same, whatever the clock does: whoever asks for a list remembers it, and
    /// where it is another one by the time the list is there, the catalogue has moved on and the list confirms nothing.
    pub last_attempt: DateTime<Utc>,
    /// When a list was last taken over.
    pub last_success: Option<DateTime<Utc>>,
    /// Why the last attempt failed; `None` when it did not.
    pub last_error: Option<String>,
    /// A loss that waits for a second sync to confirm it.
    pub pending: Option<PendingLoss>,
}
