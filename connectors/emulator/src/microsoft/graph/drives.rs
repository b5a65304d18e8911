//! Drives and the libraries behind them (reference/microsoft-graph.md §3.2).

use serde_json::{Value, json};

use super::access::{self, Access};
use super::items;
use super::projection::Projection;
use super::route::{DriveHolder, DriveRef, ItemRef, SiteRef};
use super::schema::{DRIVE, LIST};
use super::{page, refer, render};
use crate::microsoft::state::drive::{Drive, DriveIndex};
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::{World, timestamp};

/// `GET …/drives`
pub(super) fn list(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    holder: &DriveHolder,
) -> Result<Reply, Failure> {
    call.allow_options(&[
        "$select",
        "$expand",
        "$top",
        "$skiptoken",
        "$orderby",
        "$filter",
    ])?;
    let projection = Projection::of(call, &DRIVE)?;
    refuse_unknown_columns(call)?;
    let shows_system = projection.selects("system");
    let mut entries = Vec::new();
    for index in refer::drives(world, caller, holder)? {
        if world.drive(index)?.library.system && !shows_system {
            continue;
        }
        let mut entry = render::drive(world, index, &projection);
        expand(world, caller, index, &projection, &mut entry)?;
        entries.push(entry);
    }
    let mut body = page::of(world, call, &entries, 200)?;
    body["@odata.context"] = json!(format!("{}v1.0/$metadata#drives", world.bases.graph));
    Ok(Reply::json(body))
}

/// On business drives `$filter` and `$orderby` know only `name` and `url`.
fn refuse_unknown_columns(call: &Call) -> Result<(), Failure> {
    for option in ["$filter", "$orderby"] {
        let Some(text) = call.parameter(option) else {
            continue;
        };
        let column = text.split_whitespace().next().unwrap_or_default();
        if !["name", "url"].contains(&column) {
            return Err(Failure::invalid_request(&format!(
                "{option} is not supported on '{column}'."
            )));
        }
        if option == "$filter" {
            return Err(Failure::invalid_request("The filter is not supported."));
        }
    }
    Ok(())
}

/// `GET /drives/{id}` and the usual drives
pub(super) fn get(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    named: &DriveRef,
) -> Result<Reply, Failure> {
    call.allow_options(&["$select", "$expand"])?;
    let projection = Projection::of(call, &DRIVE)?;
    let index = refer::drive(world, caller, named, Access::Read)?;
    let mut body = render::drive(world, index, &projection);
    expand(world, caller, index, &projection, &mut body)?;
    body["@odata.context"] = json!(format!(
        "{}v1.0/$metadata#drives/$entity",
        world.bases.graph
    ));
    Ok(Reply::json(body))
}

fn expand(
    world: &World<'_>,
    caller: &Caller,
    index: DriveIndex,
    projection: &Projection,
    body: &mut Value,
) -> Result<(), Failure> {
    let drive = world.drive(index)?;
    if projection.expands("list") {
        body["list"] = shown_list(world, drive);
    }
    if projection.expands("root") {
        let root = ItemRef {
            id: None,
            path: Vec::new(),
        };
        let place = refer::item(world, index, &root)?;
        let reply = items::changed(world, caller, place, http::StatusCode::OK)?;
        if let crate::microsoft::wire::Body::Json(root) = reply.body {
            body["root"] = root;
        }
    }
    Ok(())
}

/// `GET /drives/{id}/list`
pub(super) fn list_of(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    named: &DriveRef,
) -> Result<Reply, Failure> {
    call.allow_options(&["$select", "$expand"])?;
    let projection = Projection::of(call, &LIST)?;
    let index = refer::drive(world, caller, named, Access::Read)?;
    let drive = world.drive(index)?;
    access::check_site(world, caller, drive.site)?;
    Ok(Reply::json(projection.apply(shown_list(world, drive))))
}

/// `GET /sites/{id}/lists`
pub(super) fn lists(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    named: &SiteRef,
) -> Result<Reply, Failure> {
    access::require_some_sites(caller)?;
    call.allow_options(&["$select", "$expand", "$top", "$skiptoken", "$filter"])?;
    let projection = Projection::of(call, &LIST)?;
    let site = refer::site(world, named)?;
    access::check_site(world, caller, site)?;
    let entries: Vec<Value> = world
        .state
        .drives
        .iter()
        .filter(|drive| drive.site == site)
        .map(|drive| projection.apply(shown_list(world, drive)))
        .collect();
    page::of(world, call, &entries, 200).map(Reply::json)
}

/// A library as a list: nothing in it tells whether check-out is required.
fn shown_list(world: &World<'_>, drive: &Drive) -> Value {
    json!({
        "id": drive.key.list,
        "name": drive.url_name,
        "displayName": drive.name,
        "webUrl": world.drive_url(drive),
        "createdDateTime": timestamp(drive.created),
        "lastModifiedDateTime": timestamp(drive.created),
        "list": {
            "contentTypesEnabled": false,
            "hidden": drive.library.system,
            "template": if drive.library.system { "webPageLibrary" } else { "documentLibrary" },
        },
    })
}
