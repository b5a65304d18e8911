//! Single items and the lists around them.

use http::StatusCode;
use http::header::ETAG;
use serde_json::{Value, json};

use super::access::Access;
use super::projection::Projection;
use super::render::{self, View};
use super::route::{DriveRef, ItemRef};
use super::schema::{DRIVE_ITEM, LIST_ITEM, VERSION};
use super::{page, permissions, refer, retention, upload};
use crate::frame::ActiveFaults;
use crate::microsoft::state::actor::Actor;
use crate::microsoft::state::item::{Item, ItemIndex, Kind};
use crate::microsoft::state::transient::Place;
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::{World, timestamp};

/// Children on a page when `$top` is absent.
const CHILDREN: usize = 200;
/// The most children on a page.
const MOST_CHILDREN: usize = 5000;

/// The item that a call is about.
pub(super) fn find(
    world: &World<'_>,
    caller: &Caller,
    named: (&DriveRef, &ItemRef),
    access: Access,
) -> Result<Place, Failure> {
    let drive = refer::drive(world, caller, named.0, access)?;
    refer::item(world, drive, named.1)
}

/// `GET …/items/{id}`
pub(super) fn get(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    place: Place,
) -> Result<Reply, Failure> {
    call.allow_options(&["$select", "$expand"])?;
    let projection = Projection::of(call, &DRIVE_ITEM)?;
    refuse_expanding_permissions(world, &projection)?;
    let item = world.item(place)?;
    if call
        .header("if-none-match")
        .is_some_and(|tag| tag == item.e_tag() || tag == item.c_tag())
    {
        return Ok(Reply::empty(StatusCode::NOT_MODIFIED));
    }
    let stale = call.faults.as_ref().is_some_and(ActiveFaults::stale_read);
    let view = view(call, caller, &projection, stale);
    let mut body = render::item(world, place, &view);
    expand(world, caller, place, &projection, &mut body)?;
    body["@odata.context"] = json!(format!(
        "{}v1.0/$metadata#drives('{}')/items/$entity",
        world.bases.graph,
        world.drive(place.drive)?.id
    ));
    if place.item != ItemIndex::ROOT {
        body["@odata.etag"] = json!(item.e_tag());
    }
    Ok(Reply::json(body).header(ETAG, &item.e_tag()))
}

/// The item as it is answered to who has changed it.
pub(super) fn changed(
    world: &World<'_>,
    caller: &Caller,
    place: Place,
    status: StatusCode,
) -> Result<Reply, Failure> {
    let projection = Projection::parse(None, None, &DRIVE_ITEM)?;
    let view = View {
        projection: &projection,
        delta: false,
        hierarchical_sharing: false,
        stale: false,
        client_id: &caller.client_id,
    };
    let mut reply = Reply::json(render::item(world, place, &view));
    reply.status = status;
    Ok(reply)
}

fn view<'a>(call: &Call, caller: &'a Caller, projection: &'a Projection, stale: bool) -> View<'a> {
    View {
        projection,
        delta: false,
        hierarchical_sharing: call.prefers("hierarchicalsharing"),
        stale,
        client_id: &caller.client_id,
    }
}

fn refuse_expanding_permissions(world: &World<'_>, projection: &Projection) -> Result<(), Failure> {
    if projection.expands("permissions") && !world.switches.expand_permissions {
        return Err(Failure::invalid_request(
            "Expanding permissions is not supported.",
        ));
    }
    Ok(())
}

fn expand(
    world: &World<'_>,
    caller: &Caller,
    place: Place,
    projection: &Projection,
    body: &mut Value,
) -> Result<(), Failure> {
    if projection.expands("permissions") {
        body["permissions"] = permissions::list(world, caller, place)?.into();
    }
    if projection.expands("retentionLabel") {
        body["retentionLabel"] = retention::label(world.item(place)?);
    }
    if projection.expands("listItem") {
        body["listItem"] = list_item_body(world, place, true)?;
    }
    if projection.expands("versions") {
        body["versions"] = version_list(world, world.item(place)?).into();
    }
    if projection.expands("children") {
        let plain = Projection::parse(None, None, &DRIVE_ITEM)?;
        let view = View {
            projection: &plain,
            delta: false,
            hierarchical_sharing: false,
            stale: false,
            client_id: &caller.client_id,
        };
        let drive = place.drive;
        let children: Vec<Value> = world
            .drive(drive)?
            .tree
            .children(place.item, None)
            .take(CHILDREN)
            .map(|item| render::item(world, Place { drive, item }, &view))
            .collect();
        body["children"] = children.into();
    }
    Ok(())
}

