//! Who a file or a shared drive is shared with (reference/google-drive.md §8).

use http::StatusCode;
use serde_json::{Value, json};

use super::route::Context;
use super::{drives, render};
use crate::frame::Reply;
use crate::google::state::permission::{Grantee, Permission, Role};
use crate::google::wire::failure::Failure;
use crate::google::wire::fields::Mask;
use crate::google::wire::schema::{Api, Shape};

pub(super) fn list(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let call = context.call;
    let fields = call
        .parameter("fields")
        .unwrap_or("kind,nextPageToken,permissions(id,type,kind,role)");
    let mask = Mask::parse(fields, Shape::named(Api::DriveV3, "PermissionList"))?;
    let (all, in_drive) = all(context)?;
    let most = if in_drive { 100 } else { 1000 };
    let size = call.page_size("pageSize", most, most.min(100))?;
    let size = if call.parameter("pageSize").is_none() {
        most
    } else {
        size
    };
    let from = match call.parameter("pageToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("permissions-")
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Failure::invalid("pageToken"))?,
    };
    let mut answer = json!({
        "kind": "drive#permissionList",
        "permissions": all.iter().skip(from).take(size).collect::<Vec<_>>(),
    });
    if all.len() > from + size {
        answer["nextPageToken"] = json!(format!("permissions-{}", from + size));
    }
    Ok(Reply::json(mask.apply(answer)))
}

/// All permissions, and whether they are of something in a shared drive.
fn all(context: &Context<'_, '_>) -> Result<(Vec<Value>, bool), Failure> {
    let id = context.id(0);
    let user = &context.caller.user;
    if context.call.flag("useDomainAdminAccess")? {
        // Only for shared drives themselves.
        let drive = context.world.state.drives.get(id);
        let drive = drive.filter(|_| context.supports_all_drives().unwrap_or(false));
        let drive = drive.ok_or_else(|| Failure::file_not_found(id))?;
        if !user.is_admin {
            return Err(drives::not_an_administrator());
        }
        let members = drive.members.iter();
        return Ok((
            members
                .map(|member| render::permission(context.world, member))
                .collect(),
            true,
        ));
    }
    let (number, role) = context.file()?;
    if role < Role::Writer {
        return Err(Failure::insufficient_file_permissions(id));
    }
    let file = context.get(number)?;
    let in_drive = file.drive.is_some();
    let permissions = context.world.effective_permissions(number);
    let shown = permissions.iter().map(|(permission, from)| {
        let mut shown = render::permission(context.world, permission);
        if in_drive {
            shown["permissionDetails"] = json!([details(context, permission, from.as_ref())]);
        }
        shown
    });
    Ok((shown.collect(), in_drive))
}

fn details(context: &Context<'_, '_>, permission: &Permission, from: Option<&String>) -> Value {
    let is_member = from.is_some_and(|from| context.world.state.drives.contains_key(from));
    let mut out = json!({
        "permissionType": if is_member { "member" } else { "file" },
        "role": permission.role.name(),
        "inherited": from.is_some(),
    });
    if let Some(from) = from {
        out["inheritedFrom"] = json!(from);
    }
    out
}

pub(super) fn create(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, role) = context.file()?;
    if role < Role::Writer {
        return Err(Failure::insufficient_file_permissions(context.id(0)));
    }
    let body = context.call.json()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
    let role = text("role")
        .and_then(|role| Role::named(&role))
        .ok_or_else(|| Failure::required("permission.role"))?;
    let discoverable = body
        .get("allowFileDiscovery")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    let missing = || Failure::required("permission.emailAddress");
    let grantee = match text("type").as_deref() {
        Some("user") => Grantee::User(text("emailAddress").ok_or_else(missing)?),
        Some("group") => Grantee::Group(text("emailAddress").ok_or_else(missing)?),
        Some("domain") => Grantee::Domain {
            domain: text("domain").ok_or_else(|| Failure::required("permission.domain"))?,
            discoverable,
        },
        Some("anyone") => Grantee::Anyone { discoverable },
        _ => return Err(Failure::required("permission.type")),
    };
    let id = context.world.share(number, grantee, role, None)?;
    let file = context.get(number)?;
    let made = file.permissions.iter().find(|known| known.id == id);
    let shown = made
        .map(|made| render::permission(context.world, made))
        .unwrap_or_default();
    Ok(Reply::json(shown))
}

pub(super) fn delete(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, role) = context.file()?;
    if role < Role::Writer {
        return Err(Failure::insufficient_file_permissions(context.id(0)));
    }
    let id = context.id(1).to_owned();
    context.world.unshare(number, &id).map_err(|_| {
        Failure::new(
            StatusCode::NOT_FOUND,
            "notFound",
            &format!("Permission not found: {id}."),
        )
        .at("permissionId", "parameter")
    })?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
