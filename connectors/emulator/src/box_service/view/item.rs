//! Files, folders and bookmarks (reference/box.md §6).

use serde_json::{Value, json};

use super::{Fields, base};
use crate::box_service::state::Id;
use crate::box_service::state::item::{Item, Lock, Place, SharedLink, Version};
use crate::box_service::switches::LockEndField;
use crate::box_service::world::{Access, World};

/// Shown unasked in listings.
const MINI: &[&str] = &["sequence_id", "name", "sha1", "file_version"];

/// Shown unasked of one item.
const STANDARD: &[&str] = &[
    "file_version",
    "sequence_id",
    "sha1",
    "name",
    "description",
    "size",
    "path_collection",
    "created_at",
    "modified_at",
    "trashed_at",
    "purged_at",
    "content_created_at",
    "content_modified_at",
    "created_by",
    "modified_by",
    "owned_by",
    "shared_link",
    "parent",
    "item_status",
];

/// Milliseconds for which the trash keeps things: 30 days (reference/box.md §2.3).
const TRASH: i64 = 30 * 24 * 3600 * 1000;

impl World<'_> {
    /// An item as `viewer` sees it.
    pub(crate) fn item_json(&self, id: Id, viewer: Id, fields: &Fields) -> Value {
        self.show(id, viewer, fields, STANDARD)
    }

    /// An entry of a listing.
    pub(crate) fn entry_json(&self, id: Id, viewer: Id, fields: &Fields) -> Value {
        self.show(id, viewer, fields, MINI)
    }

    fn show(&self, id: Id, viewer: Id, fields: &Fields, unasked: &[&str]) -> Value {
        let Some(item) = self.state.tree.get(id) else {
            return Value::Null;
        };
        let mut base = base(item.word(), id);
        base.insert("etag".to_owned(), json!(item.etag.to_string()));
        let show = |name: &str| self.item_field(id, item, viewer, name);
        fields.show(unasked, base, show)
    }

    fn item_field(&self, id: Id, item: &Item, viewer: Id, name: &str) -> Option<Value> {
        let shown = match name {
            "sequence_id" => json!(item.etag.to_string()),
            "name" => json!(item.name),
            "description" => {
                let description = item.rare.as_ref().map(|rare| &*rare.description);
                json!(description.unwrap_or_default())
            }
            "path_collection" => self.path_collection(viewer, id),
            "parent" => self.parent_json(viewer, id, item),
            "created_at" => json!(self.timestamp(item.created)),
            "modified_at" => json!(self.timestamp(item.modified)),
            "content_created_at" => json!(self.timestamp(item.content_created)),
            "content_modified_at" => json!(self.timestamp(item.content_modified)),
            "trashed_at" => json!(item.trashed.map(|time| self.timestamp(time))),
            "purged_at" => json!(item.trashed.map(|time| self.timestamp(time + TRASH))),
            "created_by" => self.user_mini(item.created_by),
            "modified_by" => self.user_mini(item.modified_by),
            "owned_by" => self.user_mini(item.owner),
            "item_status" if self.state.tree.is_trashed(id) => json!("trashed"),
            "item_status" => json!("active"),
            "shared_link" => json!(item.shared_link().map(|link| self.link_json(link))),
            "permissions" => self.permissions(id, item, viewer),
            "has_collaborations" => json!(self.has_collaborations(id)),
            "is_externally_owned" => json!(!self.state.is_managed(item.owner)),
            "is_accessible_via_shared_link" => json!(self.is_linked(id)),
            "tags" => json!(
                item.rare
                    .as_ref()
                    .map(|rare| rare.tags.clone())
                    .unwrap_or_default()
            ),
            "classification" => self.classification(item),
            "expires_at" => {
                let expires = item.rare.as_ref().and_then(|rare| rare.expires);
                json!(expires.map(|time| self.timestamp(time)))
            }
            "watermark_info" => json!({
                "is_watermarked": item.rare.as_ref().is_some_and(|rare| rare.watermark.is_some()),
                "is_watermark_inherited": false,
                "is_watermarked_by_access_policy": false,
            }),
            _ => return self.file_field(item, name),
        };
        Some(shown)
    }

    /// What only files have; for a folder its size.
    fn file_field(&self, item: &Item, name: &str) -> Option<Value> {
        let Some(version) = item.version() else {
            // As large folders show it (reference/box.md §2.2).
            return (item.is_folder() && name == "size").then(|| json!(1.23e31));
        };
        Some(match name {
            "sha1" => json!(self.sha1(version)),
            "size" => json!(version.size),
            "file_version" => self.version_mini(version),
            "extension" => {
                let extension = item.name.rsplit_once('.').map(|(_, extension)| extension);
                json!(extension.unwrap_or_default())
            }
            "version_number" => {
                let old = item.rare.as_ref().map_or(0, |rare| rare.versions.len());
                json!((old + 1).to_string())
            }
            "lock" => {
                let lock = item.rare.as_ref().and_then(|rare| rare.lock.as_ref());
                json!(lock.map(|lock| self.lock_json(lock)))
            }
            "disposition_at" => {
                let until = item.rare.as_ref().and_then(|rare| rare.retained_until);
                json!(until.map(|time| self.timestamp(time)))
            }
            "comment_count" => json!(0),
            "is_package" => json!(false),
            "uploader_display_name" => {
                let user = self.state.users.get(&version.by);
                json!(user.map(|user| &user.name))
            }
            _ => return None,
        })
    }

    /// A version as it stands in a file.
    pub(crate) fn version_mini(&self, version: &Version) -> Value {
        json!({
            "type": "file_version",
            "id": version.id.to_string(),
            "sha1": self.sha1(version),
        })
    }

    /// An older version.
    pub(crate) fn version_json(&self, version: &Version, name: &str) -> Value {
        json!({
            "type": "file_version",
            "id": version.id.to_string(),
            "sha1": self.sha1(version),
            "name": name,
            "size": version.size,
            "created_at": self.timestamp(version.uploaded),
            "modified_at": self.timestamp(version.uploaded),
            "modified_by": self.user_mini(version.by),
            "trashed_at": null,
            "purged_at": null,
        })
    }

    /// An item as it stands in other things.
    pub(crate) fn item_mini(&self, id: Id) -> Value {
        let Some(item) = self.state.tree.get(id) else {
            return Value::Null;
        };
        let mut mini = base(item.word(), id);
        mini.insert("sequence_id".to_owned(), json!(item.etag.to_string()));
        mini.insert("etag".to_owned(), json!(item.etag.to_string()));
        mini.insert("name".to_owned(), json!(item.name));
        Value::Object(mini)
    }

    /// The root folder as it stands in other things: without tags (reference/box.md §2.2).
    pub(crate) fn root_mini() -> Value {
        json!({
            "type": "folder", "id": "0", "sequence_id": null, "etag": null, "name": "All Files",
        })
    }

    /// The root folder of a user.
    pub(crate) fn root_json(&self, user: Id, fields: &Fields) -> Value {
        let mut root = base("folder", 0);
        root.insert("etag".to_owned(), Value::Null);
        let show = |name: &str| {
            Some(match name {
                "sequence_id"
                | "created_at"
                | "modified_at"
                | "trashed_at"
                | "purged_at"
                | "content_created_at"
                | "content_modified_at"
                | "shared_link"
                | "parent" => Value::Null,
                "name" => json!("All Files"),
                "description" => json!(""),
                "size" => json!(1.0e18),
                "path_collection" => json!({"total_count": 0, "entries": []}),
                "created_by" => json!({"type": "user", "id": "", "name": "", "login": ""}),
                "modified_by" | "owned_by" => self.user_mini(user),
                "item_status" => json!("active"),
                "has_collaborations" | "is_externally_owned" | "is_accessible_via_shared_link" => {
                    json!(false)
                }
                _ => return None,
            })
        };
        fields.show(STANDARD, root, show)
    }

    fn path_collection(&self, viewer: Id, id: Id) -> Value {
        let mut entries = vec![Self::root_mini()];
        let above = self.visible_ancestors(viewer, id);
        entries.extend(above.into_iter().map(|folder| self.item_mini(folder)));
        json!({"total_count": entries.len(), "entries": entries})
    }

    fn parent_json(&self, viewer: Id, id: Id, item: &Item) -> Value {
        match item.parent {
            Place::Root(_) => Self::root_mini(),
            Place::Folder(folder) if self.visible_ancestors(viewer, id).contains(&folder) => {
                self.item_mini(folder)
            }
            // Whoever was invited to the item itself has it in their root.
            Place::Folder(_) => Self::root_mini(),
        }
    }

    pub(crate) fn link_json(&self, link: &SharedLink) -> Value {
        let may = |permission: &str| link.effective_permission == permission;
        json!({
            "url": format!("https://alder.box.com/s/{}", link.id),
            "download_url": format!("https://alder.box.com/shared/static/{}", link.id),
            "vanity_url": null,
            "vanity_name": null,
            "access": link.access,
            "effective_access": link.effective_access,
            "effective_permission": link.effective_permission,
            "is_password_enabled": link.password,
            "unshared_at": link.until.map(|time| self.timestamp(time)),
            "permissions": {
                "can_download": may("can_download") || may("can_edit"),
                "can_preview": !may("no_access"),
                "can_edit": may("can_edit"),
            },
            "download_count": 0,
            "preview_count": 0,
        })
    }

    pub(crate) fn lock_json(&self, lock: &Lock) -> Value {
        let mut shown = json!({
            "type": "lock",
            "id": lock.id.to_string(),
            "created_by": self.user_mini(lock.by),
            "created_at": self.timestamp(lock.created),
            "is_download_prevented": lock.download_prevented,
            "app_type": lock.app_type,
        });
        let field = match self.switches.lock_end_field {
            LockEndField::ExpiresAt => "expires_at",
            LockEndField::ExpiredAt => "expired_at",
        };
        shown[field] = json!(lock.expires.map(|time| self.timestamp(time)));
        shown
    }

    fn classification(&self, item: &Item) -> Value {
        let name = item
            .rare
            .as_ref()
            .and_then(|rare| rare.classification.as_ref())
            .and_then(|classification| classification.name.as_ref());
        match name {
            Some(name) => json!({"name": name, "definition": "", "color": "#4E4E4E"}),
            None => Value::Null,
        }
    }

    fn permissions(&self, id: Id, item: &Item, viewer: Id) -> Value {
        let access = self.access(viewer, id);
        let may_download = access.is_some_and(Access::may_download);
        let may_upload = access.is_some_and(Access::may_upload);
        let may_edit = access.is_some_and(Access::may_edit);
        let mut shown = json!({
            "can_download": may_download,
            "can_upload": may_upload,
            "can_rename": may_edit,
            "can_delete": may_edit,
            "can_share": may_edit,
            "can_set_share_access": may_edit,
            "can_invite_collaborator": may_edit,
        });
        if item.version().is_some() {
            for name in [
                "can_preview",
                "can_comment",
                "can_annotate",
                "can_view_annotations_all",
                "can_view_annotations_self",
                "can_apply_watermark",
            ] {
                shown[name] = json!(access.is_some());
            }
        }
        shown
    }
}
