//! What is done to single files.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::Done;
use crate::google::Google;
use crate::google::state::file::{FileNumber, NATIVE_PREFIX, Rare, Restriction, SHORTCUT};
use crate::google::state::permission::{Grantee, Role};
use crate::google::state::to_milliseconds;
use crate::google::world::{Actor, EditError, NewFile, Touch, World};

/// A file as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileView {
    /// Id.
    pub id: String,
    /// Path below the top folder.
    pub path: String,
    /// Media type.
    pub mime_type: String,
    /// The present content; `None` where there are no bytes.
    pub body: Option<Bytes>,
    /// When its content last changed.
    pub modified: DateTime<Utc>,
    /// Who changed it last.
    pub modified_by: Option<String>,
    /// Whether it is in the bin.
    pub trashed: bool,
    /// Ids and bodies of all revisions, the oldest first.
    pub revisions: Vec<(String, Bytes)>,
    /// Private properties.
    pub app_properties: BTreeMap<String, String>,
    /// Drive labels: choices by field, by label.
    pub labels: BTreeMap<String, BTreeMap<String, Vec<String>>>,
}

/// A channel for change notifications that somebody opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelView {
    /// The client's name for it.
    pub id: String,
    /// The service's name for what is watched.
    pub resource: String,
    /// Where notifications go.
    pub address: String,
    /// What comes back with each.
    pub token: Option<String>,
    /// When it ends.
    pub expires: DateTime<Utc>,
}

impl World<'_> {
    /// A file by id.
    pub(crate) fn number(&self, id: &str) -> Result<FileNumber, EditError> {
        self.state
            .number(id)
            .ok_or_else(|| EditError::NotFound(id.to_owned()))
    }
}

impl Google {
    /// The channels that are open.
    #[must_use]
    pub fn channels(&self) -> Vec<ChannelView> {
        self.with(|world| {
            let channels = world.state.transient.channels.iter();
            let views = channels.map(|(id, channel)| ChannelView {
                id: id.clone(),
                resource: channel.resource.clone(),
                address: channel.address.clone(),
                token: channel.token.clone(),
                expires: channel.expires,
            });
            views.collect()
        })
    }

