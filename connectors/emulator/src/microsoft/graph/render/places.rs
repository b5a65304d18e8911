//! Drives and sites as JSON.

use serde_json::{Value, json};

use crate::microsoft::graph::projection::Projection;
use crate::microsoft::state::directory::User;
use crate::microsoft::state::drive::{Drive, DriveIndex, Owner};
use crate::microsoft::state::site::Site;
use crate::microsoft::world::{World, timestamp};

pub(super) fn drive_ids(world: &World<'_>, drive: &Drive) -> Value {
    json!({
        "listId": drive.key.list,
        "siteId": drive.key.site,
        "webId": drive.key.web,
        "siteUrl": world.site_of(drive).map(|site| world.site_url(site)),
        "tenantId": world.state.tenant_id,
    })
}

/// A drive.
pub(in crate::microsoft::graph) fn drive(
    world: &World<'_>,
    index: DriveIndex,
    projection: &Projection,
) -> Value {
    let Some(drive) = world.state.drive(index) else {
        return Value::Null;
    };
    let used = drive.used();
    let mut shown = json!({
        "id": drive.id,
        "name": drive.name,
        "description": "",
        "driveType": drive.kind.word(),
        "webUrl": world.drive_url(drive),
        "createdDateTime": timestamp(drive.created),
        "lastModifiedDateTime": timestamp(drive.created),
        "quota": {
            "deleted": 0,
            "remaining": drive.quota.saturating_sub(used),
            "state": if used < drive.quota { "normal" } else { "exceeded" },
            "total": drive.quota,
            "used": used,
        },
    });
    if let Some(owner) = owner(world, drive) {
        shown["owner"] = owner;
    }
    let mut shown = projection.apply(shown);
    let always = !world.switches.sharepoint_ids_need_select && projection.wants("id");
    for spelling in ["sharePointIds", "sharepointIds"] {
        if projection.selects(spelling) || (always && spelling == "sharePointIds") {
            shown["sharePointIds"] = drive_ids(world, drive);
        }
    }
    if projection.selects("system") && drive.library.system {
        shown["system"] = json!({});
    }
    shown
}

fn owner(world: &World<'_>, drive: &Drive) -> Option<Value> {
    match &drive.owner {
        Owner::Unknown => None,
        Owner::User(id) => {
            let user = world.state.users.iter().find(|user| user.id == *id)?;
            Some(json!({ "user": user_identity(user) }))
        }
        Owner::Group(id) => {
            let group = world.state.groups.iter().find(|group| group.id == *id)?;
            Some(json!({ "group": { "id": group.id, "displayName": group.name } }))
        }
    }
}

fn user_identity(user: &User) -> Value {
    json!({
        "id": user.id,
        "displayName": user.name,
        "email": user.mail.as_ref().unwrap_or(&user.user_principal_name),
    })
}

/// A site.
pub(in crate::microsoft::graph) fn site(world: &World<'_>, site: &Site) -> Value {
    let mut collection = json!({ "hostname": world.state.host_name(site.host) });
    if let Some(status) = site.archive_status() {
        collection["archivalDetails"] = json!({ "archiveStatus": status });
    }
    let mut shown = json!({
        "id": world.state.site_id(site),
        "name": site.name,
        "displayName": site.title,
        "description": "",
        "webUrl": world.site_url(site),
        "createdDateTime": timestamp(site.created),
        "lastModifiedDateTime": timestamp(site.modified),
        "isPersonalSite": site.is_personal(),
        "siteCollection": collection,
    });
    if site.parent.is_none() {
        shown["root"] = json!({});
    }
    shown
}
