//! The label catalogue: what a sync changes, and which labels can be applied (rules §8).
//!
//! Everything here is a pure function. The caller reads the list, keeps the last good catalogue when
//! that fails, and stores what [`sync`] returns in one transaction.

#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::model::Reason;
use crate::model::catalogue::{
    CatalogueEntry, CatalogueEvent, CatalogueEventKind, LabelDefinition, LabelState, PendingLoss,
};
use crate::model::policy::LabelUse;
use crate::policy::label_use;

/// What the catalogue is after a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncOutcome {
    /// All entries: those from before in their order, new ones behind them.
    pub entries: Vec<CatalogueEntry>,
    /// What changed, to be added to the history.
    pub events: Vec<CatalogueEvent>,
    /// A loss that was seen and not applied; to be given to the next sync.
    pub pending: Option<PendingLoss>,
}

impl SyncOutcome {
    /// Entries of `previous` that live on under another key (label and tenant id), or in another entry. The operator told
    /// the tenant's id later, or the list did.
    #[must_use]
    pub fn replaced<'a>(&self, previous: &'a [CatalogueEntry]) -> Vec<&'a CatalogueEntry> {
        let kept: HashSet<_> = self.entries.iter().map(CatalogueEntry::key).collect();
        previous
            .iter()
            .filter(|entry| !kept.contains(&entry.key()))
            .collect()
    }
}

/// Brings the catalogue up to a complete label list.
///
/// `previous` is the catalogue of one configured tenant, `site_id` that tenant's Entra id where it is
/// known. Labels that are not listed any more become deleted; but where the list is empty, or lacks
/// half of the live labels or more, they stay as they are until a later list lacks no other ones.
/// Labels of other tenants are left alone.
pub fn sync(
    previous: &[CatalogueEntry],
    listed: &[LabelDefinition],
    pending: Option<&PendingLoss>,
    site_id: Option<Uuid>,
    now: DateTime<Utc>,
) -> SyncOutcome {
    let mut list: HashMap<Uuid, &LabelDefinition> =
        listed.iter().map(|label| (label.id, label)).collect();
    let (remove_missing, pending) = judge_loss(previous, &list, pending, now);
    let own: HashSet<Uuid> = previous
        .iter()
        .filter(|entry| entry.state != LabelState::External)
        .map(|entry| entry.definition.id)
        .collect();
    let mut events = Vec::new();
    let mut entries = Vec::with_capacity(previous.len());
    let mut taken = HashSet::new();
    for entry in previous {
        let is_of_tenant = entry.state != LabelState::External
            || !own.contains(&entry.definition.id) && turns_out_own(entry, &list, site_id);
        if !is_of_tenant {
            entries.push(entry.clone());
            continue;
        }
        // One label of the tenant has one entry; a second one under another tenant id would count as lost.
        if !taken.insert(entry.definition.id) {
            continue;
        }
        entries.push(match list.remove(&entry.definition.id) {
            Some(label) => update(entry, label, site_id, now, &mut events),
            None if remove_missing && entry.state != LabelState::Deleted => {
                delete(entry, now, &mut events)
            }
            None => entry.clone(),
        });
    }
    for label in listed {
        if list.remove(&label.id).is_some() {
            events.push(event(CatalogueEventKind::Created, label, now));
            entries.push(new_entry(label, site_id, now));
        }
    }
    let own: HashSet<_> = entries
        .iter()
        .filter(|entry| entry.state != LabelState::External)
        .map(CatalogueEntry::key)
        .collect();
    entries.retain(|entry| entry.state != LabelState::External || !own.contains(&entry.key()));
    set_states(&mut entries);
    SyncOutcome {
        entries,
        events,
        pending,
    }
}

