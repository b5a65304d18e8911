//! OpenAPI 3.0.

use std::collections::BTreeMap;

use serde_json::Value;

use super::body::{BodyRule, Kind, validator};
use super::template::Template;
use super::{DescriptionError, Operation, Parameter};

const METHODS: &[&str] = &["get", "put", "post", "patch", "delete", "options", "head"];

pub(super) fn operations(document: &Value) -> Result<Vec<Operation>, DescriptionError> {
    let paths = document["paths"].as_object().ok_or(DescriptionError {
        place: "paths".to_owned(),
        problem: "it is missing".to_owned(),
    })?;
    let mut operations = Vec::new();
    for (path, item) in paths {
        for method in METHODS {
            if let Some(operation) = item.get(method) {
                operations.push(read(document, path, method, item, operation)?);
            }
        }
    }
    Ok(operations)
}

fn read(
    document: &Value,
    path: &str,
    method: &str,
    item: &Value,
    operation: &Value,
) -> Result<Operation, DescriptionError> {
    let mut query = BTreeMap::new();
    let mut headers = BTreeMap::new();
    let of_all = item["parameters"].as_array().into_iter().flatten();
    let own = operation["parameters"].as_array().into_iter().flatten();
    for parameter in of_all.chain(own) {
        let parameter = resolved(document, parameter);
        let name = parameter["name"].as_str().unwrap_or_default();
        match parameter["in"].as_str() {
            Some("query") => {
                query.insert(name.to_owned(), read_parameter(document, parameter));
            }
            Some("header") => {
                headers.insert(name.to_lowercase(), read_parameter(document, parameter));
            }
            _ => {}
        }
    }
    let failed = |problem: String| DescriptionError {
        place: format!("{method} {path}"),
        problem,
    };
    Ok(Operation {
        name: operation["operationId"].as_str().unwrap_or(path).to_owned(),
        method: method.to_uppercase(),
        path: Template::parse(path),
        query,
        headers,
        body: read_body(document, &operation["requestBody"]).map_err(failed)?,
    })
}

fn read_parameter(document: &Value, parameter: &Value) -> Parameter {
    let schema = resolved(document, &parameter["schema"]);
    let values = schema["enum"].as_array().into_iter().flatten();
    Parameter {
        required: parameter["required"].as_bool() == Some(true),
        values: values
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect(),
        integer: schema["type"].as_str() == Some("integer"),
    }
}

fn read_body(document: &Value, body: &Value) -> Result<BodyRule, String> {
    let body = resolved(document, body);
    let mut kinds = Vec::new();
    for (media_type, content) in body["content"].as_object().into_iter().flatten() {
        let definitions = ("components", &document["components"]);
        let schema = match &content["schema"] {
            Value::Null => None,
            schema => Some(validator(schema, definitions)?),
        };
        kinds.push(Kind {
            media_type: media_type.clone(),
            schema,
        });
    }
    Ok(BodyRule {
        required: body["required"].as_bool() == Some(true),
        kinds,
    })
}

/// What a `$ref` names, else the value itself.
fn resolved<'d>(document: &'d Value, value: &'d Value) -> &'d Value {
    let name = value["$ref"].as_str();
    let pointer = name.and_then(|name| name.strip_prefix('#'));
    pointer
        .and_then(|pointer| document.pointer(pointer))
        .unwrap_or(value)
}
