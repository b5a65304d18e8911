//! What types of events mean (reference/box.md §3.3). The list is open: what is not in it is not asked for, and ignored
//! where it comes all the same.

use std::collections::HashMap;

use crate::model::{Event, Id, Source};

/// What an event says of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    /// It is there, new or with another content, with all that lies in it.
    Appeared,
    Moved,
    Renamed,
    Removed,
    /// Others can reach it, or no longer.
    Shared,
}

const MEANINGS: &[(&str, Meaning)] = &[
    ("UPLOAD", Meaning::Appeared),
    ("EDIT", Meaning::Appeared),
    ("CREATE", Meaning::Appeared),
    ("COPY", Meaning::Appeared),
    ("FILE_VERSION_RESTORE", Meaning::Appeared),
    ("ITEM_MODIFY", Meaning::Appeared),
    ("UNDELETE", Meaning::Appeared),
    ("MOVE", Meaning::Moved),
    ("RENAME", Meaning::Renamed),
    ("DELETE", Meaning::Removed),
    ("SHARE", Meaning::Shared),
    ("UNSHARE", Meaning::Shared),
    ("ITEM_SHARED_UPDATE", Meaning::Shared),
    ("SHARE_EXPIRATION", Meaning::Shared),
    ("UPDATE_SHARE_EXPIRATION", Meaning::Shared),
    ("COLLABORATION_INVITE", Meaning::Shared),
    ("COLLABORATION_ACCEPT", Meaning::Shared),
    ("COLLABORATION_REMOVE", Meaning::Shared),
    ("COLLABORATION_ROLE_CHANGE", Meaning::Shared),
    ("COLLABORATION_EXPIRATION", Meaning::Shared),
    ("UPDATE_COLLABORATION_EXPIRATION", Meaning::Shared),
    ("CHANGE_FOLDER_PERMISSION", Meaning::Shared),
    ("GROUP_ADD_ITEM", Meaning::Shared),
    ("GROUP_REMOVE_ITEM", Meaning::Shared),
];

/// What happens to users.
const OF_USERS: &[&str] = &["NEW_USER", "EDIT_USER", "DELETE_USER", "CHANGE_ADMIN_ROLE"];

/// Those after which a user's files are listed: they may have been there before.
const OF_COMING_USERS: &[&str] = &["NEW_USER", "CHANGE_ADMIN_ROLE"];

/// Who is in groups.
const OF_GROUPS: &[&str] = &["GROUP_ADD_USER", "GROUP_REMOVE_USER"];

/// The types that are asked for.
pub(super) static SUBSCRIBED: std::sync::LazyLock<Vec<&'static str>> =
    std::sync::LazyLock::new(|| {
        let of_items = MEANINGS.iter().map(|(kind, _)| kind);
        of_items.chain(OF_USERS).chain(OF_GROUPS).copied().collect()
    });

/// A file or folder, and what events said of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TouchedItem {
    pub(super) id: Id,
    pub(super) is_folder: bool,
    pub(super) name: Option<String>,
    /// Whose it is by the last event that says so.
    pub(super) owner: Option<Id>,
    pub(super) owner_login: Option<String>,
    /// Who did something to it, the last first. They saw it then.
    pub(super) doers: Vec<Id>,
    pub(super) appeared: bool,
    pub(super) moved: bool,
    pub(super) renamed: bool,
    pub(super) removed: bool,
    pub(super) shared: bool,
}

/// Everything that events of a page speak of, each thing once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Touched {
    /// In the order in which they came first.
    pub(super) items: Vec<TouchedItem>,
    /// Whether their files are to be listed.
    pub(super) users: Vec<(Id, bool)>,
    pub(super) groups: bool,
}

/// Most people who are remembered to have done something to one item.
const MOST_DOERS: usize = 3;

impl Touched {
    pub(super) fn by(events: &[&Event]) -> Self {
        let mut touched = Self::default();
        let mut places = HashMap::new();
        for event in events {
            let Some(kind) = event.event_type.as_deref() else {
                continue;
            };
            if OF_GROUPS.contains(&kind) {
                touched.groups = true;
            } else if OF_USERS.contains(&kind) {
                touched.note_user(event, OF_COMING_USERS.contains(&kind));
            } else if let Some((_, meaning)) = MEANINGS.iter().find(|(known, _)| *known == kind) {
                touched.note_item(event, *meaning, &mut places);
            }
        }
        touched
    }

    fn note_user(&mut self, event: &Event, comes: bool) {
        let is_user = |source: &&Source| source.kind.as_deref() == Some("user");
        let source = event.source.as_ref().filter(is_user);
        let Some(user) = source.and_then(|source| source.id) else {
            return;
        };
        match self.users.iter_mut().find(|(known, _)| *known == user) {
            Some((_, listed)) => *listed |= comes,
            None => self.users.push((user, comes)),
        }
    }

