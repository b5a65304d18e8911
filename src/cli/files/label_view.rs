//! How the labels of files are shown: by what the catalogue says of them (rules §4 rows L6 and L7, §8).

use std::collections::HashMap;

use uuid::Uuid;

use super::filter::full_name;
use crate::config::TenantConfig;
use crate::model::TenantName;
use crate::model::catalogue::{CatalogueEntry, LabelState};
use crate::model::inventory::FileLabel;

/// What the catalogues of all tenants say of labels on files.
#[derive(Debug, Default)]
pub(super) struct LabelView {
    tenants: HashMap<TenantName, TenantView>,
}

#[derive(Debug)]
struct TenantView {
    /// Its Entra id.
    id: Option<Uuid>,
    only_this_tenant: bool,
    /// Whether a label list of the tenant was ever read.
    has_list: bool,
    /// Names with a mark, by tenant and label id.
    names: HashMap<(Option<Uuid>, Uuid), String>,
}

impl LabelView {
    /// Adds a tenant with its catalogue.
    pub(super) fn add(&mut self, tenant: &TenantConfig, entries: &[CatalogueEntry]) {
        let names = entries.iter().map(|entry| {
            let name = full_name(entry, entries);
            let name = match entry.state {
                LabelState::Disabled => format!("{name} (disabled)"),
                LabelState::Deleted => format!("{name} (deleted)"),
                LabelState::Active | LabelState::Parent | LabelState::External => name,
            };
            ((entry.site_id, entry.definition.id), name)
        });
        let view = TenantView {
            id: tenant.id,
            only_this_tenant: tenant.only_this_tenant,
            has_list: entries
                .iter()
                .any(|entry| entry.state != LabelState::External),
            names: names.collect(),
        };
        self.tenants.insert(tenant.name.clone(), view);
    }

    /// Whether a label on a file of the tenant is shown. One that names no tenant may be the tenant's own.
    pub(super) fn is_shown(&self, tenant: &TenantName, label: &FileLabel) -> bool {
        self.tenants.get(tenant).is_none_or(|view| {
            !view.only_this_tenant || label.site_id.is_none() || label.site_id == view.id
        })
    }

    /// The catalogue's name of a label on a file of the tenant. One of the tenant's own that its catalogue has never had is
    /// told by its GUID; another one by what the file calls it.
    pub(super) fn name(&self, tenant: &TenantName, label: &FileLabel) -> String {
        let view = self.tenants.get(tenant);
        // A catalogue that does not know its tenant's id has the label under none.
        let listed = view.and_then(|view| {
            let names = &view.names;
            names
                .get(&(label.site_id, label.id))
                .or_else(|| names.get(&(None, label.id)))
        });
        if let Some(name) = listed {
            return name.clone();
        }
        let is_own =
            view.is_some_and(|view| view.has_list && view.id.is_some() && label.site_id == view.id);
        if is_own {
            return format!("{} (unknown, possibly deleted)", label.id);
        }
        let in_file = label.document["name"].as_str().map(str::to_owned);
        in_file.unwrap_or_else(|| label.id.to_string())
    }
}
