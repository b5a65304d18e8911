//! Drives: libraries of sites, and people's OneDrives.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::actor::Actors;
use super::item::{Item, ItemIndex, Kind, Millis};
use super::permission::{Grant, Permission, Principal};
use super::site::SiteIndex;
use super::tree::Tree;
use crate::microsoft::ids::{self, DriveKey};

/// The place of a drive in the state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct DriveIndex(pub(crate) usize);

/// A drive.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Drive {
    pub(crate) key: DriveKey,
    pub(crate) id: String,
    pub(crate) site: SiteIndex,
    /// The title: `Documents`.
    pub(crate) name: String,
    /// The part of its URLs below the site's: `Shared Documents`.
    pub(crate) url_name: String,
    pub(crate) kind: DriveKind,
    pub(crate) owner: Owner,
    pub(crate) library: Library,
    pub(crate) quota: u64,
    pub(crate) created: Millis,
    /// Tokens from before this number are refused with 410.
    pub(crate) epoch: u32,
    /// Who has access to the whole library.
    pub(crate) permissions: Vec<Permission>,
    pub(crate) tree: Tree,
}

/// The kind of a drive, as `driveType` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum DriveKind {
    /// A person's OneDrive.
    Business,
    /// A library of a site.
    DocumentLibrary,
}

/// Whose a drive is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Owner {
    /// A person of the directory.
    User(Uuid),
    /// A group of the directory.
    Group(Uuid),
    /// Not said, as for some libraries.
    Unknown,
}

/// The settings of a library, as SharePoint REST shows them (reference/microsoft-graph.md §5.5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Library {
    /// Whether a file must be checked out before it is changed.
    pub force_checkout: bool,
    /// Whether versions are kept.
    pub enable_versioning: bool,
    /// Whether there are drafts.
    pub enable_minor_versions: bool,
    /// Whether content must be approved.
    pub enable_moderation: bool,
    /// Who sees drafts: 0 readers, 1 authors, 2 approvers.
    pub draft_version_visibility: u8,
    /// Whether content is protected when it leaves.
    pub irm_enabled: bool,
    /// Whether columns and files are left apart: no promotion.
    pub parser_disabled: bool,
    /// The label that new files get.
    pub default_sensitivity_label: String,
    /// Whether the drive has a `system` facet, and is hidden.
    pub system: bool,
}

impl Default for Library {
    fn default() -> Self {
        Self {
            force_checkout: false,
            enable_versioning: true,
            enable_minor_versions: false,
            enable_moderation: false,
            draft_version_visibility: 0,
            irm_enabled: false,
            parser_disabled: false,
            default_sensitivity_label: String::new(),
            system: false,
        }
    }
}

impl DriveKind {
    /// The word in `driveType`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Business => "business",
            Self::DocumentLibrary => "documentLibrary",
        }
    }
}

impl Drive {
    /// An empty drive.
    pub(crate) fn new(
        key: DriveKey,
        site: SiteIndex,
        kind: DriveKind,
        name: &str,
        now: Millis,
    ) -> Self {
        let mut tree = Tree::default();
        let root = Item {
            unique_id: ids::ROOT_FOLDER,
            name: "root".into(),
            parent: ItemIndex::ROOT,
            kind: Kind::Folder,
            deleted: false,
            created_by: Actors::SYSTEM,
            modified_by: Actors::SYSTEM,
            blob: None,
            size: 0,
            e_tag: 1,
            c_tag: 0,
            created: now,
            modified: now,
            sequence: 0,
            rare: None,
        };
        tree.insert(root, now);
        Self {
            id: key.drive_id(),
            key,
            site,
            name: name.to_owned(),
            url_name: name.to_owned(),
            kind,
            owner: Owner::Unknown,
            library: Library::default(),
            quota: 25 * 1024 * 1024 * 1024 * 1024,
            created: now,
            epoch: 0,
            permissions: Vec::new(),
            tree,
        }
    }

    /// The id of an item.
    pub(crate) fn item_id(&self, item: &Item) -> String {
        self.key.item_id(item.unique_id)
    }

    /// The live item of an id.
    pub(crate) fn find(&self, item_id: &str) -> Option<ItemIndex> {
        let index = self.tree.find(self.key.unique_id(item_id)?)?;
        self.tree.live(index).map(|_| index)
    }

    /// Bytes of all live files.
    pub(crate) fn used(&self) -> u64 {
        self.tree.size(ItemIndex::ROOT)
    }

    /// The entries that give access to an item, its own first, then those that it inherits.
    pub(crate) fn permissions_of(&self, index: ItemIndex) -> Vec<&Permission> {
        let mut found = Vec::new();
        for at in std::iter::once(index).chain(self.tree.ancestors(index)) {
            let Some(rare) = self.tree.get(at).and_then(|item| item.rare.as_deref()) else {
                continue;
            };
            found.extend(&rare.permissions);
            if rare.unique_permissions {
                return found;
            }
        }
        found.extend(&self.permissions);
        found
    }

    /// The sharing that an item has beyond the access to its library: the entries of itself and of the folders
    /// above it; `None` when nothing was shared on the way. With `own` only those of the item itself, which
    /// are empty when it has permissions of its own and is not shared.
    pub(crate) fn sharing(&self, index: ItemIndex, own: bool) -> Option<Vec<&Permission>> {
        let mut found: Option<Vec<&Permission>> = None;
        let way = std::iter::once(index).chain(self.tree.ancestors(index));
        for at in way.take(if own { 1 } else { usize::MAX }) {
            let Some(rare) = self.tree.get(at).and_then(|item| item.rare.as_deref()) else {
                continue;
            };
            if !rare.permissions.is_empty() || (own && rare.unique_permissions) {
                found.get_or_insert_default().extend(&rare.permissions);
            }
            if rare.unique_permissions {
                break;
            }
        }
        found
    }

    /// Gives the library the access that it has from the start: the site's three groups, or the owner's.
    pub(crate) fn grant_defaults(&mut self, site_title: &str, owner: Option<Principal>) {
        self.permissions = match owner {
            Some(owner) => vec![standing("owner", Grant::To(owner), "b3duZXI")],
            None => [
                ("Owners", "owner", "3"),
                ("Members", "write", "5"),
                ("Visitors", "read", "4"),
            ]
            .into_iter()
            .map(|(group, role, id)| {
                let name = format!("{site_title} {group}");
                let login = name.clone();
                standing(role, Grant::To(Principal::SiteGroup { name, login }), id)
            })
            .collect(),
        };
    }
}

fn standing(role: &str, grant: Grant, id: &str) -> Permission {
    Permission {
        id: id.to_owned(),
        roles: vec![role.to_owned()],
        grant,
        expires: None,
    }
}