/// `GET …/items/{id}/children`
pub(super) fn children(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    place: Place,
) -> Result<Reply, Failure> {
    call.allow_options(&["$select", "$expand", "$top", "$skiptoken", "$orderby"])?;
    let projection = Projection::of(call, &DRIVE_ITEM)?;
    refuse_expanding_permissions(world, &projection)?;
    let drive = world.drive(place.drive)?;
    let by_name = match call
        .parameter("$orderby")
        .map(|order| order.trim().to_ascii_lowercase())
    {
        None => false,
        Some(order) if order == "name" || order == "name asc" => true,
        Some(_) => {
            return Err(Failure::invalid_request(
                "The request is not supported: only 'name' can be sorted by.",
            ));
        }
    };
    let size = call.top()?.unwrap_or(CHILDREN).min(MOST_CHILDREN);
    let after = call
        .parameter("$skiptoken")
        .map(|token| {
            let number = token
                .strip_prefix("after-")
                .and_then(|number| number.parse().ok());
            number.ok_or_else(|| Failure::invalid_request("The skip token is not valid."))
        })
        .transpose()?;
    let (shown, next) = if by_name {
        sorted_page(drive, place.item, after.unwrap_or(0), size)
    } else {
        let mut children = drive
            .tree
            .children(place.item, after.map(ItemIndex))
            .peekable();
        let shown: Vec<ItemIndex> = children.by_ref().take(size).collect();
        let next = shown
            .last()
            .filter(|_| children.peek().is_some())
            .map(|last| last.0);
        (shown, next)
    };
    let view = view(call, caller, &projection, false);
    let mut entries = Vec::with_capacity(shown.len());
    for item in shown {
        let place = Place {
            drive: place.drive,
            item,
        };
        let mut entry = render::item(world, place, &view);
        expand(world, caller, place, &projection, &mut entry)?;
        entries.push(entry);
    }
    let mut body = json!({});
    let empty_page = call.faults.as_ref().is_some_and(ActiveFaults::empty_page);
    if empty_page {
        entries.clear();
        let same = after.map_or_else(|| "after-0".to_owned(), |after| format!("after-{after}"));
        body["@odata.nextLink"] = json!(page::next_link(world, call, &same));
    } else if let Some(next) = next {
        body["@odata.nextLink"] = json!(page::next_link(world, call, &format!("after-{next}")));
    }
    if let Some(faults) = &call.faults {
        super::delta::disturb(&mut entries, faults);
    }
    body["value"] = entries.into();
    Ok(Reply::json(body))
}

fn sorted_page(
    drive: &crate::microsoft::state::drive::Drive,
    folder: ItemIndex,
    begin: u32,
    size: usize,
) -> (Vec<ItemIndex>, Option<u32>) {
    let mut children: Vec<ItemIndex> = drive.tree.children(folder, None).collect();
    children.sort_by_cached_key(|index| {
        drive
            .tree
            .get(*index)
            .map(|item| item.name.to_lowercase())
            .unwrap_or_default()
    });
    let begin = usize::try_from(begin).unwrap_or(usize::MAX);
    let end = begin.saturating_add(size);
    let next = (end < children.len())
        .then(|| u32::try_from(end).ok())
        .flatten();
    (children.into_iter().skip(begin).take(size).collect(), next)
}

/// `GET …/items/{id}/versions`
pub(super) fn versions(world: &World<'_>, call: &Call, place: Place) -> Result<Reply, Failure> {
    call.allow_options(&["$select", "$top", "$skiptoken"])?;
    let projection = Projection::of(call, &VERSION)?;
    let item = world.item(place)?;
    if item.kind != Kind::File {
        return Err(Failure::invalid_request("Only files have versions."));
    }
    let entries: Vec<Value> = version_list(world, item)
        .into_iter()
        .map(|entry| projection.apply(entry))
        .collect();
    page::of(world, call, &entries, 200).map(Reply::json)
}

/// The versions, the newest first.
fn version_list(world: &World<'_>, item: &Item) -> Vec<Value> {
    let old = item.rare.as_deref().map_or(&[][..], |rare| &rare.versions);
    let actor = |actor| world.state.actors.get(actor).identity_set();
    let mut entries: Vec<Value> = old
        .iter()
        .enumerate()
        .map(|(at, version)| {
            json!({
                "id": format!("{}.0", at + 1),
                "lastModifiedBy": actor(version.modified_by),
                "lastModifiedDateTime": timestamp(version.modified),
                "size": version.size,
            })
        })
        .collect();
    entries.push(json!({
        "id": format!("{}.0", old.len() + 1),
        "lastModifiedBy": actor(item.modified_by),
        "lastModifiedDateTime": timestamp(item.modified),
        "size": item.size,
    }));
    entries.reverse();
    entries
}

/// `GET …/items/{id}/listItem`
pub(super) fn list_item(world: &World<'_>, call: &Call, place: Place) -> Result<Reply, Failure> {
    call.allow_options(&["$select", "$expand"])?;
    let projection = Projection::of(call, &LIST_ITEM)?;
    let body = list_item_body(world, place, projection.expands("fields"))?;
    Ok(Reply::json(projection.apply(body)))
}

/// `GET …/items/{id}/listItem/fields`
pub(super) fn fields(world: &World<'_>, call: &Call, place: Place) -> Result<Reply, Failure> {
    call.allow_options(&["$select"])?;
    let mut fields = field_values(world, place)?;
    if let (Some(select), Some(fields)) = (call.parameter("$select"), fields.as_object_mut()) {
        // The columns are the library's own: an unknown one is simply not there.
        fields.retain(|name, _| select.split(',').any(|selected| selected.trim() == name));
    }
    Ok(Reply::json(fields))
}

