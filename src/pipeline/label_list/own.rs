//! labeld's own label list: every field of the catalogue under its own name.
//!
//! ```json
//! {"tenant_id": "…", "labels": [{"id": "…", "name": "General", "rank": 2, "applies_to_files": true}]}
//! ```
//!
//! Written by hand more often than the others, so unknown fields are refused.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::draft::{Drafts, LabelDraft};
use super::entry::{Entry, color};
use super::{LabelList, LabelListProblem, ListFormat};

const FIELDS: &[&str] = &[
    "id",
    "name",
    "internal_name",
    "parent",
    "group",
    "rank",
    "enabled",
    "applies_to_files",
    "needs_protection",
    "published",
    "rights_readable",
    "description",
    "color",
];

pub(super) fn read(
    object: &Map<String, Value>,
    items: &[Value],
) -> Result<LabelList, LabelListProblem> {
    let mut drafts = Drafts::default();
    for (index, item) in items.iter().enumerate() {
        let entry = Entry::new(index, item)?;
        refuse_unknown_fields(&entry)?;
        let (id, draft) = read_label(&entry)?;
        drafts.add(id, draft)?;
    }
    Ok(LabelList {
        tenant_id: tenant_id(object)?,
        format: ListFormat::Labeld,
        labels: drafts.into_definitions()?,
    })
}

fn tenant_id(object: &Map<String, Value>) -> Result<Option<Uuid>, LabelListProblem> {
    match object.get("tenant_id") {
        None | Some(Value::Null) => Ok(None),
        Some(value) => value
            .as_str()
            .and_then(|text| Uuid::try_parse(text).ok())
            .map(Some)
            .ok_or(LabelListProblem::NotAList("`tenant_id` is not a GUID")),
    }
}

fn read_label(entry: &Entry<'_>) -> Result<(Uuid, LabelDraft), LabelListProblem> {
    let id = entry.required_guid(&["id"])?;
    let name = entry.owned_text("name")?;
    if name.is_none() {
        return Err(entry.problem("name", "missing"));
    }
    let color_text = entry.text("color")?;
    let color = color_text.and_then(color);
    if color.is_none() && color_text.is_some() {
        return Err(entry.problem("color", "expected `#rrggbb`"));
    }
    let draft = LabelDraft {
        name,
        internal_name: entry.owned_text("internal_name")?,
        parent: entry.guid("parent")?,
        group: entry.boolean("group")?,
        rank: entry.integer("rank")?,
        enabled: entry.boolean("enabled")?,
        applies_to_files: entry.boolean("applies_to_files")?,
        needs_protection: entry.boolean("needs_protection")?,
        published: entry.boolean("published")?,
        rights_readable: entry.boolean("rights_readable")?,
        description: entry.owned_text("description")?,
        color,
    };
    Ok((id, draft))
}

fn refuse_unknown_fields(entry: &Entry<'_>) -> Result<(), LabelListProblem> {
    match entry
        .object
        .keys()
        .find(|key| !FIELDS.contains(&key.as_str()))
    {
        None => Ok(()),
        Some(key) => Err(entry.problem(key, format!("unknown; known are {}", FIELDS.join(", ")))),
    }
}
