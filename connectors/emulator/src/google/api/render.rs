//! Files as v3 shows them (reference/google-drive.md §4).

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::frame::Content;
use crate::google::state::directory::User;
use crate::google::state::file::{File, Restriction, SHORTCUT};
use crate::google::state::permission::{Grantee, Permission, Role};
use crate::google::state::written;
use crate::google::wire::fields::Mask;
use crate::google::world::World;

/// What v3 sends of a file when nobody says what they want.
pub(super) const DEFAULT_FIELDS: &str = "kind,id,name,mimeType,resourceKey";

/// A file as `user` sees it; the costlier fields only where `mask` wants them.
pub(super) fn file(
    world: &World<'_>,
    user: &User,
    file: &File,
    mask: &Mask,
    labels: &[&str],
) -> Value {
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            out.insert(name.to_owned(), value);
        }
    };
    put("kind", json!("drive#file"));
    put("id", json!(file.id));
    put("name", json!(file.name));
    put("mimeType", json!(file.mime_type));
    put("description", json!(file.rare.description));
    put("starred", json!(file.rare.starred));
    put("explicitlyTrashed", json!(file.trashed));
    put("spaces", json!(["drive"]));
    put("version", json!(file.version.to_string()));
    put("createdTime", json!(written(file.created)));
    put("modifiedTime", json!(written(file.modified)));
    put("driveId", json!(file.drive));
    put("teamDriveId", json!(file.drive));
    put("resourceKey", json!(file.rare.resource_key));
    put("copyRequiresWriterPermission", json!(false));
    put(
        "webViewLink",
        json!(format!(
            "https://drive.google.com/file/d/{}/view?usp=drivesdk",
            file.id
        )),
    );
    if mask.wants("trashed") {
        put("trashed", json!(world.state.is_trashed(file.number)));
    }
    if mask.wants("parents") {
        put("parents", parents(world, user, file));
    }
    put(
        "lastModifyingUser",
        person(world, user, file.modified_by.as_deref()),
    );
    put_ownership(world, user, file, mask, &mut put);
    put_content(world, file, mask, &mut put);
    if mask.wants("capabilities") {
        put("capabilities", capabilities(world, user, file));
    }
    if !file.rare.restrictions.is_empty() {
        let restrictions = file.rare.restrictions.iter();
        put(
            "contentRestrictions",
            restrictions
                .map(|it| restriction(world, user, it))
                .collect(),
        );
    }
    if file.rare.client_encrypted {
        put(
            "clientEncryptionDetails",
            json!({"encryptionState": "encrypted"}),
        );
    }
    if file.mime_type == SHORTCUT {
        put(
            "shortcutDetails",
            json!({"targetId": file.rare.target, "targetMimeType": file.rare.target_type}),
        );
    }
    for (name, properties) in [
        ("properties", &file.rare.properties),
        ("appProperties", &file.rare.app_properties),
    ] {
        if !properties.is_empty() {
            put(name, json!(properties));
        }
    }
    if !labels.is_empty() {
        put(
            "labelInfo",
            json!({"labels": super::labels::of_file(world, file, labels)}),
        );
    }
    mask.apply(Value::Object(out))
}

/// Who owns it and who it is shared with; little of that is told in shared drives.
fn put_ownership(
    world: &World<'_>,
    user: &User,
    file: &File,
    mask: &Mask,
    put: &mut impl FnMut(&str, Value),
) {
    let Some(owner) = world.state.owner(file) else {
        return;
    };
    put("owners", json!([person(world, user, Some(&owner.email))]));
    put("ownedByMe", json!(owner.id == user.id));
    put("writersCanShare", json!(true));
    if mask.wants("shared") {
        put("shared", json!(world.is_shared(file.number)));
    }
    if !mask.wants("permissions") && !mask.wants("permissionIds") {
        return;
    }
    let may_share = world
        .access(user, file.number)
        .is_some_and(|access| access.role >= Role::Writer);
    if may_share {
        let permissions = world.effective_permissions(file.number);
        put(
            "permissionIds",
            permissions.iter().map(|(it, _)| json!(it.id)).collect(),
        );
        put(
            "permissions",
            permissions
                .iter()
                .map(|(it, _)| permission(world, it))
                .collect(),
        );
    }
}

fn put_content(world: &World<'_>, file: &File, mask: &Mask, put: &mut impl FnMut(&str, Value)) {
    let (Some(head), Some(content)) = (file.head(), world.content(file)) else {
        if !file.is_folder() && file.mime_type != SHORTCUT {
            // Google's own documents have a size too.
            put("size", json!("1024"));
            put("quotaBytesUsed", json!("1024"));
        }
        return;
    };
    put("headRevisionId", json!(head.id));
    put("originalFilename", json!(file.name));
    if let Some((_, extension)) = file.name.rsplit_once('.') {
        put("fileExtension", json!(extension));
        put("fullFileExtension", json!(extension));
    }
    put(
        "webContentLink",
        json!(format!(
            "https://drive.google.com/uc?id={}&export=download",
            file.id
        )),
    );
    if mask.wants("size") || mask.wants("quotaBytesUsed") {
        let size = content.size().to_string();
        put("size", json!(size));
        put("quotaBytesUsed", json!(size));
    }
    if mask.wants("md5Checksum") {
        put("md5Checksum", json!(&*md5(content)));
    }
    if !world.switches.sha_missing {
        if mask.wants("sha1Checksum") {
            put("sha1Checksum", json!(&*sha1(content)));
        }
        if mask.wants("sha256Checksum") {
            put("sha256Checksum", json!(content.sha256()));
        }
    }
}

