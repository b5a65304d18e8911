//! Who can reach a file (reference/box.md §8).

mod invited;

use std::time::Duration;

use chrono::{DateTime, Utc};
use labeld_connector::{Access, Collaborators, Error, ErrorKind, Exposure, FileRef, Result};

use crate::app::BoxApp;
use crate::call::Purpose;
use crate::model::{Id, Item, SharedLink};
use labeld_connector::Remembered;

/// How long it is known who can reach a folder where no event says otherwise.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Most folders and groups of which it is known.
const MOST_FOLDERS: usize = 20_000;
const MOST_GROUPS: usize = 2_000;

/// Most folders and groups of which more than [`NARROW`] bytes of addresses are remembered.
const MOST_WIDE: usize = 500;

/// Bytes of addresses that a remembered folder has at most, unless it is one of the few.
const NARROW: usize = 1_024;

const PURPOSE: &str = "find out who can reach";

/// What was found of those who can reach something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reach {
    /// Anybody with a link.
    pub(crate) public: bool,
    /// Somebody outside.
    pub(crate) external: bool,
    /// Somebody inside besides the owner.
    pub(crate) internal: bool,
    /// Something could not be found out.
    pub(crate) unknown: bool,
    /// There is a link, whomever it lets in.
    pub(crate) linked: bool,
    /// Whoever was invited by name, members of groups too.
    pub(crate) collaborators: Collaborators,
}

impl Reach {
    /// Nothing could be found out.
    fn unknown() -> Self {
        let mut collaborators = Collaborators::default();
        collaborators.cannot_tell();
        Self {
            unknown: true,
            collaborators,
            ..Self::default()
        }
    }

    fn and(mut self, other: &Self) -> Self {
        self.public |= other.public;
        self.external |= other.external;
        self.internal |= other.internal;
        self.unknown |= other.unknown;
        self.linked |= other.linked;
        self.collaborators.add_all(&other.collaborators);
        self
    }

    /// The level: what is found counts whatever else is unknown, as long as nothing wider can be behind that.
    fn exposure(&self) -> Exposure {
        match self {
            Self { public: true, .. } => Exposure::Public,
            Self { unknown: true, .. } => Exposure::Unknown,
            Self { external: true, .. } => Exposure::External,
            Self { internal: true, .. } => Exposure::Internal,
            _ => Exposure::Private,
        }
    }

    fn of_link(link: Option<&SharedLink>, now: DateTime<Utc>) -> Self {
        let mut reach = Self {
            linked: link.is_some(),
            ..Self::default()
        };
        match link.and_then(|link| link.reach(now)) {
            Some(Exposure::Public) => reach.public = true,
            Some(Exposure::Internal) => reach.internal = true,
            Some(_) => reach.unknown = true,
            None => {}
        }
        reach
    }
}

impl SharedLink {
    /// Whom the link lets in; `None` where nobody whom nothing else lets in. A policy may be stricter than the link itself.
    pub(crate) fn reach(&self, now: DateTime<Utc>) -> Option<Exposure> {
        let has_ended = self.unshared_at.is_some_and(|end| end <= now);
        if has_ended || self.effective_permission.as_deref() == Some("no_access") {
            return None;
        }
        match self
            .effective_access
            .as_deref()
            .or(self.access.as_deref())?
        {
            "open" => Some(Exposure::Public),
            "company" => Some(Exposure::Internal),
            "collaborators" => None,
            _ => Some(Exposure::Unknown),
        }
    }
}

/// Who can reach folders, and who is in groups.
#[derive(Debug)]
pub(crate) struct AccessCache {
    folders: Reaches,
    groups: Reaches,
}

impl Default for AccessCache {
    fn default() -> Self {
        Self {
            folders: Reaches::new(MOST_FOLDERS),
            groups: Reaches::new(MOST_GROUPS),
        }
    }
}

impl AccessCache {
    /// Something about a folder's access changed.
    pub(crate) fn forget(&self, folder: Id) {
        self.folders.remove(folder);
    }

    /// Something about groups changed.
    pub(crate) fn forget_groups(&self) {
        self.folders.clear();
        self.groups.clear();
    }
}

/// Who can reach things. Those with long lists of people are few, so that there is a bound to all of them together.
#[derive(Debug)]
struct Reaches {
    narrow: Remembered<Id, Reach>,
    wide: Remembered<Id, Reach>,
}

impl Reaches {
    fn new(most: usize) -> Self {
        Self {
            narrow: Remembered::new(most, LIFETIME),
            wide: Remembered::new(MOST_WIDE, LIFETIME),
        }
    }

    fn get(&self, id: Id) -> Option<Reach> {
        self.narrow.get(&id).or_else(|| self.wide.get(&id))
    }

    fn put(&self, id: Id, reach: Reach) {
        self.remove(id);
        match reach.collaborators.bytes() <= NARROW {
            true => self.narrow.put(id, reach),
            false => self.wide.put(id, reach),
        }
    }

    fn remove(&self, id: Id) {
        self.narrow.remove(&id);
        self.wide.remove(&id);
    }

    fn clear(&self) {
        self.narrow.clear();
        self.wide.clear();
    }
}

/// How much is to be found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Depth {
    /// How far it can be reached; nothing more once that is sure.
    Level,
    /// Also by name.
    Names,
}

