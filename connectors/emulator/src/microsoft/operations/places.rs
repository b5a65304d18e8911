//! Finding what an operation is about.

use super::FileView;
use crate::frame::ControlError;
use crate::microsoft::package;
use crate::microsoft::state::drive::DriveIndex;
use crate::microsoft::state::item::{ItemIndex, Kind};
use crate::microsoft::state::site::{SharePointHost, SiteIndex};
use crate::microsoft::state::transient::Place;
use crate::microsoft::world::{NewItem, World};

impl World<'_> {
    /// The drive of an id; the first one for an empty id.
    pub(in crate::microsoft) fn drive_named(&self, id: &str) -> Result<DriveIndex, ControlError> {
        if id.is_empty() && !self.state.drives.is_empty() {
            return Ok(DriveIndex(0));
        }
        self.state
            .find_drive(id)
            .ok_or_else(|| ControlError::NotFound(format!("drive {id:?}")))
    }

    /// The live item of a path or id.
    pub(in crate::microsoft) fn place_named(
        &self,
        drive: &str,
        path: &str,
    ) -> Result<Place, ControlError> {
        let drive = self.drive_named(drive)?;
        let found = self.drive(drive)?;
        found
            .tree
            .resolve(ItemIndex::ROOT, path.split('/'))
            .or_else(|| found.find(path))
            .map(|item| Place { drive, item })
            .ok_or_else(|| ControlError::NotFound(format!("{path:?} in {:?}", found.name)))
    }

    /// The site of a path, like `finance`, `sites/finance` or `personal/mina_alder_example`, or of an id.
    pub(in crate::microsoft) fn site_named(&self, path: &str) -> Result<SiteIndex, ControlError> {
        let path = path.trim_matches('/');
        let full = format!("sites/{path}");
        [
            (SharePointHost::Root, path),
            (SharePointHost::Root, &full),
            (SharePointHost::My, path),
        ]
        .into_iter()
        .find_map(|(host, path)| self.state.find_site(host, path))
        .or_else(|| {
            let sites = &self.state.sites;
            sites
                .iter()
                .position(|site| self.state.site_id(site) == path)
                .map(SiteIndex)
        })
        .ok_or_else(|| ControlError::NotFound(format!("site {path:?}")))
    }

    /// The folder at a path, made where it is not there, and the name at the path's end.
    pub(in crate::microsoft) fn folder_for(
        &mut self,
        drive: DriveIndex,
        path: &str,
        who: &str,
    ) -> Result<(ItemIndex, String), ControlError> {
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self.folder_at(drive, folders, who)?;
        Ok((folder, name.to_owned()))
    }

    /// The folder at a path, made where it is not there.
    pub(in crate::microsoft) fn folder_at(
        &mut self,
        drive: DriveIndex,
        path: &str,
        who: &str,
    ) -> Result<ItemIndex, ControlError> {
        let actor = self.state.actor(who);
        let mut folder = ItemIndex::ROOT;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            folder = match self.drive(drive)?.tree.child(folder, name) {
                Some(found) => found,
                None => self.create(
                    drive,
                    &NewItem {
                        folder,
                        name,
                        kind: Kind::Folder,
                        blob: None,
                        actor,
                        unique_id: None,
                    },
                )?,
            };
        }
        Ok(folder)
    }

    /// The id of an item.
    pub(in crate::microsoft) fn id_of(&self, place: Place) -> Result<String, ControlError> {
        let drive = self.drive(place.drive)?;
        let item = drive
            .tree
            .get(place.item)
            .ok_or_else(|| ControlError::NotFound("the item".to_owned()))?;
        Ok(drive.item_id(item))
    }

    /// What is known of a file.
    pub(in crate::microsoft) fn view(&self, place: Place) -> Result<FileView, ControlError> {
        let drive = self.drive(place.drive)?;
        let item = self.item(place)?;
        let actor = self.state.actors.get(item.modified_by);
        let labels = match item.blob {
            Some(_) => package::labels(&self.blob(place)?.bytes()),
            None => Vec::new(),
        };
        Ok(FileView {
            id: drive.item_id(item),
            path: drive.tree.path(place.item).join("/"),
            size: item.size,
            e_tag: item.e_tag(),
            c_tag: item.c_tag(),
            versions: item.version_number(),
            modified_by: actor.who().to_owned(),
            application: actor.application().map(str::to_owned),
            labels: labels.into_iter().map(|label| label.id).collect(),
        })
    }
}
