//! `about` (it has no default fields).

use serde_json::{Value, json};

use super::route::Context;
use crate::frame::Reply;
use crate::google::wire::failure::Failure;
use crate::google::wire::fields::Mask;
use crate::google::wire::schema::{Api, Shape};

pub(super) fn get(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let fields = context.call.parameter("fields").ok_or_else(|| {
        Failure::bad_request(
            "required",
            "The 'fields' parameter is required for this method.",
        )
        .at("fields", "parameter")
    })?;
    let mask = Mask::parse(fields, Shape::named(Api::DriveV3, "About"))?;
    let user = &context.caller.user;
    let about = json!({
        "kind": "drive#about",
        "user": {
            "kind": "drive#user",
            "displayName": user.name,
            "me": true,
            "permissionId": user.permission_id,
            "emailAddress": user.email,
        },
        "storageQuota": {"usage": "0", "usageInDrive": "0", "usageInDriveTrash": "0"},
        "canCreateDrives": true,
        "maxUploadSize": "5242880000000",
    });
    Ok(Reply::json(mask.apply(about)))
}

pub(super) fn get_v2(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let user = &context.caller.user;
    let root = context
        .world
        .state
        .file(user.root)
        .map(|root| root.id.clone());
    let about = json!({
        "kind": "drive#about",
        "name": user.name,
        "rootFolderId": root,
        "permissionId": user.permission_id,
        "user": {"kind": "drive#user", "displayName": user.name, "isAuthenticatedUser": true,
                 "permissionId": user.permission_id, "emailAddress": user.email},
    });
    let mask = match context.call.parameter("fields") {
        Some(fields) => Mask::parse(fields, Shape::named(Api::DriveV2, "About"))?,
        None => Mask::All,
    };
    Ok(Reply::json(mask.apply(without_nulls(about))))
}

/// Unset fields are absent.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let set = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                set.map(|(name, value)| (name, without_nulls(value)))
                    .collect(),
            )
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}
