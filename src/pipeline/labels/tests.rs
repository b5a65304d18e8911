use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const OURS: Uuid = Uuid::from_u128(0xA);
const THEIRS: Uuid = Uuid::from_u128(0xB);

fn time(hour: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(i64::from(hour) * 3600, 0).unwrap()
}

fn id(number: u8) -> Uuid {
    Uuid::from_u128(0x1000 + u128::from(number))
}

fn label(number: u8) -> LabelDefinition {
    LabelDefinition {
        id: id(number),
        display_name: format!("label {number}"),
        internal_name: None,
        parent: None,
        group: false,
        rank: Some(i64::from(number)),
        enabled: true,
        applies_to_files: Some(true),
        needs_protection: Some(false),
        published: None,
        rights_readable: None,
        description: None,
        color: None,
    }
}

fn labels(numbers: &[u8]) -> Vec<LabelDefinition> {
    numbers.iter().copied().map(label).collect()
}

/// A catalogue with its history, synced again and again.
#[derive(Default)]
struct Catalogue {
    entries: Vec<CatalogueEntry>,
    history: Vec<CatalogueEvent>,
    pending: Option<PendingLoss>,
    hour: u32,
}

impl Catalogue {
    /// Syncs and tells what happened, for example `["deleted 2"]`.
    fn sync(&mut self, list: &[LabelDefinition]) -> Vec<String> {
        self.hour += 1;
        let outcome = sync(
            &self.entries,
            list,
            self.pending.as_ref(),
            Some(OURS),
            time(self.hour),
        );
        self.entries = outcome.entries;
        self.pending = outcome.pending;
        self.history.extend(outcome.events.iter().cloned());
        outcome.events.iter().map(describe).collect()
    }

    fn entry(&self, number: u8) -> &CatalogueEntry {
        let mut found = self
            .entries
            .iter()
            .filter(|e| e.definition.id == id(number));
        let entry = found.next().unwrap();
        assert!(found.next().is_none(), "label {number} stands twice");
        entry
    }

    fn state(&self, number: u8) -> LabelState {
        self.entry(number).state
    }
}

fn describe(event: &CatalogueEvent) -> String {
    let number = event.label.as_u128() - 0x1000;
    format!("{:?} {number}", event.kind).to_lowercase()
}

#[test]
fn a_first_list_creates_and_an_equal_one_changes_nothing() {
    let mut catalogue = Catalogue::default();
    assert_eq!(catalogue.sync(&labels(&[1, 2])), ["created 1", "created 2"]);
    assert!(catalogue.sync(&labels(&[2, 1])).is_empty());
    let entry = catalogue.entry(1);
    assert_eq!((entry.first_seen, entry.last_seen), (time(1), time(2)));
    assert_eq!(entry.site_id, Some(OURS));
}

#[test]
fn each_change_is_its_own_event() {
    type Edit = fn(&mut LabelDefinition);
    let table: &[(Edit, &[&str])] = &[
        (|l| l.display_name = "other".into(), &["renamed 1"]),
        (|l| l.rank = Some(9), &["moved 1"]),
        (|l| l.parent = Some(id(2)), &["moved 1"]),
        (|l| l.enabled = false, &["disabled 1"]),
        (|l| l.needs_protection = Some(true), &["changed 1"]),
        (|l| l.color = Some("#112233".into()), &["changed 1"]),
        (
            |l| {
                l.display_name = "other".into();
                l.enabled = false;
            },
            &["renamed 1", "disabled 1"],
        ),
    ];
    for (edit, expected) in table {
        let mut catalogue = Catalogue::default();
        catalogue.sync(&labels(&[1, 2, 3]));
        let mut list = labels(&[1, 2, 3]);
        edit(&mut list[0]);
        assert_eq!(catalogue.sync(&list), *expected);
    }
}

#[test]
fn enabled_again_and_back_after_a_deletion() {
    let mut catalogue = Catalogue::default();
    let mut list = labels(&[1, 2, 3]);
    list[0].enabled = false;
    catalogue.sync(&list);
    assert_eq!(catalogue.state(1), LabelState::Disabled);
    assert_eq!(catalogue.sync(&labels(&[1, 2, 3])), ["enabled 1"]);
    assert_eq!(catalogue.sync(&labels(&[2, 3])), ["deleted 1"]);
    let gone = catalogue.entry(1);
    assert_eq!(gone.state, LabelState::Deleted);
    assert_eq!(gone.definition.display_name, "label 1");
    assert_eq!((gone.last_seen, gone.deleted_at), (time(2), Some(time(3))));
    assert!(catalogue.sync(&labels(&[2, 3])).is_empty());
    assert_eq!(catalogue.sync(&labels(&[1, 2, 3])), ["created 1"]);
    let back = catalogue.entry(1);
    assert_eq!((back.state, back.deleted_at), (LabelState::Active, None));
    assert_eq!(back.first_seen, time(1));
}