/// The entry for a label of another tenant that a file carries; `known` is the entry so far.
pub fn learn_external(
    known: Option<&CatalogueEntry>,
    site_id: Option<Uuid>,
    id: Uuid,
    name: Option<&str>,
    now: DateTime<Utc>,
) -> CatalogueEntry {
    let name = name.filter(|name| !name.trim().is_empty());
    if let Some(known) = known {
        let mut entry = known.clone();
        entry.last_seen = entry.last_seen.max(now);
        // The first name stays until a file tells another one than the bare id.
        if let Some(name) = name
            && entry.definition.display_name == id.to_string()
        {
            entry.definition.display_name = name.to_owned();
        }
        return entry;
    }
    let definition = LabelDefinition {
        id,
        display_name: name.map_or_else(|| id.to_string(), str::to_owned),
        internal_name: None,
        parent: None,
        group: false,
        rank: None,
        enabled: true,
        applies_to_files: None,
        needs_protection: None,
        published: None,
        rights_readable: None,
        description: None,
        color: None,
    };
    CatalogueEntry {
        state: LabelState::External,
        ..new_entry(&definition, site_id, now)
    }
}

/// Why a label cannot be applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{explanation}")]
pub struct NotUsable {
    /// The reason code.
    pub reason: Reason,
    /// What is in the way of this label, for people.
    pub explanation: &'static str,
}

/// Whether the label of an entry can be applied (rules §4 row A14 and §8), with words for people.
///
/// # Errors
///
/// [`NotUsable`] with the first obstacle. A group of labels has no code of its own and gives
/// `label.scope`.
pub fn usable(entry: &CatalogueEntry) -> Result<(), NotUsable> {
    let found = label_use(entry);
    let Some(reason) = found.reason() else {
        return Ok(());
    };
    let is_external = entry.state == LabelState::External;
    Err(NotUsable {
        reason: if is_external {
            Reason::LabelExternal
        } else {
            reason
        },
        explanation: match found {
            _ if is_external => "a label of another organisation",
            LabelUse::Usable => "it can be applied",
            LabelUse::NeedsProtection => "it encrypts",
            LabelUse::Disabled => "disabled in the tenant",
            LabelUse::Deleted => "deleted from the tenant",
            LabelUse::Unpublished => "not published to the account labeld runs as",
            LabelUse::Scope if entry.state == LabelState::Parent => {
                "a group of labels: pick a sublabel"
            }
            LabelUse::Scope => "its scope does not include files",
            LabelUse::NoRights => "its rights shut out the account labeld runs as",
        },
    })
}

/// Whether a label of ours can be taken off a file again (rules §8, last column).
#[must_use]
pub fn removable(entry: &CatalogueEntry) -> bool {
    match entry.state {
        // Files carry no group; what is another organisation's is never touched.
        LabelState::Parent | LabelState::External => false,
        LabelState::Disabled | LabelState::Deleted => true,
        LabelState::Active => entry.definition.rights_readable != Some(false),
    }
}

/// Whether a label learned from a file is the tenant's own after all: the list has it, and the
/// tenant ids do not contradict.
fn turns_out_own(
    entry: &CatalogueEntry,
    list: &HashMap<Uuid, &LabelDefinition>,
    site_id: Option<Uuid>,
) -> bool {
    let same_tenant = match (entry.site_id, site_id) {
        (Some(theirs), Some(ours)) => theirs == ours,
        _ => true,
    };
    same_tenant && list.contains_key(&entry.definition.id)
}

/// Whether labels that are not listed are to be deleted now, and the loss to remember if not.
fn judge_loss(
    previous: &[CatalogueEntry],
    list: &HashMap<Uuid, &LabelDefinition>,
    pending: Option<&PendingLoss>,
    now: DateTime<Utc>,
) -> (bool, Option<PendingLoss>) {
    let live = previous
        .iter()
        .filter(|entry| !matches!(entry.state, LabelState::Deleted | LabelState::External))
        .map(|entry| entry.definition.id);
    let (kept, missing): (Vec<Uuid>, Vec<Uuid>) = live.partition(|id| list.contains_key(id));
    if missing.len() < kept.len() || missing.is_empty() {
        return (true, None);
    }
    let seen_before =
        pending.is_some_and(|loss| missing.iter().all(|id| loss.missing.contains(id)));
    if seen_before {
        return (true, None);
    }
    let loss = PendingLoss {
        seen_at: now,
        missing: missing.into_iter().collect(),
    };
    (false, Some(loss))
}

