//! The operations by name, for the control API.

mod requests;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use self::requests::{
    Decryption, DriveOnly, Generate, Inherit, LibrarySettings, Lifecycle, LockRequest, Malware,
    Move, MoveAcross, NewLibrary, NewSite, Nothing, Pending, Put, Quota, Retain, Roles, SetFields,
    SetLabels, SetSite, SetSiteRole, ShareItem, Shortcut, Shown, Target, Unshare, UserName,
};
use super::{Microsoft, NewGroup, NewUser, graph};
use crate::frame::{ControlError, Operation, arguments};

const fn operation(name: &'static str, about: &'static str) -> Operation {
    Operation { name, about }
}

/// All operations. `drive` is a drive id, that of the first library when absent; `path` is a path or an item id.
pub(super) const OPERATIONS: &[Operation] = &[
    operation("add_site", "adds a site: path, title; gives its id"),
    operation(
        "add_library",
        "adds a library: site, name; gives the drive's id",
    ),
    operation(
        "add_user",
        "adds a person: name, display_name, department, distinguished_name, guest, enabled, no_one_drive",
    ),
    operation("add_group", "adds a group: name, kind, members"),
    operation("remove_user", "deletes an account: name"),
    operation("set_site", "puts a site into a state: site, state"),
    operation(
        "grant_site",
        "grants the application a role on a site: site, role",
    ),
    operation(
        "set_roles",
        "changes the application's roles: graph, sharepoint",
    ),
    operation("set_labels", "changes the label list: labels"),
    operation(
        "set_library",
        "changes a library's settings: drive, settings",
    ),
    operation("set_quota", "bounds a drive: drive, bytes"),
    operation(
        "put",
        "stores a file: drive, path, text | base64 | recipe, who; gives its id",
    ),
    operation(
        "create_folder",
        "makes a folder: drive, path, who; gives its id",
    ),
    operation("rename", "gives an item another path: drive, from, to, who"),
    operation(
        "move_to_drive",
        "moves a file to another drive: drive, from, to_drive, to, who",
    ),
    operation("remove", "deletes an item: drive, path"),
    operation("restore", "takes an item out of the bin: drive, path"),
    operation("edit_metadata", "changes a property: drive, path, who"),
    operation("package", "makes a OneNote notebook: drive, path, who"),
    operation(
        "shortcut",
        "makes a shortcut: drive, path, target_drive, target, who",
    ),
    operation(
        "edit_before_upload",
        "saves a file just before the next upload to it: drive, path, text | base64, who",
    ),
    operation(
        "share",
        "shares an item: drive, path, share; gives the permission's id",
    ),
    operation(
        "unshare",
        "takes back a permission or all: drive, path, permission",
    ),
    operation(
        "inherit_permissions",
        "says whether an item inherits access: drive, path, inherits",
    ),
    operation("lock", "locks a file: drive, path, who, form, seconds"),
    operation("unlock", "ends a lock: drive, path"),
    operation("check_out", "checks a file out: drive, path, who"),
    operation("check_in", "checks a file in: drive, path"),
    operation("retain", "gives a retention label: drive, path, retention"),
    operation(
        "malware",
        "says that a file is infected: drive, path, description",
    ),
    operation(
        "pending_content",
        "says that content is still being written: drive, path, pending",
    ),
    operation(
        "undecryptable",
        "says that the service cannot open a file: drive, path, code",
    ),
    operation(
        "show_as",
        "makes listings show a wrong size or no hash: drive, path, size, hashless",
    ),
    operation("set_fields", "sets column values: drive, path, fields"),
    operation(
        "generate",
        "makes many files: drive, files, folders, below, documents, mean_size, kinds, labelled, seed, who",
    ),
    operation("files", "gives paths and contents in base64: drive"),
    operation("file", "gives what is known of a file: drive, path"),
    operation("get", "gives a file's content in base64: drive, path"),
    operation("drives", "gives the drives"),
    operation("expire_delta_tokens", "makes delta tokens unusable: drive"),
    operation("expire_access_tokens", "makes access tokens unusable"),
    operation("settle", "lets happen what is due"),
    operation("notify", "tells subscribers of changes"),
    operation("lifecycle", "sends a lifecycle event: event"),
    operation("units", "gives resource units by application"),
];

/// Does an operation.
pub(super) fn operate(
    microsoft: &Microsoft,
    name: &str,
    given: &Value,
) -> Result<Value, ControlError> {
    if let Some(done) = on_tenant(microsoft, name, given)
        .or_else(|| on_documents(microsoft, name, given))
        .or_else(|| on_status(microsoft, name, given))
        .or_else(|| on_time(microsoft, name, given))
    {
        return done;
    }
    Err(ControlError::UnknownOperation(name.to_owned()))
}

type Done = Option<Result<Value, ControlError>>;

