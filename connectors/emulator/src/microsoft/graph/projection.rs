//! `$select` and `$expand`.

use serde_json::{Map, Value};

use super::schema::{DOWNLOAD_URL, Schema};

use crate::microsoft::wire::{Call, Failure};

/// What is wanted of each entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Projection {
    select: Option<Vec<String>>,
    expand: Vec<String>,
    usual: &'static [&'static str],
}

impl Projection {
    /// What `call` asks for.
    ///
    /// # Errors
    ///
    /// 400 for a property that the type does not have.
    pub(super) fn of(call: &Call, schema: &Schema) -> Result<Self, Failure> {
        Self::parse(call.parameter("$select"), call.parameter("$expand"), schema)
    }

    /// What the texts of `$select` and `$expand` ask for.
    pub(super) fn parse(
        select: Option<&str>,
        expand: Option<&str>,
        schema: &Schema,
    ) -> Result<Self, Failure> {
        let select = select
            .map(|text| {
                text.split(',')
                    .map(|name| selected(name.trim(), schema))
                    .collect::<Result<Vec<_>, _>>()
            })
            .transpose()?;
        let expand = match expand {
            None => Vec::new(),
            Some(text) => split_outside_parentheses(text)
                .into_iter()
                .map(|name| expanded(name.trim(), schema))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self {
            select,
            expand,
            usual: schema.usual,
        })
    }

    /// Whether the property is wanted.
    pub(super) fn wants(&self, name: &str) -> bool {
        match &self.select {
            None => self.usual.contains(&name),
            Some(select) => select.iter().any(|selected| selected == name),
        }
    }

    /// Whether the property was asked for by its name.
    pub(super) fn selects(&self, name: &str) -> bool {
        self.select
            .as_ref()
            .is_some_and(|select| select.iter().any(|selected| selected == name))
    }

    /// Whether it is expanded.
    pub(super) fn expands(&self, name: &str) -> bool {
        self.expand.iter().any(|expanded| expanded == name)
    }

    /// Leaves what is wanted of an entry with all its properties.
    pub(super) fn apply(&self, entry: Value) -> Value {
        match entry {
            Value::Object(entry) => entry
                .into_iter()
                .filter(|(name, _)| {
                    name.starts_with("@odata") || self.wants(name) || self.expands(name)
                })
                .collect::<Map<_, _>>()
                .into(),
            other => other,
        }
    }
}

fn selected(name: &str, schema: &Schema) -> Result<String, Failure> {
    // A path selects within a property; the whole property is sent.
    let first = name.split('/').next().unwrap_or(name);
    let known = schema
        .usual
        .iter()
        .chain(schema.on_demand)
        .chain(schema.expandable)
        .any(|known| *known == first);
    if known {
        return Ok(first.to_owned());
    }
    if first == "content.downloadUrl" && schema.usual.contains(&DOWNLOAD_URL) {
        return Ok(DOWNLOAD_URL.to_owned());
    }
    Err(Failure::bad_request(&format!(
        "Parsing OData Select and Expand failed: Could not find a property named '{name}' on type '{}'.",
        schema.name
    )))
}

fn expanded(name: &str, schema: &Schema) -> Result<String, Failure> {
    let bare = name.split('(').next().unwrap_or(name);
    if schema.expandable.contains(&bare) {
        return Ok(bare.to_owned());
    }
    Err(Failure::bad_request(&format!(
        "Parsing OData Select and Expand failed: Could not find a property named '{bare}' on type '{}'.",
        schema.name
    )))
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut begin, mut depth) = (0, 0_u32);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microsoft::graph::schema::DRIVE_ITEM;

    #[test]
    fn selections_are_checked() {
        let table = [
            (None, None, true),
            (Some("id,name"), None, true),
            (Some("id, name"), None, true),
            (Some("id,@microsoft.graph.downloadUrl"), None, true),
            (Some("content.downloadUrl"), None, true),
            (Some("parentReference/id"), None, true),
            (Some("id,colour"), None, false),
            (Some("id,,name"), None, false),
            (Some(""), None, false),
            (Some("ID"), None, false),
            (None, Some("permissions"), true),
            (
                None,
                Some("listItem($expand=fields($select=a,b)),permissions"),
                true,
            ),
            (None, Some("thumbs"), false),
        ];
        for (select, expand, good) in table {
            let parsed = Projection::parse(select, expand, &DRIVE_ITEM);
            assert_eq!(parsed.is_ok(), good, "{select:?} {expand:?}");
        }
    }
}
