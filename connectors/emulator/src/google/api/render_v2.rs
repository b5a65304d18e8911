//! Files as v2 shows them: other names, and the etag (reference/google-drive.md §6.2).

use serde_json::{Map, Value, json};

use super::render;
use crate::google::state::directory::User;
use crate::google::state::file::File;
use crate::google::state::permission::{Grantee, Permission, Role};
use crate::google::state::written;
use crate::google::wire::fields::Mask;
use crate::google::world::World;

/// A file as `user` sees it.
pub(super) fn file(world: &World<'_>, user: &User, file: &File, mask: &Mask) -> Value {
    let v3 = render::file(world, user, file, &Mask::All, &[]);
    let mut out = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            out.insert(name.to_owned(), value);
        }
    };
    put("kind", json!("drive#file"));
    put("etag", json!(file.etag()));
    for (old, new) in [
        ("id", "id"),
        ("title", "name"),
        ("mimeType", "mimeType"),
        ("description", "description"),
        ("version", "version"),
        ("createdDate", "createdTime"),
        ("modifiedDate", "modifiedTime"),
        ("driveId", "driveId"),
        ("resourceKey", "resourceKey"),
        ("explicitlyTrashed", "explicitlyTrashed"),
        ("fileSize", "size"),
        ("quotaBytesUsed", "quotaBytesUsed"),
        ("md5Checksum", "md5Checksum"),
        ("sha1Checksum", "sha1Checksum"),
        ("sha256Checksum", "sha256Checksum"),
        ("headRevisionId", "headRevisionId"),
        ("originalFilename", "originalFilename"),
        ("fileExtension", "fileExtension"),
        ("shared", "shared"),
        ("capabilities", "capabilities"),
        ("contentRestrictions", "contentRestrictions"),
        ("shortcutDetails", "shortcutDetails"),
        ("clientEncryptionDetails", "clientEncryptionDetails"),
        ("spaces", "spaces"),
        (
            "copyRequiresWriterPermission",
            "copyRequiresWriterPermission",
        ),
    ] {
        put(old, v3.get(new).cloned().unwrap_or_default());
    }
    put(
        "alternateLink",
        v3.get("webViewLink").cloned().unwrap_or_default(),
    );
    put(
        "labels",
        json!({
            "trashed": v3.get("trashed"),
            "starred": file.rare.starred,
            "restricted": false,
            "viewed": false,
            "hidden": false,
            "modified": false,
        }),
    );
    let is_root = |id: &str| {
        world
            .state
            .find(id)
            .is_some_and(|parent| parent.parent.is_none())
    };
    let parents = render::parents(world, user, file);
    let parents = parents
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    put(
        "parents",
        parents
            .map(|id| json!({"kind": "drive#parentReference", "id": id, "isRoot": is_root(id)}))
            .collect(),
    );
    put("lastModifyingUser", person(v3.get("lastModifyingUser")));
    let owners = v3.get("owners").and_then(Value::as_array);
    if let Some(owners) = owners {
        put(
            "owners",
            owners.iter().map(|owner| person(Some(owner))).collect(),
        );
        put(
            "ownerNames",
            owners
                .iter()
                .filter_map(|owner| owner.get("displayName"))
                .cloned()
                .collect(),
        );
    }
    put("properties", properties(file));
    if mask.wants("userPermission") {
        let role = world.access(user, file.number).map(|access| access.role);
        put(
            "userPermission",
            json!({"kind": "drive#permission", "id": "me", "type": "user", "role": role.map(Role::name)}),
        );
    }
    if v3.get("permissions").is_some() && mask.wants("permissions") {
        let permissions = world.effective_permissions(file.number);
        put(
            "permissions",
            permissions.iter().map(|(it, _)| permission(it)).collect(),
        );
    }
    mask.apply(Value::Object(out))
}

fn person(v3: Option<&Value>) -> Value {
    let Some(v3) = v3 else {
        return Value::Null;
    };
    let mut out = v3.clone();
    if let Some(fields) = out.as_object_mut() {
        let me = fields.remove("me").unwrap_or_default();
        fields.insert("isAuthenticatedUser".to_owned(), me);
    }
    out
}

fn properties(file: &File) -> Value {
    let lists = [
        (&file.rare.app_properties, "PRIVATE"),
        (&file.rare.properties, "PUBLIC"),
    ];
    let all = lists.into_iter().flat_map(|(properties, visibility)| {
        properties.iter().map(move |(key, value)| {
            json!({"kind": "drive#property", "key": key, "value": value, "visibility": visibility})
        })
    });
    let all: Vec<Value> = all.collect();
    if all.is_empty() {
        Value::Null
    } else {
        json!(all)
    }
}

fn permission(permission: &Permission) -> Value {
    let mut out = json!({
        "kind": "drive#permission",
        "id": permission.id,
        "type": permission.kind(),
        "role": match permission.role {
            Role::Commenter => "reader",
            role => role.name(),
        },
        "expirationDate": permission.expires.map(written),
    });
    match &permission.grantee {
        Grantee::User(email) | Grantee::Group(email) => out["emailAddress"] = json!(email),
        Grantee::Domain {
            domain,
            discoverable,
        } => {
            out["domain"] = json!(domain);
            out["withLink"] = json!(!discoverable);
        }
        Grantee::Anyone { discoverable } => out["withLink"] = json!(!discoverable),
    }
    super::about::without_nulls(out)
}
