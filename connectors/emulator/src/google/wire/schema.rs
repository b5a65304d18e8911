//! Which fields an answer can have, from Google's own description of its APIs.

use std::sync::LazyLock;

use serde_json::Value;

/// An API with a description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    DriveV3,
    DriveV2,
    Directory,
    Labels,
}

static DRIVE_V3: LazyLock<Value> = LazyLock::new(|| {
    read(include_str!(
        "../../../../../testdata/openapi/google-drive.v3.discovery.json"
    ))
});
static DRIVE_V2: LazyLock<Value> = LazyLock::new(|| {
    read(include_str!(
        "../../../../../testdata/openapi/google-drive.v2.discovery.json"
    ))
});
static DIRECTORY: LazyLock<Value> = LazyLock::new(|| {
    read(include_str!(
        "../../../../../testdata/openapi/google-admin.directory_v1.discovery.json"
    ))
});
static LABELS: LazyLock<Value> = LazyLock::new(|| {
    read(include_str!(
        "../../../../../testdata/openapi/google-drivelabels.v2.discovery.json"
    ))
});

/// A description that cannot be read knows no fields.
fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

/// What a value may be made of.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    Object(Api, &'static Value),
    /// Any names, as in a map.
    Open,
    /// No fields at all.
    Plain,
}

impl Shape {
    /// The shape that the description calls `name`.
    pub(crate) fn named(api: Api, name: &str) -> Self {
        let document: &'static Value = match api {
            Api::DriveV3 => &DRIVE_V3,
            Api::DriveV2 => &DRIVE_V2,
            Api::Directory => &DIRECTORY,
            Api::Labels => &LABELS,
        };
        match document
            .get("schemas")
            .and_then(|schemas| schemas.get(name))
        {
            Some(schema) => Self::Object(api, schema),
            None => Self::Plain,
        }
    }

    /// The shape of a field; `None` when there is no such field.
    pub(crate) fn field(self, name: &str) -> Option<Self> {
        match self {
            Self::Open => Some(Self::Open),
            Self::Plain => None,
            Self::Object(api, schema) => {
                let field = schema.get("properties")?.get(name)?;
                Some(Self::of(api, field))
            }
        }
    }

    fn of(api: Api, schema: &'static Value) -> Self {
        if let Some(name) = schema.get("$ref").and_then(Value::as_str) {
            return Self::named(api, name);
        }
        if let Some(items) = schema.get("items") {
            return Self::of(api, items);
        }
        if schema.get("properties").is_some() {
            return Self::Object(api, schema);
        }
        match schema.get("type").and_then(Value::as_str) {
            Some("object" | "any") => Self::Open,
            _ => Self::Plain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptions_are_known() {
        for (api, name, field) in [
            (Api::DriveV3, "FileList", "nextPageToken"),
            (Api::DriveV3, "File", "headRevisionId"),
            (Api::DriveV2, "File", "etag"),
            (Api::Directory, "Users", "users"),
        ] {
            assert!(
                Shape::named(api, name).field(field).is_some(),
                "{name}.{field}"
            );
        }
        assert!(Shape::named(Api::DriveV3, "File").field("etag").is_none());
        let files = Shape::named(Api::DriveV3, "FileList")
            .field("files")
            .unwrap();
        assert!(files.field("id").is_some());
    }
}
