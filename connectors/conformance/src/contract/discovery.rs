//! Google API discovery documents.

use std::collections::BTreeMap;

use serde_json::Value;

use super::body::{BodyRule, Kind};
use super::template::Template;
use super::{DescriptionError, Operation, Parameter};

pub(super) fn operations(document: &Value) -> Result<Vec<Operation>, DescriptionError> {
    let service = document["servicePath"].as_str().ok_or(DescriptionError {
        place: "servicePath".to_owned(),
        problem: "it is missing".to_owned(),
    })?;
    let mut operations = Vec::new();
    let mut to_read = vec![document];
    while let Some(resource) = to_read.pop() {
        for method in resource["methods"].as_object().into_iter().flatten() {
            read(document, service, method.1, &mut operations);
        }
        to_read.extend(
            resource["resources"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|it| it.1),
        );
    }
    Ok(operations)
}

/// The method, and the ways to send it media.
fn read(document: &Value, service: &str, method: &Value, operations: &mut Vec<Operation>) {
    let path = method["path"].as_str().unwrap_or_default();
    let plain = operation(document, method, &format!("/{service}{path}"));
    let json = Kind {
        media_type: "application/json".to_owned(),
        schema: None,
    };
    operations.push(Operation {
        body: BodyRule {
            required: false,
            kinds: method.get("request").map(|_| json).into_iter().collect(),
        },
        ..plain
    });
    for protocol in method["mediaUpload"]["protocols"]
        .as_object()
        .into_iter()
        .flatten()
    {
        let path = protocol.1["path"].as_str().unwrap_or_default();
        let mut upload = operation(document, method, path);
        upload.query.insert(
            "uploadType".to_owned(),
            Parameter {
                required: true,
                ..Parameter::default()
            },
        );
        upload.body.kinds.push(Kind {
            media_type: "*/*".to_owned(),
            schema: None,
        });
        operations.push(upload);
    }
}

fn operation(document: &Value, method: &Value, path: &str) -> Operation {
    let of_all = document["parameters"].as_object().into_iter().flatten();
    let own = method["parameters"].as_object().into_iter().flatten();
    let query: BTreeMap<String, Parameter> = of_all
        .chain(own)
        .filter(|(_, parameter)| parameter["location"].as_str() == Some("query"))
        .map(|(name, parameter)| (name.clone(), read_parameter(parameter)))
        .collect();
    Operation {
        name: method["id"].as_str().unwrap_or(path).to_owned(),
        method: method["httpMethod"].as_str().unwrap_or_default().to_owned(),
        path: Template::parse(path),
        query,
        headers: BTreeMap::new(),
        body: BodyRule::default(),
    }
}

fn read_parameter(parameter: &Value) -> Parameter {
    let values = parameter["enum"].as_array().into_iter().flatten();
    Parameter {
        required: parameter["required"].as_bool() == Some(true),
        values: values
            .filter_map(|value| value.as_str().map(str::to_owned))
            .collect(),
        integer: parameter["type"].as_str() == Some("integer"),
    }
}
