//! What the services answer, as far as the connector reads it. Fields that are missing are absent.

mod tolerant;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use self::tolerant::{flag, number, time};

/// A file, folder or shortcut of Drive v3 (reference/google-drive.md §4).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct File {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) mime_type: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(crate) size: Option<u64>,
    pub(crate) md5_checksum: Option<String>,
    pub(crate) head_revision_id: Option<String>,
    pub(crate) version: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(crate) created_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "time")]
    pub(crate) modified_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "flag")]
    pub(crate) trashed: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub(crate) explicitly_trashed: Option<bool>,
    pub(crate) drive_id: Option<String>,
    pub(crate) parents: Vec<String>,
    pub(crate) owners: Vec<Person>,
    #[serde(deserialize_with = "flag")]
    pub(crate) owned_by_me: Option<bool>,
    pub(crate) last_modifying_user: Option<Person>,
    #[serde(deserialize_with = "flag")]
    pub(crate) shared: Option<bool>,
    pub(crate) permissions: Option<Vec<Permission>>,
    pub(crate) content_restrictions: Vec<ContentRestriction>,
    pub(crate) client_encryption_details: Option<ClientEncryption>,
    pub(crate) app_properties: BTreeMap<String, String>,
    pub(crate) capabilities: Capabilities,
}

/// The type of folders.
pub(crate) const FOLDER: &str = "application/vnd.google-apps.folder";

/// The type of shortcuts.
pub(crate) const SHORTCUT: &str = "application/vnd.google-apps.shortcut";

/// What the types of everything without bytes begin with.
const NATIVE_PREFIX: &str = "application/vnd.google-apps.";

impl File {
    pub(crate) fn is_folder(&self) -> bool {
        self.mime_type.as_deref() == Some(FOLDER)
    }

    pub(crate) fn is_shortcut(&self) -> bool {
        self.mime_type.as_deref() == Some(SHORTCUT)
    }

    /// Whether it has no bytes: a Google document, a form, a folder.
    pub(crate) fn is_native(&self) -> bool {
        self.mime_type
            .as_deref()
            .is_some_and(|kind| kind.starts_with(NATIVE_PREFIX))
    }

    pub(crate) fn is_trashed(&self) -> bool {
        self.trashed == Some(true)
    }

    pub(crate) fn parent(&self) -> Option<&str> {
        self.parents.first().map(String::as_str)
    }

    /// Whether nobody may change the content.
    pub(crate) fn is_restricted(&self) -> bool {
        self.content_restrictions
            .iter()
            .any(|it| it.read_only == Some(true))
    }
}

/// Somebody, as files name them.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Person {
    pub(crate) email_address: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContentRestriction {
    #[serde(deserialize_with = "flag")]
    pub(crate) read_only: Option<bool>,
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ClientEncryption {
    pub(crate) encryption_state: Option<String>,
}

/// What the impersonated user may do.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Capabilities {
    #[serde(deserialize_with = "flag")]
    pub(crate) can_download: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub(crate) can_modify_content: Option<bool>,
}

/// Who a file or a shared drive is shared with (§8).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Permission {
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) role: Option<String>,
    pub(crate) email_address: Option<String>,
    pub(crate) domain: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) deleted: Option<bool>,
    pub(crate) view: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(crate) expiration_time: Option<DateTime<Utc>>,
}

/// A page of files.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FileList {
    pub(crate) files: Vec<File>,
    pub(crate) next_page_token: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) incomplete_search: Option<bool>,
}

/// A page of changes (§3.2).
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ChangeList {
    pub(crate) changes: Vec<FileChange>,
    pub(crate) next_page_token: Option<String>,
    pub(crate) new_start_page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FileChange {
    pub(crate) change_type: Option<String>,
    #[serde(deserialize_with = "flag")]
    pub(crate) removed: Option<bool>,
    pub(crate) file_id: Option<String>,
    pub(crate) file: Option<File>,
    pub(crate) drive: Option<SharedDrive>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StartPageToken {
    pub(crate) start_page_token: String,
}

/// A shared drive.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct SharedDrive {
    pub(crate) id: String,
    pub(crate) name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DriveList {
    pub(crate) drives: Vec<SharedDrive>,
    pub(crate) next_page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct PermissionList {
    pub(crate) permissions: Vec<Permission>,
    pub(crate) next_page_token: Option<String>,
}

/// A content that a file has or had (§6.5).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Revision {
    pub(crate) id: Option<String>,
    pub(crate) md5_checksum: Option<String>,
    pub(crate) last_modifying_user: Option<Person>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RevisionList {
    pub(crate) revisions: Vec<Revision>,
    pub(crate) next_page_token: Option<String>,
}

/// A file of Drive v2, of which only what concerns its content is asked (§6.2).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FileV2 {
    pub(crate) etag: Option<String>,
    #[serde(deserialize_with = "number")]
    pub(crate) file_size: Option<u64>,
    pub(crate) md5_checksum: Option<String>,
    pub(crate) head_revision_id: Option<String>,
    pub(crate) mime_type: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(crate) modified_date: Option<DateTime<Utc>>,
    pub(crate) labels: LabelsV2,
    pub(crate) content_restrictions: Vec<ContentRestriction>,
    pub(crate) capabilities: Capabilities,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct LabelsV2 {
    #[serde(deserialize_with = "flag")]
    pub(crate) trashed: Option<bool>,
}

/// A person in the directory (§2.1).
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct User {
    pub(crate) id: String,
    pub(crate) primary_email: String,
    pub(crate) name: UserName,
    #[serde(deserialize_with = "flag")]
    pub(crate) suspended: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub(crate) archived: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_guest_user: Option<bool>,
    pub(crate) org_unit_path: Option<String>,
    #[serde(deserialize_with = "tolerant::list")]
    pub(crate) organizations: Vec<Organization>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct UserName {
    pub(crate) full_name: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Organization {
    #[serde(deserialize_with = "flag")]
    pub(crate) primary: Option<bool>,
    pub(crate) department: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct UserList {
    pub(crate) users: Vec<User>,
    pub(crate) next_page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DomainList {
    pub(crate) domains: Vec<Domain>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Domain {
    pub(crate) domain_name: Option<String>,
    pub(crate) domain_aliases: Vec<DomainAlias>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DomainAlias {
    pub(crate) domain_alias_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct MemberList {
    pub(crate) members: Vec<Member>,
    pub(crate) next_page_token: Option<String>,
}

/// A member of a group.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct Member {
    pub(crate) email: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct GroupList {
    pub(crate) groups: Vec<Group>,
    pub(crate) next_page_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Group {
    pub(crate) name: Option<String>,
}
