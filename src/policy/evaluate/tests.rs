use std::path::PathBuf;

use labeld_connector::Exposure;
use serde_json::json;

use super::*;
use crate::model::catalogue::{CatalogueEntry, LabelDefinition, LabelState};
use crate::model::inventory::FileLabel;
use crate::model::policy::{AlertRule, Category, MatchLimit, Override, Route, Scope};
use crate::policy::facts::tests::sample;

const SITE: Uuid = Uuid::from_u128(1);
pub(super) const PUBLIC: Uuid = Uuid::from_u128(10);
pub(super) const SECRET: Uuid = Uuid::from_u128(20);
pub(super) const SECRET_BOARD: Uuid = Uuid::from_u128(21);
const ENCRYPTED: Uuid = Uuid::from_u128(30);

pub(super) fn now() -> DateTime<Utc> {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn entry(id: Uuid, name: &str, rank: i64, parent: Option<Uuid>) -> CatalogueEntry {
    CatalogueEntry {
        site_id: Some(SITE),
        definition: LabelDefinition {
            id,
            display_name: name.to_owned(),
            internal_name: None,
            parent,
            group: false,
            rank: Some(rank),
            enabled: true,
            applies_to_files: None,
            needs_protection: Some(id == ENCRYPTED),
            published: None,
            rights_readable: None,
            description: None,
            color: None,
        },
        state: LabelState::Active,
        first_seen: now(),
        last_seen: now(),
        deleted_at: None,
    }
}

pub(super) fn labels() -> TenantLabels {
    let entries = [
        entry(PUBLIC, "Public", 1, None),
        entry(SECRET, "Secret", 2, None),
        entry(SECRET_BOARD, "Board", 3, Some(SECRET)),
        entry(ENCRYPTED, "Encrypted", 4, None),
    ];
    TenantLabels::new(Some(SITE), &entries)
}

/// An enforcing policy that applies a label to every file.
pub(in crate::policy) fn rule(name: &str, label: &str) -> PolicyDefinition {
    PolicyDefinition {
        name: name.into(),
        place: (PathBuf::new(), 1),
        description: None,
        category: Category::Other,
        enabled: true,
        mode: PolicyMode::Enforce,
        priority: 0,
        severity: Severity::Low,
        scope: Scope::default(),
        filter: None,
        governance: Some(Governance::ApplyLabel(LabelName::new(label))),
        alert: AlertRule::default(),
        overrides: Override::Automatic,
        allow_downgrade: false,
        signed: SignedFiles::Refuse,
        canary: None,
        max_matches: MatchLimit::default(),
        allow: Vec::new(),
        compat_defender: false,
    }
}

pub(in crate::policy) fn policies(rules: Vec<PolicyDefinition>) -> Policies {
    Policies::new(rules, labels(), HashMap::new())
}

pub(super) fn with_label(id: Uuid, method: &str) -> Facts {
    let mut facts = sample();
    facts.reading.as_mut().unwrap().labels = vec![FileLabel {
        site_id: Some(SITE),
        id,
        effective: true,
        document: json!({"enabled": true, "method": method}),
    }];
    facts
}

/// Winner, then losers, of policies `name label priority mode`.
#[test]
fn the_order_of_x1() {
    let check = |rules: &[&str], expected: &str| {
        let rules = rules.iter().map(|text| {
            let mut words = text.split(' ');
            let mut one = rule(words.next().unwrap(), words.next().unwrap());
            one.priority = words.next().unwrap().parse().unwrap();
            one.mode = PolicyMode::from_word(words.next().unwrap()).unwrap();
            one
        });
        let decision = evaluate(&policies(rules.collect()), &sample(), now());
        let winner = decision.planned.as_ref().unwrap().policy.clone();
        assert!(decision.lost.iter().all(|lost| lost.to == winner));
        let lost: Vec<&str> = decision
            .lost
            .iter()
            .map(|lost| lost.policy.0.as_str())
            .collect();
        assert_eq!(
            format!("{winner} > {}", lost.join(" ")),
            expected,
            "{rules:?}",
            rules = decision.matched
        );
    };
    check(&["a Public 0 enforce", "b Secret 0 enforce"], "b > a");
    check(&["a Public 1 enforce", "b Secret 0 enforce"], "a > b");
    check(&["b Public 0 enforce", "a Public 0 enforce"], "a > ");
    check(
        &[
            "b Public 0 enforce",
            "a Public 0 enforce",
            "c Secret 0 enforce",
        ],
        "c > a b",
    );
    check(&["a Secret 9 observe", "b Public 0 enforce"], "b > a");
    check(&["a Secret 0 observe", "b Public 1 observe"], "b > a");
}

#[test]
fn gates_come_before_the_table_and_options_are_told() {
    let decide = |facts: &Facts| {
        let decision = evaluate(&policies(vec![rule("one", "Public")]), facts, now());
        let planned = decision.planned.clone().unwrap();
        let by = match planned.decided_by {
            DecidedBy::Gate(gate) => format!("gate {}", gate.number),
            DecidedBy::Row(row) => row.to_string(),
            other => format!("{other:?}"),
        };
        let reason = decision.reason().map_or("", |reason| reason.code());
        format!(
            "{} {by} {reason} {}",
            planned.verdict,
            decision.trace.options.join(", ")
        )
    };
    let set = |change: fn(&mut Facts)| {
        let mut facts = sample();
        change(&mut facts);
        facts
    };
    for (facts, expected) in [
        (sample(), "apply A1  "),
        (set(|f| f.size = u64::MAX), "block gate 5 file.too_large "),
        (set(|f| f.reading = None), "block NotRead pending "),
        (with_label(PUBLIC, "Standard"), "no_op A3 label.same "),
        (
            with_label(SECRET, "Standard"),
            "block A8 label.downgrade allow_downgrade = true",
        ),
        (
            with_label(SECRET, "Privileged"),
            "block A6 label.user_defined override = \"user_defined\" and allow_downgrade = true",
        ),
    ] {
        assert_eq!(decide(&facts), expected);
    }
    let signed = set(|f| f.reading.as_mut().unwrap().signed = true);
    assert_eq!(
        decide(&signed),
        "block gate 18 file.signed signed = \"allow_uncovered\", if no signature covers what is written"
    );
    let unknown = evaluate(&policies(vec![rule("one", "Nobody's")]), &sample(), now());
    assert_eq!(unknown.planned.unwrap().decided_by, DecidedBy::LabelName);
}

/// With the option a signed file is decided by the table, and the trace says so; what a service would make of it is not known.
#[test]
fn signed_files_are_written_where_the_policy_says_so() {
    let check = |label: &str, wanted_by_policy: SignedFiles, expected: &str, in_trace: &str| {
        let mut facts = sample();
        facts.reading.as_mut().unwrap().signed = true;
        let mut one = rule("one", label);
        one.signed = wanted_by_policy;
        let service = AppTraits {
            service_encrypts: true,
            ..AppTraits::default()
        };
        let apps = HashMap::from([("share".into(), service)]);
        let decision = evaluate(&Policies::new(vec![one], labels(), apps), &facts, now());
        let reason = decision.reason().map_or("", Reason::code);
        let verdict = decision.planned.unwrap().verdict;
        assert_eq!(format!("{verdict} {reason}"), expected);
        let trace = decision.trace.to_string();
        assert!(trace.contains(in_trace), "{trace}");
    };
    let stopped = "gate 18 (is it without a signature?): no, file.signed";
    check("Public", SignedFiles::Refuse, "block file.signed", stopped);
    check(
        "Public",
        SignedFiles::AllowUncovered,
        "apply ",
        "gate 18 (is it without a signature?): file.signed but for signed = \"allow_uncovered\", if no signature covers",
    );
    check(
        "Encrypted",
        SignedFiles::AllowUncovered,
        "block file.signed",
        stopped,
    );
}

#[test]
fn labels_that_encrypt_go_to_the_service_where_it_may() {
    let service = AppTraits {
        service_encrypts: true,
        ..AppTraits::default()
    };
    for (traits, expected) in [
        (
            AppTraits::default(),
            Verdict::Block(Reason::LabelNeedsProtection),
        ),
        (
            service,
            Verdict::Apply {
                override_used: false,
                route: Route::Service,
            },
        ),
    ] {
        let apps = HashMap::from([("share".into(), traits)]);
        let policies = Policies::new(vec![rule("one", "Encrypted")], labels(), apps);
        let decision = evaluate(&policies, &sample(), now());
        assert_eq!(decision.planned.unwrap().verdict, expected);
    }
}

#[test]
fn names_of_labels_are_looked_up() {
    let labels = TenantLabels::new(
        Some(SITE),
        &[
            entry(PUBLIC, "Public", 1, None),
            entry(SECRET, "Secret", 2, None),
            entry(SECRET_BOARD, "Board", 3, Some(SECRET)),
            entry(ENCRYPTED, "Board", 4, Some(PUBLIC)),
        ],
    );
    let resolve = |name: &str| {
        labels
            .resolve(&LabelName::new(name))
            .map_err(|error| error.to_string())
    };
    assert_eq!(resolve("secret"), Ok(SECRET));
    assert_eq!(resolve("Secret/Board"), Ok(SECRET_BOARD));
    assert_eq!(resolve("Public\\board"), Ok(ENCRYPTED));
    assert_eq!(resolve(&SECRET.to_string()), Ok(SECRET));
    assert_eq!(
        resolve("Board"),
        Err(format!(
            "several labels are called `Board`: Secret/Board ({SECRET_BOARD}), Public/Board ({ENCRYPTED})"
        ))
    );
    assert_eq!(
        resolve("Publik"),
        Err("no label of the tenant is called `Publik`".to_owned())
    );
}

#[test]
fn matches_of_other_policies_can_be_asked_for() {
    let mut other = rule("other", "Public");
    other.governance = None;
    let mut one = rule("one", "Secret");
    one.filter = Some(Filter::Condition(Condition::MatchedPolicy(vec![
        "other".into(),
    ])));
    let matched = |other: &PolicyDefinition| {
        evaluate(
            &policies(vec![one.clone(), other.clone()]),
            &sample(),
            now(),
        )
        .matched
        .len()
    };
    assert_eq!(matched(&other), 2);
    other.enabled = false;
    assert_eq!(matched(&other), 0);
    // A circle, which no configuration has, ends.
    other.enabled = true;
    other.filter = Some(Filter::Condition(Condition::MatchedPolicy(vec![
        "one".into(),
    ])));
    assert_eq!(matched(&other), 0);
}

/// The trace names each failing condition, and one alone is a near miss.
#[test]
fn the_trace_tells_what_fails() {
    let mut one = rule("one", "Public");
    one.scope.apps = vec!["elsewhere".into()];
    one.filter = Some(Filter::All(vec![
        Filter::Condition(Condition::Access(vec![Exposure::Public])),
        Filter::Condition(Condition::Labelled(false)),
    ]));
    let decision = evaluate(&policies(vec![one.clone()]), &sample(), now());
    assert_eq!(
        decision.trace.to_string(),
        "policy one: does not match\n  wanted apps = elsewhere; found app share\n  \
         wanted access = public; found access internal\n"
    );
    one.scope.apps.clear();
    let decision = evaluate(&policies(vec![one]), &sample(), now());
    assert!(decision.trace.policies[0].is_near_miss());
}
