//! Drive labels: what there are, and what is on a file (reference/google-drive.md §7).

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::route::Context;
use crate::frame::Reply;
use crate::google::state::file::File;
use crate::google::state::label::DriveLabel;
use crate::google::state::permission::Role;
use crate::google::wire::failure::Failure;
use crate::google::wire::fields::Mask;
use crate::google::wire::schema::{Api, Shape};
use crate::google::world::{Touch, World};

pub(super) fn list(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    let size = context.call.page_size("pageSize", 50, 200)?;
    let from = match context.call.parameter("pageToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("labels-")
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Failure::invalid("pageToken"))?,
    };
    let full = context.call.parameter("view") == Some("LABEL_VIEW_FULL");
    let labels = &context.world.state.labels;
    let page: Vec<Value> = labels
        .iter()
        .skip(from)
        .take(size)
        .map(|label| shown(label, full))
        .collect();
    let mut answer = json!({});
    if !page.is_empty() {
        answer["labels"] = json!(page);
    }
    if labels.len() > from + size {
        answer["nextPageToken"] = json!(format!("labels-{}", from + size));
    }
    masked(context, "GoogleAppsDriveLabelsV2ListLabelsResponse", answer)
}

pub(super) fn get(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    check_admin(context)?;
    let id = context.id(0).split('@').next().unwrap_or_default();
    let label = context
        .world
        .state
        .labels
        .iter()
        .find(|label| label.id == id);
    let label = label.ok_or_else(|| {
        Failure::new(
            StatusCode::NOT_FOUND,
            "notFound",
            "Requested entity was not found.",
        )
    })?;
    let full = context.call.parameter("view") == Some("LABEL_VIEW_FULL");
    let answer = shown(label, full);
    masked(context, "GoogleAppsDriveLabelsV2Label", answer)
}

fn masked(context: &Context<'_, '_>, shape: &str, answer: Value) -> Result<Reply, Failure> {
    let mask = match context.call.parameter("fields") {
        Some(fields) => Mask::parse(fields, Shape::named(Api::Labels, shape))?,
        None => Mask::All,
    };
    Ok(Reply::json(mask.apply(answer)))
}

fn check_admin(context: &Context<'_, '_>) -> Result<(), Failure> {
    if context.call.flag("useAdminAccess")? && !context.caller.user.is_admin {
        return Err(Failure::forbidden(
            "forbidden",
            "The caller does not have permission",
        ));
    }
    Ok(())
}

fn shown(label: &DriveLabel, full: bool) -> Value {
    let state = if label.disabled {
        "DISABLED"
    } else {
        "PUBLISHED"
    };
    let mut out = json!({
        "name": format!("labels/{}@{}", label.id, label.revision),
        "id": label.id,
        "revisionId": label.revision.to_string(),
        "labelType": "ADMIN",
        "customer": "customers/C01abc",
        "properties": {"title": label.title},
        "lifecycle": {"state": state, "hasUnpublishedChanges": false},
        "appliedCapabilities": {"canRead": true, "canApply": true, "canRemove": true},
    });
    if full {
        let fields = label.fields.iter().map(|field| {
            let choices = field.choices.iter().map(|choice| {
                json!({
                    "id": choice.id,
                    "properties": {"displayName": choice.name},
                    "lifecycle": {"state": "PUBLISHED"},
                })
            });
            json!({
                "id": field.id,
                "queryKey": format!("labels/{}.{}", label.id, field.id),
                "properties": {"displayName": field.name, "required": false},
                "lifecycle": {"state": "PUBLISHED"},
                "selectionOptions": {"choices": choices.collect::<Vec<_>>()},
            })
        });
        out["fields"] = fields.collect();
    }
    out
}

pub(super) fn list_of_file(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, _) = context.visible(context.id(0), true)?;
    let file = context.get(number)?;
    let all: Vec<&str> = file.rare.labels.keys().map(String::as_str).collect();
    let labels = of_file(context.world, file, &all);
    Ok(Reply::json(
        json!({"kind": "drive#labelList", "labels": labels}),
    ))
}

