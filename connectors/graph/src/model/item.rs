//! Drive items.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};
use url::Url;

use super::drive::SharePointIds;
use super::identity::IdentitySet;
use super::tolerant::{Present, flag, size, time};

/// A file, folder, notebook, shortcut or tombstone (§3.5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct DriveItem {
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    #[serde(deserialize_with = "size")]
    pub(crate) size: Option<u64>,
    pub(crate) e_tag: Option<String>,
    pub(crate) c_tag: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(crate) created_date_time: Option<DateTime<Utc>>,
    #[serde(deserialize_with = "time")]
    pub(crate) last_modified_date_time: Option<DateTime<Utc>>,
    pub(crate) created_by: Option<IdentitySet>,
    pub(crate) last_modified_by: Option<IdentitySet>,
    pub(crate) parent_reference: Option<ItemReference>,
    pub(crate) file: Option<FileFacet>,
    pub(crate) folder: Option<Present>,
    pub(crate) package: Option<Present>,
    pub(crate) root: Option<Present>,
    pub(crate) deleted: Option<Present>,
    pub(crate) malware: Option<Present>,
    pub(crate) remote_item: Option<Present>,
    pub(crate) shared: Option<Shared>,
    pub(crate) web_url: Option<String>,
    pub(crate) publication: Option<Publication>,
    #[serde(alias = "sharePointIds")]
    pub(crate) sharepoint_ids: Option<SharePointIds>,
    #[serde(
        rename = "@microsoft.graph.downloadUrl",
        alias = "@content.downloadUrl"
    )]
    pub(crate) download_url: Option<DownloadUrl>,
}

impl DriveItem {
    /// The hash of the content, where it is told.
    pub(crate) fn hash(&self) -> Option<&str> {
        let hashes = self.file.as_ref()?.hashes.as_ref()?;
        let hash = hashes.quick_xor_hash.as_deref()?;
        Some(hash).filter(|hash| !hash.is_empty())
    }

    /// The id of the folder that it lies in.
    pub(crate) fn parent(&self) -> Option<&str> {
        self.parent_reference.as_ref()?.id.as_deref()
    }

    /// The path of the folder that it lies in, from the drive's root, as Graph writes it.
    pub(crate) fn parent_path(&self) -> Option<&str> {
        self.parent_reference.as_ref()?.path.as_deref()
    }

    /// The id of the app that wrote it last; `None` where that was not told or it was a person's doing.
    pub(crate) fn writing_app(&self) -> Option<&str> {
        let writer = self.last_modified_by.as_ref()?;
        writer.application.as_ref()?.id.as_deref()
    }
}

/// Where an item lies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ItemReference {
    pub(crate) id: Option<String>,
    pub(crate) path: Option<String>,
}

/// What makes an item a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FileFacet {
    pub(crate) hashes: Option<Hashes>,
}

/// Hashes of a file's content: only this one on SharePoint and OneDrive for Business.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Hashes {
    pub(crate) quick_xor_hash: Option<String>,
}

/// That an item is shared, and how widely.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Shared {
    pub(crate) scope: Option<String>,
}

/// Whether a file is checked out (§3.5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Publication {
    pub(crate) level: Option<String>,
    pub(crate) checked_out_by: Option<IdentitySet>,
}

impl Publication {
    /// Whether somebody has the file checked out.
    pub(crate) fn is_checked_out(&self) -> bool {
        let level = self.level.as_deref().unwrap_or_default();
        self.checked_out_by.is_some() || level.eq_ignore_ascii_case("checkout")
    }

    /// Who has, where it is told.
    pub(crate) fn holder(&self) -> Option<&str> {
        let by = self.checked_out_by.as_ref()?;
        let user = by.user.as_ref().or(by.application.as_ref())?;
        user.name().or(user.display_name.as_deref())
    }
}

/// One version of a file's content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct FileVersion {
    pub(crate) id: Option<String>,
    #[serde(deserialize_with = "time")]
    pub(crate) last_modified_date_time: Option<DateTime<Utc>>,
}

/// What a retention label allows (§5.6).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RetentionLabel {
    pub(crate) name: Option<String>,
    pub(crate) retention_settings: Option<RetentionSettings>,
}

/// The settings of a retention label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct RetentionSettings {
    #[serde(deserialize_with = "flag")]
    pub(crate) is_content_update_allowed: Option<bool>,
    #[serde(deserialize_with = "flag")]
    pub(crate) is_record_locked: Option<bool>,
}

/// An address that gives a file's bytes to anybody who has it. Its query is a credential.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DownloadUrl(pub(crate) Url);

impl fmt::Debug for DownloadUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DownloadUrl")
            .field(&self.0.host_str())
            .finish_non_exhaustive()
    }
}

impl<'de> Deserialize<'de> for DownloadUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The text itself stays out of the message.
        Url::parse(&text)
            .map(Self)
            .map_err(|_| serde::de::Error::custom("a download address that is no URL"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"{"@microsoft.graph.downloadUrl":"https://alder.sharepoint.com/d.aspx?tempauth=secret",
        "id":"01AB","name":"forecast.xlsx","size":18342,"eTag":"\"{5D0C},4\"","cTag":"\"c:{5D0C},3\"",
        "createdDateTime":"2026-03-02T08:11:00Z","lastModifiedDateTime":"2026-03-04T10:20:30.123Z",
        "lastModifiedBy":{"application":{"id":"app","displayName":"labeld"},"user":{"displayName":"SharePoint App"}},
        "parentReference":{"driveType":"documentLibrary","driveId":"b!1","id":"01CD","path":"/drives/b!1/root:/plans"},
        "file":{"mimeType":"a/b","hashes":{"quickXorHash":"XW1S9FbvMi1+UfMDtkvnr5WM0po="}},
        "shared":{"scope":"users"},"publication":{"level":"published","versionId":"1.0"}}"#;

    #[test]
    fn a_whole_item_is_read() {
        let item: DriveItem = serde_json::from_str(FILE).unwrap();
        assert_eq!(item.size, Some(18342));
        assert_eq!(item.e_tag.as_deref(), Some("\"{5D0C},4\""));
        assert_eq!(item.hash(), Some("XW1S9FbvMi1+UfMDtkvnr5WM0po="));
        assert_eq!(item.parent(), Some("01CD"));
        assert_eq!(item.writing_app(), Some("app"));
        assert!(item.last_modified_date_time.is_some());
        assert!(!item.publication.as_ref().unwrap().is_checked_out());
        assert!(!format!("{item:?}").contains("secret"));
    }

    #[test]
    fn what_is_missing_null_or_strange_is_no_error() {
        for text in [
            "{}",
            r#"{"id":"1","deleted":{}}"#,
            r#"{"id":"1","deleted":{"state":"deleted"},"name":null,"size":null,"file":null}"#,
            r#"{"file":{},"shared":{},"createdBy":{},"parentReference":{}}"#,
            r#"{"file":{"hashes":{}},"size":-1,"createdDateTime":"yesterday"}"#,
            r#"{"size":"12","createdDateTime":"0001-01-01T00:00:00Z","unheard":[1,2]}"#,
        ] {
            let item: DriveItem = serde_json::from_str(text).unwrap();
            assert_eq!(item.created_date_time, None, "{text}");
            assert_eq!(item.hash(), None, "{text}");
            assert_eq!(item.deleted.is_some(), text.contains("deleted"), "{text}");
        }
    }
}
