//! What holds for every set of policies and every file.

use labeld_connector::{Barrier, Exposure, FileKind};
use proptest::prelude::*;
use serde_json::json;

use super::tests::{PUBLIC, SECRET, now, policies, rule};
use super::*;
use crate::model::inventory::FileLabel;
use crate::model::policy::{FolderPattern, Override, TextOperator, TextPattern};
use crate::policy::facts::tests::sample;

fn conditions() -> impl Strategy<Value = Condition> {
    let name = TextPattern::new(TextOperator::Contains, "a").unwrap();
    prop::sample::select(vec![
        Condition::Access(vec![Exposure::Public]),
        Condition::AccessAtLeast(Exposure::Internal),
        Condition::Trashed(true),
        Condition::Labelled(true),
        Condition::Label(vec![LabelName::Id(SECRET)]),
        Condition::Label(vec![LabelName::Name("nobody's".to_owned())]),
        Condition::Extension(vec!["docx".to_owned()]),
        Condition::Folder(vec![FolderPattern::new("finance/**")]),
        Condition::Name(vec![name]),
        Condition::Content,
        Condition::MatchedPolicy(vec!["p0".into()]),
        Condition::OwnerDomain(vec!["acme.example".to_owned()]),
    ])
}

fn filters() -> impl Strategy<Value = Filter> {
    conditions()
        .prop_map(Filter::Condition)
        .prop_recursive(4, 12, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::All),
                prop::collection::vec(inner.clone(), 1..4).prop_map(Filter::Any),
                inner.prop_map(|node| Filter::Not(Box::new(node))),
            ]
        })
}

fn rules() -> impl Strategy<Value = Vec<PolicyDefinition>> {
    let one = (
        prop::option::of(filters()),
        prop::sample::select(vec!["Public", "Secret", "Encrypted", "Nobody's"]),
        0..3_u32,
        any::<(bool, bool, bool)>(),
        prop::sample::select(Override::ALL),
    );
    prop::collection::vec(one, 0..6).prop_map(|rules| {
        let rules = rules.into_iter().enumerate();
        rules
            .map(
                |(index, (filter, label, priority, (enabled, enforce, removes), overrides))| {
                    let mut one = rule(&format!("p{index}"), label);
                    one.filter = filter;
                    one.priority = priority;
                    one.enabled = enabled;
                    one.overrides = overrides;
                    one.alert.enabled = removes;
                    if !enforce {
                        one.mode = PolicyMode::Observe;
                    }
                    if removes {
                        one.governance = Some(Governance::RemoveLabel);
                    }
                    one
                },
            )
            .collect()
    })
}

fn files() -> impl Strategy<Value = Facts> {
    let label = prop::option::of((
        prop::sample::select(vec![PUBLIC, SECRET, Uuid::from_u128(77)]),
        prop::sample::select(vec![Some("Standard"), Some("Privileged"), None]),
        any::<bool>(),
    ));
    (
        label,
        prop::sample::select(vec!["a.docx", "b.pdf", "c.txt", ""]),
        prop::sample::select(vec!["", "finance", "finance/x"]),
        prop::sample::select(vec![
            Exposure::Unknown,
            Exposure::Internal,
            Exposure::Public,
        ]),
        prop::sample::select(vec![None, Some(Barrier::Trashed), Some(Barrier::Denied)]),
        prop::sample::select(vec![0, 1, u64::MAX]),
        any::<(bool, bool, bool)>(),
    )
        .prop_map(
            |(label, name, folder, exposure, barrier, size, (read, owned, is_file))| {
                let mut facts = sample();
                facts.name = name.to_owned();
                facts.folder = folder.to_owned();
                facts.exposure = exposure;
                facts.barrier = barrier;
                facts.size = size;
                if !owned {
                    facts.owner = None;
                }
                if !is_file {
                    facts.kind = FileKind::Package;
                }
                if let (Some((id, method, ours)), Some(reading)) = (label, facts.reading.as_mut()) {
                    reading.labels = vec![FileLabel {
                        site_id: Some(Uuid::from_u128(if ours { 1 } else { 2 })),
                        id,
                        effective: true,
                        document: json!({"method": method}),
                    }];
                }
                if !read {
                    facts.reading = None;
                }
                facts
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Every evaluation ends with an answer, and the same one each time; what is told with it agrees with it.
    #[test]
    fn evaluation_is_total_and_deterministic(rules in rules(), facts in files()) {
        let policies = policies(rules);
        let decision = evaluate(&policies, &facts, now());
        prop_assert_eq!(&decision, &evaluate(&policies, &facts, now()));
        let untraced = evaluate_untraced(&policies, &facts, now());
        prop_assert_eq!(&untraced.trace, &Trace::default());
        prop_assert_eq!((&untraced.matched, &untraced.planned, &untraced.lost),
            (&decision.matched, &decision.planned, &decision.lost));
        for look in &decision.trace.policies {
            prop_assert_eq!(look.result == Truth::Yes, decision.matched.contains(&look.policy));
            prop_assert_eq!(look.result == Truth::Yes, look.failing.is_empty());
        }
        prop_assert!(!decision.trace.policies.is_empty() || policies.rules().is_empty());
        if let Some(planned) = &decision.planned {
            prop_assert!(decision.matched.contains(&planned.policy));
            prop_assert_ne!(planned.verdict, Verdict::Impossible);
            prop_assert_eq!(planned.verdict.writes(), decision.reason().is_none());
        }
    }

    /// The order in which policies are written has no say.
    #[test]
    fn evaluation_does_not_depend_on_the_order(rules in rules(), facts in files(), turn in 0..6_usize) {
        let mut turned = rules.clone();
        turned.reverse();
        let length = turned.len().max(1);
        turned.rotate_left(turn % length);
        prop_assert_eq!(evaluate(&policies(rules), &facts, now()), evaluate(&policies(turned), &facts, now()));
    }

    #[test]
    fn a_disabled_policy_changes_nothing(rules in rules(), facts in files(), filter in filters()) {
        let mut more = rules.clone();
        let mut disabled = rule("disabled", "Secret");
        disabled.enabled = false;
        disabled.priority = 1_000;
        disabled.filter = Some(filter);
        more.push(disabled);
        prop_assert_eq!(evaluate_untraced(&policies(rules), &facts, now()),
            evaluate_untraced(&policies(more), &facts, now()));
    }
}