/// MD5 in lower-case hex.
pub(super) fn md5(content: &Content) -> Arc<str> {
    use md5::{Digest as _, Md5};

    content.digest("md5", |bytes| {
        data_encoding::HEXLOWER.encode(&Md5::digest(bytes))
    })
}

fn sha1(content: &Content) -> Arc<str> {
    use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

    content.digest("sha1", |bytes| {
        data_encoding::HEXLOWER.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
    })
}

/// The folder, where the user can see it.
pub(super) fn parents(world: &World<'_>, user: &User, file: &File) -> Value {
    let parent = file
        .parent
        .filter(|parent| world.access(user, *parent).is_some());
    match parent.and_then(|parent| world.state.file(parent)) {
        Some(parent) => json!([parent.id]),
        None => Value::Null,
    }
}

/// A person as `user` sees them.
pub(super) fn person(world: &World<'_>, user: &User, email: Option<&str>) -> Value {
    let Some(email) = email else {
        return Value::Null;
    };
    let mut out = json!({
        "kind": "drive#user",
        "displayName": email,
        "me": user.email.eq_ignore_ascii_case(email),
        "emailAddress": email,
    });
    if let Some(known) = world.state.directory.user(email) {
        out["displayName"] = json!(known.name);
        out["permissionId"] = json!(known.permission_id);
    }
    out
}

fn restriction(world: &World<'_>, user: &User, restriction: &Restriction) -> Value {
    super::about::without_nulls(json!({
        "readOnly": restriction.read_only,
        "reason": restriction.reason,
        "type": "globalContentRestriction",
        "restrictingUser": person(world, user, Some(&restriction.by)),
        "restrictionTime": written(restriction.since),
        "ownerRestricted": false,
        "systemRestricted": restriction.by_system,
    }))
}

/// What the user may do to a file.
pub(super) fn capabilities(world: &World<'_>, user: &User, file: &File) -> Value {
    let role = world.access(user, file.number).map(|access| access.role);
    let is_at_least = |least: Role| role.is_some_and(|role| role >= least);
    let is_read_only = file
        .rare
        .restrictions
        .iter()
        .any(|restriction| restriction.read_only);
    let by_system = file
        .rare
        .restrictions
        .iter()
        .any(|restriction| restriction.by_system);
    let can_write =
        is_at_least(Role::Writer) && (!user.suspended || world.switches.suspended_may_write);
    let can_trash = match file.drive {
        Some(_) => is_at_least(Role::FileOrganizer),
        None => role == Some(Role::Owner),
    };
    let mut out = Map::new();
    for (name, value) in [
        ("canDownload", is_at_least(Role::Reader)),
        ("canCopy", is_at_least(Role::Reader)),
        ("canComment", is_at_least(Role::Commenter)),
        ("canEdit", can_write),
        (
            "canModifyContent",
            can_write && !is_read_only && file.is_blob(),
        ),
        ("canModifyContentRestriction", can_write && !by_system),
        (
            "canRemoveContentRestriction",
            can_write && is_read_only && !by_system,
        ),
        ("canReadRevisions", is_at_least(Role::Writer)),
        ("canModifyLabels", can_write),
        ("canReadLabels", is_at_least(Role::Reader)),
        ("canRename", can_write && !is_read_only),
        ("canShare", is_at_least(Role::Writer)),
        ("canTrash", can_trash),
        ("canDelete", can_trash),
        ("canAddChildren", can_write && file.is_folder()),
        (
            "canListChildren",
            is_at_least(Role::Reader) && file.is_folder(),
        ),
    ] {
        let value = file.rare.capabilities.get(name).copied().unwrap_or(value);
        out.insert(name.to_owned(), json!(value));
    }
    Value::Object(out)
}

/// A permission as v3 shows it.
pub(super) fn permission(world: &World<'_>, permission: &Permission) -> Value {
    let mut out = json!({
        "kind": "drive#permission",
        "id": permission.id,
        "type": permission.kind(),
        "role": permission.role.name(),
        "expirationTime": permission.expires.map(written),
        "view": permission.view,
    });
    match &permission.grantee {
        Grantee::User(email) | Grantee::Group(email) => {
            let user = world.state.directory.user(email);
            out["emailAddress"] = json!(email);
            out["displayName"] = json!(user.map_or(email, |user| &user.name));
            out["deleted"] = json!(permission.deleted);
            out["pendingOwner"] = json!(false);
        }
        Grantee::Domain {
            domain,
            discoverable,
        } => {
            out["domain"] = json!(domain);
            out["displayName"] = json!(domain);
            out["allowFileDiscovery"] = json!(discoverable);
        }
        Grantee::Anyone { discoverable } => out["allowFileDiscovery"] = json!(discoverable),
    }
    super::about::without_nulls(out)
}
