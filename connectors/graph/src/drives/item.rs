//! From what Graph says of an item to what labeld knows of a file.

use labeld_connector::http::Url;
use labeld_connector::{Barrier, Exposure, FileKind, FileMeta, Result, Version};

use super::info::DriveInfo;
use super::reference::{ItemRef, version_of};
use super::{Core, OwnerRule};
use crate::address::{ask, decode_path};
use crate::call::{Purpose, UNITS_ONE};
use crate::model::{DriveItem, Identity};

/// Fields of an item that are asked for (§3.5). Without its own mention the download address is left out.
pub(super) const ITEM_FIELDS: &str = "id,name,size,eTag,cTag,createdDateTime,lastModifiedDateTime,createdBy,\
    lastModifiedBy,parentReference,file,folder,package,deleted,root,malware,remoteItem,shared,webUrl,publication,\
    pendingOperations,@microsoft.graph.downloadUrl";

/// The beginning of the names of files by which Office marks that a document is open (§9 "Names").
const OWNER_FILE: &str = "~$";

impl Core {
    /// Looks at an item.
    pub(super) async fn item(
        &self,
        at: ItemRef<'_>,
        fields: &str,
        purpose: &Purpose<'_>,
    ) -> Result<DriveItem> {
        let url = self.item_url(at, &[], Some(fields))?;
        self.tenant.get(url, purpose, UNITS_ONE).await
    }

    /// Address of an item, or of something of it.
    pub(super) fn item_url(
        &self,
        at: ItemRef<'_>,
        more: &[&str],
        fields: Option<&str>,
    ) -> Result<Url> {
        let mut segments = vec!["drives", at.drive, "items", at.item];
        segments.extend_from_slice(more);
        let mut url = self.tenant.v1(&segments)?;
        if let Some(fields) = fields {
            ask(&mut url, &[("$select", fields)]);
        }
        Ok(url)
    }

    /// What labeld knows of a file; `folder` is where it lies, as people read it. `None` where the item lacks what every
    /// file has.
    pub(super) fn meta(
        &self,
        drive: &DriveInfo,
        item: &DriveItem,
        folder: String,
    ) -> Option<FileMeta> {
        let id = item.id.as_deref()?;
        let name = item.name.clone()?;
        let kind = kind_of(item, &name);
        let is_file = kind == FileKind::File;
        let version = match version_of(item) {
            Some(version) => version,
            None if is_file => return None,
            // Nothing is ever read of it.
            None => Version("-".to_owned()),
        };
        let file = ItemRef::new(&drive.id, id).file();
        let size = match item.size {
            Some(size) => self.true_size(&file, item.e_tag.as_deref(), size),
            None if is_file => return None,
            None => 0,
        };
        Some(FileMeta {
            file,
            folder,
            parent: item
                .parent()
                .map(|parent| ItemRef::new(&drive.id, parent).folder()),
            kind,
            size,
            version,
            created: item.created_date_time,
            modified: item.last_modified_date_time,
            owner: self.owner(drive, item),
            exposure: self.listed_exposure(item),
            // Nobody is named with what nothing but the drive's own access applies to.
            collaborators: item.shared.is_none().then(Vec::new),
            own_write: self.is_own_write(item),
            barrier: item.malware.map(|_| Barrier::Malware),
            name,
        })
    }

    pub(super) fn owner(&self, drive: &DriveInfo, item: &DriveItem) -> Option<String> {
        let drive_owner = || drive.owner_name.clone();
        match self.profile.owner {
            OwnerRule::Drive => drive_owner(),
            OwnerRule::Creator => {
                // Left out by some listings: then nobody is told, rather than somebody else.
                let creator = item.created_by.as_ref()?.user.as_ref();
                let name = creator.and_then(Identity::name).map(str::to_owned);
                name.or_else(drive_owner)
            }
        }
    }

