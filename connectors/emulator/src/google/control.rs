//! The operations by name, for the control API.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use super::hand::UserChange;
use super::{GenerateOptions, Google, Grantee, NewUser, Role};
use crate::frame::{ControlError, Operation, arguments};

const fn operation(name: &'static str, about: &'static str) -> Operation {
    Operation { name, about }
}

/// All operations. `place` is an address or the id of a shared drive, Mina's My Drive when absent; `file` is an id.
pub(super) const OPERATIONS: &[Operation] = &[
    operation(
        "add_user",
        "adds a person: email, name, unit, department, admin, guest; gives the id",
    ),
    operation(
        "change_user",
        "changes a person: email, suspended, archived, admin, unit, drive_service",
    ),
    operation("add_group", "adds a group: email, members"),
    operation(
        "add_shared_drive",
        "adds a shared drive: name; gives its id",
    ),
    operation(
        "rename_shared_drive",
        "gives a shared drive another name: drive, name",
    ),
    operation(
        "add_member",
        "makes somebody a member: drive, grantee, role; gives the permission's id",
    ),
    operation("remove_member", "ends a membership: drive, permission"),
    operation("put", "stores a file: place, path, text, who; gives its id"),
    operation(
        "create_folder",
        "makes a folder: place, path, who; gives its id",
    ),
    operation(
        "put_native",
        "makes a document of Google's own: place, path, kind, who; gives its id",
    ),
    operation(
        "put_shortcut",
        "makes a shortcut: place, path, target, who; gives its id",
    ),
    operation(
        "find",
        "looks for what is at a path: place, path; gives its id",
    ),
    operation("read", "gives a file's present text: file"),
    operation(
        "rename",
        "gives a file or folder another path: place, from, to, who",
    ),
    operation("move", "puts a file into another folder: file, folder"),
    operation(
        "set_trashed",
        "puts a file into the bin or takes it out: file, value",
    ),
    operation("delete", "removes a file for good: file"),
    operation(
        "share",
        "shares a file: file, grantee, role; gives the permission's id",
    ),
    operation("unshare", "takes a permission away: file, permission"),
    operation("give", "gives a file to another person: file, owner"),
    operation(
        "set_restricted",
        "locks a file's content or lifts that: file, value, who",
    ),
    operation("set_capability", "changes a capability: file, name, value"),
    operation(
        "set_client_encrypted",
        "says that a file is encrypted on the client: file, value",
    ),
    operation("set_abusive", "flags a file as malware: file, value"),
    operation(
        "edit_metadata",
        "changes something that is not the content: file",
    ),
    operation(
        "edit_before_upload",
        "saves a file just before the next upload to it: file, text, who",
    ),
    operation(
        "set_delegated",
        "grants a scope or takes it away: scope, value",
    ),
    operation("set_api_enabled", "switches an API on or off: api, value"),
    operation("revoke_tokens", "makes all tokens invalid"),
    operation("notify", "tells channels of changes"),
    operation(
        "generate",
        "makes many files: place, files, folders, documents, mean_size, seed",
    ),
];

/// The arguments of all operations; each takes those it names.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Arguments {
    place: Option<String>,
    path: Option<String>,
    from: Option<String>,
    to: Option<String>,
    text: Option<String>,
    who: Option<String>,
    file: Option<String>,
    folder: Option<String>,
    target: Option<String>,
    kind: Option<String>,
    name: Option<String>,
    value: Option<bool>,
    drive: Option<String>,
    grantee: Option<Grantee>,
    role: Option<Role>,
    permission: Option<String>,
    owner: Option<String>,
    scope: Option<String>,
    api: Option<String>,
    email: Option<String>,
    members: Vec<String>,
}

fn given<T>(value: Option<T>, name: &str) -> Result<T, ControlError> {
    value.ok_or_else(|| ControlError::BadArguments(format!("{name:?} is missing")))
}

