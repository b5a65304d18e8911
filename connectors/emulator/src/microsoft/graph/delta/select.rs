//! Which items a page of delta lists.

use std::collections::HashSet;

use super::token::Position;
use crate::microsoft::state::drive::Drive;
use crate::microsoft::state::item::ItemIndex;

/// An item to be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) item: ItemIndex,
    /// Whether its sharing changed.
    pub(super) sharing: bool,
}

/// What is wanted of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wishes {
    /// How many items, ancestors not counted.
    pub(super) size: usize,
    /// Whether changes of sharing count.
    pub(super) sharing: bool,
    /// Whether ancestors of the items are listed before them.
    pub(super) ancestors: bool,
    /// Whether the root is listed on each page that has items.
    pub(super) root: bool,
}

/// The items of a page, and where the next one begins.
#[derive(Debug)]
pub(super) struct Selected {
    pub(super) found: Vec<Found>,
    pub(super) next: Position,
}

impl Selected {
    pub(super) fn of(drive: &Drive, position: Position, wishes: &Wishes) -> Self {
        match position {
            Position::Enumeration {
                after,
                items,
                since,
            } => enumeration(drive, (after, items, since), wishes),
            Position::Changes { after, until } => changes(drive, after, until, wishes),
            Position::Link { after } => changes(drive, after, after, wishes),
        }
    }
}

/// Items in the order of their creation. Those made while the client enumerates have a change number of their
/// own after `since`, as have those that were moved, so the first delta link brings them.
fn enumeration(drive: &Drive, place: (Option<ItemIndex>, u32, u64), wishes: &Wishes) -> Selected {
    let (after, items, since) = place;
    let mut live = drive
        .tree
        .items_after(after)
        .take_while(|(index, _)| index.0 < items)
        .filter(|(_, item)| !item.deleted)
        .map(|(item, _)| Found {
            item,
            sharing: false,
        })
        .peekable();
    let page: Vec<Found> = live.by_ref().take(wishes.size).collect();
    let next = match (live.peek(), page.last()) {
        (Some(_), Some(last)) => Position::Enumeration {
            after: Some(last.item),
            items,
            since,
        },
        _ => Position::Link { after: since },
    };
    // A parent was made before its children, unless they were moved: only then it must be put first.
    let found = with_ancestors(drive, &page, wishes, |parent, item| parent > item);
    Selected { found, next }
}

fn changes(drive: &Drive, after: u64, until: u64, wishes: &Wishes) -> Selected {
    let tree = &drive.tree;
    let mut content = tree.changes(after, until).peekable();
    let mut sharing = tree
        .sharing_changes(after, if wishes.sharing { until } else { after })
        .peekable();
    let mut page = Vec::new();
    let mut reached = after;
    while page.len() < wishes.size {
        let taken = match (content.peek(), sharing.peek()) {
            (Some((first, _)), Some((second, _))) if second < first => take(sharing.next(), true),
            (Some(_), _) => take(content.next(), false),
            (None, _) => take(sharing.next(), true),
        };
        let Some((sequence, found)) = taken else {
            break;
        };
        reached = sequence;
        let is_live = tree.live(found.item).is_some();
        if is_live || !found.sharing {
            page.push(found);
        }
    }
    let more = content.peek().is_some() || sharing.peek().is_some();
    let next = if more {
        Position::Changes {
            after: reached,
            until,
        }
    } else {
        Position::Link { after: until }
    };
    Selected {
        found: with_ancestors(drive, &page, wishes, |_, _| true),
        next,
    }
}

fn take(entry: Option<(u64, ItemIndex)>, sharing: bool) -> Option<(u64, Found)> {
    entry.map(|(sequence, item)| (sequence, Found { item, sharing }))
}

/// Puts the ancestors of live items before them, each once, where `needed` says so of ancestor and item.
fn with_ancestors(
    drive: &Drive,
    page: &[Found],
    wishes: &Wishes,
    needed: impl Fn(ItemIndex, ItemIndex) -> bool,
) -> Vec<Found> {
    let mut listed: HashSet<ItemIndex> = HashSet::new();
    let mut found = Vec::with_capacity(page.len() + 1);
    let unchanged = |item| Found {
        item,
        sharing: false,
    };
    if wishes.root && !page.is_empty() && page.iter().all(|entry| entry.item != ItemIndex::ROOT) {
        listed.insert(ItemIndex::ROOT);
        found.push(unchanged(ItemIndex::ROOT));
    }
    for entry in page {
        if wishes.ancestors && drive.tree.live(entry.item).is_some() {
            let mut above: Vec<ItemIndex> = drive
                .tree
                .ancestors(entry.item)
                .filter(|ancestor| *ancestor != ItemIndex::ROOT || wishes.root)
                .filter(|ancestor| needed(*ancestor, entry.item) && !listed.contains(ancestor))
                .collect();
            above.reverse();
            for ancestor in above {
                listed.insert(ancestor);
                found.push(unchanged(ancestor));
            }
        }
        if listed.insert(entry.item) || entry.sharing {
            found.push(*entry);
        }
    }
    found
}
