//! The state with all that a change of it needs.

mod access;
mod edit;
mod events;
mod share;

use chrono::{DateTime, FixedOffset, SecondsFormat, TimeZone as _, Utc};
use data_encoding::HEXLOWER;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use url::Url;

pub(crate) use self::access::Access;
pub(crate) use self::edit::{EditError, NewVersion};
use super::state::item::{Item, Place, Version};
use super::state::{Id, Millis, State};
use super::switches::Switches;
use crate::frame::{Content, Journal, StoredVersion};

/// The base URLs, each with a `/` at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bases {
    /// Tokens and the API, in the place of `https://api.box.com`.
    pub api: Url,
    /// Uploads, in the place of `https://upload.box.com`.
    pub upload: Url,
    /// Pre-signed downloads, in the place of `https://dl.boxcloud.com`.
    pub download: Url,
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Actor {
    pub(crate) user: Id,
    /// Whether through the app.
    pub(crate) by_app: bool,
}

impl Actor {
    /// A person at their browser.
    pub(crate) fn person(user: Id) -> Self {
        Self {
            user,
            by_app: false,
        }
    }
}

/// The state, locked, at a time.
pub(crate) struct World<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) switches: &'a Switches,
    pub(crate) bases: &'a Bases,
    pub(crate) journal: &'a Journal,
    pub(crate) now: DateTime<Utc>,
}

impl World<'_> {
    /// The time in milliseconds.
    pub(crate) fn millis(&self) -> Millis {
        self.now.timestamp_millis()
    }

    /// A time as the service writes it: whole seconds, with an offset.
    pub(crate) fn timestamp(&self, millis: Millis) -> String {
        let time = Utc
            .timestamp_millis_opt(millis)
            .single()
            .unwrap_or_default();
        match FixedOffset::east_opt(self.switches.offset_minutes * 60) {
            Some(offset) => time
                .with_timezone(&offset)
                .to_rfc3339_opts(SecondsFormat::Secs, false),
            None => time.to_rfc3339_opts(SecondsFormat::Secs, true),
        }
    }

    /// Keeps a content; its number.
    pub(crate) fn keep(&mut self, content: impl Into<Content>) -> usize {
        self.state.contents.add(&content.into())
    }

    /// The content of a version.
    pub(crate) fn content(&self, version: &Version) -> Content {
        self.state
            .contents
            .get(version.content)
            .cloned()
            .unwrap_or_default()
    }

    /// SHA-1 of a version's content, as the service writes it.
    pub(crate) fn sha1(&self, version: &Version) -> String {
        let sha1 = sha1_of(&self.content(version));
        if self.switches.sha1_upper_case {
            sha1.to_uppercase()
        } else {
            sha1
        }
    }

    /// Names of the folders above an item and its own, from the root on.
    pub(crate) fn path(&self, id: Id) -> String {
        let mut names: Vec<&str> = self
            .state
            .tree
            .ancestors(id)
            .into_iter()
            .rev()
            .filter_map(|above| self.state.tree.get(above))
            .map(|above| &*above.name)
            .collect();
        names.extend(self.state.tree.get(id).map(|item| &*item.name));
        names.join("/")
    }

    /// Whose the contents of a place are.
    pub(crate) fn owner_of(&self, place: Place) -> Option<Id> {
        match place {
            Place::Root(user) => self.state.users.contains_key(&user).then_some(user),
            Place::Folder(folder) => Some(self.state.tree.active(folder)?.owner),
        }
    }

    /// An active item.
    pub(crate) fn item(&self, id: Id) -> Result<&Item, EditError> {
        self.state.tree.active(id).ok_or(EditError::NotFound)
    }

    /// Notes in the journal that the present content of a file was stored.
    fn record_version(&self, id: Id, actor: Actor) {
        let Some(item) = self.state.tree.get(id) else {
            return;
        };
        let Some(version) = item.version() else {
            return;
        };
        let login = |user: Id| {
            let user = self.state.users.get(&user);
            user.map_or_else(String::new, |user| user.login.clone())
        };
        self.journal.record_version(StoredVersion {
            seq: 0,
            time: self.now,
            drive: login(item.owner),
            item: id.to_string(),
            path: self.path(id),
            sha256: self.content(version).sha256().to_owned(),
            size: version.size,
            who: login(actor.user),
            application: actor.by_app.then(|| self.state.app.client_id.clone()),
        });
    }
}

/// SHA-1 in lower-case hex, computed once for each content.
pub(crate) fn sha1_of(content: &Content) -> String {
    content.digest("sha1", hex_sha1).to_string()
}

/// SHA-1 in lower-case hex.
pub(crate) fn hex_sha1(bytes: &[u8]) -> String {
    HEXLOWER.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref())
}
