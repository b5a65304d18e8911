//! Classifications: a metadata template with one field (reference/box.md §7).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Reply;
use super::caller::Caller;
use super::refusal::Refusal;
use super::subject::{Body, File, Reads, Subject, Writes};
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::state::item::Classification;
use crate::box_service::world::World;

/// The key of the template.
const TEMPLATE: &str = "securityClassification-6VMVochwUWo";

/// Its only field.
const FIELD: &str = "Box__Security__Classification__Key";

const PATCH: &str = "application/json-patch+json";

/// Which template a path names.
#[derive(Deserialize)]
pub(crate) struct TemplatePath {
    scope: String,
    template: String,
}

pub(crate) async fn get(file: Subject<File, Reads>, Path(path): Path<TemplatePath>) -> Reply {
    file.with(|world| {
        check_template(world, &path)?;
        let found = instance(world, file.id).ok_or_else(no_instance)?;
        Ok(Json(found))
    })
}

pub(crate) async fn all(file: Subject<File, Reads>) -> Reply {
    file.with(|world| {
        let entries: Vec<Value> = instance(world, file.id).into_iter().collect();
        Ok(Json(json!({"entries": entries, "limit": 100})))
    })
}

pub(crate) async fn create(
    file: Subject<File, Writes>,
    Path(path): Path<TemplatePath>,
    Body(wanted): Body,
) -> Result<Response, Refusal> {
    file.edit(|world| {
        check_template(world, &path)?;
        if instance(world, file.id).is_some() {
            return Err(Refusal::new(
                409,
                "tuple_already_exists",
                "Tuple already exists",
            ));
        }
        let name = known_name(world, wanted.get(FIELD))?;
        world.classify(file.id, Some(name), file.caller.actor())?;
        let shown = instance(world, file.id).ok_or_else(no_instance)?;
        Ok((StatusCode::CREATED, Json(shown)).into_response())
    })
}

pub(crate) async fn update(
    file: Subject<File, Writes>,
    Path(path): Path<TemplatePath>,
    headers: HeaderMap,
    body: Bytes,
) -> Reply {
    let patch = patch_of(&headers, &body)?;
    file.edit(|world| {
        check_template(world, &path)?;
        instance(world, file.id).ok_or_else(no_instance)?;
        for step in &patch {
            let is_for_field =
                step.get("path").and_then(Value::as_str) == Some(&format!("/{FIELD}"));
            let operation = step.get("op").and_then(Value::as_str);
            if !is_for_field || !matches!(operation, Some("add" | "replace")) {
                return Err(Refusal::bad_request("Invalid operation"));
            }
            let name = known_name(world, step.get("value"))?;
            world.classify(file.id, Some(name), file.caller.actor())?;
        }
        instance(world, file.id).map(Json).ok_or_else(no_instance)
    })
}

pub(crate) async fn delete(
    file: Subject<File, Writes>,
    Path(path): Path<TemplatePath>,
) -> Result<StatusCode, Refusal> {
    file.edit(|world| {
        check_template(world, &path)?;
        instance(world, file.id).ok_or_else(no_instance)?;
        world.classify(file.id, None, file.caller.actor())?;
        Ok(StatusCode::NO_CONTENT)
    })
}

pub(crate) async fn template(
    State(service): State<Arc<BoxService>>,
    _caller: Caller,
    Path(path): Path<TemplatePath>,
) -> Reply {
    service.with(|world| {
        check_template(world, &path)?;
        Ok(Json(template_json(world)))
    })
}

/// Makes the template, with its options.
pub(crate) async fn create_template(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Body(wanted): Body,
) -> Reply {
    caller.needs("manage_enterprise_properties")?;
    let wanted = Value::Object(wanted);
    service.with(|world| {
        if wanted["templateKey"] != TEMPLATE || world.state.classifications.is_some() {
            return Err(Refusal::bad_request("Invalid template"));
        }
        let options = wanted
            .pointer("/fields/0/options")
            .and_then(Value::as_array);
        let names = options
            .into_iter()
            .flatten()
            .filter_map(|one| one["key"].as_str());
        world.state.classifications = Some(names.map(str::to_owned).collect());
        Ok(Json(template_json(world)))
    })
}