fn update(
    entry: &CatalogueEntry,
    label: &LabelDefinition,
    site_id: Option<Uuid>,
    now: DateTime<Utc>,
    events: &mut Vec<CatalogueEvent>,
) -> CatalogueEntry {
    if matches!(entry.state, LabelState::Deleted | LabelState::External) {
        events.push(event(CatalogueEventKind::Created, label, now));
    } else {
        let kinds = changes(&entry.definition, label);
        events.extend(kinds.into_iter().map(|kind| event(kind, label, now)));
    }
    CatalogueEntry {
        first_seen: entry.first_seen,
        ..new_entry(label, site_id.or(entry.site_id), now)
    }
}

fn delete(
    entry: &CatalogueEntry,
    now: DateTime<Utc>,
    events: &mut Vec<CatalogueEvent>,
) -> CatalogueEntry {
    events.push(event(CatalogueEventKind::Deleted, &entry.definition, now));
    CatalogueEntry {
        state: LabelState::Deleted,
        deleted_at: Some(now),
        ..entry.clone()
    }
}

fn new_entry(label: &LabelDefinition, site_id: Option<Uuid>, now: DateTime<Utc>) -> CatalogueEntry {
    CatalogueEntry {
        site_id,
        definition: label.clone(),
        // `set_states` has the last word.
        state: LabelState::Active,
        first_seen: now,
        last_seen: now,
        deleted_at: None,
    }
}

fn event(kind: CatalogueEventKind, label: &LabelDefinition, now: DateTime<Utc>) -> CatalogueEvent {
    CatalogueEvent {
        at: now,
        label: label.id,
        kind,
        definition: label.clone(),
    }
}

/// What differs between two definitions of one label, each kind once.
fn changes(before: &LabelDefinition, after: &LabelDefinition) -> Vec<CatalogueEventKind> {
    let mut kinds = Vec::new();
    if before.display_name != after.display_name {
        kinds.push(CatalogueEventKind::Renamed);
    }
    if before.parent != after.parent || before.rank != after.rank {
        kinds.push(CatalogueEventKind::Moved);
    }
    match (before.enabled, after.enabled) {
        (true, false) => kinds.push(CatalogueEventKind::Disabled),
        (false, true) => kinds.push(CatalogueEventKind::Enabled),
        _ => {}
    }
    let rest_of_before = LabelDefinition {
        display_name: after.display_name.clone(),
        parent: after.parent,
        rank: after.rank,
        enabled: after.enabled,
        ..before.clone()
    };
    if rest_of_before != *after {
        kinds.push(CatalogueEventKind::Changed);
    }
    kinds
}

/// Sets active, parent and disabled from the definitions. A label with live children is a parent
/// whatever the source calls it; deleted and external entries stay what they are.
fn set_states(entries: &mut [CatalogueEntry]) {
    let is_live =
        |entry: &CatalogueEntry| !matches!(entry.state, LabelState::Deleted | LabelState::External);
    let parents: HashSet<Uuid> = entries
        .iter()
        .filter(|entry| is_live(entry))
        .filter_map(|entry| entry.definition.parent)
        .collect();
    for entry in entries.iter_mut().filter(|entry| is_live(entry)) {
        entry.state = if !entry.definition.enabled {
            LabelState::Disabled
        } else if entry.definition.group || parents.contains(&entry.definition.id) {
            LabelState::Parent
        } else {
            LabelState::Active
        };
    }
}