    fn note_item(
        &mut self,
        event: &Event,
        meaning: Meaning,
        places: &mut HashMap<(bool, Id), usize>,
    ) {
        let Some(source) = &event.source else {
            return;
        };
        let (Some(id), Some(is_folder)) = (
            source.item_id,
            match source.item_type.as_deref() {
                Some("file") => Some(false),
                Some("folder") => Some(true),
                _ => None,
            },
        ) else {
            return;
        };
        if id == Id::ROOT {
            return;
        }
        let place = *places.entry((is_folder, id)).or_insert_with(|| {
            self.items.push(TouchedItem::new(id, is_folder));
            self.items.len() - 1
        });
        let Some(item) = self.items.get_mut(place) else {
            return;
        };
        if let Some(owner) = &source.owned_by {
            item.owner = Some(owner.id);
            item.owner_login.clone_from(&owner.login);
        }
        if source.item_name.is_some() {
            item.name.clone_from(&source.item_name);
        }
        if let Some(doer) = &event.created_by
            && !item.doers.contains(&doer.id)
        {
            item.doers.insert(0, doer.id);
            item.doers.truncate(MOST_DOERS);
        }
        match meaning {
            Meaning::Appeared => item.appeared = true,
            Meaning::Moved => item.moved = true,
            Meaning::Renamed => item.renamed = true,
            Meaning::Removed => item.removed = true,
            Meaning::Shared => item.shared = true,
        }
    }
}

impl TouchedItem {
    fn new(id: Id, is_folder: bool) -> Self {
        Self {
            id,
            is_folder,
            name: None,
            owner: None,
            owner_login: None,
            doers: Vec::new(),
            appeared: false,
            moved: false,
            renamed: false,
            removed: false,
            shared: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_to_what_they_mean() {
        let event = |text: &str| -> Event { serde_json::from_str(text).unwrap() };
        let of_item = |kind: &str, item: &str, id: u64, by: u64| {
            event(&format!(
                r#"{{"event_type":"{kind}","created_by":{{"id":"{by}"}},"source":{{"item_type":"{item}","item_id":"{id}","item_name":"n","owned_by":{{"id":"1","login":"o"}}}}}}"#
            ))
        };
        let item = |id: u64, is_folder: bool, doers: &[u64]| TouchedItem {
            name: Some("n".to_owned()),
            owner: Some(Id(1)),
            owner_login: Some("o".to_owned()),
            doers: doers.iter().copied().map(Id).collect(),
            ..TouchedItem::new(Id(id), is_folder)
        };
        let table: Vec<(Vec<Event>, Touched)> = vec![
            (vec![], Touched::default()),
            (
                vec![
                    of_item("EDIT", "file", 8, 1),
                    of_item("MOVE", "file", 8, 2),
                    of_item("EDIT", "file", 8, 1),
                ],
                Touched {
                    items: vec![TouchedItem {
                        appeared: true,
                        moved: true,
                        ..item(8, false, &[2, 1])
                    }],
                    ..Touched::default()
                },
            ),
            (
                vec![
                    of_item("DELETE", "folder", 8, 1),
                    of_item("RENAME", "file", 8, 1),
                    of_item("SHARE", "folder", 9, 1),
                ],
                Touched {
                    items: vec![
                        TouchedItem {
                            removed: true,
                            ..item(8, true, &[1])
                        },
                        TouchedItem {
                            renamed: true,
                            ..item(8, false, &[1])
                        },
                        TouchedItem {
                            shared: true,
                            ..item(9, true, &[1])
                        },
                    ],
                    ..Touched::default()
                },
            ),
            (
                vec![
                    event(r#"{"event_type":"EDIT_USER","source":{"type":"user","id":"7"}}"#),
                    event(r#"{"event_type":"NEW_USER","source":{"type":"user","id":"7"}}"#),
                    event(r#"{"event_type":"GROUP_ADD_USER","source":null}"#),
                ],
                Touched {
                    users: vec![(Id(7), true)],
                    groups: true,
                    ..Touched::default()
                },
            ),
            (
                vec![
                    of_item("SOMETHING_NEW", "file", 8, 1),
                    of_item("UPLOAD", "web_link", 8, 1),
                    of_item("SHARE", "folder", 0, 1),
                    event("{}"),
                    event(r#"{"event_type":"EDIT","source":null}"#),
                    event(r#"{"event_type":"EDIT_USER","source":null}"#),
                ],
                Touched::default(),
            ),
        ];
        for (events, expected) in table {
            let events: Vec<&Event> = events.iter().collect();
            assert_eq!(Touched::by(&events), expected, "{events:?}");
        }
    }
}