#[test]
fn a_large_loss_waits_for_its_confirmation() {
    // Lists that follow a list of the labels 1 to 4, and what each does.
    type Steps = &'static [(&'static [u8], &'static [&'static str], bool)];
    let table: &[(&str, Steps)] = &[
        (
            "less than half goes at once",
            &[(&[1, 2, 3], &["deleted 4"], false)],
        ),
        (
            "half is confirmed by the same list",
            &[
                (&[1, 2], &[], true),
                (&[1, 2], &["deleted 3", "deleted 4"], false),
            ],
        ),
        (
            "an empty list is confirmed by an empty list",
            &[
                (&[], &[], true),
                (
                    &[],
                    &["deleted 1", "deleted 2", "deleted 3", "deleted 4"],
                    false,
                ),
            ],
        ),
        (
            "a full list in between forgets the loss",
            &[
                (&[], &[], true),
                (&[1, 2, 3, 4], &[], false),
                (&[], &[], true),
            ],
        ),
        (
            "a larger loss is another loss",
            &[
                (&[1, 2], &[], true),
                (&[1], &[], true),
                (&[1], &["deleted 2", "deleted 3", "deleted 4"], false),
            ],
        ),
        (
            "a smaller loss within the first is confirmed",
            &[
                (&[], &[], true),
                (&[1], &["deleted 2", "deleted 3", "deleted 4"], false),
            ],
        ),
        (
            "new labels are taken meanwhile",
            &[
                (&[5], &["created 5"], true),
                (
                    &[5],
                    &["deleted 1", "deleted 2", "deleted 3", "deleted 4"],
                    false,
                ),
            ],
        ),
    ];
    for (name, steps) in table {
        let mut catalogue = Catalogue::default();
        catalogue.sync(&labels(&[1, 2, 3, 4]));
        for (list, events, waits) in *steps {
            assert_eq!(catalogue.sync(&labels(list)), *events, "{name}: {list:?}");
            assert_eq!(catalogue.pending.is_some(), *waits, "{name}: {list:?}");
        }
    }
}

#[test]
fn renames_are_taken_while_a_loss_waits() {
    let mut catalogue = Catalogue::default();
    catalogue.sync(&labels(&[1, 2, 3, 4]));
    let mut list = labels(&[1]);
    list[0].display_name = "other".into();
    assert_eq!(catalogue.sync(&list), ["renamed 1"]);
    assert_eq!(catalogue.state(4), LabelState::Active);
}

#[test]
fn children_make_a_parent_until_they_are_gone() {
    let mut catalogue = Catalogue::default();
    let mut list = labels(&[1, 2, 3, 4]);
    list[1].parent = Some(id(1));
    list[3].group = true;
    catalogue.sync(&list);
    assert_eq!(catalogue.state(1), LabelState::Parent);
    assert_eq!(catalogue.state(2), LabelState::Active);
    assert_eq!(catalogue.state(4), LabelState::Parent);
    list.remove(1);
    catalogue.sync(&list);
    assert_eq!(catalogue.state(1), LabelState::Active);
}

#[test]
fn labels_of_others_are_learned_and_left_alone() {
    let seen = learn_external(None, Some(THEIRS), id(9), None, time(1));
    assert_eq!(seen.state, LabelState::External);
    assert_eq!(seen.definition.display_name, id(9).to_string());
    let named = learn_external(Some(&seen), Some(THEIRS), id(9), Some("Amber"), time(3));
    assert_eq!(named.definition.display_name, "Amber");
    assert_eq!((named.first_seen, named.last_seen), (time(1), time(3)));
    let renamed = learn_external(Some(&named), Some(THEIRS), id(9), Some("Red"), time(2));
    assert_eq!(renamed, named);

    let mut catalogue = Catalogue {
        entries: vec![named.clone()],
        ..Catalogue::default()
    };
    catalogue.sync(&labels(&[1]));
    catalogue.sync(&labels(&[2]));
    assert!(catalogue.entries.contains(&named));
    // Listed by our tenant too: another label with the same id, as the tenant ids differ.
    let outcome = sync(
        &catalogue.entries,
        &labels(&[2, 9]),
        None,
        Some(OURS),
        time(9),
    );
    let with_id = outcome
        .entries
        .iter()
        .filter(|e| e.definition.id == id(9))
        .count();
    assert_eq!(with_id, 2);
}

