//! Microsoft Graph's `sensitivityLabels`, v1.0 and beta (reference/microsoft-graph.md §2.3).
//!
//! The sources disagree about nearly every field, so all but the id are optional.

use serde_json::Value;
use uuid::Uuid;

use super::LabelListProblem;
use super::draft::{Drafts, LabelDraft};
use super::entry::{Entry, color, has_word};

/// Reads one label with the labels that it mentions. Depth is bounded by the JSON reader.
pub(super) fn read(entry: &Entry<'_>, drafts: &mut Drafts) -> Result<(), LabelListProblem> {
    read_below(entry, None, drafts)
}

fn read_below(
    entry: &Entry<'_>,
    above: Option<Uuid>,
    drafts: &mut Drafts,
) -> Result<(), LabelListProblem> {
    let id = entry.required_guid(&["id"])?;
    let parent = match entry.get("parent") {
        Some(value) => Some(read_mentioned(&entry.inner("parent", value)?, drafts)?),
        None => above,
    };
    drafts.add(id, draft(entry, parent)?)?;
    for sublabel in entry.items("sublabels") {
        read_below(&entry.inner("sublabels", sublabel)?, Some(id), drafts)?;
    }
    Ok(())
}

/// A parent inside its child: beta gives few of its fields.
fn read_mentioned(entry: &Entry<'_>, drafts: &mut Drafts) -> Result<Uuid, LabelListProblem> {
    let id = entry.required_guid(&["id"])?;
    let parent = match entry.get("parent") {
        Some(value) => Some(read_mentioned(&entry.inner("parent", value)?, drafts)?),
        None => None,
    };
    drafts.mention(id, draft(entry, parent)?)?;
    Ok(id)
}

fn draft(entry: &Entry<'_>, parent: Option<Uuid>) -> Result<LabelDraft, LabelListProblem> {
    let name = entry.text("name")?.or(entry.text("displayName")?);
    let description = entry.text("description")?.or(entry.text("tooltip")?);
    let rank = match entry.integer("sensitivity")? {
        Some(rank) => Some(rank),
        None => entry.integer("priority")?,
    };
    let enabled = match entry.boolean("isEnabled")? {
        Some(enabled) => Some(enabled),
        None => entry.boolean("isActive")?,
    };
    Ok(LabelDraft {
        name: name.map(str::to_owned),
        internal_name: None,
        parent,
        group: entry.boolean("isAppliable")?.map(|appliable| !appliable),
        rank,
        enabled,
        applies_to_files: applies_to_files(entry)?,
        needs_protection: entry.boolean("hasProtection")?,
        published: None,
        rights_readable: None,
        description: description.map(str::to_owned),
        color: entry.text("color")?.and_then(color),
    })
}

fn applies_to_files(entry: &Entry<'_>) -> Result<Option<bool>, LabelListProblem> {
    if let Some(scope) = entry.text("applicableTo")? {
        return Ok(Some(has_word(scope, "file")));
    }
    if entry.get("contentFormats").is_none() {
        return Ok(None);
    }
    let formats = entry.items("contentFormats");
    Ok(Some(
        formats
            .iter()
            .filter_map(Value::as_str)
            .any(|format| format.eq_ignore_ascii_case("file")),
    ))
}
