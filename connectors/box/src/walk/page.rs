//! One page of a walk.

use std::sync::Arc;

use labeld_connector::{Change, ChangePage, Error, ErrorKind, Result, UnreadableFolder};

use super::cursor::{Level, MOST_DEPTH, MOST_MARKER, Position, Walk};
use super::enter::Entered;
use super::held::{Open, OpenPlace, shrink};
use crate::app::BoxApp;
use crate::call::Acting;
use crate::directory::{Member, People, not_covered};
use crate::item::{ENTRY_FIELDS, folder_meta, folders_above, joined, place_of};
use crate::model::{Id, Item, Page};
use crate::reference::folder_ref;
use crate::words::status_of;

/// Calls for one page at most, so that a tree without files makes pages too.
const MOST_CALLS: usize = 20;

/// How often a folder is listed from its beginning because its markers are refused.
const MOST_REFUSALS: u32 = 3;

/// A page that is being made.
pub(super) struct Making {
    /// Tells the cursor that the page begins at from others.
    pub(super) from: u64,
    pub(super) people: Arc<People>,
    pub(super) walk: Walk,
    pub(super) levels: Vec<Open>,
    pub(super) changes: Vec<Change>,
    pub(super) unreadable: Vec<UnreadableFolder>,
    calls: usize,
}

/// What stands against listing a folder.
enum Closed {
    /// It is not there for this user any more.
    Gone,
    /// The service refuses it.
    Refused(Error),
}

impl BoxApp {
    /// Goes on with a walk until a page is full.
    pub(super) async fn walk_page(
        &self,
        from: u64,
        mut position: Position,
        walk: Walk,
    ) -> Result<ChangePage> {
        let people = self.people().await?;
        let levels = self.take_held(from, walk.stack.len());
        let mut making = Making {
            from,
            people,
            walk,
            levels,
            changes: Vec::new(),
            unreadable: Vec::new(),
            calls: 0,
        };
        if from == 0 {
            making.tell_uncovered();
        }
        let goes_on = match self.fill(&mut making).await {
            Ok(goes_on) => goes_on,
            // What was listed so far is good; the next page begins with the error.
            Err(_) if !making.changes.is_empty() => true,
            Err(error) => return Err(error),
        };
        position.walk = goes_on.then_some(making.walk);
        let next = position.to_cursor()?;
        if goes_on {
            shrink(&mut making.levels);
            self.hold(&next, making.levels);
        }
        Ok(ChangePage {
            changes: making.changes,
            unreadable: making.unreadable,
            next,
            // At the end the events since the beginning are still to come.
            more: true,
        })
    }

    /// Whether the walk goes on after the page.
    async fn fill(&self, making: &mut Making) -> Result<bool> {
        while making.changes.len() < self.page_size && making.calls < MOST_CALLS {
            let Some(level) = making.walk.stack.len().checked_sub(1) else {
                if !making.next_user() {
                    return Ok(false);
                }
                continue;
            };
            if !self.open(making, level).await? {
                making.close();
                continue;
            }
            self.step(making, level);
        }
        Ok(true)
    }

    /// Goes past one entry of the innermost folder, into it where it is a folder.
    fn step(&self, making: &mut Making, level: usize) {
        let (Some(open), Some(state)) = (
            making.levels.get_mut(level),
            making.walk.stack.get_mut(level),
        ) else {
            return;
        };
        let Some(item) = open
            .entries
            .as_mut()
            .and_then(std::collections::VecDeque::pop_front)
        else {
            match open.next_marker.take() {
                Some(marker) => {
                    state.marker = Some(marker);
                    state.after = None;
                    open.entries = None;
                }
                None => making.close(),
            }
            return;
        };
        state.after = Some(item.id);
        let folder = state.folder;
        let Some(place) = open.place.clone() else {
            return;
        };
        match self.enter(making, &item, folder, &place) {
            Entered::Nothing => {}
            Entered::Change(change) => making.changes.push(change),
            Entered::Unreadable(unreadable) => making.unreadable.push(unreadable),
            Entered::Folder { meta, owner } => {
                let path = meta.path.clone();
                making.changes.push(Change::FolderAt(meta));
                if making.walk.stack.len() >= MOST_DEPTH {
                    making.unreadable.push(too_deep(path));
                    return;
                }
                making.walk.stack.push(Level::new(item.id));
                making.levels.push(Open::at(path, owner));
            }
        }
    }

