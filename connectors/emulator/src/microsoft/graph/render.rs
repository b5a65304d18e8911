//! Items as JSON.

mod places;

use serde_json::{Map, Value, json};

use self::places::drive_ids;
pub(super) use self::places::{drive, site};
use super::projection::Projection;
use super::schema::DOWNLOAD_URL;
use crate::microsoft::state::blob::quick_xor_hash;
use crate::microsoft::state::drive::Drive;
use crate::microsoft::state::item::{Item, ItemIndex, Kind, Millis, Rare, mime_type};
use crate::microsoft::state::permission::Permission;
use crate::microsoft::state::transient::Place;
use crate::microsoft::switches::{HashlessForm, UnlabelledForm};
use crate::microsoft::world::{World, encode_path, timestamp};

/// How an item is to look.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) projection: &'a Projection,
    /// Whether it is listed by delta, which leaves some things out.
    pub(super) delta: bool,
    /// Whether `shared` stands only where sharing begins or changes.
    pub(super) hierarchical_sharing: bool,
    /// Whether the last write is not seen yet.
    pub(super) stale: bool,
    /// For whom download URLs are made.
    pub(super) client_id: &'a str,
}

/// An item; `Null` when it is not there.
pub(super) fn item(world: &World<'_>, place: Place, view: &View<'_>) -> Value {
    let Some(drive) = world.state.drive(place.drive) else {
        return Value::Null;
    };
    let Some(item) = drive.tree.get(place.item) else {
        return Value::Null;
    };
    let mut shown = Map::new();
    let wants = |name: &str| view.projection.wants(name);
    let rare = item.rare.as_deref();
    if wants("id") || view.delta {
        shown.insert("id".into(), json!(drive.item_id(item)));
    }
    names_and_times(world, drive, place, view, &mut shown);
    if wants("parentReference") {
        shown.insert(
            "parentReference".into(),
            parent(world, drive, place, view.delta),
        );
    }
    if wants("size") {
        shown.insert(
            "size".into(),
            json!(shown_size(world, drive, place.item, view.stale)),
        );
    }
    facets(world, drive, place, view, &mut shown);
    if wants("shared")
        && let Some(shared) = shared(drive, place.item, view.hierarchical_sharing, world.millis())
    {
        shown.insert("shared".into(), shared);
    }
    if let Some(rare) = rare {
        rare_facets(rare, view, &mut shown);
    }
    if view.projection.selects("publication") {
        shown.insert("publication".into(), publication(world, item));
    }
    let ids_wanted = view.projection.selects("sharepointIds")
        || (!world.switches.sharepoint_ids_need_select
            && view.projection.wants("id")
            && !view.delta);
    if ids_wanted {
        shown.insert("sharepointIds".into(), item_ids(world, drive, place));
    }
    if view.projection.selects("sensitivityLabel") {
        sensitivity_label(world, place, view, &mut shown);
    }
    let has_url = item.kind == Kind::File && rare.is_none_or(|rare| rare.malware.is_none());
    if has_url && wants(DOWNLOAD_URL) && (!view.delta || world.switches.select_download_url) {
        shown.insert(
            DOWNLOAD_URL.into(),
            json!(download_url(world, place, view.client_id)),
        );
    }
    Value::Object(shown)
}

fn names_and_times(
    world: &World<'_>,
    drive: &Drive,
    place: Place,
    view: &View<'_>,
    shown: &mut Map<String, Value>,
) {
    let Some(item) = drive.tree.get(place.item) else {
        return;
    };
    let back = u32::from(view.stale);
    let wants = |name: &str| view.projection.wants(name);
    let actor = |actor| world.state.actors.get(actor).identity_set();
    let switches = world.switches;
    if wants("name") {
        shown.insert("name".into(), json!(item.name));
    }
    if wants("eTag") && place.item != ItemIndex::ROOT {
        let tag = crate::microsoft::ids::e_tag(item.unique_id, item.e_tag.saturating_sub(back));
        shown.insert("eTag".into(), json!(tag));
    }
    if wants("cTag") && item.kind != Kind::Remote && !(view.delta && switches.delta_omits_c_tag) {
        let tag = crate::microsoft::ids::c_tag(item.unique_id, item.c_tag.saturating_sub(back));
        shown.insert("cTag".into(), json!(tag));
    }
    if wants("createdDateTime") {
        shown.insert("createdDateTime".into(), json!(timestamp(item.created)));
    }
    if wants("lastModifiedDateTime") {
        shown.insert(
            "lastModifiedDateTime".into(),
            json!(timestamp(item.modified)),
        );
    }
    if wants("createdBy") && !(view.delta && switches.delta_omits_created_by) {
        shown.insert("createdBy".into(), actor(item.created_by));
    }
    if wants("lastModifiedBy") && !(view.delta && switches.delta_omits_last_modified_by) {
        shown.insert("lastModifiedBy".into(), actor(item.modified_by));
    }
    if wants("webUrl") {
        shown.insert("webUrl".into(), json!(web_url(world, drive, place.item)));
    }
    if wants("fileSystemInfo") {
        shown.insert(
            "fileSystemInfo".into(),
            json!({
                "createdDateTime": timestamp(item.created),
                "lastModifiedDateTime": timestamp(item.modified),
            }),
        );
    }
}