    /// A file as it is.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn file(&self, id: &str) -> Done<FileView> {
        self.edit(|world| {
            let number = world.number(id)?;
            let file = world.file(number)?;
            let bodies = file.revisions.iter().map(|revision| {
                let content = world.state.blobs.get(revision.blob);
                (
                    revision.id.clone(),
                    content
                        .map(crate::frame::Content::bytes)
                        .unwrap_or_default(),
                )
            });
            Ok(FileView {
                id: file.id.clone(),
                path: world.path(number),
                mime_type: file.mime_type.clone(),
                body: world.content(file).map(crate::frame::Content::bytes),
                modified: file.modified,
                modified_by: file.modified_by.clone(),
                trashed: world.state.is_trashed(number),
                revisions: bodies.collect(),
                app_properties: file.rare.app_properties.clone(),
                labels: file.rare.labels.clone(),
            })
        })
    }

    /// The id of what is at a path.
    ///
    /// # Errors
    ///
    /// When nothing is.
    pub fn id_at(&self, place: &str, path: &str) -> Done<String> {
        self.edit(|world| {
            let root = world.root(place)?;
            let number = world.must_be_at(root, path)?;
            Ok(world.file(number)?.id.clone())
        })
    }

    /// Makes a folder, with those above it; gives back its id.
    ///
    /// # Errors
    ///
    /// When there is no such place.
    pub fn create_folder(&self, place: &str, path: &str, who: &str) -> Done<String> {
        self.edit(|world| {
            let root = world.root(place)?;
            let number = world.folder_at(root, path, &Actor::person(who))?;
            Ok(world.file(number)?.id.clone())
        })
    }

    /// Gives a file or folder another path in the same place.
    ///
    /// # Errors
    ///
    /// When nothing is at the first path.
    pub fn rename(&self, place: &str, from: &str, to: &str, who: &str) -> Done<()> {
        self.edit(|world| {
            let root = world.root(place)?;
            world.relocate(root, from, to, &Actor::person(who))
        })
    }

    /// Puts a file or folder, by id, into another folder, by id.
    ///
    /// # Errors
    ///
    /// When one of them is not there.
    pub fn move_into(&self, file: &str, folder: &str) -> Done<()> {
        self.edit(|world| {
            let (file, folder) = (world.number(file)?, world.number(folder)?);
            world.move_to(file, folder)
        })
    }

    /// The id of the top folder of a place.
    ///
    /// # Errors
    ///
    /// When there is no such place.
    pub fn root_id(&self, place: &str) -> Done<String> {
        self.edit(|world| {
            let root = world.root(place)?;
            Ok(world.file(root)?.id.clone())
        })
    }

    /// Puts a file or folder into the bin, or takes it out.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn set_trashed(&self, file: &str, trashed: bool) -> Done<()> {
        self.edit(|world| {
            let number = world.number(file)?;
            world.set_trashed(number, trashed)
        })
    }

    /// Removes a file or folder for good.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn delete(&self, file: &str) -> Done<()> {
        self.edit(|world| {
            let number = world.number(file)?;
            world.delete(number)
        })
    }

    /// Shares a file or folder; gives back the id of the permission.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn share(&self, file: &str, grantee: Grantee, role: Role) -> Done<String> {
        self.edit(|world| {
            let number = world.number(file)?;
            world.share(number, grantee, role, None)
        })
    }

    /// As [`share`](Self::share), until a time.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn share_until(
        &self,
        file: &str,
        grantee: Grantee,
        role: Role,
        expires: DateTime<Utc>,
    ) -> Done<String> {
        self.edit(|world| {
            let number = world.number(file)?;
            world.share(number, grantee, role, Some(expires))
        })
    }

    /// Takes a permission away.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn unshare(&self, file: &str, permission: &str) -> Done<()> {
        self.edit(|world| {
            let number = world.number(file)?;
            world.unshare(number, permission)
        })
    }

    /// Gives a file of My Drive to another person.
    ///
    /// # Errors
    ///
    /// When one of them is not there.
    pub fn give(&self, file: &str, new_owner: &str) -> Done<()> {
        self.edit(|world| {
            let number = world.number(file)?;
            world.give(number, new_owner)
        })
    }

    /// Makes a document of Google's own, such as `document`; gives back its id.
    ///
    /// # Errors
    ///
    /// When there is no such place.
    pub fn put_native(&self, place: &str, path: &str, kind: &str, who: &str) -> Done<String> {
        let mime_type = format!("{NATIVE_PREFIX}{kind}");
        self.put_without_bytes(place, path, &mime_type, Rare::default(), who)
    }

    /// Makes a shortcut to a file; gives back its id.
    ///
    /// # Errors
    ///
    /// When there is no such place or file.
    pub fn put_shortcut(&self, place: &str, path: &str, target: &str, who: &str) -> Done<String> {
        let target_type = self.file(target)?.mime_type;
        let rare = Rare {
            target: Some(target.to_owned()),
            target_type: Some(target_type),
            ..Rare::default()
        };
        self.put_without_bytes(place, path, SHORTCUT, rare, who)
    }

    fn put_without_bytes(
        &self,
        place: &str,
        path: &str,
        mime_type: &str,
        rare: Rare,
        who: &str,
    ) -> Done<String> {
        self.edit(|world| {
            let actor = Actor::person(who);
            let root = world.root(place)?;
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let folder = world.folder_at(root, folder, &actor)?;
            let mut new = NewFile::new(name, mime_type, folder, None);
            new.rare = rare;
            let number = world.create(new, &actor)?;
            Ok(world.file(number)?.id.clone())
        })
    }

    /// Locks a file's content with a content restriction, or lifts all restrictions.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn set_restricted(&self, file: &str, restricted: bool, who: &str) -> Done<()> {
        self.change(file, |rare, now| {
            rare.restrictions.clear();
            if restricted {
                rare.restrictions.push(Restriction {
                    read_only: true,
                    reason: Some("Final".to_owned()),
                    by: who.to_owned(),
                    since: now,
                    by_system: false,
                });
            }
        })
    }

    /// Gives a capability another value than the role gives it, or the role's again.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn set_capability(&self, file: &str, name: &str, value: Option<bool>) -> Done<()> {
        self.change(file, |rare, _| {
            match value {
                Some(value) => rare.capabilities.insert(name.to_owned(), value),
                None => rare.capabilities.remove(name),
            };
        })
    }

    /// Says that a file is encrypted by its owner's own software.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn set_client_encrypted(&self, file: &str, is_encrypted: bool) -> Done<()> {
        self.change(file, |rare, _| rare.client_encrypted = is_encrypted)
    }

    /// Flags a file as malware.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn set_abusive(&self, file: &str, is_abusive: bool) -> Done<()> {
        self.change(file, |rare, _| rare.abusive = is_abusive)
    }

    /// Bounds how often a file's bytes can be read.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn set_downloads_left(&self, file: &str, left: Option<u32>) -> Done<()> {
        self.change(file, |rare, _| rare.downloads_left = left)
    }

    /// Changes something about a file that is not its content, so that its version and etag move.
    ///
    /// # Errors
    ///
    /// When there is none of this id.
    pub fn edit_metadata(&self, file: &str) -> Done<()> {
        self.change(file, |rare, _| rare.starred = !rare.starred)
    }

    fn change(&self, file: &str, change: impl FnOnce(&mut Rare, DateTime<Utc>)) -> Done<()> {
        self.edit(|world| {
            let number = world.number(file)?;
            let now = to_milliseconds(world.now);
            change(&mut world.file_mut(number)?.rare, now);
            world.touch(number, Touch::Metadata);
            Ok(())
        })
    }
}