fn on_tenant(microsoft: &Microsoft, name: &str, given: &Value) -> Done {
    let done = match name {
        "add_site" => arguments::<NewSite>(given)
            .and_then(|new| microsoft.with(|world| world.new_site(&new.path, &new.title)))
            .map(|id| json!({ "id": id })),
        "add_library" => arguments::<NewLibrary>(given)
            .and_then(|new| microsoft.with(|world| world.new_library(&new.site, &new.name)))
            .map(|id| json!({ "drive": id })),
        "add_user" => arguments::<NewUser>(given)
            .and_then(|new| microsoft.with(|world| world.new_user(new)))
            .map(|id| json!({ "drive": id })),
        "add_group" => arguments::<NewGroup>(given)
            .and_then(|new| microsoft.with(|world| world.new_group(&new)))
            .map(|id| json!({ "id": id })),
        "remove_user" => arguments::<UserName>(given)
            .and_then(|user| microsoft.with(|world| world.delete_user(&user.name)))
            .map(nothing),
        "set_site" => arguments::<SetSite>(given)
            .and_then(|set| microsoft.with(|world| world.set_site_state(&set.site, set.state)))
            .map(nothing),
        "grant_site" => arguments::<SetSiteRole>(given)
            .and_then(|set| microsoft.with(|world| world.grant_site(&set.site, set.role)))
            .map(nothing),
        "set_roles" => arguments::<Roles>(given)
            .and_then(|roles| {
                microsoft.with(|world| world.set_roles(roles.graph, roles.sharepoint))
            })
            .map(nothing),
        "set_labels" => arguments::<SetLabels>(given)
            .map(|set| microsoft.set_labels(set.labels))
            .map(nothing),
        "set_library" => arguments::<LibrarySettings>(given)
            .and_then(|set| microsoft.with(|world| world.set_library(&set.drive, set.settings)))
            .map(nothing),
        "set_quota" => arguments::<Quota>(given)
            .and_then(|set| microsoft.with(|world| world.set_quota(&set.drive, set.bytes)))
            .map(nothing),
        _ => return None,
    };
    Some(done)
}

fn on_documents(microsoft: &Microsoft, name: &str, given: &Value) -> Done {
    let id = |id: String| json!({ "id": id });
    let done = match name {
        "put" => arguments::<Put>(given).and_then(|put| {
            let content = put.content()?;
            microsoft
                .with(|world| world.put_file(&put.drive, &put.path, content, &put.who))
                .map(id)
        }),
        "create_folder" => arguments::<Target>(given)
            .and_then(|to| microsoft.with(|world| world.put_folder(&to.drive, &to.path, &to.who)))
            .map(id),
        "rename" => arguments::<Move>(given)
            .and_then(|to| {
                microsoft.with(|world| world.move_item(&to.drive, &to.from, &to.to, &to.who))
            })
            .map(nothing),
        "move_to_drive" => arguments::<MoveAcross>(given)
            .and_then(|to| {
                microsoft.with(|world| {
                    world.move_across((&to.drive, &to.from), (&to.to_drive, &to.to), &to.who)
                })
            })
            .map(id),
        "remove" => arguments::<Target>(given)
            .and_then(|what| microsoft.with(|world| world.remove_item(&what.drive, &what.path)))
            .map(nothing),
        "restore" => arguments::<Target>(given)
            .and_then(|what| microsoft.with(|world| world.restore_item(&what.drive, &what.path)))
            .map(id),
        "edit_metadata" => arguments::<Target>(given)
            .and_then(|what| {
                microsoft.with(|world| world.edit_properties(&what.drive, &what.path, &what.who))
            })
            .map(nothing),
        "package" => arguments::<Target>(given)
            .and_then(|to| microsoft.with(|world| world.put_package(&to.drive, &to.path, &to.who)))
            .map(id),
        "shortcut" => arguments::<Shortcut>(given)
            .and_then(|to| {
                let target = (&*to.target_drive, &*to.target);
                microsoft.with(|world| world.put_shortcut(&to.drive, &to.path, target, &to.who))
            })
            .map(id),
        "edit_before_upload" => arguments::<Put>(given).and_then(|put| {
            let body = put.content()?.bytes();
            microsoft
                .with(|world| world.plan_edit(&put.drive, &put.path, &body, &put.who))
                .map(nothing)
        }),
        "generate" => Generate::read(given)
            .and_then(|make| microsoft.with(|world| world.generate(&make.drive, &make.options)))
            .map(nothing),
        "files" => arguments::<DriveOnly>(given).and_then(|of| files(microsoft, &of.drive)),
        "file" => arguments::<Target>(given).and_then(|what| {
            let view = microsoft.file(&what.drive, &what.path);
            Ok(json!(
                view.ok_or_else(|| ControlError::NotFound(what.path))?
            ))
        }),
        "get" => arguments::<Target>(given).and_then(|what| content(microsoft, &what)),
        "drives" => arguments::<Nothing>(given)
            .map(|_| super::config::describe(microsoft)["drives"].clone()),
        _ => return None,
    };
    Some(done)
}