    /// Who can reach it, as far as the `shared` facet tells (§7.2). That it is missing means that nothing but the
    /// drive's own access applies.
    pub(super) fn listed_exposure(&self, item: &DriveItem) -> Exposure {
        match &item.shared {
            None => self.profile.least_exposure,
            Some(shared) => match shared.scope.as_deref() {
                Some(scope) if scope.eq_ignore_ascii_case("anonymous") => Exposure::Public,
                _ => Exposure::Unknown,
            },
        }
    }

    /// Whether the present content is ours (§9 "Own writes"); `None` where Graph does not say who wrote it.
    pub(super) fn is_own_write(&self, item: &DriveItem) -> Option<bool> {
        item.last_modified_by.as_ref()?;
        let app = item.writing_app().unwrap_or_default();
        Some(app.eq_ignore_ascii_case(&self.tenant.client_id))
    }
}

fn kind_of(item: &DriveItem, name: &str) -> FileKind {
    if item.package.is_some() {
        FileKind::Package
    } else if item.remote_item.is_some() {
        FileKind::Shortcut
    } else if item.file.is_none() || name.starts_with(OWNER_FILE) {
        FileKind::Special
    } else {
        FileKind::File
    }
}

/// Whether a listing left out what a file must have, so that the item has to be looked at (§3.4 rule 5). An eTag alone is
/// not enough: it would give another version than a look at the item.
pub(super) fn is_incomplete(item: &DriveItem) -> bool {
    let has_facet = item.file.is_some()
        || item.folder.is_some()
        || item.package.is_some()
        || item.remote_item.is_some()
        || item.root.is_some();
    if !has_facet || item.name.is_none() || (item.parent().is_none() && item.root.is_none()) {
        return true;
    }
    let is_file = item.file.is_some() && item.package.is_none() && item.remote_item.is_none();
    let has_key = (item.hash().is_some() && item.size.is_some()) || item.c_tag.is_some();
    is_file && (item.size.is_none() || !has_key)
}

/// Path below the drive's root in `parentReference.path`: `/drives/b!…/root:/plans`.
pub(super) fn path_below_root(path: &str) -> Option<String> {
    let (_, below) = path.split_once("root:")?;
    Some(decode_path(below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_listing_left_out_is_noticed() {
        let whole = r#""parentReference":{"id":"p"},"name":"n""#;
        for (text, incomplete) in [
            (r#""file":{"hashes":{"quickXorHash":"H"}},"size":1"#, false),
            (r#""file":{},"size":1,"cTag":"c""#, false),
            (r#""file":{},"size":1,"eTag":"e""#, true),
            (r#""file":{},"size":1"#, true),
            (r#""file":{"hashes":{"quickXorHash":"H"}}"#, true),
            (r#""file":{"hashes":{"quickXorHash":"H"}},"cTag":"c""#, true),
            (r#""size":1,"cTag":"c""#, true),
            (r#""folder":{}"#, false),
            (r#""package":{"type":"oneNote"}"#, false),
            (r#""remoteItem":{}"#, false),
        ] {
            let item = serde_json::from_str(&format!("{{{whole},{text}}}")).unwrap();
            assert_eq!(is_incomplete(&item), incomplete, "{text}");
        }
        for text in [
            r#"{"folder":{},"name":"n"}"#,
            r#"{"folder":{},"parentReference":{"id":"p"}}"#,
            r#"{"id":"1"}"#,
        ] {
            assert!(
                is_incomplete(&serde_json::from_str(text).unwrap()),
                "{text}"
            );
        }
        let root = r#"{"root":{},"folder":{},"name":"root"}"#;
        assert!(!is_incomplete(&serde_json::from_str(root).unwrap()));
    }

    #[test]
    fn the_path_of_a_parent_is_read() {
        for (path, below) in [
            ("/drives/b!x/root:/plans/a%20b", Some("plans/a b")),
            ("/drives/b!x/root:", Some("")),
            ("/drive/root:/x", Some("x")),
            ("/drives/b!x", None),
        ] {
            assert_eq!(path_below_root(path).as_deref(), below, "{path}");
        }
    }
}
