//! From a file of Drive to an entry of the inventory (reference/google-drive.md §4 "Skip decisions").

use chrono::{DateTime, Utc};
use labeld_connector::{Barrier, Exposure, FileKind, FileMeta, FolderRef};

use crate::corpus::Corpus;
use crate::domains::OwnDomains;
use crate::exposure::Findings;
use crate::model::File;
use crate::version::version_of;

/// The private property that names the content that labeld wrote, by its MD5 (§10).
pub(crate) const STAMP: &str = "labeld";

/// Whether a file lies where its corpus is the authority on it (§3.3): a file shared with ten people stands in eleven logs.
pub(crate) fn belongs_to(file: &File, corpus: &Corpus) -> bool {
    match corpus {
        Corpus::User(_) => file.owned_by_me == Some(true) && file.drive_id.is_none(),
        Corpus::Drive(drive) => file.drive_id.as_ref() == Some(drive),
    }
}

/// Whether the listing left out what an entry must have.
pub(crate) fn is_incomplete(file: &File) -> bool {
    let lacks_content = !file.is_native() && (file.size.is_none() || version_of(file).is_none());
    file.name.is_none() || file.mime_type.is_none() || lacks_content
}

/// The entry for a file that is no folder; `None` when the service does not say what one must have.
pub(crate) fn meta(
    file: &File,
    corpus: &Corpus,
    folder: String,
    parent: Option<FolderRef>,
    own: Option<&OwnDomains>,
    opens_groups: bool,
    now: DateTime<Utc>,
) -> Option<FileMeta> {
    let (exposure, collaborators) = access(file, own, opens_groups, now);
    let kind = if file.is_shortcut() {
        FileKind::Shortcut
    } else if file.is_native() {
        FileKind::Native
    } else {
        FileKind::File
    };
    Some(FileMeta {
        file: corpus.file(file.id.as_deref()?),
        name: file.name.clone()?,
        folder,
        parent,
        kind,
        // Google's own documents have a size too, which is of nothing that could be read.
        size: match kind {
            FileKind::File => file.size?,
            _ => 0,
        },
        version: version_of(file)?,
        created: file.created_time,
        modified: file.modified_time,
        owner: owner_of(file),
        exposure,
        collaborators,
        own_write: own_write(file),
        barrier: barrier(file),
    })
}

fn owner_of(file: &File) -> Option<String> {
    file.owners
        .first()
        .and_then(|owner| owner.email_address.clone())
}

/// Who can reach the file, also by name, as far as the listing tells: nothing where it does not show permissions. Members of
/// the organisation's groups are in no listing.
fn access(
    file: &File,
    own: Option<&OwnDomains>,
    opens_groups: bool,
    now: DateTime<Utc>,
) -> (Exposure, Option<Vec<String>>) {
    if file.shared == Some(false) {
        return (Exposure::Private, Some(Vec::new()));
    }
    let (Some(permissions), Some(own)) = (&file.permissions, own) else {
        return (Exposure::Unknown, None);
    };
    let owner = owner_of(file);
    let findings = Findings::of(permissions, owner.as_deref(), own, now);
    let exposure = findings.level(Exposure::Private);
    if opens_groups && !findings.groups.is_empty() {
        return (exposure, None);
    }
    (exposure, findings.collaborators(owner.as_deref()))
}

/// Whether the present content is one that labeld wrote: the stamp says which one that was. Without a stamp it is
/// somebody else's when it was last changed by another person than the one whose file it is; else nobody can tell,
/// because labeld writes in that person's name (§10).
fn own_write(file: &File) -> Option<bool> {
    if let Some(stamp) = file.app_properties.get(STAMP) {
        return Some(
            file.md5_checksum
                .as_deref()
                .is_some_and(|md5| md5.eq_ignore_ascii_case(stamp)),
        );
    }
    let last = file
        .last_modifying_user
        .as_ref()?
        .email_address
        .as_deref()?;
    let owner = file.owners.first()?.email_address.as_deref()?;
    (!last.eq_ignore_ascii_case(owner)).then_some(false)
}

