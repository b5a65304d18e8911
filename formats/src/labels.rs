//! From the label groups of all places to one list of labels: merging and precedence
//! (MS-OFFCRYPTO 2.6.3, reference/label-formats.md §1.5, §1.6, §2.4).

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::reading::{Label, LabelGroup, Place};

/// Whether a tenant has switched co-authoring for labelled files on; decides which place counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coauthoring {
    /// LabelInfo first, custom properties only for tenants without an element.
    On,
    /// Custom properties only.
    Off,
    /// Per tenant of the file: as `On` where LabelInfo has an element, else custom properties.
    #[default]
    Unknown,
}

/// What is known of tenants beside the file.
#[derive(Debug, Clone, Default)]
pub struct TenantKnowledge {
    /// The co-authoring setting of tenants, by tenant id.
    pub coauthoring: HashMap<Uuid, Coauthoring>,
    /// Child label to parent label, from the tenant's label list.
    pub parents: HashMap<Uuid, Uuid>,
}

/// The labels of a file after merging.
pub(crate) struct Settled {
    pub(crate) labels: Vec<Label>,
    pub(crate) ambiguous: bool,
    pub(crate) places_disagree: bool,
}

/// Merges groups into labels and decides which are effective.
pub(crate) fn settle(groups: &[LabelGroup], known: &TenantKnowledge) -> Settled {
    let mut tenants: BTreeMap<Option<Uuid>, Vec<&LabelGroup>> = BTreeMap::new();
    for group in groups {
        tenants.entry(group.site_id).or_default().push(group);
    }
    let mut settled = Settled {
        labels: Vec::new(),
        ambiguous: false,
        places_disagree: false,
    };
    for (site_id, groups) in tenants {
        settle_tenant(site_id, &groups, known, &mut settled);
    }
    settled
}

fn settle_tenant(
    site_id: Option<Uuid>,
    groups: &[&LabelGroup],
    known: &TenantKnowledge,
    settled: &mut Settled,
) {
    let coauthoring = site_id
        .and_then(|id| known.coauthoring.get(&id))
        .copied()
        .unwrap_or_default();
    let rank = |group: &LabelGroup| match (coauthoring, group.place) {
        (Coauthoring::Off, Place::LabelInfo) => 0,
        _ => group.precedence,
    };
    let strongest = groups.iter().map(|group| rank(group)).max().unwrap_or(0);
    // A tenant that does not use LabelInfo has no label where only LabelInfo names one.
    let counts = |group: &LabelGroup| strongest > 0 && rank(group) == strongest;

    let live: Vec<&LabelGroup> = groups
        .iter()
        .copied()
        .filter(|group| counts(group) && is_live(group))
        .collect();
    let is_parent = |id: Uuid| {
        live.iter().any(|other| {
            other.id != id
                && (other.parent == Some(id) || known.parents.get(&other.id) == Some(&id))
        })
    };
    let mut winners: Vec<Uuid> = live
        .iter()
        .map(|group| group.id)
        .filter(|id| !is_parent(*id))
        .collect();
    winners.sort_unstable();
    winners.dedup();
    let effective = if let [only] = winners[..] {
        Some(only)
    } else {
        None
    };
    settled.ambiguous |= live.len() > 1 && effective.is_none();
    settled.places_disagree |= groups
        .iter()
        .any(|group| !counts(group) && is_live(group) && Some(group.id) != effective);

    let mut by_label: BTreeMap<Uuid, Vec<&LabelGroup>> = BTreeMap::new();
    for group in groups {
        by_label.entry(group.id).or_default().push(group);
    }
    for (id, mut groups) in by_label {
        // The fields of the place that counts come first.
        groups.sort_by_key(|group| (std::cmp::Reverse(rank(group)), group.place));
        settled
            .labels
            .push(merge(site_id, id, &groups, effective == Some(id)));
    }
}

fn is_live(group: &LabelGroup) -> bool {
    group.enabled && !group.removed
}

