//! A tenant's labels as decisions need them: usable or not, ranked, found by name.

use std::collections::HashMap;

use uuid::Uuid;

use crate::model::catalogue::{CatalogueEntry, LabelState};
use crate::model::policy::{CurrentLabel, LabelName, LabelUse, Relation};

/// The labels of one tenant.
#[derive(Debug, Clone, Default)]
pub struct TenantLabels {
    /// Its Entra tenant id.
    pub site_id: Option<Uuid>,
    labels: HashMap<Uuid, Known>,
    /// GUIDs by name and by `parent/name`, both in lower case.
    names: HashMap<String, Vec<Uuid>>,
}

#[derive(Debug, Clone)]
struct Known {
    name: String,
    usable: LabelUse,
    current: CurrentLabel,
    rank: Option<i64>,
    parent: Option<Uuid>,
}

/// Why a name is not a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The catalogue has none of that name.
    #[error("no label of the tenant is called `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The name in the catalogue that comes nearest.
        near: Option<String>,
    },
    /// It has several.
    #[error("several labels are called `{name}`: {}", .choices.join(", "))]
    Ambiguous {
        /// The name.
        name: String,
        /// `parent/name (GUID)` of each.
        choices: Vec<String>,
    },
}

impl TenantLabels {
    /// From the catalogue. Labels of other tenants are left out.
    #[must_use]
    pub fn new(site_id: Option<Uuid>, catalogue: &[CatalogueEntry]) -> Self {
        let own = catalogue
            .iter()
            .filter(|entry| entry.state != LabelState::External);
        let labels: HashMap<Uuid, Known> = own
            .map(|entry| (entry.definition.id, Known::of(entry)))
            .collect();
        let mut this = Self {
            site_id,
            names: HashMap::new(),
            labels,
        };
        this.names = this.by_name();
        this
    }

    fn by_name(&self) -> HashMap<String, Vec<Uuid>> {
        let mut names: HashMap<String, Vec<Uuid>> = HashMap::new();
        for (&id, known) in &self.labels {
            // A deleted label is named by its GUID only: its name may have gone to another one.
            if known.current == CurrentLabel::Deleted {
                continue;
            }
            let bare = known.name.to_lowercase();
            let full = self.full_name(id).to_lowercase();
            if full != bare {
                names.entry(full).or_default().push(id);
            }
            names.entry(bare).or_default().push(id);
        }
        for ids in names.values_mut() {
            ids.sort_unstable();
        }
        names
    }

    /// The label that a policy names.
    ///
    /// # Errors
    ///
    /// [`Unresolved`] for a name that means none, or several. A GUID always means a label, listed or not.
    pub fn resolve(&self, name: &LabelName) -> Result<Uuid, Unresolved> {
        let text = match name {
            LabelName::Id(id) => return Ok(*id),
            LabelName::Name(text) => text,
        };
        let ids = self.names.get(&text.replace('\\', "/").to_lowercase());
        match ids.map(Vec::as_slice) {
            Some([id]) => Ok(*id),
            None | Some([]) => Err(Unresolved::Unknown {
                name: text.clone(),
                near: self.nearest(text),
            }),
            Some(several) => Err(Unresolved::Ambiguous {
                name: text.clone(),
                choices: several
                    .iter()
                    .map(|id| format!("{} ({id})", self.full_name(*id)))
                    .collect(),
            }),
        }
    }

    fn nearest(&self, text: &str) -> Option<String> {
        let lower = text.to_lowercase();
        let distance = |name: &&String| strsim::osa_distance(&lower, name);
        let mut names: Vec<&String> = self.names.keys().collect();
        names.sort_unstable();
        let near = names.into_iter().min_by_key(distance)?;
        (distance(&near) <= (near.len() / 3).max(1)).then(|| {
            let id = self.names.get(near).and_then(|ids| ids.first());
            id.map_or_else(|| near.clone(), |id| self.full_name(*id))
        })
    }

    /// `parent/name`, or the GUID of a label that is not listed.
    #[must_use]
    pub fn full_name(&self, id: Uuid) -> String {
        let Some(known) = self.labels.get(&id) else {
            return id.to_string();
        };
        let parent = known.parent.and_then(|parent| self.labels.get(&parent));
        match parent {
            Some(parent) => format!("{}/{}", parent.name, known.name),
            None => known.name.clone(),
        }
    }

    /// Whether the catalogue has the label.
    #[must_use]
    pub fn is_listed(&self, id: Uuid) -> bool {
        self.labels.contains_key(&id)
    }

    /// Whether any label is known at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Whether a label can be applied. One that is not listed counts as deleted.
    #[must_use]
    pub fn label_use(&self, id: Uuid) -> LabelUse {
        let known = self.labels.get(&id);
        known.map_or(LabelUse::Deleted, |known| known.usable)
    }

    /// What the catalogue says of a label on a file.
    #[must_use]
    pub fn current(&self, id: Uuid) -> CurrentLabel {
        let known = self.labels.get(&id);
        known.map_or(CurrentLabel::Deleted, |known| known.current)
    }

    /// The rank of a label; larger is more sensitive.
    #[must_use]
    pub fn rank(&self, id: Uuid) -> Option<i64> {
        self.labels.get(&id)?.rank
    }

    /// The label above a label.
    #[must_use]
    pub fn parent(&self, id: Uuid) -> Option<Uuid> {
        self.labels.get(&id)?.parent
    }

    /// The wanted label beside the present one.
    #[must_use]
    pub fn relation(&self, wanted: Uuid, present: Option<Uuid>) -> Relation {
        let Some(present) = present else {
            return Relation::Other;
        };
        if wanted == present {
            return Relation::Same;
        }
        match (self.rank(wanted), self.rank(present)) {
            (Some(wanted), Some(present)) if wanted >= present => Relation::Other,
            _ => Relation::Lower,
        }
    }
}

impl Known {
    fn of(entry: &CatalogueEntry) -> Self {
        let label = &entry.definition;
        let current = match entry.state {
            LabelState::Deleted => CurrentLabel::Deleted,
            LabelState::Disabled => CurrentLabel::Disabled,
            LabelState::Active | LabelState::Parent | LabelState::External => CurrentLabel::Known,
        };
        Self {
            name: label.display_name.clone(),
            usable: label_use(entry),
            current,
            rank: label.rank,
            parent: label.parent,
        }
    }
}

/// Whether the label of an entry can be applied (rules §8). What the source of the list does not say counts as no obstacle.
#[must_use]
pub fn label_use(entry: &CatalogueEntry) -> LabelUse {
    let label = &entry.definition;
    match entry.state {
        LabelState::Deleted | LabelState::External => LabelUse::Deleted,
        LabelState::Disabled => LabelUse::Disabled,
        LabelState::Parent => LabelUse::Scope,
        LabelState::Active if label.published == Some(false) => LabelUse::Unpublished,
        LabelState::Active if label.applies_to_files == Some(false) => LabelUse::Scope,
        LabelState::Active if label.rights_readable == Some(false) => LabelUse::NoRights,
        LabelState::Active if label.needs_protection == Some(true) => LabelUse::NeedsProtection,
        LabelState::Active => LabelUse::Usable,
    }
}