#[test]
fn a_label_learned_before_its_list_becomes_our_own() {
    let seen = learn_external(None, Some(OURS), id(1), Some("from a file"), time(1));
    let mut catalogue = Catalogue {
        entries: vec![seen],
        hour: 5,
        ..Catalogue::default()
    };
    assert_eq!(catalogue.sync(&labels(&[1])), ["created 1"]);
    assert_eq!(catalogue.state(1), LabelState::Active);
    assert_eq!(catalogue.entry(1).first_seen, time(1));
    // A second, external entry of the same id does not take the listing from our own.
    let stray = learn_external(None, None, id(1), None, time(7));
    catalogue.entries.insert(0, stray);
    assert!(catalogue.sync(&labels(&[1])).is_empty());
}

#[test]
fn usable_names_the_first_obstacle() {
    type Edit = fn(&mut CatalogueEntry);
    let table: &[(Edit, Option<Reason>)] = &[
        (|_| {}, None),
        (|e| e.definition.applies_to_files = None, None),
        (
            |e| e.state = LabelState::Deleted,
            Some(Reason::LabelDeleted),
        ),
        (
            |e| e.state = LabelState::Disabled,
            Some(Reason::LabelDisabled),
        ),
        (
            |e| e.state = LabelState::External,
            Some(Reason::LabelExternal),
        ),
        (|e| e.state = LabelState::Parent, Some(Reason::LabelScope)),
        (
            |e| e.definition.published = Some(false),
            Some(Reason::LabelUnpublished),
        ),
        (
            |e| e.definition.applies_to_files = Some(false),
            Some(Reason::LabelScope),
        ),
        (
            |e| e.definition.rights_readable = Some(false),
            Some(Reason::LabelNoRights),
        ),
        (
            |e| e.definition.needs_protection = Some(true),
            Some(Reason::LabelNeedsProtection),
        ),
    ];
    for (edit, expected) in table {
        let mut entry = new_entry(&label(1), Some(OURS), time(1));
        edit(&mut entry);
        assert_eq!(usable(&entry).err().map(|error| error.reason), *expected);
    }
}

/// The tenant's id becomes known after the first list: one label stays one, and nothing counts as lost.
#[test]
fn a_tenant_id_told_later_changes_no_label() {
    let first = sync(&[], &labels(&[1, 2, 3]), None, None, time(1));
    let on_file = learn_external(None, Some(OURS), id(1), Some("from a file"), time(2));
    let mut previous = first.entries.clone();
    previous.push(on_file);
    let told = sync(&previous, &labels(&[1, 2, 3]), None, Some(OURS), time(3));
    assert_eq!(told.events, []);
    let keys: Vec<_> = told.entries.iter().map(CatalogueEntry::key).collect();
    assert_eq!(keys, [1, 2, 3].map(|number| (id(number), Some(OURS))));
    assert!(
        told.entries
            .iter()
            .all(|entry| entry.state == LabelState::Active)
    );
    let replaced: Vec<_> = told
        .replaced(&previous)
        .iter()
        .map(|entry| entry.key())
        .collect();
    assert_eq!(replaced, [1, 2, 3].map(|number| (id(number), None)));
    // Forgotten again, the entries stay where they are.
    let forgotten = sync(&told.entries, &labels(&[1, 2]), None, None, time(4));
    assert_eq!(
        forgotten.replaced(&told.entries),
        Vec::<&CatalogueEntry>::new()
    );
    assert_eq!(forgotten.events.len(), 1);
    // Two entries of one label, as an older version could leave them, become one.
    let twice = [first.entries, told.entries].concat();
    let mended = sync(&twice, &labels(&[1, 2, 3]), None, Some(OURS), time(5));
    assert_eq!((mended.entries.len(), mended.events), (3, vec![]));
}