    /// Makes sure that the innermost folder and its page are there; `false` when it is to be left.
    async fn open(&self, making: &mut Making, level: usize) -> Result<bool> {
        if making
            .levels
            .get(level)
            .is_some_and(|open| open.entries.is_some())
        {
            return Ok(true);
        }
        let opened = match self.find_place(making, level).await {
            Ok(()) => self.fetch_entries(making, level).await,
            Err(closed) => Err(closed),
        };
        match opened {
            Ok(()) => Ok(true),
            Err(Closed::Gone) => {
                self.tell_gone(making, level);
                Ok(false)
            }
            Err(Closed::Refused(error)) => {
                self.tell_refused(making, level, error).await?;
                Ok(false)
            }
        }
    }

    /// Looks where a folder is, when the walk goes on after a restart or begins in it.
    async fn find_place(
        &self,
        making: &mut Making,
        level: usize,
    ) -> std::result::Result<(), Closed> {
        if making
            .levels
            .get(level)
            .is_some_and(|open| open.place.is_some())
        {
            return Ok(());
        }
        let Some(state) = making.walk.stack.get(level).cloned() else {
            return Err(Closed::Gone);
        };
        let is_beginning = level == 0 && state.is_new();
        let user = making.walk.user;
        // Nobody can be acted as any more whose role changed.
        let member = making.people.covered(user).cloned().ok_or(Closed::Gone)?;
        let place = if state.folder == Id::ROOT {
            if is_beginning {
                making.tell_root(&member);
            }
            OpenPlace {
                path: member.login,
                owner: user,
            }
        } else {
            making.calls += 1;
            let purpose = self.feed_purpose();
            let mut found = self
                .folder_as(state.folder, user, &purpose)
                .await
                .map_err(closed)?;
            if found.is_gone() {
                return Err(Closed::Gone);
            }
            let owner = found.owner().unwrap_or(user);
            if owner != user && making.people.covered(owner).is_some() {
                // It has another owner by now, in whose name it is seen whole.
                found = self
                    .folder_as(state.folder, owner, &purpose)
                    .await
                    .map_err(closed)?;
                if level > 0 {
                    return Err(Closed::Gone);
                }
                making.walk.user = owner;
            }
            let login = login_of(&making.people, &found, owner);
            if is_beginning {
                self.tell_beginning(making, &found, owner, &login);
            }
            let (above, _) = place_of(&found, &login);
            let name = found.name.as_deref().unwrap_or(crate::item::SOMEWHERE);
            OpenPlace {
                path: joined(&above, name),
                owner,
            }
        };
        if let Some(open) = making.levels.get_mut(level) {
            open.place = Some(place);
        }
        Ok(())
    }

    /// Tells where the folder is that a walk begins in, and those above it.
    fn tell_beginning(&self, making: &mut Making, found: &Item, owner: Id, login: &str) {
        let (above, parent) = place_of(found, login);
        let is_own = owner == making.walk.user;
        if is_own {
            let folders = folders_above(found, owner, login);
            self.tell_folders(making.from, owner, folders, true, &mut making.changes);
        }
        let name = found.name.as_deref().unwrap_or(crate::item::SOMEWHERE);
        let parent = (is_own || parent != Id::ROOT).then_some(parent);
        let meta = folder_meta(found.id, parent, joined(&above, name), owner);
        self.seen
            .note_folder(found.id, owner, &meta.path, making.from);
        making.changes.push(Change::FolderAt(meta));
    }

    /// Fetches the page that the walk is at.
    async fn fetch_entries(
        &self,
        making: &mut Making,
        level: usize,
    ) -> std::result::Result<(), Closed> {
        let (Some(state), Some(open)) = (
            making.walk.stack.get_mut(level),
            making.levels.get_mut(level),
        ) else {
            return Err(Closed::Gone);
        };
        making.calls += 1;
        let mut page = self.items(making.walk.user, state).await;
        let refused = |error: &Error| status_of(error) == Some(400);
        if state.marker.is_some()
            && open.refusals < MOST_REFUSALS
            && page.as_ref().is_err_and(refused)
        {
            // Markers are short-lived; what was listed before is listed again.
            open.refusals += 1;
            *state = Level::new(state.folder);
            page = self.items(making.walk.user, state).await;
        }
        let page = page.map_err(closed)?;
        let next_marker = page.next().map(str::to_owned);
        if next_marker
            .as_ref()
            .is_some_and(|marker| marker.len() > MOST_MARKER)
        {
            return Err(Closed::Refused(
                self.feed_purpose()
                    .malformed("the marker of the next page is too long"),
            ));
        }
        let mut entries: std::collections::VecDeque<Item> = page.entries.into();
        if let Some(after) = state.after {
            // When it is no longer there, entries before it may be listed again.
            if let Some(at) = entries.iter().position(|item| item.id == after) {
                entries.drain(..=at);
            }
        }
        open.entries = Some(entries);
        open.next_marker = next_marker;
        Ok(())
    }