/// Adds options to the template.
pub(crate) async fn update_template(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    Path(path): Path<TemplatePath>,
    body: Bytes,
) -> Reply {
    caller.needs("manage_enterprise_properties")?;
    let steps: Vec<Value> =
        serde_json::from_slice(&body).map_err(|_| Refusal::bad_request("Invalid patch"))?;
    service.with(|world| {
        check_template(world, &path)?;
        for step in &steps {
            match (
                step["op"].as_str(),
                step.pointer("/data/key").and_then(Value::as_str),
            ) {
                (Some("addEnumOption"), Some(key)) => {
                    let options = world.state.classifications.get_or_insert_default();
                    options.push(key.to_owned());
                }
                _ => return Err(Refusal::bad_request("Invalid operation")),
            }
        }
        Ok(Json(template_json(world)))
    })
}

fn no_instance() -> Refusal {
    Refusal::new(404, "instance_not_found", "Template instance is not found")
}

fn check_template(world: &World<'_>, path: &TemplatePath) -> Result<(), Refusal> {
    let enterprise = format!("enterprise_{}", world.state.enterprise);
    let is_known = (path.scope == "enterprise" || path.scope == enterprise)
        && path.template == TEMPLATE
        && world.state.classifications.is_some();
    if is_known {
        return Ok(());
    }
    Err(Refusal::not_found())
}

/// A classification that the template has, or none.
fn known_name(world: &World<'_>, wanted: Option<&Value>) -> Result<Option<String>, Refusal> {
    let Some(name) = wanted.and_then(Value::as_str) else {
        return Ok(None);
    };
    let known = world
        .state
        .classifications
        .iter()
        .flatten()
        .any(|one| one == name);
    if !known {
        return Err(Refusal::new(
            400,
            "schema_validation_failed",
            "Schema validation failed",
        ));
    }
    Ok(Some(name.to_owned()))
}

fn patch_of(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Map<String, Value>>, Refusal> {
    let media = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if !media.is_some_and(|media| media.starts_with(PATCH)) {
        return Err(Refusal::new(
            415,
            "unsupported_media_type",
            "Use a JSON patch",
        ));
    }
    serde_json::from_slice(body)
        .map_err(|_| Refusal::new(500, "internal_server_error", "Internal Server Error"))
}

fn instance(world: &World<'_>, file: Id) -> Option<Value> {
    let item = world.state.tree.get(file)?;
    let Classification {
        instance,
        name,
        version,
    } = item.rare.as_ref()?.classification.as_ref()?;
    let mut shown = json!({
        "$id": instance,
        "$type": format!("{TEMPLATE}-fd31-example"),
        "$parent": format!("file_{file}"),
        "$template": TEMPLATE,
        "$scope": format!("enterprise_{}", world.state.enterprise),
        "$version": version,
        "$typeVersion": 6,
        "$canEdit": true,
    });
    if let Some(name) = name {
        shown[FIELD] = json!(name);
    }
    Some(shown)
}

fn template_json(world: &World<'_>) -> Value {
    let names = world.state.classifications.iter().flatten().enumerate();
    let options: Vec<Value> = names
        .map(|(number, name)| {
            json!({
                "id": format!("{number:04x}"),
                "key": name,
                "staticConfig": {"classification": {
                    "classificationDefinition": "", "colorID": number % 8,
                }},
            })
        })
        .collect();
    json!({
        "id": "58063d82-0000-0000-0000-000000000000",
        "type": "metadata_template",
        "scope": format!("enterprise_{}", world.state.enterprise),
        "templateKey": TEMPLATE,
        "displayName": "Classification",
        "hidden": false,
        "copyInstanceOnItemCopy": true,
        "fields": [{
            "id": "8222", "type": "enum", "key": FIELD, "displayName": "Classification",
            "hidden": false, "options": options,
        }],
    })
}
