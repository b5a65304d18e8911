//! What is known of a drive.

use std::sync::{Arc, PoisonError};

use labeld_connector::Result;
use labeld_connector::http::Url;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

use super::Core;
use crate::address::{ask, shown_path};
use crate::call::{Purpose, UNITS_ONE};
use crate::ids::DriveParts;
use crate::model::{Drive, Identity};

/// Fields of a drive that are asked for; `sharePointIds` comes only when it is.
pub(crate) const DRIVE_FIELDS: &str = "id,name,driveType,webUrl,owner,sharePointIds";

/// Characters that stand for themselves in a path (RFC 3986 §2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'/');

/// A document library, or a person's OneDrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriveInfo {
    pub(crate) id: String,
    /// Where it is, as people read it: `sites/finance/Shared Documents`.
    pub(crate) path: String,
    pub(crate) web_url: Option<Url>,
    /// The person who owns it.
    pub(crate) owner: Option<Identity>,
    /// Who owns it, as the directory names people or groups.
    pub(crate) owner_name: Option<String>,
    /// Web address of the site that it belongs to.
    pub(crate) site_url: Option<Url>,
    /// The list behind it.
    pub(crate) list: Option<Uuid>,
    pub(crate) parts: Option<DriveParts>,
}

impl DriveInfo {
    /// What Graph says of a drive; `None` where it does not even name it.
    pub(crate) fn of(drive: Drive) -> Option<Self> {
        let id = drive.id?;
        let web_url = drive
            .web_url
            .as_deref()
            .and_then(|url| Url::parse(url).ok());
        let ids = drive.share_point_ids.unwrap_or_default();
        let owner = drive.owner.unwrap_or_default();
        let group = owner.group.as_ref();
        let owner_name = match (&owner.user, group) {
            (Some(user), _) => user.name().or(user.display_name.as_deref()),
            (None, Some(group)) => group.email.as_deref().or(group.display_name.as_deref()),
            (None, None) => None,
        };
        let parts = DriveParts::of(&id);
        Some(Self {
            path: match &web_url {
                Some(url) => shown_path(url),
                None => drive.name.unwrap_or_else(|| id.clone()),
            },
            owner_name: owner_name.map(str::to_owned),
            site_url: ids.site_url.as_deref().and_then(|url| Url::parse(url).ok()),
            list: parts
                .map(|parts| parts.list)
                .or_else(|| Uuid::parse_str(ids.list_id.as_deref()?).ok()),
            owner: owner.user,
            web_url,
            parts,
            id,
        })
    }

    /// Its web address, where it is known.
    #[must_use]
    pub fn web_url(&self) -> Option<&Url> {
        self.web_url.as_ref()
    }

    /// Whether `name` is one of its owner's: e-mail address, principal name or directory id, in any case of letters.
    #[must_use]
    pub fn is_owned_by(&self, name: &str) -> bool {
        self.owner.as_ref().is_some_and(|owner| {
            [&owner.email, &owner.user_principal_name, &owner.id]
                .into_iter()
                .flatten()
                .any(|known| known.eq_ignore_ascii_case(name))
        })
    }

    /// Path of a folder of the drive, as people read it.
    pub(super) fn path_of(&self, below_root: &str) -> String {
        match below_root {
            "" => self.path.clone(),
            below => format!("{}/{below}", self.path),
        }
    }

    /// Web address of a file in a folder of the drive, with `{name}` for its name.
    pub(super) fn link_of(&self, below_root: &str) -> Option<String> {
        let base = self.web_url.as_ref()?.as_str().trim_end_matches('/');
        Some(match below_root {
            "" => format!("{base}/{{name}}"),
            below => format!("{base}/{}/{{name}}", utf8_percent_encode(below, SEGMENT)),
        })
    }
}

impl Core {
    /// What is known of a drive; asked for once.
    pub(super) async fn drive(&self, id: &str, operation: &'static str) -> Result<Arc<DriveInfo>> {
        if let Some(known) = self.known_drive(id) {
            return Ok(known);
        }
        let purpose = Purpose {
            operation,
            context: &format!("drive {id}"),
        };
        let mut url = self.tenant.v1(&["drives", id])?;
        ask(&mut url, &[("$select", DRIVE_FIELDS)]);
        let drive: Drive = self.tenant.get(url, &purpose, UNITS_ONE).await?;
        let drive = Drive {
            id: Some(id.to_owned()),
            ..drive
        };
        let info =
            DriveInfo::of(drive).ok_or_else(|| purpose.malformed("the answer is no drive"))?;
        Ok(self.know(info))
    }

    pub(super) fn known_drive(&self, id: &str) -> Option<Arc<DriveInfo>> {
        let known = self.drives.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(id).cloned()
    }

    pub(super) fn know(&self, info: DriveInfo) -> Arc<DriveInfo> {
        let info = Arc::new(info);
        let mut known = self.drives.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(info.id.clone(), Arc::clone(&info));
        info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drive_says_where_it_is_and_whose() {
        let drive = serde_json::from_str(
            r#"{"id":"b!Cn8dTiybWU-Kdx9vCzwtENTGorg_XgtKnB0uf2pbTD2rT0aZQh1oR7u3n9p0c5xK","driveType":"documentLibrary",
            "webUrl":"https://alder.sharepoint.com/sites/finance/Shared%20Documents",
            "owner":{"group":{"id":"g","displayName":"Finance","email":"finance@alder.example"}},
            "sharePointIds":{"listId":"99464fab-1d42-4768-bbb7-9fda74739c4a","siteUrl":"https://alder.sharepoint.com/sites/finance"}}"#,
        );
        let info = DriveInfo::of(drive.unwrap()).unwrap();
        assert_eq!(info.path, "sites/finance/Shared Documents");
        assert_eq!(info.path_of("a b"), "sites/finance/Shared Documents/a b");
        assert_eq!(
            info.link_of("a b/ü").as_deref(),
            Some(
                "https://alder.sharepoint.com/sites/finance/Shared%20Documents/a%20b/%C3%BC/{name}"
            )
        );
        assert_eq!(info.owner_name.as_deref(), Some("finance@alder.example"));
        assert_eq!(
            info.list.map(|list| list.to_string()).as_deref(),
            Some("99464fab-1d42-4768-bbb7-9fda74739c4a")
        );
        assert!(info.site_url.is_some());
    }

    #[test]
    fn a_drive_of_which_little_is_said_is_usable() {
        let info = DriveInfo::of(serde_json::from_str(r#"{"id":"x","name":"Docs"}"#).unwrap());
        let info = info.unwrap();
        assert_eq!((info.path.as_str(), info.link_of("a")), ("Docs", None));
        assert!(DriveInfo::of(Drive::default()).is_none());
        let owned = r#"{"id":"x","owner":{"user":{"email":"Mina@alder.example","id":"m"}}}"#;
        let info = DriveInfo::of(serde_json::from_str(owned).unwrap()).unwrap();
        assert!(info.is_owned_by("mina@ALDER.example") && info.is_owned_by("m"));
        assert!(!info.is_owned_by("noor@alder.example"));
        assert_eq!(info.owner_name.as_deref(), Some("Mina@alder.example"));
    }
}