impl BoxApp {
    /// How far a file can be reached: by a link or an invitation to it, or to a folder above it.
    pub(crate) async fn exposure_of(&self, file: &FileRef) -> Result<Exposure> {
        Ok(self.access_to(file, Depth::Level).await?.exposure)
    }

    /// Who can reach a file, also by name: whoever was invited to it or to a folder above it, and the members of invited
    /// groups.
    pub(crate) async fn access_of(&self, file: &FileRef) -> Result<Access> {
        self.access_to(file, Depth::Names).await
    }

    async fn access_to(&self, file: &FileRef, depth: Depth) -> Result<Access> {
        let purpose = Purpose {
            operation: PURPOSE,
            context: &file.0,
        };
        let own = self.own_file(file, &purpose).await?;
        let owner = own.name.owner;
        let mut reach = self
            .reach_of(&own.item, "files", owner, depth, &purpose)
            .await?;
        let above = own
            .item
            .path_collection
            .iter()
            .flat_map(|path| &path.entries);
        for folder in above.filter(|folder| folder.id != Id::ROOT) {
            if reach.public && depth == Depth::Level {
                break;
            }
            reach = reach.and(&self.folder_reach(folder.id, owner, &purpose).await?);
        }
        // A link that the service knows of and that was not found.
        reach.unknown |= own.item.is_accessible_via_shared_link == Some(true) && !reach.linked;
        let owner = own
            .item
            .owned_by
            .as_ref()
            .and_then(|by| by.login.as_deref());
        Ok(Access {
            exposure: reach.exposure(),
            collaborators: reach.collaborators.without(owner),
        })
    }

    async fn folder_reach(&self, folder: Id, owner: Id, purpose: &Purpose<'_>) -> Result<Reach> {
        if let Some(reach) = self.access.folders.get(folder) {
            return Ok(reach);
        }
        // What is remembered serves both questions.
        let depth = Depth::Names;
        let reach = match self.folder_as(folder, owner, purpose).await {
            Ok(item) => {
                self.reach_of(&item, "folders", owner, depth, purpose)
                    .await?
            }
            Err(error) => unknown_or(error)?,
        };
        if !reach.unknown {
            self.access.folders.put(folder, reach.clone());
        }
        Ok(reach)
    }

    /// Who can reach an item by what was done to the item itself.
    async fn reach_of(
        &self,
        item: &Item,
        kind: &str,
        owner: Id,
        depth: Depth,
        purpose: &Purpose<'_>,
    ) -> Result<Reach> {
        let now = self.service.clock().now();
        let mut reach = Reach::of_link(item.shared_link.as_ref(), now);
        reach.external |= item.is_externally_owned == Some(true);
        let is_sure = reach.public && depth == Depth::Level;
        if item.has_collaborations == Some(false) || is_sure {
            return Ok(reach);
        }
        let invited = self.invited(kind, item.id, owner, purpose).await;
        let invited = invited.or_else(unknown_or)?;
        Ok(reach.and(&invited))
    }
}

/// What cannot be found out for good is unknown; what may work later is an error.
fn unknown_or(error: Error) -> Result<Reach> {
    if error.kind().is_retryable() || error.kind() == ErrorKind::Unauthenticated {
        return Err(error);
    }
    tracing::debug!(%error, "it remains unknown who can reach a file");
    Ok(Reach::unknown())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_reaches_as_far_as_it_has_effect() {
        let now = DateTime::parse_from_rfc3339("2026-05-04T12:00:00Z")
            .unwrap()
            .to_utc();
        use Exposure::*;
        for (text, reach) in [
            (
                r#"{"access":"open","effective_access":"open","effective_permission":"can_download"}"#,
                Some(Public),
            ),
            (
                r#"{"access":"open","effective_access":"company"}"#,
                Some(Internal),
            ),
            (r#"{"access":"open"}"#, Some(Public)),
            (r#"{"access":"company"}"#, Some(Internal)),
            (r#"{"access":"collaborators"}"#, None),
            (r#"{"access":"something new"}"#, Some(Unknown)),
            (
                r#"{"access":"open","effective_permission":"no_access"}"#,
                None,
            ),
            (
                r#"{"access":"open","unshared_at":"2026-05-04T11:59:59Z"}"#,
                None,
            ),
            (
                r#"{"access":"open","unshared_at":"2026-05-04T05:00:01-07:00"}"#,
                Some(Public),
            ),
            ("{}", None),
        ] {
            let link: SharedLink = serde_json::from_str(text).unwrap();
            assert_eq!(link.reach(now), reach, "{text}");
        }
    }

    #[test]
    fn the_widest_reach_that_is_sure_counts() {
        let reach = |letters: &str| Reach {
            public: letters.contains('p'),
            external: letters.contains('e'),
            internal: letters.contains('i'),
            unknown: letters.contains('u'),
            ..Reach::default()
        };
        use Exposure::*;
        for (letters, exposure) in [
            ("", Private),
            ("i", Internal),
            ("ei", External),
            ("pei", Public),
            ("pu", Public),
            ("u", Unknown),
            ("iu", Unknown),
            ("eu", Unknown),
        ] {
            assert_eq!(reach(letters).exposure(), exposure, "{letters}");
        }
        assert_eq!(reach("i").and(&reach("e")), reach("ie"));
    }
}
