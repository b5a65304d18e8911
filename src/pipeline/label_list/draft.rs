//! Labels as far as a source tells of them, merged where it tells of one in several places.

use std::collections::HashMap;

use uuid::Uuid;

use super::{LabelListProblem, MAX_LABELS};
use crate::model::catalogue::LabelDefinition;

/// A label with what one place of the source says; `None` where it says nothing.
#[derive(Debug, Clone, Default)]
pub(super) struct LabelDraft {
    pub(super) name: Option<String>,
    pub(super) internal_name: Option<String>,
    pub(super) parent: Option<Uuid>,
    pub(super) group: Option<bool>,
    pub(super) rank: Option<i64>,
    pub(super) enabled: Option<bool>,
    pub(super) applies_to_files: Option<bool>,
    pub(super) needs_protection: Option<bool>,
    pub(super) published: Option<bool>,
    pub(super) rights_readable: Option<bool>,
    pub(super) description: Option<String>,
    pub(super) color: Option<String>,
}

impl LabelDraft {
    /// Takes over what `other` says; the name of the first field in which the two contradict.
    fn merge(&mut self, other: Self) -> Result<(), &'static str> {
        merge_field(&mut self.name, other.name).ok_or("name")?;
        merge_field(&mut self.internal_name, other.internal_name).ok_or("internal name")?;
        merge_field(&mut self.parent, other.parent).ok_or("parent")?;
        merge_field(&mut self.group, other.group).ok_or("being a group")?;
        merge_field(&mut self.rank, other.rank).ok_or("rank")?;
        merge_field(&mut self.enabled, other.enabled).ok_or("being enabled")?;
        merge_field(&mut self.applies_to_files, other.applies_to_files).ok_or("scope")?;
        merge_field(&mut self.needs_protection, other.needs_protection).ok_or("protection")?;
        merge_field(&mut self.published, other.published).ok_or("being published")?;
        merge_field(&mut self.rights_readable, other.rights_readable).ok_or("rights")?;
        merge_field(&mut self.description, other.description).ok_or("description")?;
        merge_field(&mut self.color, other.color).ok_or("colour")?;
        Ok(())
    }

    fn into_definition(self, id: Uuid) -> LabelDefinition {
        LabelDefinition {
            id,
            display_name: self.name.unwrap_or_else(|| id.to_string()),
            internal_name: self.internal_name,
            parent: self.parent,
            group: self.group.unwrap_or(false),
            rank: self.rank,
            enabled: self.enabled.unwrap_or(true),
            applies_to_files: self.applies_to_files,
            needs_protection: self.needs_protection,
            published: self.published,
            rights_readable: self.rights_readable,
            description: self.description,
            color: self.color,
        }
    }
}

/// `None` when both say something and not the same.
fn merge_field<T: PartialEq>(ours: &mut Option<T>, theirs: Option<T>) -> Option<()> {
    match (&ours, theirs) {
        (_, None) => Some(()),
        (None, theirs) => {
            *ours = theirs;
            Some(())
        }
        (Some(ours), Some(theirs)) => (*ours == theirs).then_some(()),
    }
}

/// The labels of a list while it is read.
#[derive(Default)]
pub(super) struct Drafts {
    listed: Ordered,
    /// Labels that the source only mentions inside another one, often with few of their fields.
    mentioned: Ordered,
}

#[derive(Default)]
struct Ordered {
    order: Vec<Uuid>,
    drafts: HashMap<Uuid, LabelDraft>,
}

impl Drafts {
    /// Adds a label that the list holds.
    pub(super) fn add(&mut self, id: Uuid, draft: LabelDraft) -> Result<(), LabelListProblem> {
        match self.listed.drafts.get_mut(&id) {
            Some(known) => known
                .merge(draft)
                .map_err(|field| LabelListProblem::Contradiction { id, field }),
            None => self.listed.insert(id, draft),
        }
    }

    /// Adds a label that another one mentions. It counts only where the list itself lacks it.
    pub(super) fn mention(&mut self, id: Uuid, draft: LabelDraft) -> Result<(), LabelListProblem> {
        if self.mentioned.drafts.contains_key(&id) {
            return Ok(());
        }
        self.mentioned.insert(id, draft)
    }

    /// The labels, each once.
    pub(super) fn into_definitions(mut self) -> Result<Vec<LabelDefinition>, LabelListProblem> {
        for id in self.mentioned.order {
            if let Some(draft) = self.mentioned.drafts.remove(&id)
                && !self.listed.drafts.contains_key(&id)
            {
                self.listed.insert(id, draft)?;
            }
        }
        self.listed.refuse_parent_loops()?;
        let Ordered { order, mut drafts } = self.listed;
        Ok(order
            .into_iter()
            .filter_map(|id| Some(drafts.remove(&id)?.into_definition(id)))
            .collect())
    }
}

impl Ordered {
    fn insert(&mut self, id: Uuid, draft: LabelDraft) -> Result<(), LabelListProblem> {
        if self.order.len() >= MAX_LABELS {
            return Err(LabelListProblem::TooManyLabels);
        }
        self.order.push(id);
        self.drafts.insert(id, draft);
        Ok(())
    }

    /// Walks up from every label, once over each: a walk that meets its own steps is a loop.
    fn refuse_parent_loops(&self) -> Result<(), LabelListProblem> {
        let mut reached_by: HashMap<Uuid, Uuid> = HashMap::new();
        for &start in &self.order {
            let mut next = Some(start);
            while let Some(id) = next {
                match reached_by.get(&id) {
                    Some(&walk) if walk == start => {
                        return Err(LabelListProblem::ParentLoop { id });
                    }
                    Some(_) => break,
                    None => reached_by.insert(id, start),
                };
                next = self.drafts.get(&id).and_then(|draft| draft.parent);
            }
        }
        Ok(())
    }
}