    async fn items(&self, user: Id, level: &Level) -> Result<Page<Item>> {
        let limit = self.page_size.to_string();
        let mut query = vec![
            ("usemarker", "true"),
            ("limit", limit.as_str()),
            ("fields", ENTRY_FIELDS),
        ];
        if let Some(marker) = &level.marker {
            query.push(("marker", marker));
        }
        let url = self.api(&["folders", &level.folder.to_string(), "items"], &query)?;
        self.get(url, Acting::As(user), &self.feed_purpose()).await
    }

    /// A folder is no longer there: only that where a walk began is told, because its feed says so nowhere else.
    fn tell_gone(&self, making: &mut Making, level: usize) {
        let Some(state) = making.walk.stack.get(level) else {
            return;
        };
        if level == 0 && !making.walk.all && state.folder != Id::ROOT {
            let gone = folder_ref(state.folder, making.walk.user);
            making.changes.push(Change::FolderRemoved(gone));
        }
    }

    /// A folder cannot be listed: neither can what lies below it, which stays as it is known.
    async fn tell_refused(&self, making: &mut Making, level: usize, error: Error) -> Result<()> {
        let error = self.refusal_of_user(error).await?;
        let place = making.levels.get(level).and_then(|open| open.place.clone());
        let login = making
            .people
            .member(making.walk.user)
            .map(|member| &member.login);
        let path = match (place, login) {
            (Some(place), _) => place.path,
            (None, Some(login)) => login.clone(),
            (None, None) => return Ok(()),
        };
        making.unreadable.push(UnreadableFolder { path, error });
        Ok(())
    }

    /// An error that concerns a user or folder alone; one that concerns everything, or may pass, ends the page.
    pub(crate) async fn refusal_of_user(&self, error: Error) -> Result<Error> {
        if error.kind().is_retryable() {
            return Err(error);
        }
        if error.kind() == ErrorKind::Unauthenticated && self.who_am_i().await.is_err() {
            return Err(error);
        }
        Ok(error)
    }
}

impl Making {
    /// Users whose files nobody can look at: what is known of them stays.
    fn tell_uncovered(&mut self) {
        for (member, obstacle) in self.people.not_covered() {
            self.unreadable.push(UnreadableFolder {
                path: member.login.clone(),
                error: not_covered(member, obstacle),
            });
        }
    }

    /// Leaves the innermost folder.
    fn close(&mut self) {
        self.walk.stack.pop();
        self.levels.pop();
    }

    /// Begins with the next user, if there is one.
    fn next_user(&mut self) -> bool {
        if !self.walk.all {
            return false;
        }
        let Some(member) = self.people.next_covered(Some(self.walk.user)).cloned() else {
            return false;
        };
        self.walk = Walk::through_all(member.id);
        self.levels = vec![Open::default()];
        true
    }

    fn tell_root(&mut self, member: &Member) {
        let root = folder_meta(Id::ROOT, None, member.login.clone(), member.id);
        self.changes.push(Change::FolderAt(root));
    }
}

fn closed(error: Error) -> Closed {
    match error.kind() {
        ErrorKind::NotFound => Closed::Gone,
        _ => Closed::Refused(error),
    }
}

fn too_deep(path: String) -> UnreadableFolder {
    let error = Error::new(ErrorKind::Unsupported, "list", &path);
    UnreadableFolder {
        error: error.with_source(format!("folders are nested more than {MOST_DEPTH} deep")),
        path,
    }
}

/// The login under which the owner's files are shown.
pub(super) fn login_of(people: &People, item: &Item, owner: Id) -> String {
    let known = people.member(owner).map(|member| member.login.clone());
    let told = || item.owned_by.as_ref().and_then(|by| by.login.clone());
    known
        .or_else(told)
        .unwrap_or_else(|| crate::item::SOMEWHERE.to_owned())
}