fn on_status(microsoft: &Microsoft, name: &str, given: &Value) -> Done {
    let done = match name {
        "share" => arguments::<ShareItem>(given)
            .and_then(|what| {
                microsoft.with(|world| world.share_item(&what.drive, &what.path, &what.share))
            })
            .map(|id| json!({ "permission": id })),
        "unshare" => arguments::<Unshare>(given)
            .and_then(|what| {
                microsoft.with(|world| {
                    world.unshare_item(&what.drive, &what.path, what.permission.as_deref())
                })
            })
            .map(nothing),
        "inherit_permissions" => arguments::<Inherit>(given)
            .and_then(|what| {
                microsoft
                    .with(|world| world.set_inheritance(&what.drive, &what.path, what.inherits))
            })
            .map(nothing),
        "lock" => arguments::<LockRequest>(given)
            .and_then(|lock| {
                let wanted = Some((&*lock.who, lock.form, lock.seconds));
                microsoft.with(|world| world.set_lock(&lock.drive, &lock.path, wanted))
            })
            .map(nothing),
        "unlock" => arguments::<Target>(given)
            .and_then(|what| microsoft.with(|world| world.set_lock(&what.drive, &what.path, None)))
            .map(nothing),
        "check_out" => arguments::<Target>(given)
            .and_then(|what| {
                microsoft
                    .with(|world| world.set_check_out(&what.drive, &what.path, Some(&what.who)))
            })
            .map(nothing),
        "check_in" => arguments::<Target>(given)
            .and_then(|what| {
                microsoft.with(|world| world.set_check_out(&what.drive, &what.path, None))
            })
            .map(nothing),
        "retain" => arguments::<Retain>(given)
            .and_then(|what| {
                microsoft.with(|world| world.set_retention(&what.drive, &what.path, what.retention))
            })
            .map(nothing),
        "malware" => arguments::<Malware>(given)
            .and_then(|what| {
                microsoft.with(|world| world.set_malware(&what.drive, &what.path, what.description))
            })
            .map(nothing),
        "pending_content" => arguments::<Pending>(given)
            .and_then(|what| {
                microsoft.with(|world| world.set_pending(&what.drive, &what.path, what.pending))
            })
            .map(nothing),
        "undecryptable" => arguments::<Decryption>(given)
            .and_then(|what| {
                microsoft.with(|world| world.set_undecryptable(&what.drive, &what.path, what.code))
            })
            .map(nothing),
        "show_as" => arguments::<Shown>(given)
            .and_then(|what| {
                microsoft.with(|world| {
                    world.set_shown(&what.drive, &what.path, what.size, what.hashless)
                })
            })
            .map(nothing),
        "set_fields" => arguments::<SetFields>(given)
            .and_then(|what| {
                microsoft.with(|world| world.set_fields(&what.drive, &what.path, what.fields))
            })
            .map(nothing),
        _ => return None,
    };
    Some(done)
}

fn on_time(microsoft: &Microsoft, name: &str, given: &Value) -> Done {
    let done = match name {
        "expire_delta_tokens" => arguments::<DriveOnly>(given)
            .and_then(|of| {
                let drive = Some(&*of.drive).filter(|drive| !drive.is_empty());
                microsoft.with(|world| world.expire_cursors(drive))
            })
            .map(nothing),
        "expire_access_tokens" => arguments::<Nothing>(given)
            .map(|_| microsoft.expire_access_tokens())
            .map(nothing),
        "settle" => arguments::<Nothing>(given)
            .map(|_| microsoft.settle())
            .map(nothing),
        "notify" => arguments::<Nothing>(given).and_then(|_| send(microsoft, None)),
        "lifecycle" => {
            arguments::<Lifecycle>(given).and_then(|what| send(microsoft, Some(what.event)))
        }
        "units" => arguments::<Nothing>(given).map(|_| microsoft.resource_units()),
        _ => return None,
    };
    Some(done)
}

fn nothing(_done: ()) -> Value {
    json!({})
}

/// Sends notifications without waiting for the receivers.
fn send(microsoft: &Microsoft, event: Option<String>) -> Result<Value, ControlError> {
    let (Ok(runtime), Some(this)) = (
        tokio::runtime::Handle::try_current(),
        microsoft.this.upgrade(),
    ) else {
        return Err(ControlError::Conflict(
            "there is no runtime to send from".to_owned(),
        ));
    };
    runtime.spawn(async move {
        match event {
            None => graph::notify(&this).await,
            Some(event) => graph::lifecycle(&this, &event).await,
        }
    });
    Ok(json!({}))
}

fn files(microsoft: &Microsoft, drive: &str) -> Result<Value, ControlError> {
    microsoft.with(|world| world.drive_named(drive).map(|_| ()))?;
    let files = microsoft.files(drive);
    Ok(files
        .into_iter()
        .map(|(path, body)| (path, json!(STANDARD.encode(body))))
        .collect::<serde_json::Map<_, _>>()
        .into())
}

fn content(microsoft: &Microsoft, what: &Target) -> Result<Value, ControlError> {
    microsoft.with(|world| {
        let place = world.place_named(&what.drive, &what.path)?;
        let body = world.blob(place)?.bytes();
        Ok(json!({ "base64": STANDARD.encode(body) }))
    })
}