/// Does an operation.
pub(super) fn run(google: &Google, operation: &str, value: &Value) -> Result<Value, ControlError> {
    let id = |id: String| Ok(json!({ "id": id }));
    match operation {
        "add_user" => return id(google.add_user(arguments::<NewUser>(value)?)?),
        "generate" => {
            google.generate(&arguments::<GenerateOptions>(value)?)?;
            return Ok(json!({}));
        }
        "change_user" => {
            change_user(google, value)?;
            return Ok(json!({}));
        }
        _ => {}
    }
    let it: Arguments = arguments(value)?;
    let mina = google.mina();
    let place = it.place.clone().unwrap_or_else(|| mina.clone());
    let who = it.who.clone().unwrap_or(mina);
    let path = || given(it.path.as_deref(), "path");
    let file = || given(it.file.as_deref(), "file");
    let drive = || given(it.drive.as_deref(), "drive");
    let on = it.value.unwrap_or(true);
    match operation {
        "add_group" => {
            let members: Vec<&str> = it.members.iter().map(String::as_str).collect();
            google.add_group(given(it.email.as_deref(), "email")?, &members);
        }
        "add_shared_drive" => {
            return id(google.add_shared_drive(given(it.name.as_deref(), "name")?));
        }
        "rename_shared_drive" => {
            google.rename_shared_drive(drive()?, given(it.name.as_deref(), "name")?)?;
        }
        "add_member" => {
            let grantee = given(it.grantee.clone(), "grantee")?;
            return id(google.add_member(drive()?, grantee, given(it.role, "role")?)?);
        }
        "remove_member" => {
            google.remove_member(drive()?, given(it.permission.as_deref(), "permission")?)?;
        }
        "put" => {
            let text = Bytes::from(given(it.text.clone(), "text")?);
            return id(google.put(&place, path()?, text, &who)?);
        }
        "create_folder" => return id(google.create_folder(&place, path()?, &who)?),
        "put_native" => {
            return id(google.put_native(
                &place,
                path()?,
                given(it.kind.as_deref(), "kind")?,
                &who,
            )?);
        }
        "put_shortcut" => {
            return id(google.put_shortcut(
                &place,
                path()?,
                given(it.target.as_deref(), "target")?,
                &who,
            )?);
        }
        "find" => return id(google.id_at(&place, path()?)?),
        "read" => {
            let body = google.file(file()?)?.body.unwrap_or_default();
            return Ok(json!({"text": String::from_utf8_lossy(&body)}));
        }
        "rename" => google.rename(
            &place,
            given(it.from.as_deref(), "from")?,
            given(it.to.as_deref(), "to")?,
            &who,
        )?,
        "move" => google.move_into(file()?, given(it.folder.as_deref(), "folder")?)?,
        "set_trashed" => google.set_trashed(file()?, on)?,
        "delete" => google.delete(file()?)?,
        "share" => {
            let grantee = given(it.grantee.clone(), "grantee")?;
            return id(google.share(file()?, grantee, given(it.role, "role")?)?);
        }
        "unshare" => google.unshare(file()?, given(it.permission.as_deref(), "permission")?)?,
        "give" => google.give(file()?, given(it.owner.as_deref(), "owner")?)?,
        "set_restricted" => google.set_restricted(file()?, on, &who)?,
        "set_capability" => {
            google.set_capability(file()?, given(it.name.as_deref(), "name")?, it.value)?;
        }
        "set_client_encrypted" => google.set_client_encrypted(file()?, on)?,
        "set_abusive" => google.set_abusive(file()?, on)?,
        "edit_metadata" => google.edit_metadata(file()?)?,
        "edit_before_upload" => {
            let text = Bytes::from(given(it.text.clone(), "text")?);
            google.edit_before_upload(file()?, text, &who)?;
        }
        "set_delegated" => google.set_delegated(given(it.scope.as_deref(), "scope")?, on),
        "set_api_enabled" => google.set_api_enabled(given(it.api.as_deref(), "api")?, on),
        "revoke_tokens" => google.revoke_tokens(),
        "notify" => notify(google)?,
        other => return Err(ControlError::UnknownOperation(other.to_owned())),
    }
    Ok(json!({}))
}

fn change_user(google: &Google, value: &Value) -> Result<(), ControlError> {
    let mut fields = value.as_object().cloned().unwrap_or_default();
    let email = fields.remove("email");
    let email = given(email.as_ref().and_then(Value::as_str), "email")?;
    let change: UserChange = arguments(&Value::Object(fields))?;
    google.change_user(email, change)
}

/// Tells the channels without waiting for their receivers.
fn notify(google: &Google) -> Result<(), ControlError> {
    let (Ok(runtime), Some(this)) = (tokio::runtime::Handle::try_current(), google.this.upgrade())
    else {
        let why = "there is no runtime to send from";
        return Err(ControlError::Conflict(why.to_owned()));
    };
    runtime.spawn(async move { this.notify().await });
    Ok(())
}