fn facets(
    world: &World<'_>,
    drive: &Drive,
    place: Place,
    view: &View<'_>,
    shown: &mut Map<String, Value>,
) {
    let Some(item) = drive.tree.get(place.item) else {
        return;
    };
    let wants = |name: &str| view.projection.wants(name);
    match item.kind {
        Kind::File if wants("file") => {
            shown.insert("file".into(), file(world, item, view.stale));
        }
        Kind::Folder if wants("folder") => {
            let children = drive.tree.child_count(place.item);
            shown.insert("folder".into(), json!({ "childCount": children }));
        }
        Kind::Package if wants("package") => {
            shown.insert("package".into(), json!({ "type": "oneNote" }));
        }
        Kind::Remote if wants("remoteItem") => {
            let remote = item.rarely(|rare| rare.remote.clone());
            shown.insert("remoteItem".into(), remote.unwrap_or_else(|| json!({})));
        }
        _ => {}
    }
    if place.item == ItemIndex::ROOT && wants("root") {
        shown.insert("root".into(), json!({}));
    }
}

fn file(world: &World<'_>, item: &Item, stale: bool) -> Value {
    let rare = item.rare.as_deref();
    let mime_type = rare
        .and_then(|rare| rare.mime_type.as_deref())
        .unwrap_or_else(|| mime_type(&item.name));
    let mut file = json!({ "mimeType": mime_type });
    let young = rare.and_then(|rare| rare.uploaded).is_some_and(|uploaded| {
        world.millis() < uploaded + Millis::from(world.switches.hash_missing_milliseconds)
    });
    let before = rare
        .filter(|_| stale)
        .and_then(|rare| rare.versions.last())
        .map(|version| version.blob);
    let content = before
        .or(item.blob)
        .and_then(|blob| world.state.blobs.get(blob));
    if young || rare.is_some_and(|rare| rare.hashless) {
        if world.switches.hashless_form == HashlessForm::EmptyHashes {
            file["hashes"] = json!({});
        }
    } else if let Some(content) = content {
        file["hashes"] = json!({ "quickXorHash": &*quick_xor_hash(content) });
    }
    if rare.is_some_and(|rare| rare.irm) {
        file["irmEnabled"] = json!(true);
        file["irmEffectivelyEnabled"] = json!(true);
    }
    file
}

fn shown_size(world: &World<'_>, drive: &Drive, index: ItemIndex, stale: bool) -> u64 {
    let true_size = drive.tree.size(index);
    let Some(rare) = drive.tree.get(index).and_then(|item| item.rare.as_deref()) else {
        return true_size;
    };
    let lags = rare.uploaded.is_some_and(|uploaded| {
        world.millis() < uploaded + Millis::from(world.switches.old_size_milliseconds)
    });
    let old = rare.old_size.filter(|_| lags || stale);
    rare.shown_size.or(old).unwrap_or(true_size)
}

fn rare_facets(rare: &Rare, view: &View<'_>, shown: &mut Map<String, Value>) {
    let wants = |name: &str| view.projection.wants(name);
    if let Some(description) = rare.malware.as_ref().filter(|_| wants("malware")) {
        shown.insert("malware".into(), json!({ "description": description }));
    }
    if let Some(queued) = rare.pending_content.filter(|_| wants("pendingOperations")) {
        let queued = json!({ "pendingContentUpdate": { "queuedDateTime": timestamp(queued) } });
        shown.insert("pendingOperations".into(), queued);
    }
}

fn publication(world: &World<'_>, item: &Item) -> Value {
    let version = format!("{}.0", item.version_number());
    match item.rarely(|rare| rare.checked_out_by) {
        None => json!({ "level": "published", "versionId": version }),
        Some(actor) => json!({
            "level": "checkout",
            "versionId": version,
            "checkedOutBy": world.state.actors.get(actor).identity_set(),
        }),
    }
}