fn barrier(file: &File) -> Option<Barrier> {
    let encryption = file.client_encryption_details.as_ref();
    let state = encryption.and_then(|details| details.encryption_state.as_deref());
    if file.is_native() {
        None
    } else if file.capabilities.can_download == Some(false) {
        Some(Barrier::Denied)
    } else if state == Some("encrypted") {
        Some(Barrier::ClientEncrypted)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCX: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";

    fn entry_where(json: &str, opens_groups: bool) -> Option<FileMeta> {
        let base = format!(
            r#"{{"id":"1","name":"plan.docx","mimeType":"{DOCX}","size":"4","md5Checksum":"9e10","ownedByMe":true,
                "owners":[{{"emailAddress":"mina@alder.example"}}],"shared":false}}"#
        );
        let mut whole: serde_json::Value = serde_json::from_str(&base).unwrap();
        let change: serde_json::Value = serde_json::from_str(json).unwrap();
        for (name, value) in change.as_object().unwrap() {
            whole[name] = value.clone();
        }
        whole
            .as_object_mut()
            .unwrap()
            .retain(|_, value| !value.is_null());
        let file: File = serde_json::from_value(whole).unwrap();
        let own = OwnDomains::of(["alder.example"]);
        let now = "2026-03-04T10:00:00Z".parse().unwrap();
        meta(
            &file,
            &Corpus::User("101".to_owned()),
            String::new(),
            None,
            Some(&own),
            opens_groups,
            now,
        )
    }

    fn entry(json: &str) -> Option<FileMeta> {
        entry_where(json, false)
    }

    #[test]
    fn each_kind_of_file_is_told_apart() {
        let native = |kind: &str| {
            format!(
                r#"{{"mimeType":"application/vnd.google-apps.{kind}","size":"1024","md5Checksum":null,"modifiedTime":"2026-02-03T04:05:06Z"}}"#
            )
        };
        let table = [
            (r"{}".to_owned(), FileKind::File, 4, None),
            (native("document"), FileKind::Native, 0, None),
            (native("form"), FileKind::Native, 0, None),
            (native("drive-sdk.123"), FileKind::Native, 0, None),
            (native("shortcut"), FileKind::Shortcut, 0, None),
            (
                r#"{"size":"0","md5Checksum":"d41d8cd98f00b204e9800998ecf8427e"}"#.to_owned(),
                FileKind::File,
                0,
                None,
            ),
            (
                r#"{"clientEncryptionDetails":{"encryptionState":"encrypted"}}"#.to_owned(),
                FileKind::File,
                4,
                Some(Barrier::ClientEncrypted),
            ),
            (
                r#"{"clientEncryptionDetails":{"encryptionState":"unencrypted"}}"#.to_owned(),
                FileKind::File,
                4,
                None,
            ),
            (
                r#"{"capabilities":{"canDownload":false}}"#.to_owned(),
                FileKind::File,
                4,
                Some(Barrier::Denied),
            ),
            (
                r#"{"capabilities":{"canDownload":true}}"#.to_owned(),
                FileKind::File,
                4,
                None,
            ),
        ];
        for (json, kind, size, barrier) in table {
            let meta = entry(&json).unwrap();
            assert_eq!(
                (meta.kind, meta.size, meta.barrier),
                (kind, size, barrier),
                "{json}"
            );
        }
        for json in [r#"{"size":null}"#, r#"{"name":null}"#, r#"{"id":null}"#] {
            assert!(entry(json).is_none(), "{json}");
        }
    }

    #[test]
    fn exposure_is_told_where_the_listing_tells() {
        let shared =
            |permissions: &str| format!(r#"{{"shared":true,"permissions":{permissions}}}"#);
        let table = [
            (r"{}".to_owned(), Exposure::Private),
            (r#"{"shared":true}"#.to_owned(), Exposure::Unknown),
            (r#"{"shared":null}"#.to_owned(), Exposure::Unknown),
            (
                shared(r#"[{"type":"user","role":"owner","emailAddress":"mina@alder.example"}]"#),
                Exposure::Private,
            ),
            (
                shared(r#"[{"type":"domain","domain":"alder.example"}]"#),
                Exposure::Internal,
            ),
            (
                shared(r#"[{"type":"user","emailAddress":"eve@other.example"}]"#),
                Exposure::External,
            ),
            (shared(r#"[{"type":"anyone"}]"#), Exposure::Public),
        ];
        for (json, exposure) in table {
            assert_eq!(entry(&json).unwrap().exposure, exposure, "{json}");
        }
    }

    #[test]
    fn collaborators_are_told_where_the_listing_tells() {
        let shared =
            |permissions: &str| format!(r#"{{"shared":true,"permissions":{permissions}}}"#);
        let eve = shared(r#"[{"type":"user","emailAddress":"eve@other.example"}]"#);
        let team = shared(r#"[{"type":"group","emailAddress":"team@alder.example"}]"#);
        let list = |address: &str| Some(vec![address.to_owned()]);
        for (json, opens_groups, expected) in [
            (r"{}", false, Some(vec![])),
            (r#"{"shared":true}"#, false, None),
            (&eve, false, list("eve@other.example")),
            (&eve, true, list("eve@other.example")),
            (&team, false, list("team@alder.example")),
            (&team, true, None),
        ] {
            let told = entry_where(json, opens_groups).unwrap().collaborators;
            assert_eq!(told, expected, "{json}, {opens_groups}");
        }
    }

    #[test]
    fn own_writes_are_known_by_their_stamp() {
        let table = [
            (r"{}", None),
            (r#"{"appProperties":{"labeld":"9e10"}}"#, Some(true)),
            (r#"{"appProperties":{"labeld":"9E10"}}"#, Some(true)),
            (r#"{"appProperties":{"labeld":"aa11"}}"#, Some(false)),
            (r#"{"appProperties":{"other":"9e10"}}"#, None),
            (
                r#"{"lastModifyingUser":{"emailAddress":"bob@alder.example"}}"#,
                Some(false),
            ),
            (
                r#"{"lastModifyingUser":{"emailAddress":"Mina@alder.example"}}"#,
                None,
            ),
            (r#"{"lastModifyingUser":{}}"#, None),
        ];
        for (json, own_write) in table {
            assert_eq!(entry(json).unwrap().own_write, own_write, "{json}");
        }
    }

    #[test]
    fn a_file_belongs_to_one_corpus() {
        let user = Corpus::User("101".to_owned());
        let drive = Corpus::Drive("0A".to_owned());
        for (json, of_user, of_drive) in [
            (r#"{"ownedByMe":true}"#, true, false),
            (r#"{"ownedByMe":false}"#, false, false),
            (r"{}", false, false),
            (r#"{"driveId":"0A"}"#, false, true),
            (r#"{"driveId":"0B"}"#, false, false),
            (r#"{"driveId":"0A","ownedByMe":true}"#, false, true),
        ] {
            let file: File = serde_json::from_str(json).unwrap();
            assert_eq!(
                (belongs_to(&file, &user), belongs_to(&file, &drive)),
                (of_user, of_drive),
                "{json}"
            );
        }
    }
}
