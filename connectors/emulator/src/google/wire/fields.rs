//! The `fields` parameter (reference/google-drive.md §0 "Partial responses").

use std::collections::BTreeMap;

use serde_json::Value;

use super::failure::Failure;
use super::schema::Shape;

/// Deepest nesting of a selection.
const MOST_DEPTH: usize = 20;

/// Which fields of an answer are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mask {
    /// All there are.
    All,
    /// These.
    Some(BTreeMap<String, Mask>),
}

impl Mask {
    /// Reads a selection such as `id,owners(emailAddress),capabilities/canEdit`; each field must be one of
    /// `shape`.
    pub(crate) fn parse(text: &str, shape: Shape) -> Result<Self, Failure> {
        let mut parser = Parser { rest: text };
        let mask = parser.list(shape, 0)?;
        if parser.rest.is_empty() {
            Ok(mask)
        } else {
            Err(invalid(text))
        }
    }

    /// Whether a field is sent.
    pub(crate) fn wants(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Some(fields) => fields.contains_key(name),
        }
    }

    /// What is sent of a field.
    pub(crate) fn within(&self, name: &str) -> &Self {
        const NOTHING: &Mask = &Mask::Some(BTreeMap::new());
        match self {
            Self::All => &Self::All,
            Self::Some(fields) => fields.get(name).unwrap_or(NOTHING),
        }
    }

    /// Leaves in `value` only what is selected.
    pub(crate) fn apply(&self, value: Value) -> Value {
        match (self, value) {
            (Self::All, value) => value,
            (Self::Some(_), Value::Array(items)) => {
                items.into_iter().map(|item| self.apply(item)).collect()
            }
            (Self::Some(fields), Value::Object(object)) => {
                let kept = object.into_iter().filter_map(|(name, value)| {
                    let mask = fields.get(&name)?;
                    Some((name, mask.apply(value)))
                });
                Value::Object(kept.collect())
            }
            (Self::Some(_), value) => value,
        }
    }

    fn merge(self, other: Self) -> Self {
        match (self, other) {
            (Self::Some(mut one), Self::Some(other)) => {
                for (name, mask) in other {
                    let merged = match one.remove(&name) {
                        Some(known) => known.merge(mask),
                        None => mask,
                    };
                    one.insert(name, merged);
                }
                Self::Some(one)
            }
            _ => Self::All,
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn list(&mut self, shape: Shape, depth: usize) -> Result<Mask, Failure> {
        if depth > MOST_DEPTH {
            return Err(invalid(self.rest));
        }
        let mut mask = self.path(shape, depth)?;
        while let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest.trim_start();
            mask = mask.merge(self.path(shape, depth)?);
        }
        Ok(mask)
    }

    /// `a`, `a/b`, `a(b,c)` or `*`.
    fn path(&mut self, shape: Shape, depth: usize) -> Result<Mask, Failure> {
        let end = self
            .rest
            .find([',', '/', '(', ')'])
            .unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let name = name.trim();
        self.rest = rest;
        if name == "*" {
            return match self.rest.chars().next() {
                None | Some(',' | ')') => Ok(Mask::All),
                Some(_) => Err(invalid("*")),
            };
        }
        let field = shape
            .field(name)
            .filter(|_| !name.is_empty())
            .ok_or_else(|| invalid(name))?;
        let within = if let Some(rest) = self.rest.strip_prefix('/') {
            self.rest = rest;
            self.path(field, depth + 1)?
        } else if let Some(rest) = self.rest.strip_prefix('(') {
            self.rest = rest;
            let within = self.list(field, depth + 1)?;
            self.rest = self.rest.strip_prefix(')').ok_or_else(|| invalid(name))?;
            within
        } else {
            Mask::All
        };
        Ok(Mask::Some(BTreeMap::from([(name.to_owned(), within)])))
    }
}

fn invalid(selection: &str) -> Failure {
    Failure::invalid_parameter("fields", &format!("Invalid field selection {selection}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::google::wire::schema::Api;

    #[test]
    fn what_is_not_selected_is_not_sent() {
        let whole = json!({"kind": "drive#fileList", "nextPageToken": "2", "files": [
            {"id": "1", "name": "a", "owners": [{"emailAddress": "x", "me": true}],
             "appProperties": {"labeld": "m"}, "capabilities": {"canEdit": true, "canTrash": true}}]});
        let shape = Shape::named(Api::DriveV3, "FileList");
        for (fields, sent) in [
            ("*", whole.clone()),
            ("nextPageToken", json!({"nextPageToken": "2"})),
            (
                "files(id, name)",
                json!({"files": [{"id": "1", "name": "a"}]}),
            ),
            (
                "files/id,files/name",
                json!({"files": [{"id": "1", "name": "a"}]}),
            ),
            (
                "files(owners(me),capabilities/canEdit)",
                json!({"files": [{"owners": [{"me": true}], "capabilities": {"canEdit": true}}]}),
            ),
            (
                "files(appProperties)",
                json!({"files": [{"appProperties": {"labeld": "m"}}]}),
            ),
            (
                "files(appProperties/labeld)",
                json!({"files": [{"appProperties": {"labeld": "m"}}]}),
            ),
            (
                "kind,files(*)",
                json!({"kind": "drive#fileList", "files": whole["files"]}),
            ),
            ("incompleteSearch", json!({})),
        ] {
            assert_eq!(
                Mask::parse(fields, shape).unwrap().apply(whole.clone()),
                sent,
                "{fields}"
            );
        }
        for (fields, named) in [
            ("etag", "etag"),
            ("files(id,etag)", "etag"),
            ("files(id", "files"),
            ("files(id))", "files(id))"),
            ("", ""),
            ("files(owners/me/x)", "x"),
            ("*/id", "*"),
        ] {
            let refused = Mask::parse(fields, shape).unwrap_err();
            assert_eq!(
                refused.message,
                format!("Invalid field selection {named}"),
                "{fields}"
            );
        }
        let deep = "files(".repeat(1000);
        assert!(Mask::parse(&deep, Shape::Open).is_err());
    }
}