/// One label of the groups that name it, strongest first: each field comes from the first that has it.
fn merge(site_id: Option<Uuid>, id: Uuid, groups: &[&LabelGroup], effective: bool) -> Label {
    let first = |field: fn(&LabelGroup) -> Option<&String>| {
        groups.iter().find_map(|group| field(group)).cloned()
    };
    let mut extra = BTreeMap::new();
    for group in groups {
        for (name, value) in &group.extra {
            extra.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
    let mut places: Vec<Place> = groups.iter().map(|group| group.place).collect();
    places.sort_unstable();
    places.dedup();
    Label {
        site_id,
        id,
        name: first(|group| group.name.as_ref()),
        enabled: groups.first().is_some_and(|group| group.enabled),
        removed: groups.first().is_some_and(|group| group.removed),
        effective,
        method: first(|group| group.method.as_ref()),
        set_date: first(|group| group.set_date.as_ref()),
        action_id: first(|group| group.action_id.as_ref()),
        content_bits: groups.iter().find_map(|group| group.content_bits),
        places,
        extra,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TENANT: Uuid = Uuid::from_u128(0xA);
    const ONE: Uuid = Uuid::from_u128(1);
    const TWO: Uuid = Uuid::from_u128(2);

    fn group(place: Place, id: Uuid) -> LabelGroup {
        let precedence = if place == Place::LabelInfo { 2 } else { 1 };
        LabelGroup {
            site_id: Some(TENANT),
            enabled: true,
            ..LabelGroup::new(place, precedence, id)
        }
    }

    /// The effective labels, and whether the answer is ambiguous and whether places disagree.
    fn check(groups: &[LabelGroup], coauthoring: Coauthoring, expected: (&[Uuid], bool, bool)) {
        let known = TenantKnowledge {
            coauthoring: HashMap::from([(TENANT, coauthoring)]),
            parents: HashMap::from([(TWO, ONE)]),
        };
        let settled = settle(groups, &known);
        let effective: Vec<Uuid> = settled
            .labels
            .iter()
            .filter(|label| label.effective)
            .map(|label| label.id)
            .collect();
        let found = (&effective[..], settled.ambiguous, settled.places_disagree);
        assert_eq!(found, expected, "{coauthoring:?} {groups:?}");
    }

    #[test]
    fn precedence_of_ms_offcrypto_2_6_3() {
        use Coauthoring::{Off, On, Unknown};
        const THREE: Uuid = Uuid::from_u128(3);
        let custom = |id| group(Place::Custom, id);
        let info = |id| group(Place::LabelInfo, id);
        let disabled = LabelGroup {
            enabled: false,
            ..custom(ONE)
        };
        let removed = LabelGroup {
            removed: true,
            enabled: false,
            ..info(TENANT)
        };
        let child = LabelGroup {
            parent: Some(ONE),
            ..custom(THREE)
        };

        check(&[], Unknown, (&[], false, false));
        check(&[custom(ONE)], Unknown, (&[ONE], false, false));
        check(&[custom(ONE)], On, (&[ONE], false, false));
        check(&[disabled], Unknown, (&[], false, false));
        // LabelInfo hides custom properties, unless the tenant is known not to use it.
        check(&[custom(ONE), info(ONE)], Unknown, (&[ONE], false, false));
        check(
            &[custom(ONE), info(THREE)],
            Unknown,
            (&[THREE], false, true),
        );
        check(&[custom(ONE), info(THREE)], On, (&[THREE], false, true));
        check(&[custom(ONE), info(THREE)], Off, (&[ONE], false, true));
        check(&[info(ONE)], Off, (&[], false, true));
        check(&[custom(ONE), removed.clone()], Unknown, (&[], false, true));
        check(&[custom(ONE), removed], Off, (&[ONE], false, false));
        // A parent gives way to its child, told by the file or by the label list.
        check(&[custom(ONE), child], Unknown, (&[THREE], false, false));
        check(&[custom(ONE), custom(TWO)], Unknown, (&[TWO], false, false));
        // Unrelated labels of one tenant have no winner.
        check(&[custom(ONE), custom(THREE)], Unknown, (&[], true, false));
    }

    #[test]
    fn tenants_stand_side_by_side_and_places_of_a_label_become_one() {
        let other = LabelGroup {
            site_id: Some(TWO),
            ..group(Place::Custom, ONE)
        };
        let named = LabelGroup {
            name: Some("old".to_owned()),
            ..group(Place::Custom, ONE)
        };
        let groups = [other, named, group(Place::LabelInfo, ONE)];
        let settled = settle(&groups, &TenantKnowledge::default());
        let found: Vec<_> = settled
            .labels
            .iter()
            .map(|label| {
                (
                    label.site_id,
                    label.id,
                    label.effective,
                    label.name.as_deref(),
                    &label.places[..],
                )
            })
            .collect();
        assert_eq!(
            found,
            [
                (Some(TWO), ONE, true, None, &[Place::Custom][..]),
                (
                    Some(TENANT),
                    ONE,
                    true,
                    Some("old"),
                    &[Place::Custom, Place::LabelInfo][..]
                ),
            ]
        );
    }
}