fn list_item_body(world: &World<'_>, place: Place, with_fields: bool) -> Result<Value, Failure> {
    let drive = world.drive(place.drive)?;
    let item = world.item(place)?;
    let mut body = json!({
        "id": place.item.0.to_string(),
        "eTag": format!("\"{},{}\"", item.unique_id, item.e_tag),
        "createdDateTime": timestamp(item.created),
        "lastModifiedDateTime": timestamp(item.modified),
        "webUrl": render::web_url(world, drive, place.item),
        "contentType": { "id": "0x0101", "name": if item.is_folder() { "Folder" } else { "Document" } },
    });
    if with_fields {
        body["fields"] = field_values(world, place)?;
    }
    Ok(body)
}

fn field_values(world: &World<'_>, place: Place) -> Result<Value, Failure> {
    let item = world.item(place)?;
    let mut fields = serde_json::Map::new();
    fields.insert("id".into(), json!(place.item.0.to_string()));
    fields.insert("FileLeafRef".into(), json!(item.name));
    if let Some(stored) = crate::microsoft::labelling::stored(world, place)
        && let Some(label) = stored.label.and_then(|label| world.state.label(label))
    {
        let by_hand = stored.method == "privileged";
        fields.insert("_DisplayName".into(), json!(label.name));
        fields.insert("_IpLabelId".into(), json!(label.id));
        fields.insert(
            "_IpLabelAssignmentMethod".into(),
            json!(if by_hand { "1" } else { "0" }),
        );
    }
    if let Some(retention) = item.rarely(|rare| rare.retention.as_ref()) {
        fields.insert("_ComplianceTag".into(), json!(retention.name));
    }
    fields.extend(
        item.rarely(|rare| Some(rare.fields.clone()))
            .unwrap_or_default(),
    );
    Ok(fields.into())
}

/// `PATCH …/items/{id}`: another name, folder or file time.
pub(super) fn patch(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    place: Place,
) -> Result<Reply, Failure> {
    let body = call.json()?;
    check_if_match(world, call, place)?;
    upload::refuse_metadata_change(world, caller, place)?;
    let known = ["name", "parentReference", "fileSystemInfo", "description"];
    if let Some(unknown) = body.as_object().and_then(|body| {
        body.keys()
            .find(|key| !known.contains(&&***key) && !key.starts_with('@'))
    }) {
        return Err(Failure::invalid_request(&format!(
            "The property '{unknown}' cannot be changed."
        )));
    }
    let actor = caller_actor(world, caller);
    let name = body["name"].as_str().map(str::to_owned);
    if !body["parentReference"].is_null() && !body["parentReference"]["id"].is_string() {
        return Err(Failure::invalid_request("The parentReference needs an id."));
    }
    let folder = body["parentReference"]["id"].as_str().map(str::to_owned);
    if name.is_some() || folder.is_some() {
        let drive = world.drive(place.drive)?;
        if body["parentReference"]["driveId"]
            .as_str()
            .is_some_and(|id| id != drive.id)
        {
            return Err(Failure::new(
                StatusCode::NOT_IMPLEMENTED,
                "notSupported",
                "Moving between drives is not supported.",
            ));
        }
        let item = world.item(place)?;
        let folder = match &folder {
            Some(id) => drive.find(id).ok_or_else(Failure::item_not_found)?,
            None => item.parent,
        };
        let name = name.unwrap_or_else(|| item.name.to_string());
        world.relocate(place, folder, &name, actor)?;
    } else {
        world.touch(place, actor)?;
    }
    changed(world, caller, place, StatusCode::OK)
}

/// `DELETE …/items/{id}`
pub(super) fn delete(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    place: Place,
) -> Result<Reply, Failure> {
    check_if_match(world, call, place)?;
    upload::refuse_metadata_change(world, caller, place)?;
    let retained = world
        .item(place)?
        .rarely(|rare| rare.retention.as_ref())
        .is_some_and(|retention| !retention.delete_allowed);
    if retained {
        return Err(upload::record_refusal(world));
    }
    world.delete(place)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// Honours `If-Match`, which is documented for changes of properties.
fn check_if_match(world: &World<'_>, call: &Call, place: Place) -> Result<(), Failure> {
    let Some(wanted) = upload::wanted_tag(call)? else {
        return Ok(());
    };
    let item = world.item(place)?;
    if wanted == "*" || wanted == item.e_tag() || wanted == item.c_tag() {
        return Ok(());
    }
    Err(upload::modified(StatusCode::PRECONDITION_FAILED))
}

/// The application as the actor of a change.
pub(super) fn caller_actor(
    world: &mut World<'_>,
    caller: &Caller,
) -> crate::microsoft::state::actor::ActorRef {
    let name = world.state.application(&caller.client_id).map_or_else(
        || caller.client_id.clone(),
        |application| application.name.clone(),
    );
    world.state.actors.intern(Actor::Application {
        id: caller.client_id.clone(),
        name,
    })
}
