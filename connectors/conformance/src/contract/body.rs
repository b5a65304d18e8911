//! What a request may carry.

use jsonschema::Validator;
use serde_json::{Map, Value};

/// What an operation accepts as body.
#[derive(Debug, Default)]
pub(super) struct BodyRule {
    pub(super) required: bool,
    /// The media types it accepts; `*/*` for any.
    pub(super) kinds: Vec<Kind>,
}

/// A media type, and what is known of its content.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) media_type: String,
    pub(super) schema: Option<Validator>,
}

impl BodyRule {
    pub(super) fn check(&self, content_type: Option<&str>, body: &[u8]) -> Result<(), String> {
        if body.is_empty() && content_type.is_none() {
            return match self.required {
                true => Err("the body is missing".to_owned()),
                false => Ok(()),
            };
        }
        if self.kinds.is_empty() {
            return match body.is_empty() {
                true => Ok(()),
                false => Err("a body where none is expected".to_owned()),
            };
        }
        let sent = content_type.unwrap_or_default();
        let sent = sent.split(';').next().unwrap_or_default().trim();
        let accepts = |kind: &&Kind| kind.media_type == "*/*" || kind.media_type == sent;
        // Where a service takes any bytes, it says so as this.
        let any_bytes = |kind: &&Kind| kind.media_type == "application/octet-stream";
        let kind = self.kinds.iter().find(accepts);
        let Some(kind) = kind.or_else(|| self.kinds.iter().find(any_bytes)) else {
            return Err(format!("a body of type {sent:?}"));
        };
        match &kind.schema {
            Some(schema) => check_content(schema, sent, body),
            None => Ok(()),
        }
    }
}

fn check_content(schema: &Validator, media_type: &str, body: &[u8]) -> Result<(), String> {
    let value = match media_type {
        "application/x-www-form-urlencoded" => form(body),
        "application/json" => {
            serde_json::from_slice(body).map_err(|error| format!("the body is no JSON: {error}"))?
        }
        _ => return Ok(()),
    };
    let found = schema.iter_errors(&value).next();
    found.map_or(Ok(()), |error| {
        Err(format!("body{}: {error}", error.instance_path()))
    })
}

fn form(body: &[u8]) -> Value {
    let fields: Map<String, Value> = url::form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Value::Object(fields)
}

/// A schema with all that its references name, as JSON Schema: OpenAPI 3.0 says `nullable` where that has
/// a type `null`.
pub(super) fn validator(schema: &Value, definitions: (&str, &Value)) -> Result<Validator, String> {
    let mut whole = as_json_schema(schema);
    if let Some(whole) = whole.as_object_mut() {
        let (place, definitions) = definitions;
        let mut outer = as_json_schema(definitions);
        for part in place.rsplit('/').filter(|part| !part.is_empty()) {
            outer = Value::Object([(part.to_owned(), outer)].into_iter().collect());
        }
        if let Value::Object(outer) = outer {
            whole.extend(outer);
        }
    }
    jsonschema::draft4::new(&whole).map_err(|error| error.to_string())
}

fn as_json_schema(schema: &Value) -> Value {
    match schema {
        Value::Array(items) => items.iter().map(as_json_schema).collect(),
        Value::Object(fields) => {
            let converted: Map<String, Value> = fields
                .iter()
                .map(|(name, value)| (name.clone(), as_json_schema(value)))
                .collect();
            let plain = Value::Object(converted);
            if fields.get("nullable") == Some(&Value::Bool(true)) {
                return serde_json::json!({"anyOf": [plain, {"type": "null"}]});
            }
            plain
        }
        other => other.clone(),
    }
}