/// The labels of a file, of those that are wanted.
pub(super) fn of_file(world: &World<'_>, file: &File, wanted: &[&str]) -> Vec<Value> {
    let wanted = file
        .rare
        .labels
        .iter()
        .filter(|(id, _)| wanted.contains(&id.as_str()));
    wanted
        .map(|(id, fields)| {
            let label = world.state.labels.iter().find(|label| label.id == *id);
            let shown: Map<String, Value> = fields
                .iter()
                .map(|(field, choices)| {
                    let value = json!({
                        "kind": "drive#labelField",
                        "id": field,
                        "valueType": "selection",
                        "selection": choices,
                    });
                    (field.clone(), value)
                })
                .collect();
            json!({
                "kind": "drive#label",
                "id": id,
                "revisionId": label.map_or(1, |label| label.revision).to_string(),
                "fields": shown,
            })
        })
        .collect()
}

pub(super) fn modify(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, role) = context.visible(context.id(0), true)?;
    let file = context.get(number)?;
    if role < Role::Writer {
        return Err(Failure::forbidden(
            "labelMutationForbidden",
            "The user may not change the labels of this file.",
        ));
    }
    let mut labels = file.rare.labels.clone();
    let body = context.call.json()?;
    let mut modified = Vec::new();
    let modifications = body.get("labelModifications").and_then(Value::as_array);
    for modification in modifications.into_iter().flatten() {
        let id = modification
            .get("labelId")
            .and_then(Value::as_str)
            .ok_or_else(|| Failure::required("labelId"))?;
        let known = context
            .world
            .state
            .labels
            .iter()
            .find(|label| label.id == id && !label.disabled);
        let known = known.ok_or_else(|| {
            Failure::forbidden("applyLabelForbidden", "The label cannot be applied.")
        })?;
        if modification.get("removeLabel").and_then(Value::as_bool) == Some(true) {
            labels.remove(id);
        } else {
            let fields = labels.entry(id.to_owned()).or_default();
            let changes = modification
                .get("fieldModifications")
                .and_then(Value::as_array);
            for change in changes.into_iter().flatten() {
                set_field(known, fields, change)?;
            }
        }
        modified.push(id.to_owned());
    }
    context.world.file_mut(number)?.rare.labels = labels;
    context.world.touch(number, Touch::Sharing);
    let file = context.get(number)?;
    let modified: Vec<&str> = modified.iter().map(String::as_str).collect();
    let shown = of_file(context.world, file, &modified);
    Ok(Reply::json(
        json!({"kind": "drive#modifyLabelsResponse", "modifiedLabels": shown}),
    ))
}

fn set_field(
    label: &DriveLabel,
    fields: &mut std::collections::BTreeMap<String, Vec<String>>,
    change: &Value,
) -> Result<(), Failure> {
    let id = change
        .get("fieldId")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let known = label.fields.iter().find(|field| field.id == id);
    let known = known.ok_or_else(|| {
        Failure::bad_request("labelMutationUnknownField", "The label has no such field.")
    })?;
    if change.get("unsetValues").and_then(Value::as_bool) == Some(true) {
        fields.remove(id);
        return Ok(());
    }
    let choices = change.get("setSelectionValues").and_then(Value::as_array);
    let choices: Vec<String> = choices
        .into_iter()
        .flatten()
        .filter_map(|choice| choice.as_str().map(str::to_owned))
        .collect();
    if choices.len() > 1 {
        return Err(Failure::bad_request(
            "labelMultipleValuesForSingularField",
            "The field takes one choice.",
        ));
    }
    if !choices
        .iter()
        .all(|choice| known.choices.iter().any(|known| known.id == *choice))
    {
        return Err(Failure::bad_request(
            "labelMutationIllegalSelection",
            "The field has no such choice.",
        ));
    }
    fields.insert(id.to_owned(), choices);
    Ok(())
}