fn sensitivity_label(
    world: &World<'_>,
    place: Place,
    view: &View<'_>,
    shown: &mut Map<String, Value>,
) {
    let honoured = world.switches.select_sensitivity_label
        && (!view.delta || world.switches.delta_sensitivity_label);
    if !honoured {
        return;
    }
    let stored = crate::microsoft::labelling::stored(world, place);
    let label = stored
        .and_then(|stored| stored.label)
        .and_then(|label| world.state.label(label));
    let value = match (label, world.switches.unlabelled_form) {
        (Some(label), _) => json!({
            "id": label.id,
            "displayName": label.name,
            "protectionEnabled": label.protects,
        }),
        (None, UnlabelledForm::Missing) => return,
        (None, UnlabelledForm::Null) => Value::Null,
        (None, UnlabelledForm::EmptyObject) => json!({}),
        (None, UnlabelledForm::EmptyStrings) => {
            json!({ "id": "", "displayName": "", "protectionEnabled": false })
        }
    };
    shown.insert("sensitivityLabel".into(), value);
}

/// `parentReference`; without `path` in delta.
fn parent(world: &World<'_>, drive: &Drive, place: Place, delta: bool) -> Value {
    let mut reference = json!({ "driveType": drive.kind.word(), "driveId": drive.id });
    let Some(item) = drive.tree.get(place.item) else {
        return reference;
    };
    if let Some(site) = world.site_of(drive) {
        reference["siteId"] = json!(site.collection);
    }
    if place.item == ItemIndex::ROOT {
        return reference;
    }
    if let Some(folder) = drive.tree.get(item.parent) {
        reference["id"] = json!(drive.item_id(folder));
        if item.parent != ItemIndex::ROOT {
            reference["name"] = json!(folder.name);
        }
    }
    if !delta {
        let mut path = format!("/drives/{}/root:", drive.id);
        for name in drive.tree.path(item.parent) {
            path.push('/');
            path.push_str(&encode_path(name));
        }
        reference["path"] = json!(path);
    }
    reference
}

/// The URL for people. That of an Office document opens an editor, and names no folder.
pub(super) fn web_url(world: &World<'_>, drive: &Drive, index: ItemIndex) -> String {
    const EDITED: [&str; 9] = [
        "docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "pptm", "ppsx", "doc",
    ];
    let Some(item) = drive.tree.get(index) else {
        return String::new();
    };
    if item.kind == Kind::File
        && EDITED.contains(&&*item.extension())
        && let Some(site) = world.site_of(drive)
    {
        return format!(
            "{}/_layouts/15/Doc.aspx?sourcedoc=%7B{}%7D&file={}&action=default&mobileredirect=true",
            world.site_url(site),
            item.unique_id.to_string().to_uppercase(),
            encode_path(&item.name),
        );
    }
    let mut url = world.drive_url(drive);
    for name in drive.tree.path(index) {
        url.push('/');
        url.push_str(&encode_path(name));
    }
    url
}

/// A URL that gives the content without any other proof.
pub(super) fn download_url(world: &World<'_>, place: Place, client_id: &str) -> String {
    crate::microsoft::sharepoint::download_url(world, place, client_id)
}

/// The `shared` facet (reference/microsoft-graph.md §7.2).
fn shared(drive: &Drive, index: ItemIndex, hierarchical: bool, now: Millis) -> Option<Value> {
    const WIDEST_FIRST: [&str; 2] = ["anonymous", "organization"];
    let entries: Vec<&Permission> = drive.sharing(index, hierarchical)?;
    let live: Vec<&Permission> = entries
        .into_iter()
        .filter(|entry| entry.is_live(now))
        .collect();
    if live.is_empty() {
        // Permissions of its own, and not shared.
        return hierarchical.then(|| json!({}));
    }
    let scope = WIDEST_FIRST
        .into_iter()
        .find(|scope| live.iter().any(|entry| entry.scope() == *scope))
        .unwrap_or("users");
    Some(json!({ "scope": scope }))
}

fn item_ids(world: &World<'_>, drive: &Drive, place: Place) -> Value {
    let mut ids = drive_ids(world, drive);
    if let Some(item) = drive.tree.get(place.item) {
        ids["listItemId"] = json!(place.item.0.to_string());
        ids["listItemUniqueId"] = json!(item.unique_id);
    }
    ids
}
