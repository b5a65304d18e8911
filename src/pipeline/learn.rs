//! Labels of other tenants, learned from files (rules §8).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{App, labels};
use crate::model::catalogue::{CatalogueEntry, LabelState};
use crate::model::inventory::FileLabel;
use crate::store::{Db, StoreError, labels as stored};

/// Labels kept of other tenants; a hostile folder must not fill the catalogue.
const MOST_FOREIGN_LABELS: usize = 10_000;

/// The catalogue's external labels, and those seen since it was loaded.
#[derive(Debug)]
pub(super) struct ForeignLabels {
    own: Option<Uuid>,
    listed: HashSet<Uuid>,
    known: HashMap<(Option<Uuid>, Uuid), CatalogueEntry>,
    seen: HashSet<(Option<Uuid>, Uuid)>,
    fresh: Vec<CatalogueEntry>,
}

impl ForeignLabels {
    pub(super) async fn load(db: &Db, app: &App) -> Result<Self, StoreError> {
        let entries = stored::entries(db, &app.tenant).await?;
        let (external, listed): (Vec<_>, Vec<_>) = entries
            .into_iter()
            .partition(|entry| entry.state == LabelState::External);
        Ok(Self {
            own: app.site_id,
            listed: listed.iter().map(|entry| entry.definition.id).collect(),
            known: external
                .into_iter()
                .map(|entry| ((entry.site_id, entry.definition.id), entry))
                .collect(),
            seen: HashSet::new(),
            fresh: Vec::new(),
        })
    }

    /// Notes a label found on a file. One of our own tenant, or of the tenant's list where its id is not
    /// configured, is not foreign; nor is one whose tenant nobody names.
    pub(super) fn see(&mut self, label: &FileLabel, now: DateTime<Utc>) {
        let ours = match self.own {
            Some(own) => label.site_id == Some(own),
            None => self.listed.contains(&label.id),
        };
        let key = (label.site_id, label.id);
        // A removed LabelInfo element has the tenant's id in place of a label's.
        let names_no_label = label.site_id == Some(label.id);
        if ours || names_no_label || label.site_id.is_none() || !self.seen.insert(key) {
            return;
        }
        if self.known.len() >= MOST_FOREIGN_LABELS && !self.known.contains_key(&key) {
            return;
        }
        let name = label.document.get("name").and_then(|name| name.as_str());
        let entry =
            labels::learn_external(self.known.get(&key), label.site_id, label.id, name, now);
        self.known.insert(key, entry.clone());
        self.fresh.push(entry);
    }

    /// What is new since this was asked last.
    pub(super) fn fresh(&mut self) -> Vec<CatalogueEntry> {
        std::mem::take(&mut self.fresh)
    }
}