/// Rules §8, the two columns on writing, state by state.
#[test]
fn what_can_be_applied_and_removed_in_each_state() {
    type Edit = fn(&mut CatalogueEntry);
    let table: [(&str, Edit, Option<&str>, bool); 10] = [
        ("active", |_| {}, None, true),
        (
            "unpublished",
            |e| e.definition.published = Some(false),
            Some("label.unpublished"),
            true,
        ),
        (
            "no Files scope",
            |e| e.definition.applies_to_files = Some(false),
            Some("label.scope"),
            true,
        ),
        (
            "no rights",
            |e| e.definition.rights_readable = Some(false),
            Some("label.no_rights"),
            false,
        ),
        (
            "parent",
            |e| e.state = LabelState::Parent,
            Some("label.scope"),
            false,
        ),
        (
            "disabled",
            |e| e.state = LabelState::Disabled,
            Some("label.disabled"),
            true,
        ),
        (
            "deleted",
            |e| e.state = LabelState::Deleted,
            Some("label.deleted"),
            true,
        ),
        (
            "external",
            |e| e.state = LabelState::External,
            Some("label.external"),
            false,
        ),
        (
            "renamed",
            |e| e.definition.display_name = "other".into(),
            None,
            true,
        ),
        ("moved", |e| e.definition.parent = Some(id(7)), None, true),
    ];
    for (state, edit, reason, can_remove) in table {
        let mut entry = new_entry(&label(1), Some(OURS), time(1));
        edit(&mut entry);
        let obstacle = usable(&entry).err();
        let words = obstacle.map(|obstacle| obstacle.explanation);
        assert_eq!(obstacle.map(|it| it.reason.code()), reason, "{state}");
        assert_eq!(removable(&entry), can_remove, "{state}");
        if state == "parent" {
            assert!(words.unwrap().contains("pick a sublabel"));
        }
    }
}

fn any_label() -> impl Strategy<Value = LabelDefinition> {
    (
        0..8_u8,
        0..3_u8,
        proptest::option::of(0..8_u8),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(number, name, parent, enabled, needs_protection)| LabelDefinition {
                display_name: format!("name {name}"),
                parent: parent.filter(|&parent| parent < number).map(id),
                enabled,
                needs_protection: Some(needs_protection),
                ..label(number)
            },
        )
}

fn any_lists() -> impl Strategy<Value = Vec<Vec<LabelDefinition>>> {
    let list = proptest::collection::vec(any_label(), 0..8).prop_map(|list| {
        let unique: BTreeMap<Uuid, LabelDefinition> =
            list.into_iter().map(|label| (label.id, label)).collect();
        unique.into_values().collect()
    });
    proptest::collection::vec(list, 1..12)
}

/// The catalogue as its history alone tells it.
fn replay(history: &[CatalogueEvent]) -> Vec<CatalogueEntry> {
    let mut entries: Vec<CatalogueEntry> = Vec::new();
    for event in history {
        let known = entries
            .iter()
            .position(|entry| entry.definition.id == event.label);
        let index = known.unwrap_or_else(|| {
            entries.push(new_entry(&event.definition, Some(OURS), event.at));
            entries.len() - 1
        });
        let deleted = event.kind == CatalogueEventKind::Deleted;
        entries[index].definition = event.definition.clone();
        entries[index].deleted_at = deleted.then_some(event.at);
        entries[index].state = if deleted {
            LabelState::Deleted
        } else {
            LabelState::Active
        };
    }
    set_states(&mut entries);
    entries
}

proptest! {
    #[test]
    fn replaying_the_history_gives_the_catalogue(lists in any_lists()) {
        let mut catalogue = Catalogue::default();
        for list in &lists {
            catalogue.sync(list);
            let mut replayed = replay(&catalogue.history);
            for (entry, ours) in replayed.iter_mut().zip(&catalogue.entries) {
                // Being listed again unchanged is no event.
                entry.last_seen = ours.last_seen;
            }
            prop_assert_eq!(&replayed, &catalogue.entries);
        }
    }

    #[test]
    fn a_large_loss_is_never_applied_unconfirmed(lists in any_lists()) {
        let mut catalogue = Catalogue::default();
        let mut list_before = BTreeSet::new();
        for list in &lists {
            let live: BTreeSet<Uuid> = catalogue.entries.iter()
                .filter(|entry| entry.state != LabelState::Deleted)
                .map(|entry| entry.definition.id)
                .collect();
            let listed: BTreeSet<Uuid> = list.iter().map(|label| label.id).collect();
            let missing: BTreeSet<Uuid> = live.difference(&listed).copied().collect();
            catalogue.sync(list);
            let deleted: BTreeSet<Uuid> = missing.iter().copied()
                .filter(|id| catalogue.entries.iter()
                    .any(|entry| entry.definition.id == *id && entry.state == LabelState::Deleted))
                .collect();
            let large = missing.len() * 2 >= live.len();
            if large {
                // Whatever goes was missing in the list before, too.
                prop_assert!(deleted.is_disjoint(&list_before));
                prop_assert_eq!(catalogue.pending.is_some(), deleted != missing);
            } else {
                prop_assert_eq!(&deleted, &missing);
            }
            list_before = listed;
        }
    }
}
